"""A graph whose nodes are texts: what a model that reads graphs is given beside its messages.

Knows which nodes of a subgraph are shown and how each is worded. Does not know tokens, vectors or masks
(`cgm.model`), nor where files are read from.

Legend: N nodes, E edges.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cgm.artifacts import Subgraph, SubgraphNode
from cgm.encoding import encodable
from cgm.errors import GraphFormatError
from cgm.graph import CodeGraph, EdgeKind
from cgm.text import node_text


@dataclass(frozen=True)
class TextGraph:
    """N texts and E typed edges between them; everything that is not text is a place in `texts`.

    `edges` are (kind, source, target), kinds as in `EdgeKind`. `anchors` are the nodes that the question is about,
    best first.

    Raises:
        GraphFormatError: an edge or anchor names no node of the graph, or an edge is of no kind.
    """

    texts: tuple[str, ...] = ()  # N
    edges: tuple[tuple[int, int, int], ...] = ()  # E
    anchors: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        nodes = range(len(self.texts))
        kinds = range(len(EdgeKind))
        for edge in self.edges:
            if len(edge) != 3 or edge[0] not in kinds or edge[1] not in nodes or edge[2] not in nodes:
                rule = f"(kind below {len(kinds)}, source, target) of {len(nodes)} nodes"
                raise GraphFormatError(f"an edge must be {rule}, got {edge}")
        for anchor in self.anchors:
            if anchor not in nodes:
                raise GraphFormatError(f"an anchor must be one of {len(nodes)} nodes, got {anchor}")

    def __len__(self) -> int:
        return len(self.texts)


def build_text_graph(
    graph: CodeGraph, subgraph: Subgraph, lines_of: Callable[[str], Sequence[str]], most: int
) -> TextGraph:
    """Word the `most` best nodes of a subgraph, in the order of the code graph, with every edge between them.

    `lines_of` gives the lines of a path as `cgm.text.split_lines` does. Anchors come before other nodes of their score.
    """
    ranks = {anchor.node: rank for rank, anchor in enumerate(subgraph.anchors)}
    best = sorted(subgraph.nodes, key=lambda node: (-node.score, ranks.get(node.node, len(ranks)), node.node))[:most]
    kept = sorted(best, key=lambda node: node.node)
    place = {node.node: index for index, node in enumerate(kept)}
    edges = [
        (int(EdgeKind[edge.kind]), place[edge.source], place[edge.target])
        for edge in subgraph.edges
        if edge.source in place and edge.target in place
    ]
    return TextGraph(
        texts=tuple(_worded(graph, node, lines_of) for node in kept),
        edges=tuple(dict.fromkeys(edges)),
        anchors=tuple(place[node] for node in ranks if node in place),
    )


def _worded(graph: CodeGraph, node: SubgraphNode, lines_of: Callable[[str], Sequence[str]]) -> str:
    """A node's kind and label, then its own text."""
    head = f"{node.kind} {graph.label(node.node) or '/'}"
    own = node_text(graph, node.node, lines_of(node.path)) if node.start else ""
    return encodable(f"{head}\n{own}".rstrip())
