"""A subgraph as a model with node tokens reads it: kinds and texts of its nodes, and typed edges by position.

Knows which nodes fit, and how a node's text is cut. Does not know encoders nor tokens (`cgm.model`): whoever retrieves
and whoever trains show a model the same thing because both make it here.

Legend: N nodes, E edges.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from cgm.errors import ArtifactError, require
from cgm.graph import ROOT, CodeGraph, EdgeKind, NodeKind, admit, subset_edges
from cgm.text import node_text


@dataclass(frozen=True)
class GraphView:
    """N nodes and E edges in columns.

    Nodes stand in the order of their code graph: a parent before its children, the REPO node first. Kinds are the
    names of `NodeKind` and `EdgeKind`; labels are those of rankings, the repository's name for the REPO node; a text
    is the node's own, without its children's, empty for REPO and PACKAGE. Edges run between positions in these
    columns, each once, CONTAINS among them.

    Raises:
        ArtifactError: columns differ in length, or an edge leads out of the nodes.
    """

    node_kind: tuple[str, ...]  # N
    node_label: tuple[str, ...]  # N
    node_text: tuple[str, ...]  # N
    edge_kind: tuple[str, ...]  # E
    edge_source: tuple[int, ...]  # E
    edge_target: tuple[int, ...]  # E

    def __post_init__(self) -> None:
        nodes = {len(self.node_kind), len(self.node_label), len(self.node_text)}
        edges = {len(self.edge_kind), len(self.edge_source), len(self.edge_target)}
        if len(nodes) > 1 or len(edges) > 1:
            raise ArtifactError(f"columns of a GraphView must be equally long, got {sorted(nodes)}, {sorted(edges)}")
        ends = {*self.edge_source, *self.edge_target}
        if ends and not 0 <= min(ends) <= max(ends) < len(self.node_kind):
            raise ArtifactError(f"edges of a GraphView must join its {len(self.node_kind)} nodes, got {max(ends)}")


@dataclass(frozen=True)
class ViewLimits:
    """At most so many nodes, and so many characters of a node's text."""

    nodes: int = 128
    characters: int = 4000

    def __post_init__(self) -> None:
        require(self.nodes >= 1, "nodes of a view must be >= 1", self.nodes)
        require(self.characters >= 0, "characters of a view must be >= 0", self.characters)


def fit_nodes(graph: CodeGraph, scores: Mapping[int, float], most: int) -> list[int]:
    """The best nodes that fit with everybody's path up to the REPO node, ascending."""
    chosen: dict[int, float] = {ROOT: 0.0}
    for node, score in sorted(scores.items(), key=lambda item: (-item[1], item[0])):
        admit(graph, chosen, node, score, most)
    return sorted(chosen)


def view_nodes(
    graph: CodeGraph,
    nodes: Collection[int],
    lines_of: Callable[[str], Sequence[str]],
    characters: int,
    shown: Mapping[int, str] | None = None,
) -> GraphView:
    """View some nodes and all edges among them; `lines_of` gives the lines of a path as `split_lines` does.

    `shown` holds other texts for some nodes.
    """
    ordered = sorted(nodes)
    place = {node: position for position, node in enumerate(ordered)}
    edges = subset_edges(graph, ordered)
    texts = shown or {}
    return GraphView(
        node_kind=tuple(NodeKind(graph.node_kind[node]).name for node in ordered),
        node_label=tuple(graph.label(node) or graph.node_name[node] for node in ordered),
        node_text=tuple(_text(graph, node, lines_of, texts)[:characters] for node in ordered),
        edge_kind=tuple(EdgeKind(kind).name for kind, _, _ in edges),
        edge_source=tuple(place[source] for _, source, _ in edges),
        edge_target=tuple(place[target] for _, _, target in edges),
    )


def _text(graph: CodeGraph, node: int, lines_of: Callable[[str], Sequence[str]], shown: Mapping[int, str]) -> str:
    if node in shown:
        return shown[node]
    return node_text(graph, node, lines_of(graph.node_path[node])) if graph.node_start[node] else ""
