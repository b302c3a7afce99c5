"""From anchors to a connected subgraph, along typed edges and within a budget.

Pure functions on the graph's arrays. Knows hops, budget and the controls; does not know where anchors come from.

Legend: N nodes, E edges.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.sparse import csr_matrix

from cgm.graph import ROOT, CodeGraph, EdgeKind, NodeKind

CONTROLS = ("full", "none", "contain_only", "shuffled")
_HOP_SHARE = 0.5  # of an anchor's score that a neighbour gets over a sure edge


@dataclass(frozen=True)
class Budget:
    """How far and how wide: `hops` 0 to 2 (the second only through FILE nodes), at most `nodes` nodes."""

    hops: int
    nodes: int


@lru_cache(maxsize=2)
def controlled(graph: CodeGraph, control: str, seed: int) -> CodeGraph:
    """The graph that a control sees: `none`, `contain_only`: CONTAINS alone; `shuffled`: other targets permuted."""
    contains = graph.edge_kind == EdgeKind.CONTAINS
    if control == "full":
        return graph
    if control == "shuffled":
        targets = graph.edge_target.copy()
        targets[~contains] = np.random.default_rng(seed).permutation(targets[~contains])
        return replace(graph, edge_target=targets)
    names = ("edge_kind", "edge_source", "edge_target", "edge_confidence", "edge_line")
    return replace(graph, **{name: getattr(graph, name)[contains] for name in names})


def expand(graph: CodeGraph, scores: Mapping[int, float], budget: Budget) -> dict[int, float]:
    """The nodes of the subgraph with their scores: anchors, neighbours, and everybody's path up to the REPO node.

    Best first within each of anchors and neighbours; no neighbour scores above an anchor. A node that would overrun
    the budget together with its path is left out. The REPO node is always there.
    """
    chosen: dict[int, float] = {ROOT: 0.0}
    for node, score in sorted(scores.items(), key=_best_first):
        _admit(graph, chosen, node, score, budget.nodes)
    neighbours = _neighbours(graph, scores, budget.hops)
    scale = min(scores.values(), default=0.0) / max(neighbours.values(), default=1.0)
    for node, score in sorted(neighbours.items(), key=_best_first):
        _admit(graph, chosen, node, score * min(scale, 1.0), budget.nodes)
    return dict(sorted(chosen.items()))


def _best_first(item: tuple[int, float]) -> tuple[float, int]:
    return -item[1], item[0]


def _admit(graph: CodeGraph, chosen: dict[int, float], node: int, score: float, limit: int) -> None:
    if node not in chosen and len(chosen) >= limit:
        return
    missing = [one for one in (node, *graph.ancestors(node)) if one not in chosen]
    if len(chosen) + len(missing) <= limit:
        chosen.update(dict.fromkeys(missing, 0.0))
        chosen[node] = max(chosen[node], score)


def _neighbours(graph: CodeGraph, scores: Mapping[int, float], hops: int) -> dict[int, float]:
    """Nodes beside the anchors with the share of score that reaches them."""
    reached: dict[int, float] = {}
    frontier = dict(scores)
    for hop in range(hops):
        sources = list(frontier) if hop == 0 else [node for node in frontier if graph.node_kind[node] == NodeKind.FILE]
        frontier = _step(graph, sources, frontier)
        for node, score in frontier.items():
            if node not in scores:
                reached[node] = max(reached.get(node, 0.0), score)
    return reached


def _step(graph: CodeGraph, sources: Sequence[int], scores: Mapping[int, float]) -> dict[int, float]:
    neighbours = adjacency(graph)
    found: dict[int, float] = {}
    for node in sources:
        row = slice(neighbours.indptr[node], neighbours.indptr[node + 1])
        pairs = zip(neighbours.indices[row].tolist(), neighbours.data[row].tolist(), strict=True)
        for other, confidence in pairs:
            found[other] = max(found.get(other, 0.0), _HOP_SHARE * scores[node] * confidence)
    return found


@lru_cache(maxsize=2)
def adjacency(graph: CodeGraph) -> csr_matrix:
    """Undirected adjacency, shape (N, N): the surest edge between two nodes, packages and the REPO node aside."""
    low = graph.node_kind > NodeKind.PACKAGE
    kept = low[graph.edge_source] & low[graph.edge_target]
    source, target, confidence = graph.edge_source[kept], graph.edge_target[kept], graph.edge_confidence[kept]
    size = (len(graph), len(graph))
    directed = csr_matrix(size, dtype=np.float32)
    for edge_kind in EdgeKind:
        of_kind = graph.edge_kind[kept] == edge_kind
        one = csr_matrix((confidence[of_kind], (source[of_kind], target[of_kind])), shape=size)
        one.data = np.minimum(one.data, 1.0)
        directed = directed.maximum(one)
    return directed.maximum(directed.T).tocsr()
