import gc
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgm.errors import ConfigError, RepositoryError
from cgm.graph import CodeGraph
from cgm.store import BlobCache
from cgm.text import node_text, split_lines
from preprocessing.edges import Unlinked
from preprocessing.facts import FileFacts
from preprocessing.snapshot import open_snapshot
from preprocessing.stage import CodeGraphPreprocessor, PreprocessingConfig, build_graph, list_unlinked

GOLDEN = Path(__file__).parent / "golden"
Commit = Callable[[dict[str, Any]], tuple[Path, str]]
Described = Callable[[CodeGraph], dict[str, Any]]


class CountingPreprocessor(CodeGraphPreprocessor):
    """Remembers which files it parsed."""

    def __init__(self, config: PreprocessingConfig, *, blobs: BlobCache) -> None:
        super().__init__(config, blobs=blobs)
        self.parsed: list[str] = []

    def _parse(self, entry: Any, content: bytes) -> FileFacts:
        self.parsed.append(entry.path)
        return super()._parse(entry, content)


def test_the_tiny_repository_has_the_reviewed_graph(described: Described) -> None:
    assert described(build_graph(GOLDEN / "tiny")) == json.loads((GOLDEN / "tiny.json").read_text())


def test_the_tiny_repository_shows_every_kind_of_node_and_edge() -> None:
    counts = build_graph(GOLDEN / "tiny").counts()
    assert all(counts["nodes"].values())
    assert all(counts["edges"].values())


def test_what_is_not_linked_is_listed_for_every_language_as_it_is_counted(folder: Callable[..., Path]) -> None:
    root = folder(
        {
            "a.py": "import os\n\ndef f(x):\n    return len(x)\n",
            "b.js": "class A extends Gone {\n  m() { return missing(1); }\n}\n",
        }
    )
    rows = list_unlinked(root)
    assert ("CALLS", "a.py", 4, "len", "builtin") in rows
    assert ("IMPORTS", "a.py", 1, "os", "external") in rows
    assert ("EXTENDS", "b.js", 1, "Gone") in [row[:4] for row in rows]
    assert ("CALLS", "b.js", 2, "missing") in [row[:4] for row in rows]
    counted = {reason: count for reason, count in build_graph(root).unlinked.items() if not reason.startswith("file:")}
    assert Counter(f"{row.kind} {row.reason}" for row in rows) == counted


def test_a_second_commit_parses_only_what_changed(commit: Commit, blobs: BlobCache) -> None:
    root, first = commit({f"m{number}.py": f"x = {number}\n" for number in range(20)})
    _, second = commit({"m3.py": "x = 'changed'\n", "new.py": "y = 1\n", "copy.py": "x = 5\n"})
    preprocessor = CountingPreprocessor(PreprocessingConfig(), blobs=blobs)
    preprocessor.preprocess(open_snapshot(root, first))
    assert len(preprocessor.parsed) == 20
    preprocessor.parsed.clear()
    preprocessor.preprocess(open_snapshot(root, second))
    assert sorted(preprocessor.parsed) == ["m3.py", "new.py"]


def test_facts_from_the_cache_give_the_same_codebase(commit: Commit, blobs: BlobCache, described: Described) -> None:
    root, _ = commit({"a.py": "from b import *\ndef f(): g()\n", "b.py": "def g(): ...\n"})
    preprocessor = CodeGraphPreprocessor(PreprocessingConfig(), blobs=blobs)
    fresh, kept = (preprocessor.preprocess(open_snapshot(root)) for _ in range(2))
    cached = CodeGraphPreprocessor(PreprocessingConfig(), blobs=blobs).preprocess(open_snapshot(root))
    for one in (kept, cached):
        assert described(fresh.graph) == described(one.graph)
        assert fresh.lexical.vocabulary == one.lexical.vocabulary
        assert [counts.tolist() for counts in fresh.lexical.counts] == [
            counts.tolist() for counts in one.lexical.counts
        ]


def test_dirty_files_share_the_facts_of_committed_ones(commit: Commit, blobs: BlobCache) -> None:
    root, first = commit({"a.py": "x = 1\n", "b.py": "y = 1\n"})
    (root / "a.py").write_text("x = 2\n")
    preprocessor = CountingPreprocessor(PreprocessingConfig(), blobs=blobs)
    preprocessor.preprocess(open_snapshot(root, first))
    preprocessor.parsed.clear()
    preprocessor.preprocess(open_snapshot(root))
    assert preprocessor.parsed == ["a.py"]


