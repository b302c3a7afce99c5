import threading

import pytest

from cgm.errors import SandboxError
from eval.docker.watch import Bounds, Ending, watched

ROOMY = Bounds(seconds=60, disk_mb=100, free_mb=10)


def ended(bounds: Bounds, *, written: int = 0, free: int | None = 1000) -> Ending:
    """Wait until a container with these figures is ended, or for a while."""
    over = threading.Event()
    with watched(bounds, written_mb=lambda: written, free_mb=lambda: free, end=over.set, interval=0.01) as ending:
        over.wait(0.3)
    assert over.is_set() is bool(ending.reason)
    return ending


def test_a_container_within_its_bounds_is_left_alone() -> None:
    assert ended(ROOMY, written=100, free=10) == Ending()


def test_one_that_writes_too_much_has_itself_to_blame() -> None:
    ending = ended(ROOMY, written=101)
    assert (ending.outcome, ending.reason) == ("no_tests", "its tests wrote 101 MiB, of 100 that they may")


def test_a_disk_that_runs_full_says_nothing_of_the_repair() -> None:
    ending = ended(ROOMY, free=9)
    assert ending.outcome == "infrastructure"
    assert ending.reason == "the engine's disk must keep 10 MiB free, it has 9"


def test_a_disk_that_cannot_be_seen_is_not_watched() -> None:
    assert ended(ROOMY, free=None) == Ending()


def test_one_that_does_not_end_is_ended() -> None:
    assert ended(Bounds(seconds=0.05, disk_mb=1, free_mb=0)).outcome == "timed_out"


def test_an_engine_that_does_not_answer_is_asked_again() -> None:
    answers = iter([SandboxError("down"), SandboxError("down"), 101])
    over = threading.Event()

    def written() -> int:
        answer = next(answers)
        if isinstance(answer, SandboxError):
            raise answer
        return answer

    with watched(ROOMY, written_mb=written, free_mb=lambda: None, end=over.set, interval=0.01) as ending:
        assert over.wait(5)
    assert ending.outcome == "no_tests"


def test_a_container_that_is_made_too_late_is_ended_too() -> None:
    made, ends = threading.Event(), threading.Event()

    def end() -> None:
        (ends if made.is_set() else made).set()

    full = Bounds(seconds=60, disk_mb=1, free_mb=10)
    with watched(full, written_mb=lambda: 0, free_mb=lambda: 9, end=end, interval=0.01):
        assert ends.wait(5)


def test_the_watch_ends_with_the_tests() -> None:
    before = threading.active_count()
    with (
        pytest.raises(KeyError),
        watched(ROOMY, written_mb=lambda: 0, free_mb=lambda: None, end=lambda: None, interval=0.01),
    ):
        raise KeyError
    assert threading.active_count() == before
