"""The code graph as columns.

Knows node and edge kinds, containment and adjacency, and how networkx and PyTorch Geometric take a graph. Does not
know how source becomes nodes (`preprocessing`), nor the text of a node (`cgm.text`): a node is a path and a line
range.

Legend: N nodes, E edges.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cgm.artifacts import SubgraphEdge, SubgraphNode
from cgm.details import DetailRows, NodeDetails

IntArray = NDArray[np.int32]
KindArray = NDArray[np.uint8]
FloatArray = NDArray[np.float32]

ROOT = 0


class NodeKind(IntEnum):
    """What a node stands for. Source: CGM, section 3.1 (TEXTFILE holds every file without a grammar)."""

    REPO = 0
    PACKAGE = 1
    FILE = 2
    TEXTFILE = 3
    CLASS = 4
    FUNCTION = 5
    ATTRIBUTE = 6
    LAMBDA = 7


class EdgeKind(IntEnum):
    """How one node depends on another, from source to target; CONTAINS runs from parent to child."""

    CONTAINS = 0
    IMPORTS = 1
    CALLS = 2
    EXTENDS = 3
    IMPLEMENTS = 4
    REFERENCES = 5


@dataclass(frozen=True, eq=False)
class CodeGraph:
    """A repository snapshot as N nodes and E edges.

    Node 0 is the REPO node; a parent stands before its children; CONTAINS edges form a tree over all nodes.
    `node_name` is qualified within its file (`Class.method`), the dotted or slashed path for packages, and the base
    name for files. `node_path` is relative, with forward slashes; empty for the REPO node. Lines are 1-based and
    inclusive, 0 for a node without text. `edge_confidence` lies in (0, 1]; `edge_line` is the line in the source
    node's file where the reference stands or the contained definition begins, 0 where there is none. `unlinked` counts
    the references that became no edge, by reason. `node_complexity` is cyclomatic: 1 + decisions of a function or
    lambda without those of inner functions, 0 for other nodes. `node_details` are what `details` decodes.
    """

    node_kind: KindArray  # N
    node_name: tuple[str, ...]  # N
    node_path: tuple[str, ...]  # N
    node_start: IntArray  # N
    node_end: IntArray  # N
    edge_kind: KindArray  # E
    edge_source: IntArray  # E
    edge_target: IntArray  # E
    edge_confidence: FloatArray  # E
    edge_line: IntArray  # E
    unlinked: Mapping[str, int] = field(default_factory=dict)
    node_complexity: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int32))  # N
    node_details: DetailRows = field(default_factory=DetailRows)  # N

    def __post_init__(self) -> None:
        if not len(self.node_complexity):
            object.__setattr__(self, "node_complexity", np.zeros(len(self), dtype=np.int32))

    def __len__(self) -> int:
        return len(self.node_name)

    @cached_property
    def parent(self) -> IntArray:
        """Parent of every node, shape N; -1 for the REPO node."""
        parent = np.full(len(self), -1, dtype=np.int32)
        contains = self.edge_kind == EdgeKind.CONTAINS
        parent[self.edge_target[contains]] = self.edge_source[contains]
        return parent

    @cached_property
    def children(self) -> tuple[tuple[int, ...], ...]:
        """Children of every node, in node order."""
        order = np.argsort(self.parent, kind="stable")
        bounds = np.searchsorted(self.parent[order], np.arange(len(self) + 1)).tolist()
        rows = order.tolist()
        return tuple(tuple(rows[first:last]) for first, last in pairwise(bounds))

    @cached_property
    def file_of_path(self) -> dict[str, int]:
        """The FILE or TEXTFILE node of each path."""
        kinds = (self.node_kind == NodeKind.FILE) | (self.node_kind == NodeKind.TEXTFILE)
        return {self.node_path[node]: node for node in np.flatnonzero(kinds).tolist()}

    @cached_property
    def outermost_function(self) -> IntArray:
        """The outermost function around each function, any other node itself, shape N; rankings name no inner one."""
        outer = np.arange(len(self), dtype=np.int32)
        is_function = self.node_kind == NodeKind.FUNCTION
        nested = np.flatnonzero(is_function & is_function[self.parent] & (self.parent >= 0))
        for node in nested.tolist():  # a parent stands before its children
            outer[node] = outer[self.parent[node]]
        return outer

    def label(self, node: int) -> str:
        """Name a node as rankings do: `path` for files and packages, `path:Class.method` inside a file."""
        if self.node_kind[node] <= NodeKind.TEXTFILE:
            return self.node_path[node]
        return f"{self.node_path[node]}:{self.node_name[node]}"

    def details(self, node: int) -> NodeDetails:
        """What a node says of itself: signature, parameters, return type, decorators, docstring."""
        return self.node_details[node]

    def ancestors(self, node: int) -> tuple[int, ...]:
        """The containment path from a node's parent up to the REPO node."""
        path: list[int] = []
        current = int(self.parent[node])
        while current >= 0:
            path.append(current)
            current = int(self.parent[current])
        return tuple(path)

    def nodes_of_kind(self, *kinds: NodeKind) -> IntArray:
        """Indices of all nodes of the given kinds, ascending."""
        return np.flatnonzero(np.isin(self.node_kind, kinds)).astype(np.int32)

    def counts(self) -> dict[str, dict[str, int]]:
        """Count nodes and edges by kind, and references that became no edge by reason."""
        return {
            "nodes": _count(self.node_kind, NodeKind),
            "edges": _count(self.edge_kind, EdgeKind),
            "unlinked": dict(self.unlinked),
        }

    def to_networkx(self) -> Any:
        """Copy into a `networkx.MultiDiGraph` of plain types; kinds are their names, edges are keyed by kind."""
        import networkx as nx

        graph = nx.MultiDiGraph()
        for node in range(len(self)):
            details = self.details(node)
            parameters = [one._asdict() for one in details.parameters]
            graph.add_node(
                node,
                kind=NodeKind(self.node_kind[node]).name,
                name=self.node_name[node],
                path=self.node_path[node],
                start=int(self.node_start[node]),
                end=int(self.node_end[node]),
                complexity=int(self.node_complexity[node]),
                **details._asdict() | {"parameters": parameters, "decorators": list(details.decorators)},
            )
        for kind, source, target, confidence, line in self.edges():
            graph.add_edge(source, target, key=EdgeKind(kind).name, confidence=confidence, line=line)
        return graph

    def to_pyg(self) -> Any:
        """Copy into a `torch_geometric.data.HeteroData`, node and edge types by the names of their kinds.

        A node type has `node` (its indices in this graph), `start`, `end`, `complexity`; an edge type (kind of source,
        kind, kind of target) has `edge_index` (2, edges), `confidence` and `line`. Both stand in the order of this
        graph, and only kinds that it has are there.

        Raises:
            ImportError: the extra `graph-learning` is not installed.
        """
        torch, geometric = _graph_learning()
        data = geometric.HeteroData()
        place = np.zeros(len(self), dtype=np.int64)
        for kind in np.unique(self.node_kind).tolist():
            nodes = np.flatnonzero(self.node_kind == kind)
            place[nodes] = np.arange(len(nodes))
            store = data[NodeKind(kind).name]
            store.num_nodes = len(nodes)
            store.node = torch.from_numpy(nodes)
            for name in ("start", "end", "complexity"):
                store[name] = torch.from_numpy(getattr(self, f"node_{name}")[nodes])
        for type_, edges in self._edges_by_type():
            store = data[type_]
            ends = np.stack([place[self.edge_source[edges]], place[self.edge_target[edges]]])
            store.edge_index = torch.from_numpy(ends)
            store.confidence = torch.from_numpy(self.edge_confidence[edges])
            store.line = torch.from_numpy(self.edge_line[edges])
        return data

    def to_pyg_homogeneous(self) -> Any:
        """Copy into a `torch_geometric.data.Data`: `kind` (N), `edge_index` (2, E), `edge_kind` and `confidence` (E).

        Raises:
            ImportError: the extra `graph-learning` is not installed.
        """
        torch, geometric = _graph_learning()
        return geometric.Data(
            num_nodes=len(self),
            kind=torch.from_numpy(self.node_kind.astype(np.int64)),
            edge_index=torch.from_numpy(np.stack([self.edge_source, self.edge_target]).astype(np.int64)),
            edge_kind=torch.from_numpy(self.edge_kind.astype(np.int64)),
            confidence=torch.from_numpy(self.edge_confidence.copy()),
        )

    def _edges_by_type(self) -> Iterator[tuple[tuple[str, str, str], NDArray[np.int64]]]:
        """The edges of each (kind of source, kind, kind of target), in graph order."""
        columns = (self.node_kind[self.edge_source], self.edge_kind, self.node_kind[self.edge_target])
        types = np.stack(columns, axis=1).astype(np.int64) @ np.array([1 << 16, 1 << 8, 1])
        order = np.argsort(types, kind="stable")
        firsts = np.flatnonzero(np.diff(types[order], prepend=-1))
        for edges in np.split(order, firsts[1:]) if len(order) else []:
            first = edges[0]
            names = (NodeKind(columns[0][first]), EdgeKind(columns[1][first]), NodeKind(columns[2][first]))
            yield (names[0].name, names[1].name, names[2].name), edges

    def edges(self) -> Iterable[tuple[int, int, int, float, int]]:
        """Yield (kind, source, target, confidence, line) of every edge."""
        columns = (self.edge_kind, self.edge_source, self.edge_target, self.edge_confidence, self.edge_line)
        return zip(*(column.tolist() for column in columns), strict=True)


