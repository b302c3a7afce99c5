"""How long graphs take: from nothing, from a cache, after one change, from one commit to the next; and how much memory.

    python benchmarks/speed.py dev.jsonl repos/ [owner/name] [commit]

The commit is cold; up to 20 commits of the dataset follow it in the order of their dates. A change is made to one of
5 files in turn.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from hashlib import sha1
from pathlib import Path
from statistics import median
from typing import Any

from meter import Cost, run_apart, time_call

from cgm.arrays import load_graph, load_lexical, save_graph, save_lexical
from cgm.protocols import Codebase
from cgm.store import BlobCache
from preprocessing.snapshot import FileEntry, Reader, Snapshot, open_snapshot
from preprocessing.stage import CodeGraphPreprocessor, PreprocessingConfig, build_graph

_ADDED = (
    b"\n\ndef added_by_the_benchmark(value, *rest):\n    '''Say what came.'''\n    return list(rest) + [str(value)]\n"
)
_COMMENT = b"# a line that says something and calls nothing\n"
_EDITS = 5
_FOLLOWED = 20
_FEWEST_BYTES = 1000  # of a file that is changed


@dataclass(frozen=True)
class _Edited:
    """Reads a snapshot of which one file has another content."""

    reader: Reader
    path: str
    content: bytes

    def read(self, entries: Iterable[FileEntry]) -> Iterator[bytes]:
        for entry in entries:
            yield self.content if entry.path == self.path else next(iter(self.reader.read([entry])))


def edit(snapshot: Snapshot, path: str, *, comment: bool = False) -> Snapshot:
    """The snapshot with a function more at the end of a file, or a comment at its beginning."""
    old = next(snapshot.read_bytes([path]))
    content = _COMMENT + old if comment else old + _ADDED
    blob = sha1(b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()
    files = tuple(
        replace(entry, blob=blob, size=len(content)) if entry.path == path else entry for entry in snapshot.files
    )
    return Snapshot(snapshot.name, files, _Edited(snapshot.reader, path, content), snapshot.skipped)


def edited_paths(snapshot: Snapshot) -> list[str]:
    """Python files from all over a snapshot."""
    paths = [one.path for one in snapshot.files if one.path.endswith(".py") and one.size >= _FEWEST_BYTES]
    return paths[len(paths) // (2 * _EDITS) :: max(len(paths) // _EDITS, 1)][:_EDITS]


def cold_graph(location: str, commit: str) -> dict[str, Any]:
    """Build a graph without any cache."""
    graph, cost = time_call(lambda: build_graph(Path(location), commit))
    return {"cost": vars(cost), "nodes": len(graph), "edges": len(graph.edge_kind)}


def codebase(location: str, commit: str, cache: str, path: str = "") -> dict[str, Any]:
    """Build graph and index with a cache; of the commit as it is, or with one file changed."""
    with closing(BlobCache(Path(cache))) as blobs:
        preprocessor = CodeGraphPreprocessor(PreprocessingConfig(), blobs=blobs)

        def build() -> Codebase:
            snapshot = open_snapshot(Path(location), commit)
            return preprocessor.preprocess(edit(snapshot, path) if path else snapshot)

        return {"cost": vars(time_call(build)[1])}


def loads(location: str, commit: str) -> dict[str, Any]:
    """Load a stored graph and a stored index."""
    built = CodeGraphPreprocessor(PreprocessingConfig()).preprocess(open_snapshot(Path(location), commit))
    with tempfile.TemporaryDirectory() as folder:
        graph, lexical = Path(folder, "graph.npz"), Path(folder, "lexical.npz")
        save_graph(graph, built.graph)
        save_lexical(lexical, built.lexical)
        return {
            "graph": vars(time_call(lambda: load_graph(graph))[1]),
            "lexical": vars(time_call(lambda: load_lexical(lexical))[1]),
            "graph MiB": graph.stat().st_size / 2**20,
            "lexical MiB": lexical.stat().st_size / 2**20,
        }


def changes(location: str, commit: str, comment: bool) -> dict[str, Any]:
    """Build graphs with one file changed, in a process that knows the commit as it is."""
    preprocessor = CodeGraphPreprocessor(PreprocessingConfig())
    base = open_snapshot(Path(location), commit)

    def cost_of(path: str) -> dict[str, float]:
        preprocessor.preprocess(base)
        changed = edit(base, path, comment=comment)
        return vars(time_call(lambda: preprocessor.graph(changed))[1])

    return {"costs": [cost_of(path) for path in edited_paths(base)]}


def follow(location: str, commits: Sequence[str]) -> dict[str, Any]:
    """Build one codebase after the other in one process."""
    preprocessor = CodeGraphPreprocessor(PreprocessingConfig())

    def cost_of(commit: str) -> dict[str, float]:
        return vars(time_call(lambda: preprocessor.preprocess(open_snapshot(Path(location), commit)))[1])

    return {"costs": [cost_of(commit) for commit in commits]}


def base_commits(dataset: Path, location: Path, repository: str) -> list[str]:
    """The base commits of a repository in a dataset, by date."""
    rows = [json.loads(line) for line in dataset.read_text(encoding="utf-8").splitlines()]
    commits = list(dict.fromkeys(row["base_commit"] for row in rows if row["repo"] == repository))
    command = ["git", "-C", str(location), "show", "-s", "--format=%ct %H", *commits]
    shown = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    return [line.split()[1] for line in sorted(shown.stdout.splitlines(), key=lambda line: int(line.split()[0]))]


def _summary(costs: Sequence[dict[str, float]]) -> str:
    seconds = [cost["cpu"] for cost in costs]
    most = max(cost["mib"] for cost in costs)
    return f"{median(seconds):8.2f} s CPU median {max(seconds):6.2f} worst of {len(seconds)} {most:6.0f} MiB"


def report(dataset: Path, repos: Path, repository: str, commit: str) -> None:
    """Print all figures of one repository."""
    location = repos / repository.replace("/", "__")
    commits = base_commits(dataset, location, repository)
    commit = commit or commits[len(commits) // 2]
    place = (str(location), commit)
    cold = run_apart(cold_graph, *place)
    print(f"{repository} {commit[:12]}: {cold['nodes']} nodes, {cold['edges']} edges")
    print("cold graph               ", Cost(**cold["cost"]))
    with tempfile.TemporaryDirectory() as cache:
        for label in ("cold graph and index     ", "the same from the cache  "):
            print(label, Cost(**run_apart(codebase, *place, cache)["cost"]))
        edited = edited_paths(open_snapshot(location, commit))
        costs = [run_apart(codebase, *place, cache, path)["cost"] for path in edited]
        print("a function more, new one ", _summary(costs))
    loaded = run_apart(loads, *place)
    print("load graph               ", Cost(**loaded["graph"]), f"{loaded['graph MiB']:6.1f} MiB stored")
    print("load index               ", Cost(**loaded["lexical"]), f"{loaded['lexical MiB']:6.1f} MiB stored")
    print("a function more, graph   ", _summary(run_apart(changes, *place, False)["costs"]))
    print("a comment more, graph    ", _summary(run_apart(changes, *place, True)["costs"]))
    chosen = commits[commits.index(commit) :][: _FOLLOWED + 1]
    print("next commit, with index  ", _summary(run_apart(follow, str(location), chosen)["costs"][1:]))


def main(arguments: Sequence[str]) -> None:
    """Measure a repository of a dataset."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("repos", type=Path)
    parser.add_argument("repository", nargs="?", default="django/django")
    parser.add_argument("commit", nargs="?", default="")
    chosen = parser.parse_args(arguments)
    report(chosen.dataset, chosen.repos, chosen.repository, chosen.commit)


if __name__ == "__main__":
    main(sys.argv[1:])
