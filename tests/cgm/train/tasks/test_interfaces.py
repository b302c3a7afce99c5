from cgm.train.tasks.draft import CodeText, Draft, DraftLimits
from cgm.train.tasks.interfaces import draft_interfaces


def asked(code: CodeText, limits: DraftLimits) -> dict[str, Draft]:
    return {draft.key: draft for draft in draft_interfaces(code, limits)}


def test_a_docstring_asks_for_place_and_signature(code: CodeText, limits: DraftLimits) -> None:
    draft = asked(code, limits)["shop/price.py:discounted"]
    assert draft.answer == "shop/price.py:discounted\ndef discounted(item, count)"
    assert "Work out what so many pieces cost when one buys them at once." in draft.messages[-1].content
    assert "discounted" not in draft.messages[-1].content


def test_the_docstring_is_not_shown(code: CodeText, limits: DraftLimits) -> None:
    for draft in asked(code, limits).values():
        (path, lines), *others = draft.blanked.items()
        assert not others
        assert '"""' in "".join(code.lines(path)[number - 1] for number in lines)


def test_what_is_meant_is_needed_and_not_named_and_others_stand_beside_it(code: CodeText, limits: DraftLimits) -> None:
    draft = asked(code, limits)["shop/base.py:Store.persist"]
    assert draft.anchors == ()
    assert [code.graph.label(node) for node in draft.needed] == ["shop/base.py:Store.persist"]
    assert len(draft.beside) > 1


def test_a_docstring_that_says_the_name_or_little_is_no_question(code: CodeText, limits: DraftLimits) -> None:
    assert sorted(asked(code, limits)) == [
        "shop/base.py:Store",
        "shop/base.py:Store.persist",
        "shop/price.py:discounted",
    ]
