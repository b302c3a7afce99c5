"""The test files that say most of some source files.

Knows names and the graph's edges. Does not know which tests an issue's repair is judged by, nor how tests are run.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import PurePosixPath

import numpy as np

from cgm.graph import CodeGraph, EdgeKind, NodeKind
from reader.patch import is_test_path

_MARKS = re.compile(r"^(unit)?tests?_|_(unit)?tests?$")


def related_tests(graph: CodeGraph, paths: Collection[str], most: int) -> tuple[str, ...]:
    """At most `most` test files: those named after one of `paths` first, then those that refer to them most."""
    if not most:
        return ()
    named = {PurePosixPath(path).stem.strip("_") for path in paths}
    counts = _references(graph, paths)
    files = sorted(set(_test_files(graph)) - set(paths))
    near = [(not _named_after(path, named), -counts[path], path) for path in files]
    return tuple(path for unnamed, count, path in sorted(near) if count or not unnamed)[:most]


def _references(graph: CodeGraph, paths: Collection[str]) -> Counter[str]:
    """How many edges lead from each file into files of `paths`."""
    inside = np.array([path in paths for path in graph.node_path], dtype=bool)
    leads = inside[graph.edge_target] & (graph.edge_kind != EdgeKind.CONTAINS)
    return Counter(graph.node_path[source] for source in graph.edge_source[leads].tolist())


def _test_files(graph: CodeGraph) -> Iterator[str]:
    """The Python files of a test suite that hold tests, not only what tests share."""
    for node in graph.nodes_of_kind(NodeKind.FUNCTION).tolist():
        path = graph.node_path[node]
        if graph.node_name[node].rpartition(".")[2].startswith("test") and path.endswith(".py") and is_test_path(path):
            yield path


def _named_after(path: str, named: Collection[str]) -> bool:
    return _MARKS.sub("", PurePosixPath(path).stem) in named
