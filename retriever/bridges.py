"""Tests as bridges: a test that reads like the issue points to the source file that its own file is named after.

Knows how files of tests are called. Does not know how likeness to an issue is measured (`lexical`).

Legend: N nodes.
"""

import re
from collections import defaultdict
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cgm.graph import CodeGraph, NodeKind
from retriever.fusion import file_of_node, is_source, normalised

Scores = NDArray[np.float32]

_DEEP = 30  # tests that are followed
_TEST_NAME = re.compile(r"^tests?_|_tests?$|Tests?$|\.(?:test|spec)$")


def bridged_files(graph: CodeGraph, text: Scores) -> Scores:
    """The likeness to the issue of each source file's tests, the best of them 1, shape (N)."""
    tests = np.flatnonzero((graph.node_kind == NodeKind.FUNCTION) & ~is_source(graph) & (text > 0))
    best = tests[np.argsort(-text[tests], kind="stable")[:_DEEP]]
    scores = np.zeros(len(graph), dtype=np.float32)
    for node, file_node in zip(best.tolist(), file_of_node(graph)[best].tolist(), strict=True):
        for tested in _tested(graph).get(file_node, ()):
            scores[tested] = max(scores[tested], text[node])
    return normalised(scores)


@lru_cache(maxsize=2)
def _tested(graph: CodeGraph) -> dict[int, list[int]]:
    """The source files that each file of tests is named after."""
    files = graph.nodes_of_kind(NodeKind.FILE)
    source = is_source(graph)
    by_stem: dict[str, list[int]] = defaultdict(list)
    for node in files[source[files]].tolist():
        by_stem[_stem(graph.node_name[node])].append(node)
    named = {node: _TEST_NAME.sub("", _stem(graph.node_name[node])) for node in files[~source[files]].tolist()}
    return {node: by_stem[stem] for node, stem in named.items() if stem in by_stem}


def _stem(name: str) -> str:
    return name.rpartition(".")[0]
