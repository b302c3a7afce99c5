import numpy as np

from cgm.artifacts import Entity, Rewrite
from cgm.protocols import Codebase
from retriever.names import Matching, name_scores

MATCHING = Matching(top=3, cutoff=80, max_queries=10)


def test_a_misspelt_name_finds_its_node(shop: Codebase) -> None:
    rewrite = Rewrite("shop-1", entities=(Entity("name", "Cart.chekout"),))
    best = int(np.argmax(name_scores(shop.graph, rewrite, MATCHING)))
    assert shop.graph.label(best) == "shop/cart.py:Cart.checkout"


def test_keywords_are_matched_too(shop: Codebase) -> None:
    best = int(np.argmax(name_scores(shop.graph, Rewrite("shop-1", keywords=("discounts",)), MATCHING)))
    assert shop.graph.label(best) == "shop/price.py:discounted"


def test_nothing_to_match_scores_nothing(shop: Codebase) -> None:
    assert not name_scores(shop.graph, Rewrite("shop-1", keywords=("a", "xy")), MATCHING).any()
