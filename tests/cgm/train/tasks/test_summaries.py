from cgm.train.tasks.draft import CodeText, Draft, DraftLimits
from cgm.train.tasks.summaries import draft_summaries


def asked(code: CodeText, limits: DraftLimits) -> dict[str, Draft]:
    return {draft.key: draft for draft in draft_summaries(code, limits)}


def test_the_opening_of_the_readme_is_asked_for_by_the_repositorys_name(code: CodeText, limits: DraftLimits) -> None:
    draft = asked(code, limits)["README.md"]
    assert draft.answer.startswith("Shop keeps carts and prices")
    assert "`acme/shop`" in draft.messages[-1].content
    assert draft.wording == "README"


def test_documents_scripts_and_tests_are_hidden_and_module_docstrings_blanked(
    code: CodeText, limits: DraftLimits
) -> None:
    draft = asked(code, limits)["README.md"]
    assert {"README.md", "setup.py", "tests/test_price.py"} <= draft.hidden
    assert not draft.hidden & {"shop/base.py", "shop/cart.py"}
    assert draft.blanked["shop/__init__.py"] == {1}


def test_a_modules_docstring_is_asked_for_up_to_its_first_directive(code: CodeText, limits: DraftLimits) -> None:
    draft = asked(code, limits)["shop/base.py"]
    assert draft.answer.startswith("Where rows go.\n\nThis module writes")
    assert ".. note" not in draft.answer
    assert draft.blanked == {"shop/base.py": frozenset(range(1, 7))}


def test_a_module_that_defines_nothing_is_not_asked_for(code: CodeText, limits: DraftLimits) -> None:
    assert sorted(asked(code, limits)) == ["README.md", "shop/base.py"]
