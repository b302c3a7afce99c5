"""Which attempt is taken; what makes an answer a repair is tested with the Reader (`test_stage`, `test_boundary`)."""

from typing import Any

import pytest

from cgm.protocols import Answer
from reader.attempts import Attempt, Repair, choose, make_repair
from reader.context import Context, Snippet
from reader.forms import FORMS


def _attempt(meaning: str, **found: Any) -> Attempt:
    return Attempt("", Repair((), f"diff of {meaning}", {}, meaning), **found)


@pytest.mark.parametrize(
    ("attempts", "chosen"),
    [
        ([], None),
        ([Attempt("", None, "no block")], None),
        ([_attempt("a"), _attempt("b"), _attempt("b")], 1),
        ([_attempt("a"), _attempt("b")], 0),
        ([Attempt("", None), _attempt("a", broken=2), _attempt("a", broken=2), _attempt("b", broken=1)], 3),
        ([_attempt("a"), _attempt("a"), _attempt("b", passed=True)], 2),
        ([_attempt("a", passed=True, broken=1), _attempt("b", passed=True)], 1),
    ],
)
def test_a_passing_one_comes_first_then_few_broken_tests_then_votes(
    attempts: list[Attempt], chosen: int | None
) -> None:
    assert choose(attempts) == chosen


def test_no_better_attempt_is_looked_for_where_the_check_passes_and_no_test_breaks() -> None:
    found = [_attempt("a", **how).succeeded for how in ({}, {"passed": True}, {"passed": True, "broken": 1})]
    assert found == [False, True, False]


def test_repairs_that_differ_in_comments_and_layout_mean_the_same() -> None:
    context = Context((Snippet("a.py", "x = 1\n", ((1, 1),)), Snippet("a.txt", "x = 1\n", ((1, 1),))))

    def meaning(path: str, new: str) -> str:
        answer = f"{path}\n<<<<<<< SEARCH\nx = 1\n=======\n{new}\n>>>>>>> REPLACE\n"
        return make_repair(Answer(answer, 0, 0), FORMS["search_replace"], context).meaning

    assert meaning("a.py", "x = 2") == meaning("a.py", "x  =  2  # two") != meaning("a.py", "x = 3")
    assert meaning("a.txt", "x = 2") != meaning("a.txt", "x  =  2  # two")
