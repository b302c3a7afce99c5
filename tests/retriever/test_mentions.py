import numpy as np
import pytest

from cgm.artifacts import Entity
from cgm.protocols import Codebase
from retriever.mentions import mention_scores, resolve


def found(shop: Codebase, kind: str, text: str) -> dict[str, float]:
    pairs = resolve(shop.graph, Entity(kind, text))
    return {shop.graph.label(node): round(strength, 2) for node, strength in pairs}


@pytest.mark.parametrize("path", ["shop/cart.py", "/home/me/env/shop/cart.py", "./shop/cart.py", "cart.py"])
def test_a_path_leads_to_the_file_that_shares_its_end(shop: Codebase, path: str) -> None:
    assert found(shop, "path", path) == {"shop/cart.py": 1.0}


def test_a_lone_base_name_in_other_folders_is_weak(shop: Codebase) -> None:
    assert found(shop, "path", "elsewhere/cart.py") == {"shop/cart.py": 0.4}


def test_a_frame_leads_to_its_file_and_function(shop: Codebase) -> None:
    assert found(shop, "frame", "/x/shop/cart.py:8:add") == {"shop/cart.py": 1.0, "shop/cart.py:Cart.add": 1.0}


def test_a_frame_without_a_function_leads_to_what_stands_on_its_line(shop: Codebase) -> None:
    assert found(shop, "frame", "shop/cart.py:8:") == {
        "shop/cart.py": 1.0,
        "shop/cart.py:Cart": 1.0,
        "shop/cart.py:Cart.add": 1.0,
    }


def test_a_frame_that_is_no_frame_leads_nowhere(shop: Codebase) -> None:
    assert found(shop, "frame", "<stdin>") == {}


def test_a_dotted_name_leads_to_its_own_member(shop: Codebase) -> None:
    assert found(shop, "name", "Cart.checkout") == {"shop/cart.py:Cart.checkout": 1.0}
    assert found(shop, "name", "shop.price.total") == {"shop/price.py:total": 1.0}


def test_an_inherited_member_is_found_where_it_is_defined(shop: Codebase) -> None:
    assert found(shop, "name", "Cart.persist") == {"shop/base.py:Store.persist": 0.8}


def test_a_module_is_found_by_its_dotted_name(shop: Codebase) -> None:
    assert found(shop, "name", "shop.price") == {"shop/price.py": 0.5}


def test_unknown_and_empty_names_lead_nowhere(shop: Codebase) -> None:
    assert found(shop, "name", "Basket.empty") == {}
    assert found(shop, "name", "...") == {}


def test_scores_of_all_kinds_lie_between_0_and_1(shop: Codebase) -> None:
    entities = [Entity("name", "Cart", 0.5), Entity("path", "price.py", 0.9), Entity("message", "x")]
    scores = mention_scores(shop.graph, entities)
    assert list(scores) == ["frame", "path", "name"]
    assert all(column.min() >= 0 and column.max() <= 1 for column in scores.values())
    assert np.count_nonzero(scores["path"]) == 1
