"""What the functions, classes and files of a codebase hold of an issue's words.

Knows what a document is, and how queries are weighed. Does not know how counts become scores (`lexical`).

Legend: N nodes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log

import numpy as np
from numpy.typing import NDArray

from cgm.errors import require
from cgm.graph import NodeKind
from cgm.protocols import Codebase
from cgm.text import STOP_WORDS
from retriever.fusion import file_of_node, fold_nested, normalised_by_kind
from retriever.lexical import Grouping, Matches, Weighting, match, query_terms, single

Scores = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Text:
    """Some terms in the functions and classes of a codebase, and in all that stands in its files."""

    codebase: Codebase
    documents: Matches
    files: Matches

    def bm25(self, query: Mapping[str, float]) -> Scores:
        """BM25 of every node for weighted terms, shape (N), the best of each kind 1.

        A function and a class score by their own document, a file by all that stands in it.
        """
        graph = self.codebase.graph
        scores = np.zeros(len(graph), dtype=np.float32)
        scores[self.codebase.lexical.nodes] = self.documents.bm25(query)
        scores[_files(self.codebase)[0]] = self.files.bm25(query)
        return normalised_by_kind(graph, fold_nested(graph, scores))

    def coverage(self) -> Scores:
        """Which share of the terms each function and class holds, in [0, 1], shape (N); files hold too much to tell."""
        graph = self.codebase.graph
        scores = np.zeros(len(graph), dtype=np.float32)
        scores[self.codebase.lexical.nodes] = self.documents.coverage()
        scores[~np.isin(graph.node_kind, (NodeKind.CLASS, NodeKind.FUNCTION))] = 0
        return fold_nested(graph, scores)


def match_text(codebase: Codebase, terms: Iterable[str], weighting: Weighting) -> Text:
    """Look terms up in all that a codebase holds.

    Raises:
        ConfigError: a weight is for a field that the index has not.
    """
    index = codebase.lexical
    unknown = sorted(set(weighting.fields) - set(index.fields))
    require(not unknown, f"retriever.fields must be among {', '.join(index.fields)}", unknown)
    words = set(terms)
    documents, files = (match(index, words, weighting, one) for one in (single(index), _files(codebase)[1]))
    return Text(codebase, documents, files)


def weigh_terms(queries: Sequence[str], weights: Sequence[float], damping: float) -> dict[str, float]:
    """The terms of all queries; what a query repeats counts more, but less and less.

    `weights` are those of the queries by position, further ones as the last; sums count to the power `damping`.
    """
    weighed: dict[str, float] = {}
    for position, text in enumerate(queries):
        weight = weights[min(position, len(weights) - 1)]
        for term, count in query_terms(text, STOP_WORDS).items():
            weighed[term] = weighed.get(term, 0.0) + weight * (1 + log(count))
    return {term: weight**damping for term, weight in weighed.items() if weight > 0}


@lru_cache(maxsize=2)
def _files(codebase: Codebase) -> tuple[NDArray[np.int32], Grouping]:
    """The file nodes, and the documents of each as a group."""
    nodes = codebase.graph.nodes_of_kind(NodeKind.FILE, NodeKind.TEXTFILE)
    position = np.full(len(codebase.graph) + 1, -1, dtype=np.int32)  # the last for nodes above files
    position[nodes] = np.arange(len(nodes))
    return nodes, Grouping(position[file_of_node(codebase.graph)[codebase.lexical.nodes]], len(nodes))
