"""A watch over one container while its tests run: what it wrote, what is left on the disk, and the time.

Knows when a container must end, and whose fault that is. Does not know what runs in it, nor how an engine is asked.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cgm.errors import SandboxError


@dataclass(frozen=True)
class Bounds:
    """What ends a container: seconds in all, MiB that it writes, and MiB that must stay free on the engine's disk."""

    seconds: float
    disk_mb: int
    free_mb: int


@dataclass
class Ending:
    """Why a container was ended, empty where it was not, and what outcome that is."""

    reason: str = ""
    outcome: str = ""


@contextmanager
def watched(
    bounds: Bounds,
    *,
    written_mb: Callable[[], int],
    free_mb: Callable[[], int | None],
    end: Callable[[], object],
    interval: float = 2.0,
) -> Iterator[Ending]:
    """Look every `interval` seconds, and `end` the container as soon as it is over a bound."""
    ending, done = Ending(), threading.Event()
    deadline = time.monotonic() + bounds.seconds

    def look() -> None:
        while not done.wait(interval):
            try:
                if not ending.reason:
                    ending.reason, ending.outcome = _over(bounds, deadline, written_mb, free_mb)
                if ending.reason:
                    end()  # again and again, since the container may be in the making
            except SandboxError:
                continue  # an engine that does not answer is noticed by whoever runs the tests

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield ending
    finally:
        done.set()
        thread.join()


def _over(
    bounds: Bounds, deadline: float, written_mb: Callable[[], int], free_mb: Callable[[], int | None]
) -> tuple[str, str]:
    if (written := written_mb()) > bounds.disk_mb:
        return f"its tests wrote {written} MiB, of {bounds.disk_mb} that they may", "no_tests"
    free = free_mb()
    if free is not None and free < bounds.free_mb:
        return f"the engine's disk must keep {bounds.free_mb} MiB free, it has {free}", "infrastructure"
    if time.monotonic() > deadline:
        return f"the container did not end within {bounds.seconds:g} s", "timed_out"
    return "", ""
