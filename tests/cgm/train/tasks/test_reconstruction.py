from dataclasses import replace

from cgm.train.tasks.draft import CodeText, DraftLimits
from cgm.train.tasks.reconstruction import draft_reconstructions


def test_the_answer_is_the_code_of_the_nodes_that_are_named(code: CodeText, limits: DraftLimits) -> None:
    drafts = list(draft_reconstructions(code, limits))
    assert drafts
    for draft in drafts:
        labels = [code.graph.label(node) for node in draft.anchors]
        pieces = dict(piece.split("\n", 1) for piece in ("\n" + draft.answer).split("\n### ")[1:])
        assert list(pieces) == labels
        assert all(
            piece.strip() == code.own(node).strip() for node, piece in zip(draft.anchors, pieces.values(), strict=True)
        )
        assert draft.messages[-1].content.splitlines()[-len(labels) :] == labels


def test_what_is_linked_is_asked_for_together_and_nothing_twice(code: CodeText, limits: DraftLimits) -> None:
    groups = [set(map(code.graph.label, draft.anchors)) for draft in draft_reconstructions(code, limits)]
    assert any(len(group) > 1 for group in groups)
    assert sum(map(len, groups)) == len(set().union(*groups))


def test_small_nodes_scripts_and_tests_are_not_worth_writing(code: CodeText, limits: DraftLimits) -> None:
    labels = {code.graph.label(node) for draft in draft_reconstructions(code, limits) for node in draft.anchors}
    assert "shop/price.py:discounted" in labels
    assert not any(label.startswith(("setup.py", "tests/")) for label in labels)
    assert "shop/price.py:total" not in labels


def test_rows_and_characters_are_limits(code: CodeText, limits: DraftLimits) -> None:
    assert len(list(draft_reconstructions(code, replace(limits, rows=1)))) == 1
    assert all(len(draft.answer) <= 260 for draft in draft_reconstructions(code, replace(limits, characters=250)))
