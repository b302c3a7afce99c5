import pytest

from cgm.train.messages import issues_named, report_of


def test_credit_references_and_addresses_are_left_out() -> None:
    message = (
        "Fix the crash when a cart is empty (#12)\n\nThe sum of nothing is 0, ask joe@example.org.\n\nFixes #11\n"
        "https://example.org/ticket\n\nSigned-off-by: Joe <joe@example.org>\nCo-authored-by: Ann <ann@example.org>\n"
        "--HG--\nbranch : trunk\n"
    )
    text, reason = report_of(message)
    assert reason == ""
    assert text == "Fix the crash when a cart is empty\n\nThe sum of nothing is 0, ask <email>."


def test_what_a_merged_request_lists_is_said_once() -> None:
    message = (
        "Sum carts of any size at once\n\n* Sum carts of any size at once\n\n* Update cart.py\n\n* Add slots\n\n* lint"
    )
    assert report_of(message) == ("Sum carts of any size at once\n\n* Add slots", "")


@pytest.mark.parametrize(
    "message",
    [
        "Bump coverage from 6.0.2 to 6.4.1",
        "chore(deps): bump the actions group with 6 updates",
        "Merge branch 'stable' into main and more words",
        'Revert "Sum carts of any size at once"',
        ":art: fix typo in the second line of the docs",
        "[pre-commit.ci] pre-commit autoupdate of all hooks",
        "docs(specifiers): note the key parameter of filters",
        "Version 0.13 of this package is out",
        "release version 8.1.0 of the package",
    ],
)
def test_routine_work_is_no_report(message: str) -> None:
    assert report_of(message) == ("", "a message of routine work")


@pytest.mark.parametrize("message", ["Versions compare as tuples of their parts", "Fix merging of two carts at once"])
def test_a_report_may_begin_with_words_like_those_of_routine_work(message: str) -> None:
    assert report_of(message) == (message, "")


def test_a_message_of_few_or_very_many_words_is_no_report() -> None:
    assert report_of("fix fix fix fix the the bug bug") == ("", "a message of few words")
    assert report_of("a word here and another there " * 400) == ("", "a message that is too long")


def test_issues_are_named_where_a_message_resolves_them() -> None:
    assert issues_named("Fixes #12, closes issue #3. See #5 (#40)\n\nresolved: #12") == (12, 3, 40)