def subset_edges(graph: CodeGraph, nodes: Iterable[int]) -> list[tuple[int, int, int]]:
    """Every edge (kind, source, target) with both ends among `nodes`, without duplicates, in graph order."""
    member = np.zeros(len(graph), dtype=bool)
    member[list(nodes)] = True
    inside = member[graph.edge_source] & member[graph.edge_target]
    rows = zip(
        graph.edge_kind[inside].tolist(),
        graph.edge_source[inside].tolist(),
        graph.edge_target[inside].tolist(),
        strict=True,
    )
    return list(dict.fromkeys(rows))


def subgraph_nodes(graph: CodeGraph, scores: Mapping[int, float]) -> tuple[SubgraphNode, ...]:
    """Nodes as a subgraph shows them, with their scores, in the order of `scores`."""
    return tuple(
        SubgraphNode(
            node=node,
            kind=NodeKind(graph.node_kind[node]).name,
            path=graph.node_path[node],
            name=graph.node_name[node],
            start=int(graph.node_start[node]),
            end=int(graph.node_end[node]),
            score=score,
        )
        for node, score in scores.items()
    )


def subgraph_edges(graph: CodeGraph, nodes: Iterable[int]) -> tuple[SubgraphEdge, ...]:
    """Every edge among `nodes` as a subgraph shows it; as `subset_edges`."""
    return tuple(SubgraphEdge(EdgeKind(kind).name, *ends) for kind, *ends in subset_edges(graph, nodes))


def _graph_learning() -> tuple[Any, Any]:
    """The modules torch and torch_geometric.data."""
    try:
        import torch
        from torch_geometric import data
    except ImportError as error:
        raise ImportError("graphs for PyTorch need PyTorch Geometric: pip install 'r4-cgm[graph-learning]'") from error
    return torch, data


def _count(column: KindArray, kinds: type[IntEnum]) -> dict[str, int]:
    counts = np.bincount(column, minlength=len(kinds))
    return {kind.name: int(counts[kind]) for kind in kinds}
