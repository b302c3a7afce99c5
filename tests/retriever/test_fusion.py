import numpy as np
import pytest

from cgm.protocols import Codebase
from retriever.fusion import Limits, choose, fuse, gather, is_source, normalised, within_files


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
