import threading
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from cgm.artifacts import Verdict
from cgm.store import StageCache
from eval.swebench.backend import Row, Trial
from eval.swebench.judge import Case, Judge
from eval.swebench.untrusted import TrustConfig
from launch.evaluation.trials import next_case, run_cases


class Meeting:
    """A backend whose trials end when as many as expected have met, or when it is stopped."""

    name = "meeting"

    def __init__(self, expected: int) -> None:
        self.barrier, self.stopped = threading.Barrier(expected, timeout=20), False

    def identity(self, row: Row) -> Any:
        return row["instance_id"]

    def links(self, row: Row) -> Collection[str]:
        assert row
        return ()

    def run(self, row: Row, diff: str) -> Trial:
        assert not diff
        self.barrier.wait()
        return Trial(Verdict(row["instance_id"], "unresolved"))

    def stop(self) -> None:
        self.stopped = True
        self.barrier.abort()


def _cases(*names: str) -> list[Case]:
    return [Case({"instance_id": name, "repo": name[0], "test_patch": ""}, None, base=True) for name in names]


def _judge(backend: Meeting, folder: Path) -> Judge:
    return Judge(backend, cache=StageCache(folder), identity="", trust=TrustConfig())


def test_every_case_is_judged_as_many_at_a_time_as_there_are_workers(tmp_path: Path) -> None:
    backend, started = Meeting(3), list[str]()
    cases = _cases("a1", "a2", "a3", "b1", "b2", "b3")
    judged = run_cases(_judge(backend, tmp_path), backend, cases, 3, lambda case: started.append(case.name))
    assert sorted(item.case.name for item in judged) == [case.name for case in cases]
    assert started[:2] == ["a1", "b1"]
    assert not backend.stopped


def test_an_early_end_ends_what_runs(tmp_path: Path) -> None:
    backend = Meeting(2)

    def started(case: Case) -> None:
        if case.name == "b1":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(run_cases(_judge(backend, tmp_path), backend, _cases("a1", "b1"), 2, started))
    assert backend.stopped


def test_the_next_case_is_of_the_repository_with_the_fewest_running() -> None:
    waiting = _cases("a2", "b1", "b2")
    assert next_case(waiting, _cases("a1")).name == "b1"
    assert next_case(waiting, []).name == "a2"
