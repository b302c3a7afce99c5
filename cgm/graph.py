"""The code graph as columns, and its interchange forms.

Knows node and edge kinds, containment and adjacency. Does not know how source becomes nodes (`preprocessing`),
nor the text of a node (`cgm.text`): a node is a path and a line range.

Legend: N nodes, E edges.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from cgm.details import DetailRows, NodeDetails
from cgm.errors import GraphFormatError

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
    node's file where the reference stands, 0 where there is none. `unlinked` counts the references that became no
    edge, by reason. `node_complexity` is cyclomatic: 1 + decisions of a function or lambda without those of inner
    functions, 0 for other nodes. `node_details` are what `details` decodes.
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
        children: list[list[int]] = [[] for _ in range(len(self))]
        for node, parent in enumerate(self.parent.tolist()):
            if parent >= 0:
                children[parent].append(node)
        return tuple(map(tuple, children))

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

    def to_networkx(self) -> "nx.MultiDiGraph[int]":
        """Copy into a networkx multigraph; kinds are their names, edges are keyed by kind."""
        graph: nx.MultiDiGraph[int] = nx.MultiDiGraph()
        for node in range(len(self)):
            graph.add_node(
                node,
                kind=NodeKind(self.node_kind[node]).name,
                name=self.node_name[node],
                path=self.node_path[node],
                start=int(self.node_start[node]),
                end=int(self.node_end[node]),
            )
        for kind, source, target, confidence, line in self.edges():
            graph.add_edge(source, target, key=EdgeKind(kind).name, confidence=confidence, line=line)
        return graph

    def to_pyg(self) -> Any:
        """Copy into a `torch_geometric.data.Data`: `kind` (N), `edge_index` (2, E), `edge_kind` (E).

        Raises:
            ImportError: the extra `graph-learning` is not installed.
        """
        import torch
        from torch_geometric.data import Data

        return Data(
            num_nodes=len(self),
            kind=torch.from_numpy(self.node_kind.astype(np.int64)),
            edge_index=torch.from_numpy(np.stack([self.edge_source, self.edge_target]).astype(np.int64)),
            edge_kind=torch.from_numpy(self.edge_kind.astype(np.int64)),
        )

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


def _count(column: KindArray, kinds: type[IntEnum]) -> dict[str, int]:
    counts = np.bincount(column, minlength=len(kinds))
    return {kind.name: int(counts[kind]) for kind in kinds}


# The interchange format of CodeFuse-CGM's released graphs.
# Source: codefuse-ai/CodeFuse-CGM, `owner#repo#commit.graph.json`.
_CGM_NODE_TYPE = {
    NodeKind.REPO: "Repo",
    NodeKind.PACKAGE: "Package",
    NodeKind.FILE: "File",
    NodeKind.TEXTFILE: "TextFile",
    NodeKind.CLASS: "Class",
    NodeKind.FUNCTION: "Function",
    NodeKind.ATTRIBUTE: "Attribute",
    NodeKind.LAMBDA: "Lambda",
}
_CGM_NODE_KIND = {name: kind for kind, name in _CGM_NODE_TYPE.items()} | {
    "Field": NodeKind.ATTRIBUTE,
    "Method": NodeKind.FUNCTION,
}
_CGM_NAME_FIELD = {
    NodeKind.REPO: "repoName",
    NodeKind.FILE: "fileName",
    NodeKind.CLASS: "className",
}


def to_cgm_json(graph: CodeGraph, text_of: Callable[[int], str]) -> dict[str, Any]:
    """Write a graph in CGM's released JSON form; `text_of` gives a node's own text."""
    nodes = [_cgm_node(graph, node, text_of(node)) for node in range(len(graph))]
    edges = [
        {"edgeType": EdgeKind(kind).name.lower(), "source": source, "target": target}
        for kind, source, target, _, _ in graph.edges()
    ]
    return {"nodes": nodes, "edges": edges}


def from_cgm_json(document: Mapping[str, Any]) -> tuple[CodeGraph, tuple[str, ...]]:
    """Read CGM's released JSON form: the graph and the text of each node.

    Both spellings of a node's key, `id` and `nodeId`, are read. Nodes stand in the document's order but for parents,
    which stand before their children. Nodes that nothing contains are put below the Repo node, which is made where
    there is none, and counted in `unlinked["no parent"]`; edges to unknown ids are counted in
    `unlinked["unknown id"]`, a second CONTAINS edge between the same two in `unlinked["repeated"]`.

    Raises:
        GraphFormatError: a node or edge lacks a field, repeats an id, or has an unknown type or a line that is no
            number; there are two Repo nodes; or CONTAINS gives a node two parents, the Repo node one, or is a cycle.
    """
    rows = _cgm_rows(document, "nodes")
    edges, unlinked = _cgm_edges(_cgm_rows(document, "edges"), _cgm_positions(rows))
    if all(_cgm_kind(row) != NodeKind.REPO for row in rows):
        rows = [*rows, {"nodeId": "", "nodeType": "Repo", "repoName": "repository"}]
    parent = _cgm_parents(rows, edges)
    root = parent.index(-1)
    orphans = [node for node in range(len(rows)) if parent[node] is None]
    edges += [(EdgeKind.CONTAINS, root, node) for node in orphans]
    unlinked["no parent"] = len(orphans)
    order = _parents_first(rows, [root if above is None else above for above in parent])
    columns = np.array(edges, dtype=np.int32).reshape(-1, 3)
    columns[:, 1:] = np.argsort(order).astype(np.int32)[columns[:, 1:]]
    ordered = [rows[old] for old in order]
    graph = _cgm_graph(ordered, columns, {reason: count for reason, count in unlinked.items() if count})
    return graph, tuple(_cgm_text(row, "text") for row in ordered)


def _cgm_graph(rows: Sequence[Mapping[str, Any]], edges: IntArray, unlinked: Mapping[str, int]) -> CodeGraph:
    """A graph of rows in order and edges of shape (E, 3): kind, source, target."""
    kinds = [_cgm_kind(row) for row in rows]
    return CodeGraph(
        node_kind=np.array(kinds, dtype=np.uint8),
        node_name=tuple(_cgm_name(row, kind) for row, kind in zip(rows, kinds, strict=True)),
        node_path=tuple(_cgm_text(row, "filePath") for row in rows),
        node_start=np.array([_cgm_line(row, "startLine") for row in rows], dtype=np.int32),
        node_end=np.array([_cgm_line(row, "endLine") for row in rows], dtype=np.int32),
        edge_kind=edges[:, 0].astype(np.uint8),
        edge_source=edges[:, 1].copy(),
        edge_target=edges[:, 2].copy(),
        edge_confidence=np.ones(len(edges), dtype=np.float32),
        edge_line=np.zeros(len(edges), dtype=np.int32),
        unlinked=unlinked,
    )


def _cgm_rows(document: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    rows = _required(document, key)
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise GraphFormatError(f"{key} must be a list of objects, got {type(rows).__name__}")
    return rows


def _cgm_positions(rows: Sequence[Mapping[str, Any]]) -> dict[int | str, int]:
    position: dict[int | str, int] = {}
    for number, row in enumerate(rows):
        if position.setdefault(_cgm_id(row), number) != number:
            raise GraphFormatError(f"node id must be unique, got {_cgm_id(row)!r} twice")
    return position


def _cgm_parents(rows: Sequence[Mapping[str, Any]], edges: Sequence[tuple[int, int, int]]) -> list[int | None]:
    """The parent of every node: -1 of the Repo node, None where nothing contains it."""
    parent: list[int | None] = [-1 if _cgm_kind(row) == NodeKind.REPO else None for row in rows]
    if parent.count(-1) != 1:
        raise GraphFormatError(f"a code graph must have one Repo node, got {parent.count(-1)}")
    for kind, source, target in edges:
        if kind != EdgeKind.CONTAINS:
            continue
        if parent[target] is not None:
            rule = "the Repo node must have no parent" if parent[target] == -1 else "a node must have one parent"
            raise GraphFormatError(f"{rule}, got {_cgm_id(rows[source])!r} above {_cgm_id(rows[target])!r}")
        parent[target] = source
    return parent


def _parents_first(rows: Sequence[Mapping[str, Any]], parent: Sequence[int]) -> list[int]:
    """Positions of the nodes, each after its parent, else as they stand."""
    children: list[list[int]] = [[] for _ in parent]
    for node, above in enumerate(parent):
        if above >= 0:
            children[above].append(node)
    ready, order = [parent.index(-1)], []
    while ready:
        node = heapq.heappop(ready)
        order.append(node)
        for child in children[node]:
            heapq.heappush(ready, child)
    if len(order) < len(parent):
        lost = min(set(range(len(parent))) - set(order))
        raise GraphFormatError(f"contains must be a tree, got a cycle at or above node {_cgm_id(rows[lost])!r}")
    return order


def _cgm_node(graph: CodeGraph, node: int, text: str) -> dict[str, Any]:
    kind = NodeKind(graph.node_kind[node])
    return {
        "id": node,
        "nodeType": _CGM_NODE_TYPE[kind],
        _CGM_NAME_FIELD.get(kind, "name"): graph.node_name[node],
        "filePath": graph.node_path[node],
        "startLine": int(graph.node_start[node]),
        "endLine": int(graph.node_end[node]),
        "text": text,
    }


def _cgm_id(row: Mapping[str, Any]) -> int | str:
    return _checked_id(row["id"] if "id" in row else _required(row, "nodeId"))


def _checked_id(identity: Any) -> int | str:
    if not isinstance(identity, int | str) or isinstance(identity, bool):
        raise GraphFormatError(f"node id must be a number or text, got {identity!r}")
    return identity


def _cgm_kind(row: Mapping[str, Any]) -> NodeKind:
    name = _required(row, "nodeType")
    if not isinstance(name, str) or name not in _CGM_NODE_KIND:
        raise GraphFormatError(f"nodeType must be one of {sorted(_CGM_NODE_KIND)}, got {name!r}")
    return _CGM_NODE_KIND[name]


def _cgm_name(row: Mapping[str, Any], kind: NodeKind) -> str:
    key = _CGM_NAME_FIELD.get(kind, "name")
    return _cgm_text(row, key if key in row else "name")


def _cgm_text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    return "" if value is None else str(value)


def _cgm_line(row: Mapping[str, Any], key: str) -> int:
    line = row.get(key, 0)
    if not isinstance(line, int) or isinstance(line, bool) or not 0 <= line < 1 << 31:
        raise GraphFormatError(f"{key} must be a line number >= 0, got {line!r} in node {_cgm_id(row)!r}")
    return line


def _cgm_edges(
    rows: Sequence[Mapping[str, Any]], position: Mapping[int | str, int]
) -> tuple[list[tuple[int, int, int]], Counter[str]]:
    """Edges (kind, source, target) by position, and how many rows gave none, by reason."""
    edges: list[tuple[int, int, int]] = []
    unlinked: Counter[str] = Counter()
    contains: set[tuple[int, int, int]] = set()
    for row in rows:
        name = str(_required(row, "edgeType")).upper()
        if name not in EdgeKind.__members__:
            raise GraphFormatError(f"edgeType must be one of {[kind.name for kind in EdgeKind]}, got {name!r}")
        source, target = (position.get(_checked_id(_required(row, end))) for end in ("source", "target"))
        if source is None or target is None:
            unlinked["unknown id"] += 1
            continue
        edge = (EdgeKind[name], source, target)
        if edge in contains:
            unlinked["repeated"] += 1
            continue
        if edge[0] == EdgeKind.CONTAINS:
            contains.add(edge)
        edges.append(edge)
    return edges, unlinked


def _required(row: Mapping[str, Any], key: str) -> Any:
    if key not in row:
        raise GraphFormatError(f"a code graph row must have {key!r}, got keys {sorted(row)}")
    return row[key]
