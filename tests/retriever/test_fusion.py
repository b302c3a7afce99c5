from collections.abc import Callable, Mapping

import numpy as np
import pytest

from cgm.protocols import Codebase
from retriever.fusion import (
    Limits,
    choose,
    fold_nested,
    fuse,
    gather,
    is_source,
    normalised,
    normalised_by_kind,
    within_files,
)


def column(shop: Codebase, **scores: float) -> np.ndarray:  # type: ignore[type-arg]
    values = np.zeros(len(shop.graph), dtype=np.float32)
    for name, value in scores.items():
        values[next(node for node in range(len(shop.graph)) if shop.graph.node_name[node].endswith(name))] = value
    return values


def at(shop: Codebase, label: str) -> int:
    return next(node for node in range(len(shop.graph)) if shop.graph.label(node) == label)


def test_normalised_scores_end_at_1() -> None:
    assert normalised(np.array([2, 1, -1], dtype=np.float32)).tolist() == [1, 0.5, 0]
    assert normalised(np.zeros(2, dtype=np.float32)).tolist() == [0, 0]
    assert normalised(np.zeros(0, dtype=np.float32)).shape == (0,)


def test_evidence_is_summed_by_weight() -> None:
    one = np.array([1, 0], dtype=np.float32)
    assert fuse({"a": one, "b": 1 - one, "c": one}, {"a": 2, "b": 3}).tolist() == [2, 3]


def test_a_file_gathers_its_functions_by_falling_shares(shop: Codebase) -> None:
    gathered = gather(shop.graph, column(shop, total=1.0, discounted=0.5), 0.4)
    assert gathered[at(shop, "shop/price.py")] == pytest.approx(1.2)
    assert np.count_nonzero(gathered) == 1


def test_a_file_starts_from_its_own_score(shop: Codebase) -> None:
    scores = column(shop, total=1.0)
    scores[at(shop, "shop/price.py")] = 0.5
    assert gather(shop.graph, scores, 0.4)[at(shop, "shop/price.py")] == pytest.approx(1.5)


def test_each_kind_is_scaled_by_its_best_in_the_source(shop: Codebase) -> None:
    scores = column(shop, total=2.0, discounted=1.0, test_checkout=8.0, Cart=0.5)
    scaled = normalised_by_kind(shop.graph, scores)
    labels = (
        "shop/price.py:total",
        "shop/price.py:discounted",
        "tests/test_cart.py:test_checkout",
        "shop/cart.py:Cart",
    )
    assert [scaled[at(shop, label)] for label in labels] == [1.0, 0.5, 1.0, 1.0]


def test_a_function_has_the_best_score_of_those_nested_in_it(
    read_codebase: Callable[[Mapping[str, str]], Codebase],
) -> None:
    graph = read_codebase({"a.py": "def f():\n    def g():\n        def h():\n            pass\n"}).graph
    labels = ("a.py:f", "a.py:f.g", "a.py:f.g.h")
    nodes = [next(node for node in range(len(graph)) if graph.label(node) == label) for label in labels]
    assert graph.outermost_function[nodes].tolist() == [nodes[0]] * 3
    scores = np.zeros(len(graph), dtype=np.float32)
    scores[nodes] = (1.0, 2.0, 3.0)
    assert fold_nested(graph, scores)[nodes].tolist() == [3.0, 0.0, 0.0]


def test_functions_are_lifted_by_their_file(shop: Codebase) -> None:
    scores = column(shop, total=1.0, discounted=0.5)
    lifted = within_files(shop.graph, scores, gather(shop.graph, scores, 0.0), 0.1)
    assert lifted[at(shop, "shop/price.py:discounted")] == pytest.approx(0.6)
    assert not lifted[at(shop, "shop/cart.py:Cart")]


def test_tests_are_not_source(shop: Codebase) -> None:
    source = is_source(shop.graph)
    assert source[at(shop, "shop/cart.py:Cart.add")]
    assert not source[at(shop, "tests/test_cart.py:test_checkout")]


def test_anchors_are_the_best_of_each_kind_with_their_evidence(shop: Codebase) -> None:
    scores = column(shop, total=1.0, discounted=0.5, Cart=0.7)
    anchors = choose(shop.graph, scores, {"bm25": scores, "dense": np.zeros_like(scores)}, Limits(1, 1, 1))
    assert [(shop.graph.label(anchor.node), anchor.origins) for anchor in anchors] == [
        ("shop/price.py:total", ("bm25",)),
        ("shop/cart.py:Cart", ("bm25",)),
    ]
    assert anchors[0].evidence == (1.0,)
