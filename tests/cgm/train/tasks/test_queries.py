from dataclasses import replace

from cgm.graph import EdgeKind
from cgm.train.tasks.draft import CodeText, Draft, DraftLimits
from cgm.train.tasks.queries import RELATIONS, draft_queries


def asked(code: CodeText, limits: DraftLimits) -> dict[str, Draft]:
    return {draft.key: draft for draft in draft_queries(code, limits)}


def test_questions_are_answered_by_the_graph(code: CodeText, limits: DraftLimits) -> None:
    found = {key: draft.answer for key, draft in asked(code, limits).items()}
    assert found["callees shop/price.py:total"] == "shop/price.py:discounted"
    assert found["callees shop/cart.py:Cart.checkout"] == "shop/price.py:total"
    assert found["subclasses shop/base.py:Store"] == "shop/cart.py:Cart"
    assert found["bases shop/cart.py:Cart"] == "shop/base.py:Store"
    assert found["callers shop/base.py:Store.has"] == "shop/base.py:Store.load"
    assert found["importers shop/base.py"] == "shop/cart.py"
    assert found["methods shop/base.py:Store"].splitlines() == [
        "shop/base.py:Store.drop",
        "shop/base.py:Store.has",
        "shop/base.py:Store.load",
        "shop/base.py:Store.persist",
    ]
    assert found["between shop/cart.py:Cart.checkout"] == "shop/price.py:total"


def test_every_answer_is_all_that_the_edges_say(code: CodeText, limits: DraftLimits) -> None:
    graph = code.graph
    edges = {(kind, source, target) for kind, source, target, _, _ in graph.edges()}
    relations = {relation.name: relation for relation in RELATIONS}
    for key, draft in asked(code, limits).items():
        name = key.split()[0]
        if name in relations:
            relation, node = relations[name], draft.anchors[0]
            ends = [
                (source, target) if relation.forward else (target, source)
                for kind, source, target in edges
                if kind == relation.edge
            ]
            named = {graph.node_path[one] if name == "importers" else one for one in (node,)}
            asked_for = {end for start, end in ends if {start, graph.node_path[start]} & named}
            asked_for = {end for end in asked_for if graph.node_kind[end] in relation.object}
            assert {graph.label(end) for end in asked_for} == set(draft.answer.splitlines())


def test_who_calls_what_tests_call_too_is_not_asked(code: CodeText, limits: DraftLimits) -> None:
    assert EdgeKind.CALLS in {relation.edge for relation in RELATIONS}
    assert "callers shop/price.py:total" not in asked(code, limits)


def test_a_question_names_its_subject_and_no_answer(code: CodeText, limits: DraftLimits) -> None:
    for draft in asked(code, limits).values():
        question = draft.messages[-1].content
        assert all(f"`{code.graph.label(node)}`" in question for node in draft.anchors)
        assert not any(f"`{label}`" in question for label in draft.answer.splitlines())


def test_kinds_come_in_turn(code: CodeText, limits: DraftLimits) -> None:
    kinds = [draft.key.split()[0] for draft in draft_queries(code, replace(limits, rows=7))]
    assert sorted(kinds) == sorted([*(relation.name for relation in RELATIONS), "between"])
