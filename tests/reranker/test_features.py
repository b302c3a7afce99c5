from typing import Any

from cgm.artifacts import SubgraphNode
from reranker.features import Scene, combine, file_features, function_features, is_foreign, make_scene


def scene_of(found: Any) -> Scene:
    return make_scene(found.rewrite, found.subgraph, found.codebase)


def node_named(scene: Scene, name: str) -> SubgraphNode:
    return next(node for node in scene.nodes.values() if node.name == name)


def test_a_function_that_defines_the_error_message_is_known(found: Any) -> None:
    scene = scene_of(found)
    assert scene.messages[node_named(scene, "Cart.add").node][1] == "count must be a positive number, got"
    assert function_features(scene, node_named(scene, "Cart.add"))["message"] > 0.5
    assert function_features(scene, node_named(scene, "total"))["message"] == 0
    assert file_features(scene, node_named(scene, "cart.py"))["message"] > 0.5


def test_exact_names_and_title_words_speak_for_a_function(found: Any) -> None:
    scene = scene_of(found)
    features = function_features(scene, node_named(scene, "Cart.checkout"))
    assert features["name"] == 1.0
    assert features["title"] == 1.0
    assert features["class_score"] > 0


def test_a_neighbour_lends_its_score(found: Any) -> None:
    scene = scene_of(found)
    called = function_features(scene, node_named(scene, "total"))
    assert called["neighbour"] == node_named(scene, "Cart.checkout").score


def test_tests_are_foreign_and_source_is_not(found: Any) -> None:
    scene = scene_of(found)
    assert function_features(scene, node_named(scene, "test_checkout"))["foreign"] == 1
    assert is_foreign("shop/cart.py") == 0
    assert is_foreign("docs/conf.py") == 1
    assert is_foreign("shop/latest.py") == 0


def test_features_are_combined_by_weight() -> None:
    assert combine({"a": 2.0, "b": 3.0, "c": 5.0}, {"a": 1.0, "b": -1.0}) == -1.0
