"""Fuzzy matching of the issue's entities and keywords against the names of nodes.

Knows likeness of strings. Does not know exact mentions (`mentions`), which need no likeness.

Source: CGM's Retriever: rapidfuzz WRatio, top 3 for each entity and keyword.

Legend: N nodes.
"""

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from cgm.artifacts import Rewrite
from cgm.graph import CodeGraph, NodeKind

_NAMED_KINDS = (NodeKind.FILE, NodeKind.CLASS, NodeKind.FUNCTION)
_SHORT = 3  # letters; a shorter word is like everything


@dataclass(frozen=True)
class Matching:
    """The best `top` names for each of `max_queries` words, of a likeness of at least `cutoff` of 100."""

    top: int
    cutoff: float
    max_queries: int


@lru_cache(maxsize=2)
def distinct_names(graph: CodeGraph) -> dict[str, list[int]]:
    """The nodes of every distinct last part of a name, files without their suffix."""
    found: dict[str, list[int]] = defaultdict(list)
    for node in graph.nodes_of_kind(*_NAMED_KINDS).tolist():
        name = graph.node_name[node]
        last = name.partition(".")[0] if graph.node_kind[node] == NodeKind.FILE else name.rpartition(".")[2]
        found[last.lower()].append(node)
    return dict(found)


def name_scores(graph: CodeGraph, rewrite: Rewrite, matching: Matching) -> NDArray[np.float32]:
    """How like each node's name is to something the issue names, in [0, 1], shape (N)."""
    scores = np.zeros(len(graph), dtype=np.float32)
    named = distinct_names(graph)
    words = _words(rewrite)[: matching.max_queries]
    choices = list(named)
    if not words or not choices:
        return scores
    likeness = process.cdist(words, choices, scorer=fuzz.WRatio, score_cutoff=matching.cutoff, dtype=np.float32)
    for row in likeness:
        for best in np.argsort(-row, kind="stable")[: matching.top].tolist():
            nodes = named[choices[best]]
            value = float(row[best]) / 100 / len(nodes) ** 0.5
            scores[nodes] = np.maximum(scores[nodes], value)
    return scores


def _words(rewrite: Rewrite) -> list[str]:
    entities = (entity.text.rpartition(".")[2] for entity in rewrite.entities if entity.kind == "name")
    words = (word.strip("_() ").lower() for word in (*entities, *rewrite.keywords))
    return [word for word in dict.fromkeys(words) if len(word) > _SHORT]