def test_a_damaged_entry_is_made_again(commit: Commit, blobs: BlobCache) -> None:
    root, _ = commit({"a.py": "def f(): ...\n"})
    preprocessor = CountingPreprocessor(PreprocessingConfig(), blobs=blobs)
    snapshot = open_snapshot(root)
    preprocessor.preprocess(snapshot)
    blobs.put(preprocessor._key(snapshot.files[0]), b"damaged")
    again = CountingPreprocessor(PreprocessingConfig(), blobs=blobs)
    assert "f" in again.preprocess(snapshot).graph.node_name
    assert again.parsed == ["a.py"]


def test_a_damaged_cache_is_rebuilt(commit: Commit, tmp_path: Path) -> None:
    root, _ = commit({"a.py": "def f(): ...\n"})
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "cache.db").write_bytes(b"not a database" * 1000)
    parsed = []
    for _ in range(2):
        preprocessor = CountingPreprocessor(PreprocessingConfig(), blobs=BlobCache(tmp_path / "blobs"))
        assert "f" in preprocessor.preprocess(open_snapshot(root)).graph.node_name
        parsed += preprocessor.parsed
    assert parsed == ["a.py"]


_PREPROCESS = """
import sys
from pathlib import Path
from cgm.store import BlobCache
from preprocessing.snapshot import open_snapshot
from preprocessing.stage import CodeGraphPreprocessor, PreprocessingConfig
root, commit, folder = sys.argv[1:]
preprocessor = CodeGraphPreprocessor(PreprocessingConfig(), blobs=BlobCache(Path(folder)))
for _ in range(2):
    print(*preprocessor.preprocess(open_snapshot(Path(root), commit)).graph.node_name)
"""


def test_two_processes_share_a_cache_at_the_same_time(commit: Commit, tmp_path: Path) -> None:
    root, head = commit({f"m{number}.py": f"def f{number}(): f{number - 1}()\n" * 20 for number in range(40)})
    command = [sys.executable, "-c", _PREPROCESS, str(root), head, str(tmp_path / "blobs")]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    printed = [process.communicate(timeout=60)[0] for process in processes]
    assert printed == [f"{' '.join(build_graph(root, head).node_name)}\n" * 2] * 2


def test_a_cache_that_is_too_small_costs_time_and_nothing_else(commit: Commit, tmp_path: Path) -> None:
    root, _ = commit({f"m{number}.py": f"def f{number}(): ...\n" for number in range(60)})
    blobs = BlobCache(tmp_path / "blobs", max_bytes=1)
    graphs = [CodeGraphPreprocessor(PreprocessingConfig(), blobs=blobs).graph(open_snapshot(root)) for _ in range(2)]
    assert graphs[0].node_name == graphs[1].node_name == build_graph(root).node_name


def test_a_large_file_is_a_node_without_contents_and_counted(folder: Callable[..., Path], blobs: BlobCache) -> None:
    root = folder({"a.py": "def f(): ...\n", "big.py": "def g(): ...\n" * 100})
    with (root / "big.bin").open("wb") as stream:
        stream.truncate(50 << 20)
    config = PreprocessingConfig(max_file_bytes=100)
    graph = CodeGraphPreprocessor(config, blobs=blobs).preprocess(open_snapshot(root)).graph
    assert {"big.py", "big.bin"} <= set(graph.file_of_path)
    assert "g" not in graph.node_name
    assert graph.unlinked["file: too large"] == 2


def test_a_file_that_takes_too_long_is_a_node_and_parsed_again_next_time(
    folder: Callable[..., Path], blobs: BlobCache
) -> None:
    root = folder({"slow.py": "x = 1\n" * 20_000})
    impatient = CountingPreprocessor(PreprocessingConfig(parse_timeout_s=1e-9), blobs=blobs)
    graph = impatient.preprocess(open_snapshot(root)).graph
    assert graph.unlinked == {"file: not parsed in time": 1}
    assert "slow.py" in graph.file_of_path
    assert "x" not in graph.node_name
    patient = CountingPreprocessor(PreprocessingConfig(), blobs=blobs)
    assert "x" in patient.preprocess(open_snapshot(root)).graph.node_name


