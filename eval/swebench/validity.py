"""Which instances can be judged on a machine: the true patch resolves every time, and nothing at all does not.

Knows verdicts on the gold patch, run several times, and on the base commit. Does not know how they came about.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from eval.swebench.judge import Judged

_NOT_REPAIRED = ("unresolved", "no_tests", "timed_out")


@dataclass(frozen=True)
class Validity:
    """What became of an instance's gold patch, turn by turn, and of its base commit; `reason` is empty if all is well.

    Where it is not, the reason begins with `gold fails`, `gold flickers`, `base passes` or `not tried`.
    """

    instance_id: str
    gold: tuple[str, ...]
    base: str
    reason: str


def validities(judged: Iterable[Judged]) -> list[Validity]:
    """Sum up the cases of each instance, in the order in which instances first occur."""
    cases: dict[str, list[Judged]] = {}
    for item in judged:
        cases.setdefault(item.case.name, []).append(item)
    return [_validity(name, found) for name, found in cases.items()]


def exclusion_lines(found: Sequence[Validity]) -> list[str]:
    """The instances that cannot be judged, one a line with the reason, as the setting `exclude` reads them."""
    return [f"{item.instance_id}  {item.reason}" for item in found if item.reason]


def _validity(name: str, cases: Sequence[Judged]) -> Validity:
    gold = [case for case in cases if not case.case.base]
    base = next(case for case in cases if case.case.base)
    outcomes = tuple(case.verdict.outcome for case in gold)
    return Validity(name, outcomes, base.verdict.outcome, _reason(gold, base))


def _reason(gold: Sequence[Judged], base: Judged) -> str:
    untried = next((case for case in (*gold, base) if case.error), None)
    if untried:
        return f"not tried: {untried.error}: {untried.verdict.message}"
    outcomes = [case.verdict.outcome for case in gold]
    if set(outcomes) != {"resolved"}:
        worst = next(case.verdict for case in gold if case.verdict.outcome != "resolved")
        what = "gold flickers" if "resolved" in outcomes else "gold fails"
        missed = ", ".join((*worst.fail_to_pass.failed, *worst.pass_to_pass.failed)[:3])
        return ": ".join(filter(None, (what, ", ".join(outcomes), missed, worst.message)))
    return "" if base.verdict.outcome in _NOT_REPAIRED else f"base passes: {base.verdict.outcome}"
