"""What becomes of a case, with a backend that says what it is told to say."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cgm.artifacts import Tally, Verdict
from cgm.errors import CgmError, ConfigError, SandboxError, StorageError
from cgm.store import StageCache
from eval.swebench.backend import Row, Trial
from eval.swebench.judge import Case, Judge
from eval.swebench.untrusted import TrustConfig

DIFF = "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n"
TESTS = DIFF.replace("a.py", "test_a.py")
RIGHT = Verdict("a-1", "resolved", Tally(1), Tally(2), applied="clean", backend="told", seconds=1.5)
FAILED = Verdict("a-1", "infrastructure", backend="told", message="the engine is gone")


class Told:
    """A backend that gives the answers it was told, one after the other, and remembers what it was asked."""

    name = "told"

    def __init__(self, *answers: Verdict | CgmError) -> None:
        self.answers, self.asked, self.release = list(answers), list[str](), 1

    def identity(self, row: Row) -> Any:
        return [self.release, row["repo"]]

    def links(self, row: Row) -> Collection[str]:
        assert row
        return ["link.py"]

    def run(self, row: Row, diff: str) -> Trial:
        assert row
        self.asked.append(diff)
        answer = self.answers.pop(0)
        if isinstance(answer, CgmError):
            raise answer
        return Trial(answer, "1 passed")

    def stop(self) -> None:
        self.answers.clear()


@pytest.fixture
def row() -> dict[str, Any]:
    return {"instance_id": "a-1", "repo": "a/a", "base_commit": "b", "test_patch": TESTS}


def judge_of(folder: Path, backend: Told, **settings: Any) -> Judge:
    cache = StageCache(folder)
    return Judge(backend, cache=cache, **{"identity": "here", "trust": TrustConfig(), **settings})


def test_a_verdict_bears_the_hash_of_what_was_applied(tmp_path: Path, row: Row) -> None:
    first, second = (
        judge_of(tmp_path / name, Told(RIGHT)).judge(Case(row, diff))
        for name, diff in (("a", DIFF), ("b", f"so:\n{DIFF}"))
    )
    assert first.verdict == replace(RIGHT, patch=first.verdict.patch)
    assert first.verdict.patch == second.verdict.patch != ""
    assert (first.log, first.diff, first.error, first.cached) == ("1 passed", DIFF, "", False)


def test_a_case_is_run_once_and_its_log_is_kept(tmp_path: Path, row: Row) -> None:
    backend = Told(RIGHT)
    first, second = (judge_of(tmp_path, backend).judge(Case(row, DIFF)) for _ in range(2))
    assert len(backend.asked) == 1
    assert second == replace(first, cached=True)


@pytest.mark.parametrize("changed", ["row", "diff", "settings", "release", "turn", "policy"])
def test_whatever_a_verdict_depends_on_asks_again(tmp_path: Path, row: Row, changed: str) -> None:
    backend = Told(RIGHT, replace(RIGHT, outcome="unresolved"))
    judge_of(tmp_path, backend).judge(Case(row, DIFF + TESTS))
    backend.release += changed == "release"
    settings: dict[str, Any] = {"identity": "there"} if changed == "settings" else {}
    settings |= {"trust": TrustConfig(tests="keep")} if changed == "policy" else {}
    case = Case(
        {**row, "version": "2"} if changed == "row" else row,
        (DIFF.replace("2", "3") if changed == "diff" else DIFF) + TESTS,
        turn=int(changed == "turn"),
    )
    assert judge_of(tmp_path, backend, **settings).judge(case).verdict.outcome == "unresolved"


def test_files_that_were_left_out_are_named_also_where_the_verdict_was_kept(tmp_path: Path, row: Row) -> None:
    backend = Told(RIGHT)
    plain, more, again = (judge_of(tmp_path, backend).judge(Case(row, diff)) for diff in (DIFF, DIFF + TESTS, DIFF))
    assert (plain.verdict.message, again.verdict.message) == ("", "")
    assert more.verdict.message == "left out, as they belong to the tests: test_a.py"
    assert len(backend.asked) == 1


@pytest.mark.parametrize("failure", [FAILED, SandboxError("the engine is gone"), StorageError("the engine is gone")])
def test_what_the_infrastructure_fails_is_tried_again(tmp_path: Path, row: Row, failure: Any) -> None:
    pauses: list[int] = []
    judge = judge_of(tmp_path, Told(failure, failure, RIGHT), retries=2, pause=pauses.append)
    judged = judge.judge(Case(row, DIFF))
    assert (judged.verdict.outcome, judged.verdict.attempts, judged.error) == ("resolved", 3, "")
    assert pauses == [1, 2]


def test_what_it_fails_every_time_is_no_verdict_on_the_patch_and_is_not_kept(tmp_path: Path, row: Row) -> None:
    judged = judge_of(tmp_path, Told(FAILED, FAILED), retries=1).judge(Case(row, DIFF))
    assert (judged.verdict.outcome, judged.verdict.attempts, judged.error) == ("infrastructure", 2, "SandboxError")
    assert judged.verdict.message == "the engine is gone"
    assert judge_of(tmp_path, Told(RIGHT)).judge(Case(row, DIFF)).verdict.outcome == "resolved"


def test_what_cannot_go_better_is_not_tried_again(tmp_path: Path, row: Row) -> None:
    backend = Told(ConfigError("no CPython 3.2"), RIGHT)
    judged = judge_of(tmp_path, backend, retries=3).judge(Case(row, DIFF))
    assert (judged.verdict.outcome, judged.error, judged.verdict.message) == (
        "infrastructure",
        "ConfigError",
        "no CPython 3.2",
    )
    assert len(backend.asked) == 1


@pytest.mark.parametrize(
    ("case", "outcome", "message"),
    [
        ({"diff": None}, "empty", "no prediction"),
        ({"diff": " \n"}, "empty", "the patch is empty"),
        ({"diff": None, "unread": "too large"}, "refused", "too large"),
        ({"diff": DIFF.replace("a.py", "link.py")}, "refused", "links and submodules"),
        ({"diff": "I cannot do that"}, "does_not_apply", "no diff"),
        ({"diff": TESTS}, "refused", "test_a.py"),
    ],
)
def test_what_needs_no_tests_runs_none(
    tmp_path: Path, row: Row, case: dict[str, Any], outcome: str, message: str
) -> None:
    backend = Told()
    judged = judge_of(tmp_path, backend).judge(Case(row, **case))
    assert (judged.verdict.outcome, judged.error, backend.asked) == (outcome, "", [])
    assert message in judged.verdict.message


def test_the_base_commit_is_run_as_it_is(tmp_path: Path, row: Row) -> None:
    backend = Told(replace(RIGHT, outcome="unresolved", applied=""))
    judged = judge_of(tmp_path, backend).judge(Case(row, None, base=True))
    assert (judged.verdict.outcome, backend.asked) == ("unresolved", [""])


def test_a_log_that_is_gone_asks_again(tmp_path: Path, row: Row) -> None:
    backend = Told(RIGHT, RIGHT)
    judge_of(tmp_path, backend).judge(Case(row, DIFF))
    for path in tmp_path.rglob("*.log"):
        path.unlink()
    assert not judge_of(tmp_path, backend).judge(Case(row, DIFF)).cached


def test_cases_of_an_instance_have_names_of_their_own(row: Row) -> None:
    cases: Sequence[Case] = [Case(row, None), Case(row, None, base=True), Case(row, None, turn=2)]
    assert [case.title for case in cases] == ["a-1", "a-1.base", "a-1.2"]
