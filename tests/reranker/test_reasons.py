from typing import Any

from reranker.features import function_features, make_scene
from reranker.reasons import matched_terms, reason


def reasons(found: Any) -> dict[str, str]:
    scene = make_scene(found.rewrite, found.subgraph, found.codebase)
    words = matched_terms(found.codebase.lexical, found.rewrite.keywords)
    functions = [node for node in scene.nodes.values() if node.kind == "FUNCTION"]
    return {node.name: reason(scene, node, function_features(scene, node), words) for node in functions}


def test_a_reason_says_what_a_person_can_check(found: Any) -> None:
    said = reasons(found)
    assert said["Cart.add"].startswith("defines the error message 'count must be a positive number, got'")
    assert said["Cart.checkout"].startswith("mentioned by name")
    assert "called by Cart.checkout" in said["total"]
    assert "text match on: " in said["discounted"]


def test_what_stands_around_a_file_is_said(found: Any) -> None:
    scene = make_scene(found.rewrite, found.subgraph, found.codebase)
    node = next(node for node in scene.nodes.values() if node.path == "shop/base.py" and node.kind == "FILE")
    features = {"test": 0.5, "importer": 0.9, "named_inside": 0.1}
    said = reason(scene, node, features, {})
    assert said.endswith("its tests read like the issue; imported by files that match")


def test_matched_terms_are_the_rarest_first(found: Any) -> None:
    words = matched_terms(found.codebase.lexical, ("item", "positive", "unheard"))
    add = next(node for node in range(len(found.codebase.graph)) if found.codebase.graph.node_name[node] == "Cart.add")
    assert words[add] == ["positive", "item"]
