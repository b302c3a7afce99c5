from cgm.train.tasks.draft import CodeText, Draft, DraftLimits
from cgm.train.tasks.unit_tests import draft_unit_tests


def asked(code: CodeText, limits: DraftLimits) -> dict[str, Draft]:
    return {draft.key: draft for draft in draft_unit_tests(code, limits)}


def test_a_test_is_asked_for_with_what_it_tests_and_its_imports(code: CodeText, limits: DraftLimits) -> None:
    draft = asked(code, limits)["tests/test_price.py:test_many_are_discounted"]
    assert draft.answer.startswith("def test_many_are_discounted():\n")
    assert draft.answer.endswith("assert found == 9.9")
    prompt = draft.messages[-1].content
    assert "`test_many_are_discounted`" in prompt
    assert "return item.price * count * rate" in prompt
    assert "from shop.price import discounted, total" in prompt
    assert [code.graph.label(node) for node in draft.anchors] == ["shop/price.py:discounted"]


def test_the_answer_stands_neither_in_the_prompt_nor_among_what_is_shown(code: CodeText, limits: DraftLimits) -> None:
    for draft in asked(code, limits).values():
        assert draft.answer not in draft.messages[-1].content
        assert "tests/test_price.py" in draft.hidden
        assert not draft.hidden & {code.graph.node_path[node] for node in draft.anchors}


def test_a_test_without_a_check_is_not_asked_for(code: CodeText, limits: DraftLimits) -> None:
    assert sorted(asked(code, limits)) == [
        "tests/test_price.py:test_many_are_discounted",
        "tests/test_price.py:test_total",
    ]


def test_a_test_of_something_that_many_use_and_none_names_is_not_asked_for(code: CodeText, limits: DraftLimits) -> None:
    assert "tests/test_price.py:test_again" not in asked(code, limits)
