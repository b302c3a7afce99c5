import pytest

from cgm.errors import ConfigError
from cgm.graph import EdgeKind
from cgm.protocols import Codebase
from eval.report.neighbourhood import PageConfig, find_nodes, neighbourhood


def _labels(shop: Codebase, **settings: object) -> list[str]:
    shown = neighbourhood(shop.graph, PageConfig(**settings))  # type: ignore[arg-type]
    return [shop.graph.label(node) for node in shown.nodes if shop.graph.label(node)]


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ("shop/cart.py:Cart.checkout", [10]),
        ("cart.py:Cart.checkout", [10]),
        ("checkout", [10]),
        ("Cart.checkout", [10]),
        ("shop/cart.py", [3]),
        ("./shop/", [1]),
        ("price.py", [4]),
        (".", [0]),
    ],
)
def test_a_place_is_named_by_its_label_the_end_of_it_or_its_name(shop: Codebase, place: str, found: list[int]) -> None:
    assert list(find_nodes(shop.graph, place)) == found


def test_a_place_that_is_not_there_is_refused_with_the_nearest(shop: Codebase) -> None:
    with pytest.raises(
        ConfigError, match=r"page\.around must name a node of the graph, got 'chekout'; near: .*checkout"
    ):
        find_nodes(shop.graph, "chekout")


def test_without_a_centre_the_whole_graph_is_shown(shop: Codebase) -> None:
    shown = neighbourhood(shop.graph, PageConfig())
    assert shown.nodes == tuple(range(len(shop.graph)))
    assert len(shown.edges) == len(shop.graph.edge_kind)
    assert (shown.left_out, shown.hops) == (0, {})


def test_hops_lead_along_edges_both_ways_and_bring_all_that_contains_a_node(shop: Codebase) -> None:
    assert _labels(shop, around="total", hops=1) == [
        "shop",
        "shop/cart.py",
        "shop/price.py",
        "shop/cart.py:Cart",
        "shop/price.py:total",
        "shop/price.py:price",
        "shop/cart.py:Cart.checkout",
    ]


def test_a_direction_leads_to_users_alone_or_to_what_is_used(shop: Codebase) -> None:
    assert "shop/price.py:price" not in _labels(shop, around="total", hops=3, direction="in")
    assert "tests/test_cart.py:test_checkout" in _labels(shop, around="total", hops=3, direction="in")
    assert _labels(shop, around="total", hops=3, direction="out")[-1] == "shop/price.py:price"


def test_kinds_bound_what_is_followed_and_what_is_drawn(shop: Codebase) -> None:
    shown = neighbourhood(shop.graph, PageConfig(around="total", hops=1, kinds=["IMPORTS"]))
    assert {kind for kind, *_ in shown.edges} == {EdgeKind.CONTAINS, EdgeKind.IMPORTS}
    assert 10 not in shown.nodes


def test_a_centre_brings_all_that_it_contains(shop: Codebase) -> None:
    shown = neighbourhood(shop.graph, PageConfig(around="shop", hops=0))
    assert shown.nodes == (0, 1, 3, 4, 6, 7, 8, 10)
    assert shown.hops == dict.fromkeys((1, 3, 4, 6, 7, 8, 10), 0)


def test_the_nearest_nodes_are_kept_and_the_rest_is_counted(shop: Codebase) -> None:
    shown = neighbourhood(shop.graph, PageConfig(around="total", hops=2, nodes=6))
    assert len(shown.nodes) <= 6
    assert shown.hops[7] == 0
    assert len(shown.nodes) + shown.left_out == len(shop.graph)


def test_of_a_whole_graph_tests_are_left_out_first(shop: Codebase) -> None:
    shown = neighbourhood(shop.graph, PageConfig(nodes=8))
    assert {2, 5, 9}.isdisjoint(shown.nodes)
    assert shown.left_out == 3


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hops": -1}, "page.hops must be >= 0, got -1"),
        ({"nodes": 0}, "page.nodes must be >= 1, got 0"),
        ({"kinds": ["CALL"]}, "page.kinds must be among IMPORTS, CALLS, .* got 'CALL'"),
        ({"direction": "up"}, "page.direction must be among both, in, out, got 'up'"),
    ],
)
def test_a_meaningless_setting_is_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        PageConfig(**settings)  # type: ignore[arg-type]
