import pytest

from cgm.artifacts import from_row, to_row
from cgm.errors import ArtifactError
from cgm.graph_view import GraphView, fit_nodes, view_nodes
from cgm.protocols import Codebase
from cgm.text import split_lines


def node_of(codebase: Codebase, label: str) -> int:
    return next(node for node in range(len(codebase.graph)) if codebase.graph.label(node) == label)


def view(codebase: Codebase, *labels: str, most: int = 100, characters: int = 1000) -> GraphView:
    nodes = fit_nodes(codebase.graph, {node_of(codebase, label): 1.0 for label in labels}, most)
    return view_nodes(codebase.graph, nodes, lambda path: split_lines(codebase.sources.read(path)), characters)


def test_nodes_stand_with_their_path_to_the_root_and_parents_first(shop: Codebase) -> None:
    found = view(shop, "shop/cart.py:Cart.checkout")
    assert found.node_kind == ("REPO", "PACKAGE", "FILE", "CLASS", "FUNCTION")
    assert found.node_label == (
        "repository",
        "shop",
        "shop/cart.py",
        "shop/cart.py:Cart",
        "shop/cart.py:Cart.checkout",
    )


def test_a_childs_text_is_not_repeated_in_its_parent(shop: Codebase) -> None:
    found = view(shop, "shop/cart.py:Cart.checkout")
    assert "return total" in found.node_text[4]
    assert not any("return total" in text for text in found.node_text[:4])
    assert found.node_text[0] == found.node_text[1] == ""


def test_edges_are_typed_and_run_between_positions(shop: Codebase) -> None:
    found = view(shop, "shop/cart.py:Cart.checkout", "shop/price.py:total")
    rows = zip(found.edge_kind, found.edge_source, found.edge_target, strict=True)
    named = {(kind, found.node_label[source], found.node_label[target]) for kind, source, target in rows}
    assert ("CALLS", "shop/cart.py:Cart.checkout", "shop/price.py:total") in named
    assert ("CONTAINS", "shop/cart.py:Cart", "shop/cart.py:Cart.checkout") in named


def test_what_does_not_fit_with_its_path_is_left_out(shop: Codebase) -> None:
    assert view(shop, "shop/cart.py:Cart.checkout", most=4).node_label == ("repository",)


def test_texts_are_cut_and_may_be_replaced(shop: Codebase) -> None:
    node = node_of(shop, "shop/price.py:total")
    found = view_nodes(shop.graph, [0, node], lambda _: [], 3, {node: "hidden"})
    assert found.node_text == ("", "hid")


def test_a_view_comes_back_from_its_row(shop: Codebase) -> None:
    found = view(shop, "shop/price.py:total")
    assert from_row(GraphView, to_row(found)) == found


def test_an_edge_out_of_the_view_is_refused() -> None:
    with pytest.raises(ArtifactError, match="must join its 1 nodes, got 1"):
        GraphView(("REPO",), ("r",), ("",), ("CONTAINS",), (0,), (1,))
