from collections.abc import Callable
from dataclasses import replace

import numpy as np

from cgm.details import DetailRows, NodeDetails, encode_details
from cgm.graph import EdgeKind
from cgm.protocols import Codebase
from eval.report.picture import picture

CALLS, CONTAINS = EdgeKind.CALLS, EdgeKind.CONTAINS


def test_nodes_stand_in_graph_order_and_name_their_parents_by_position(shop: Codebase) -> None:
    data = picture(shop.graph, [10, 0, 6, 3, 1], [], shop.sources, {})
    assert [node["label"] for node in data["nodes"]] == [
        "",
        "shop",
        "shop/cart.py",
        "shop/cart.py:Cart",
        "shop/cart.py:Cart.checkout",
    ]
    assert [node["parent"] for node in data["nodes"]] == [-1, 0, 1, 2, 3]


def test_edges_have_both_ends_among_the_nodes_and_their_line_and_confidence(shop: Codebase) -> None:
    edges = [(CALLS, 9, 10), (CALLS, 10, 7), (CONTAINS, 6, 10)]
    data = picture(shop.graph, [6, 9, 10], edges, shop.sources, {})
    assert data["edges"] == [("CONTAINS", 0, 2, 0, 1.0), ("CALLS", 1, 2, 3, 0.5)]


def test_the_source_of_each_line_is_given_once(shop: Codebase) -> None:
    data = picture(shop.graph, [6, 8, 10], [], shop.sources, {})
    assert data["sources"] == [
        (
            "shop/cart.py",
            6,
            [(3, 'class Cart:\n    """Basket."""\n    def checkout(self):\n        return total(self)')],
        ),
        ("shop/price.py", 5, [(4, "def price(item):\n    return 1")]),
    ]


def test_a_long_file_is_given_in_part_with_the_number_of_its_lines(codebase_of: Callable[..., Codebase]) -> None:
    codebase = codebase_of([("FILE", "a.py", "a.py", -1, 1, 1000)], (), {"a.py": "x\n" * 1000})
    ((path, lines, pieces),) = picture(codebase.graph, [0], [], codebase.sources, {})["sources"]
    assert (path, lines, len(pieces)) == ("a.py", 1000, 1)
    assert 100 < pieces[0][1].count("x") < 1000


def test_a_file_that_cannot_be_read_leaves_its_nodes_without_source(codebase_of: Callable[..., Codebase]) -> None:
    codebase = codebase_of([("FILE", "gone.py", "gone.py", -1, 1, 5)])
    assert picture(codebase.graph, [0], [], codebase.sources, {})["sources"] == [("gone.py", 0, [])]


def test_what_a_node_says_of_itself_is_given(shop: Codebase) -> None:
    said = NodeDetails("def total(items)", (), "", ("cache",), "Add up.")
    rows = [encode_details(said if node == 7 else NodeDetails()) for node in range(len(shop.graph))]
    complexity = np.array([3 * (node == 7) for node in range(len(shop.graph))], dtype=np.int32)
    graph = replace(shop.graph, node_details=DetailRows("".join(rows).encode()), node_complexity=complexity)
    total, price = picture(graph, [7, 8], [], shop.sources, {})["nodes"]
    assert (
        total | {"signature": "def total(items)", "decorators": ["cache"], "complexity": 3, "doc": "Add up."} == total
    )
    assert {"signature", "decorators", "complexity", "doc"}.isdisjoint(price)


def test_notes_become_fields_of_their_node(shop: Codebase) -> None:
    first, second = picture(shop.graph, [7, 8], [], shop.sources, {8: {"hop": 2}})["nodes"]
    assert ("hop" in first, second["hop"]) == (False, 2)


def test_no_nodes_make_an_empty_picture(shop: Codebase) -> None:
    assert picture(shop.graph, [], [], shop.sources, {}) == {"nodes": [], "edges": [], "sources": []}
