"""Edges between places, in one form for our graph and for a peer's.

Knows how a node of our graph is a place, and the lines that peers' adapters write. Does not know scores.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from meter import Cost
from truth import Pair, Place

from cgm.graph import CodeGraph, EdgeKind, NodeKind

_WHOLE = (NodeKind.REPO, NodeKind.PACKAGE, NodeKind.FILE, NodeKind.TEXTFILE)
_KINDS = (EdgeKind.CALLS, EdgeKind.EXTENDS, EdgeKind.IMPORTS)


@dataclass(frozen=True)
class Edge:
    """An edge of the kind CALLS, EXTENDS or IMPORTS; `line` is 0 where a tool does not say it."""

    kind: str
    source: Place
    target: Place
    line: int = 0
    confidence: float = 1.0


def place_of(graph: CodeGraph, node: int) -> Place:
    """The place of a node; files and packages have the name ""."""
    return graph.node_path[node], "" if graph.node_kind[node] in _WHOLE else graph.node_name[node]


def own_edges(graph: CodeGraph) -> list[Edge]:
    """The edges of our graph that are held against a truth."""
    return [
        Edge(EdgeKind(kind).name, place_of(graph, source), place_of(graph, target), line, confidence)
        for kind, source, target, confidence, line in graph.edges()
        if kind in _KINDS
    ]


def read_edges(path: Path) -> tuple[list[Edge], Cost]:
    """Read what an adapter wrote."""
    first, *rest = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [Edge(row["kind"], tuple(row["source"]), tuple(row["target"])) for row in rest], Cost(**first["cost"])


def pairs(edges: Iterable[Edge], kind: str) -> list[Pair]:
    """The edges of a kind as pairs."""
    return [(edge.source, edge.target) for edge in edges if edge.kind == kind]
