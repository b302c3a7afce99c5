"""Evidence of several rankers into anchors.

Knows how scores are normalised, weighed, and gathered from functions into files. Does not know what the evidence is.

Legend: N nodes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cgm.artifacts import Anchor
from cgm.graph import CodeGraph, NodeKind
from cgm.text import is_source_path

Scores = NDArray[np.float32]

_DEEP = 500  # best nodes that are gathered into files


@dataclass(frozen=True)
class Limits:
    """How many anchors of each kind are kept."""

    functions: int
    classes: int
    files: int


def normalised(scores: Scores) -> Scores:
    """Scale into [0, 1] by the highest; nothing below 0 is left."""
    highest = float(scores.max(initial=0.0))
    return np.clip(scores / highest, 0, None).astype(np.float32) if highest > 0 else np.zeros_like(scores)


def fuse(evidence: Mapping[str, Scores], weights: Mapping[str, float]) -> Scores:
    """Weighted sum of evidence, shape (N); a ranker without a weight counts nothing."""
    total = sum((weights.get(name, 0.0) * scores for name, scores in evidence.items()), start=np.float32(0))
    return np.asarray(total, dtype=np.float32)


@lru_cache(maxsize=2)
def file_of_node(graph: CodeGraph) -> NDArray[np.int32]:
    """The FILE or TEXTFILE node that holds each node, shape (N); -1 above files."""
    files = graph.file_of_path
    inside = graph.node_kind > NodeKind.PACKAGE
    column = [files.get(path, -1) if held else -1 for path, held in zip(graph.node_path, inside, strict=True)]
    return np.array(column, dtype=np.int32)


@lru_cache(maxsize=2)
def is_source(graph: CodeGraph) -> NDArray[np.bool_]:
    """Whether each node is the project's own source: no test, document, example or foreign copy; shape (N)."""
    judged = {path: is_source_path(path) for path in set(graph.node_path)}
    return np.array([judged[path] for path in graph.node_path])


def fold_nested(graph: CodeGraph, scores: Scores) -> Scores:
    """Give each function the best score among itself and the functions nested in it, and those none; shape (N)."""
    outer = graph.outermost_function
    folded = scores.copy()
    np.maximum.at(folded, outer, scores)
    return np.where(outer == np.arange(len(graph)), folded, 0).astype(np.float32)


def normalised_by_kind(graph: CodeGraph, scores: Scores) -> Scores:
    """Scale functions, classes and files apart, each by the highest score in the project's own source; shape (N)."""
    source = is_source(graph)
    scaled = np.zeros_like(scores)
    for kinds in ((NodeKind.FUNCTION,), (NodeKind.CLASS,), (NodeKind.FILE, NodeKind.TEXTFILE)):
        of_kind = np.isin(graph.node_kind, kinds)
        highest = float(scores[of_kind & source].max(initial=0.0)) or float(scores[of_kind].max(initial=0.0))
        if highest > 0:
            scaled[of_kind] = np.clip(scores[of_kind] / highest, 0, 1)
    return scaled


def gather(graph: CodeGraph, scores: Scores, decay: float) -> Scores:
    """Each file's own score and its best node's, plus its next ones by a geometrically falling share.

    Shape (N), 0 off files.
    """
    files = file_of_node(graph)
    is_file = files == np.arange(len(graph))
    gathered = np.where(is_file, scores, 0).astype(np.float32)
    share = dict.fromkeys(graph.file_of_path.values(), 1.0)
    inside = np.where(is_file, 0, scores)
    for node in np.argsort(-inside, kind="stable")[:_DEEP].tolist():
        file_node = int(files[node])
        if file_node >= 0 and inside[node] > 0:
            gathered[file_node] += share[file_node] * scores[node]
            share[file_node] *= decay
    return gathered


def within_files(graph: CodeGraph, scores: Scores, gathered: Scores, trust: float) -> Scores:
    """Lift every scored node inside files by `trust` times its file's score."""
    files = file_of_node(graph)
    lifted = scores + trust * np.where(files >= 0, gathered[files], 0)
    return np.asarray(np.where(scores > 0, lifted, 0), dtype=np.float32)


def choose(graph: CodeGraph, scores: Scores, evidence: Mapping[str, Scores], limits: Limits) -> tuple[Anchor, ...]:
    """The best nodes of each kind as anchors, best first, with the evidence for each."""
    wanted = (
        (limits.functions, (NodeKind.FUNCTION,)),
        (limits.classes, (NodeKind.CLASS,)),
        (limits.files, (NodeKind.FILE, NodeKind.TEXTFILE)),
    )
    chosen = [node for limit, kinds in wanted for node in _top(graph.nodes_of_kind(*kinds), scores, limit)]
    chosen.sort(key=lambda node: (-scores[node], node))
    return tuple(_anchor(node, scores, evidence) for node in chosen)


def _top(nodes: NDArray[np.int32], scores: Scores, limit: int) -> list[int]:
    best = nodes[np.argsort(-scores[nodes], kind="stable")[:limit]]
    return [node for node in best.tolist() if scores[node] > 0]


def _anchor(node: int, scores: Scores, evidence: Mapping[str, Scores]) -> Anchor:
    found = [(name, round(float(values[node]), 4)) for name, values in evidence.items() if values[node] > 0]
    return Anchor(
        node=node,
        score=round(float(scores[node]), 4),
        origins=tuple(name for name, _ in found),
        evidence=tuple(value for _, value in found),
    )
