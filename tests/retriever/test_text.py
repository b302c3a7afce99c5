from math import log, sqrt

import numpy as np
import pytest

from cgm.errors import ConfigError
from cgm.protocols import Codebase
from retriever.lexical import Weighting
from retriever.text import match_text, weigh_terms


def test_a_term_weighs_what_its_queries_do_together() -> None:
    weighed = weigh_terms(("cart total", "cart cart", "price", "item"), (2.0, 1.0, 0.0), 1.0)
    assert weighed == {"cart": pytest.approx(2 + 1 + log(2)), "total": 2.0}


def test_damping_takes_from_what_is_repeated() -> None:
    assert weigh_terms(("cart total", "cart"), (2.0, 1.0), 0.5) == {"cart": sqrt(3), "total": sqrt(2)}
    assert weigh_terms(("cart total", "cart"), (2.0, 1.0), 0.0) == {"cart": 1.0, "total": 1.0}


def test_the_best_of_each_kind_scores_1(shop: Codebase) -> None:
    query = {"total": 1.0, "discount": 1.0}
    scores = match_text(shop, query, Weighting()).bm25(query)
    by_kind = {kind: float(scores[shop.graph.node_kind == kind].max()) for kind in set(shop.graph.node_kind.tolist())}
    assert {round(value, 5) for value in by_kind.values()} <= {0.0, 1.0}
    assert shop.graph.label(int(np.argmax(scores))).startswith("shop/price.py")


def test_a_function_covers_the_terms_that_it_holds_and_a_file_is_not_asked(shop: Codebase) -> None:
    covered = match_text(shop, ("total", "unheard"), Weighting()).coverage()
    by_label = {shop.graph.label(node): float(covered[node]) for node in range(len(shop.graph))}
    assert by_label["shop/price.py:total"] == 1
    assert by_label["shop/price.py"] == 0


def test_a_weight_of_an_unknown_field_is_refused(shop: Codebase) -> None:
    with pytest.raises(ConfigError, match=r"retriever\.fields must be among path, name, .*, got \['title'\]"):
        match_text(shop, ("total",), Weighting(fields={"title": 1.0}))
