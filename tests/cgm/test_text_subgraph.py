import pytest

from cgm.artifacts import Subgraph, SubgraphEdge
from cgm.graph import subgraph_nodes, subset_edges
from cgm.protocols import Codebase
from cgm.text import split_lines, subgraph_text


@pytest.fixture
def whole(shop: Codebase) -> Subgraph:
    """All of the shop, `total` before everything else."""
    graph = shop.graph
    nodes = subgraph_nodes(graph, {node: float(name == "total") for node, name in enumerate(graph.node_name)})
    kinds = {2: "CALLS", 3: "EXTENDS"}
    edges = subset_edges(graph, range(len(graph)))
    linked = tuple(SubgraphEdge(kinds[kind], source, target) for kind, source, target in edges if kind in kinds)
    return Subgraph("shop-1", (), nodes, linked)


def text_of(shop: Codebase, subgraph: Subgraph, budget: int) -> str:
    return subgraph_text(shop.graph, subgraph, lambda path: split_lines(shop.sources.read(path)), budget)


def test_a_subgraph_is_written_best_first_with_its_links(shop: Codebase, whole: Subgraph) -> None:
    text = text_of(shop, whole, 10_000)
    assert text.startswith("# shop/price.py:total\ndef total(items):\n")
    assert "shop/cart.py:Cart.checkout CALLS shop/price.py:total\n" in text
    assert text.count("def checkout(self):") == 1


@pytest.mark.parametrize("budget", [0, 50, 200, 500, 1000])
def test_the_budget_is_kept(budget: int, shop: Codebase, whole: Subgraph) -> None:
    assert len(text_of(shop, whole, budget)) <= budget


def test_no_link_leads_to_what_is_not_shown(shop: Codebase, whole: Subgraph) -> None:
    text = text_of(shop, whole, 250)
    linked = [line for line in text.splitlines() if " CALLS " in line or " EXTENDS " in line]
    assert all(f"# {end}\n" in text for line in linked for end in (line.split(" ")[0], line.split(" ")[2]))
    assert "# shop/price.py:total\n" in text
