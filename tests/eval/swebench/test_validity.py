from typing import Any

import pytest

from cgm.artifacts import Tally, Verdict
from eval.swebench.judge import Case, Judged
from eval.swebench.validity import exclusion_lines, validities

ROW = {"instance_id": "a-1"}


def _judged(outcome: str, turn: int = 0, **fields: Any) -> Judged:
    base = fields.pop("base", False)
    error = "SandboxError" if outcome == "infrastructure" else ""
    return Judged(Case(ROW, None, base=base, turn=turn), Verdict("a-1", outcome, **fields), error=error)


def _reason(gold: list[str], base: str, **fields: Any) -> str:
    cases = [_judged(base, base=True), *(_judged(outcome, turn, **fields) for turn, outcome in enumerate(gold))]
    (found,) = validities(cases)
    assert (found.gold, found.base) == (tuple(gold), base)
    return found.reason


@pytest.mark.parametrize("base", ["unresolved", "no_tests", "timed_out"])
def test_gold_that_resolves_every_time_on_a_base_that_fails_is_well(base: str) -> None:
    assert _reason(["resolved", "resolved"], base) == ""


@pytest.mark.parametrize(
    ("gold", "base", "reason"),
    [
        (["unresolved", "unresolved"], "unresolved", "gold fails: unresolved, unresolved: test_x"),
        (["resolved", "unresolved", "resolved"], "unresolved", "gold flickers: resolved, unresolved, resolved: test_x"),
        (["resolved"], "resolved", "base passes: resolved"),
        (["resolved", "infrastructure"], "unresolved", "not tried: SandboxError: "),
        (["resolved"], "infrastructure", "not tried: SandboxError: "),
    ],
)
def test_what_cannot_be_judged_says_why(gold: list[str], base: str, reason: str) -> None:
    assert _reason(gold, base, pass_to_pass=Tally(1, ("test_x",))) == reason


def test_only_what_cannot_be_judged_is_excluded() -> None:
    other = [
        Judged(Case({"instance_id": "b-1"}, None, base=base), Verdict("b-1", "resolved")) for base in (True, False)
    ]
    well = [_judged("unresolved", base=True), _judged("resolved")]
    assert exclusion_lines(validities([*well, *other])) == ["b-1  base passes: resolved"]
