import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cgm.errors import ConfigError
from cgm.graph import CodeGraph
from cgm.graphml import from_graphml
from cgm.json_import import from_cgm_json
from cgm.protocols import Codebase
from cgm.store import BlobCache, read_rows
from eval.report.neighbourhood import PageConfig
from launch.exports import write_exports
from launch.schema import EXPORTS
from preprocessing.edges import Unlinked
from preprocessing.snapshot import open_snapshot
from preprocessing.stage import CodeGraphPreprocessor, PreprocessingConfig

_ALONE = "stages=[preprocessing]"


@pytest.fixture
def codebase(pristine_shop: Any, tmp_path: Path) -> Codebase:
    blobs = BlobCache(tmp_path / "blobs")
    return CodeGraphPreprocessor(PreprocessingConfig(), blobs=blobs).preprocess(open_snapshot(pristine_shop.repo))


def _rows(path: Path) -> list[dict[str, Any]]:
    return [row for _, row in read_rows(path)]


def _node(graph: CodeGraph, label: str) -> int:
    return next(node for node in range(len(graph)) if graph.label(node) == label)


def test_every_form_is_written_once_and_its_files_are_named(codebase: Codebase, tmp_path: Path) -> None:
    rows = (Unlinked("CALLS", "a.py", 3, "len", "builtin"),)
    paths = list(write_exports(tmp_path, [*EXPORTS, *EXPORTS], codebase, PageConfig(), lambda: rows))
    assert len(paths) == len(set(paths)) >= len(EXPORTS)
    assert all(path.parent == tmp_path and path.stat().st_size for path in paths)


def test_rows_hold_every_node_with_what_it_says_of_itself(codebase: Codebase, tmp_path: Path) -> None:
    list(write_exports(tmp_path, ["jsonl"], codebase, PageConfig(), tuple))
    rows = _rows(tmp_path / "nodes.jsonl")
    assert [row["id"] for row in rows] == list(range(len(codebase.graph)))
    add = rows[_node(codebase.graph, "shop/cart.py:Cart.add")]
    assert add["parent"] == _node(codebase.graph, "shop/cart.py:Cart")
    assert (add["kind"], add["start"], add["complexity"]) == ("FUNCTION", 12, 1)
    assert [parameter["name"] for parameter in add["parameters"]] == ["self", "item", "count"]
    assert (rows[0]["parent"], "signature" in rows[0]) == (None, False)


def test_rows_hold_every_edge_with_line_and_confidence(codebase: Codebase, tmp_path: Path) -> None:
    list(write_exports(tmp_path, ["jsonl"], codebase, PageConfig(), tuple))
    rows = _rows(tmp_path / "edges.jsonl")
    assert len(rows) == len(codebase.graph.edge_kind)
    ends = [_node(codebase.graph, label) for label in ("shop/cart.py:Cart.checkout", "shop/price.py:total")]
    call = {"kind": "CALLS", "source": ends[0], "target": ends[1], "line": 16, "confidence": 1.0}
    assert call in rows


def test_cgm_json_reads_back_as_the_same_graph_with_its_text(codebase: Codebase, tmp_path: Path) -> None:
    list(write_exports(tmp_path, ["cgm_json"], codebase, PageConfig(), tuple))
    graph, texts = from_cgm_json(json.loads((tmp_path / "graph.cgm.json").read_text()))
    assert graph.counts()["nodes"] == codebase.graph.counts()["nodes"]
    assert graph.counts()["edges"] == codebase.graph.counts()["edges"]
    assert "def price(item):" in texts[_node(graph, "shop/price.py:price")]


def test_graphml_reads_back_as_the_same_graph(codebase: Codebase, tmp_path: Path) -> None:
    (path,) = write_exports(tmp_path, ["graphml"], codebase, PageConfig(), tuple)
    graph = from_graphml(path.read_bytes())
    assert graph.counts() == codebase.graph.counts()
    assert graph.details(4) == codebase.graph.details(4)


def test_a_page_around_no_node_is_refused(codebase: Codebase, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"page\.around must name a node"):
        list(write_exports(tmp_path, ["page"], codebase, PageConfig(around="nowhere"), tuple))


def test_what_is_not_linked_is_listed_on_request(
    cgm: Callable[..., int], pristine_shop: Any, read: Callable[[str], Any]
) -> None:
    assert cgm(f"repo={pristine_shop.repo}", _ALONE, "export=[unlinked]", "run_dir=run") == 0
    rows = read("run/unlinked.jsonl")
    assert {"kind": "CALLS", "path": "shop/price.py", "line": 5, "chain": "sum", "reason": "builtin"} in rows
    counted = read("run/summary.json")["graph"]["unlinked"]
    assert Counter(f"{row['kind']} {row['reason']}" for row in rows) == counted


def test_the_graph_of_a_repository_needs_no_issue(
    cgm: Callable[..., int], pristine_shop: Any, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cgm(f"repo={pristine_shop.repo}", _ALONE, "run_dir=run") == 0
    shown = capsys.readouterr().out
    assert re.match(r"acme__shop: \d+ nodes, \d+ edges, 4 files, \d+ lines; built in \d+\.\d\d s, peak memory", shown)
    for row in (r"python +3 +\d+", r"FUNCTION +6\b", r"CALLS +\d+", r"CALLS not linked: \w.* \d+"):
        assert re.search(row, shown)
    for name in ("graph.html", "nodes.jsonl", "edges.jsonl"):
        assert str(home / "run" / name) in shown
        assert (home / "run" / name).stat().st_size
    written = {path.name for path in (home / "run").iterdir()}
    assert {"rankings.jsonl", "patches.jsonl", "graph.cgm.json"}.isdisjoint(written)
    assert {"config.yaml", "summary.json", "failures.jsonl"} <= written


def test_a_second_look_comes_from_the_cache_and_may_show_another_part(
    cgm: Callable[..., int], pristine_shop: Any, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = (f"repo={pristine_shop.repo}", _ALONE, "run_dir=run")
    assert cgm(*arguments) == 0
    capsys.readouterr()
    assert cgm(*arguments, "export=[page]", "page.around=shop/price.py:total", "page.hops=1") == 0
    assert "; from the cache in " in capsys.readouterr().out
    assert "up to 1 hop from shop/price.py:total" in (home / "run" / "graph.html").read_text()


def test_the_graph_may_be_that_of_a_commit_or_of_a_plain_folder(
    cgm: Callable[..., int], pristine_shop: Any, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, _ = pristine_shop.commits(pristine_shop.repo)
    assert cgm(f"repo={pristine_shop.repo}", _ALONE, f"commit={first}", "run_dir=commit") == 0
    assert "> 10 else 5" in (home / "commit" / "graph.html").read_text().replace("\\u003e", ">")
    (home / "plain").mkdir()
    (home / "plain" / "a.py").write_text("def f():\n    return g()\n\ndef g():\n    return 1\n")
    capsys.readouterr()
    assert cgm("repo=plain", _ALONE, "run_dir=folder") == 0
    assert capsys.readouterr().out.startswith("plain: 4 nodes, 4 edges, 1 file, 5 lines")


def test_exports_may_be_none_and_may_go_with_the_whole_chain(
    cgm: Callable[..., int], pristine_shop: Any, home: Path
) -> None:
    assert cgm(f"repo={pristine_shop.repo}", _ALONE, "export=[]", "run_dir=none") == 0
    assert not (home / "none" / "graph.html").exists()
    assert cgm(*pristine_shop.single, "export=[cgm_json]", "run_dir=both") == 0
    assert (home / "both" / "graph.cgm.json").exists()
    assert (home / "both" / "subgraph.html").exists()