def test_a_file_that_takes_too_long_keeps_its_text_and_words(folder: Callable[..., Path], blobs: BlobCache) -> None:
    root = folder(dict.fromkeys(("slow.py", "copy.py"), "unmistakable = 1\n" * 20_000))
    config = PreprocessingConfig(parse_timeout_s=1e-9)
    codebase = CodeGraphPreprocessor(config, blobs=blobs).preprocess(open_snapshot(root))
    graph = codebase.graph
    node = graph.file_of_path["slow.py"]
    assert (graph.node_start[node], graph.node_end[node]) == (1, 20_000)
    assert node_text(graph, node, split_lines(codebase.sources.read("slow.py"))) == "unmistakable = 1\n" * 20_000
    assert "unmistakable" in codebase.lexical.vocabulary
    assert graph.unlinked == {"file: not parsed in time": 2}


def test_excluded_files_are_left_out_and_counted(folder: Callable[..., Path], blobs: BlobCache) -> None:
    root = folder({"a.py": "", "vendor/b.py": "", "x/vendor/c.py": "", "lib.min.js": ""})
    config = PreprocessingConfig(exclude=["vendor/*", "*.min.js"])
    graph = CodeGraphPreprocessor(config, blobs=blobs).preprocess(open_snapshot(root)).graph
    assert set(graph.file_of_path) == {"a.py", "x/vendor/c.py"}
    assert graph.unlinked["file: excluded"] == 2


def test_what_is_no_file_is_counted(folder: Callable[..., Path], blobs: BlobCache) -> None:
    root = folder({"a.py": "", ".hidden/b.py": ""})
    (root / "link.py").symlink_to(root / "a.py")
    graph = CodeGraphPreprocessor(PreprocessingConfig(), blobs=blobs).preprocess(open_snapshot(root)).graph
    assert graph.unlinked == {"file: skipped folder": 1, "file: symlink": 1}


def test_the_garbage_collector_runs_again_afterwards_even_after_an_error(
    folder: Callable[..., Path], blobs: BlobCache
) -> None:
    root = folder({"a.py": ""})
    snapshot = open_snapshot(root)
    (root / "a.py").unlink()
    with pytest.raises(RepositoryError, match="cannot read"):
        CodeGraphPreprocessor(PreprocessingConfig(), blobs=blobs).preprocess(snapshot)
    assert gc.isenabled()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("max_file_bytes", 0),
        ("parse_timeout_s", 0.0),
        ("max_indexed_text_bytes", -1),
        ("history_commits", -1),
        ("history_timeout_s", 0.0),
        ("history_half_life_days", 0.0),
        ("history_max_files", 0),
    ],
)
def test_a_meaningless_setting_is_refused(key: str, value: float) -> None:
    with pytest.raises(ConfigError, match=rf"preprocessing\.{key} must be"):
        PreprocessingConfig(**{key: value})  # type: ignore[arg-type]


_NAMES = st.sampled_from(["a.py", "b.py", "c.txt", "p/a.py", "p/__init__.py", "p/q/d.py", "src/p/e.py", "x.min.js"])
_CODE = st.sampled_from(
    [
        b"from a import *\n",
        b"from p.a import A as B\nclass C(B):\n    def f(self): self.g()\n",
        b"class A: ...\nA().f()\n",
        b"\xff\xfe\x00",
        b"def f(",
        b"import p.q.d as z\nz.f(z)\nx = lambda: z.A\n",
        b"",
        b"from . import a, q\na.A.f()\n",
    ]
)


@settings(max_examples=40)
@given(files=st.dictionaries(_NAMES, _CODE, min_size=1))
def test_any_tree_gives_a_connected_graph_whose_edges_are_sound(files: dict[str, bytes], tmp_path_factory: Any) -> None:
    root = tmp_path_factory.mktemp("tree")
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    graph = build_graph(root)
    assert all(graph.ancestors(node)[-1] == 0 for node in range(1, len(graph)))
    assert (graph.parent[1:] < range(1, len(graph))).all()
    assert ((graph.edge_confidence > 0) & (graph.edge_confidence <= 1)).all()
    assert len(
        set(zip(graph.edge_kind.tolist(), graph.edge_source.tolist(), graph.edge_target.tolist(), strict=True))
    ) == len(graph.edge_kind)


def test_every_reference_that_became_no_edge_is_listed_as_it_is_counted() -> None:
    rows = list_unlinked(GOLDEN / "mixed")
    counted = {kind: n for kind, n in build_graph(GOLDEN / "mixed").unlinked.items() if not kind.startswith("file: ")}
    assert Counter(f"{row.kind} {row.reason}" for row in rows) == counted
    assert list(rows) == sorted(rows, key=lambda row: (row.path, row.line))
    assert Unlinked("CALLS", "src/shop/pricing.py", 23, "math.ceil", "external") in list_unlinked(GOLDEN / "tiny")
