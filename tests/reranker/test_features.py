from math import exp, log
from typing import Any

import pytest

from cgm.artifacts import SubgraphNode
from reranker.features import Scene, combine, file_features, function_features, make_scene, summarize_functions
from retriever.stage import NamesConfig, NamesRetriever


def scene_of(found: Any) -> Scene:
    return make_scene(found.rewrite, found.subgraph, found.codebase)


def node_named(scene: Scene, name: str) -> SubgraphNode:
    return next(node for node in scene.nodes.values() if node.name == name)


def test_a_function_that_defines_the_error_message_is_known(found: Any) -> None:
    scene = scene_of(found)
    assert scene.messages[node_named(scene, "Cart.add").node][1] == "count must be a positive number, got"
    assert function_features(scene, node_named(scene, "Cart.add"))["message"] > 0.5
    assert function_features(scene, node_named(scene, "total"))["message"] == 0


def test_exact_names_and_the_title_speak_for_a_function(found: Any) -> None:
    scene = scene_of(found)
    features = function_features(scene, node_named(scene, "Cart.checkout"))
    assert features["name"] == 1.0
    assert features["bm25"] == 1.0
    assert features["file_bm25"] == 1.0


def test_what_a_strong_place_calls_is_called_with_its_strength(found: Any) -> None:
    scene = scene_of(found)
    caller, called = node_named(scene, "Cart.checkout"), node_named(scene, "total")
    strength = scene.evidence[caller.node]["bm25"] + 0.5 * scene.evidence[caller.node]["name"]
    assert function_features(scene, called)["called"] == strength
    assert function_features(scene, caller)["calls"] > 0
    assert function_features(scene, caller)["called"] < strength


def test_the_best_function_of_the_retriever_is_fused_to_1(found: Any) -> None:
    scene = scene_of(found)
    fused = [function_features(scene, node)["fused"] for node in scene.nodes.values() if node.kind == "FUNCTION"]
    assert max(fused) == 1.0
    assert min(fused) >= 0.0


def test_without_a_ranker_of_text_the_score_of_the_retriever_counts(found: Any) -> None:
    retriever = NamesRetriever(NamesConfig())
    subgraph = retriever.retrieve(found.issue, found.rewrite, found.codebase)
    scene = make_scene(found.rewrite, subgraph, found.codebase)
    functions = [anchor for anchor in subgraph.anchors if scene.nodes[anchor.node].kind == "FUNCTION"]
    assert functions
    top = max(anchor.score for anchor in functions)
    for anchor in functions:
        assert scene.evidence[anchor.node]["bm25"] == anchor.score / top


def test_functions_speak_for_their_file(found: Any) -> None:
    scene = scene_of(found)
    inside = summarize_functions(["shop/cart.py", "shop/price.py"], [2.0, 1.0])
    assert inside["shop/cart.py"] == (0.0, pytest.approx(1 / (1 + exp(-1))))
    assert inside["shop/price.py"] == (-1.0, pytest.approx(exp(-1) / (1 + exp(-1))))
    features = file_features(scene, node_named(scene, "price.py"), inside)
    assert features["best_function"] == -1.0
    assert features["function_share"] == pytest.approx(log(inside["shop/price.py"][1]))
    assert file_features(scene, node_named(scene, "base.py"), inside)["function_share"] < -5


def test_words_of_the_title_in_a_path_speak_for_a_file(found: Any) -> None:
    scene = scene_of(found)
    assert file_features(scene, node_named(scene, "cart.py"), {})["stem_in_title"] == 1.0
    assert file_features(scene, node_named(scene, "base.py"), {})["stem_in_title"] == 0.0


def test_tests_are_foreign_and_source_is_not(found: Any) -> None:
    scene = scene_of(found)
    assert function_features(scene, node_named(scene, "test_checkout"))["foreign"] == 1
    assert function_features(scene, node_named(scene, "total"))["foreign"] == 0


def test_features_are_combined_by_weight() -> None:
    assert combine({"a": 2.0, "b": 3.0, "c": 5.0}, {"a": 1.0, "b": -1.0}) == -1.0
