import pytest

from cgm.artifacts import Anchor, Subgraph, SubgraphEdge
from cgm.errors import GraphFormatError
from cgm.graph import EdgeKind, subgraph_nodes
from cgm.protocols import Codebase
from cgm.text import split_lines
from cgm.text_graph import TextGraph, build_text_graph


def retrieved(shop: Codebase, anchor: str = "total") -> Subgraph:
    """All of the shop, the anchor before everything else."""
    graph = shop.graph
    nodes = subgraph_nodes(graph, {node: float(name == anchor) for node, name in enumerate(graph.node_name)})
    edges = tuple(SubgraphEdge(EdgeKind(kind).name, source, target) for kind, source, target, _, _ in graph.edges())
    return Subgraph("shop-1", (Anchor(graph.node_name.index(anchor), 1.0, ("bm25",)),), nodes, edges)


def worded(shop: Codebase, most: int = 100) -> TextGraph:
    return build_text_graph(shop.graph, retrieved(shop), lambda path: split_lines(shop.sources.read(path)), most)


def test_every_node_is_worded_by_kind_label_and_its_own_text(shop: Codebase) -> None:
    texts = worded(shop).texts
    assert len(texts) == len(shop.graph)
    assert "REPO /" in texts
    assert "FUNCTION shop/base.py:Store.persist\n    def persist(self, row):" in "\n".join(texts)
    cart = next(text for text in texts if text.startswith("CLASS shop/cart.py:Cart"))
    assert "def checkout" not in cart


def test_every_edge_joins_the_places_of_its_ends(shop: Codebase) -> None:
    graph = worded(shop)
    named = {
        (EdgeKind(kind).name, graph.texts[source].split("\n")[0], graph.texts[target].split("\n")[0])
        for kind, source, target in graph.edges
    }
    assert ("CALLS", "FUNCTION shop/cart.py:Cart.checkout", "FUNCTION shop/price.py:total") in named
    assert ("EXTENDS", "CLASS shop/cart.py:Cart", "CLASS shop/base.py:Store") in named
    assert len(graph.edges) == len({(kind, source, target) for kind, source, target, _, _ in shop.graph.edges()})


def test_the_best_nodes_are_kept_in_the_order_of_the_graph_with_the_edges_between_them(shop: Codebase) -> None:
    whole, part = worded(shop), worded(shop, most=6)
    assert len(part) == 6
    assert [text for text in whole.texts if text in part.texts] == list(part.texts)
    assert part.texts[part.anchors[0]].startswith("FUNCTION shop/price.py:total")
    assert 0 < len(part.edges) < len(whole.edges)


def test_an_edge_to_an_unknown_node_is_refused() -> None:
    with pytest.raises(GraphFormatError, match=r"of 1 nodes, got \(0, 0, 1\)"):
        TextGraph(("a",), ((0, 0, 1),))


@pytest.mark.parametrize("edge", [(0, -1, 0), (6, 0, 0), (-1, 0, 0), (0, 0)])
def test_an_edge_of_no_kind_or_from_nowhere_is_refused(edge: tuple[int, ...]) -> None:
    with pytest.raises(GraphFormatError, match="an edge must be"):
        TextGraph(("a",), (edge,))  # type: ignore[arg-type]


def test_an_anchor_outside_the_graph_is_refused() -> None:
    with pytest.raises(GraphFormatError, match="an anchor must be one of 1 nodes, got 1"):
        TextGraph(("a",), (), (1,))
