"""What runs an instance's tests on a repair, wherever that is.

Knows only the shape. A backend is an option of the group `backend` (`launch.schema`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from cgm.artifacts import Verdict

Row = Mapping[str, Any]  # an instance in SWE-bench's format


@dataclass(frozen=True)
class Trial:
    """A verdict, and what the tests printed on the way to it."""

    verdict: Verdict
    log: str = ""


class Backend(Protocol):
    """Runs tests on repairs; several threads may ask it at a time."""

    @property
    def name(self) -> str:
        """What verdicts call it."""

    def identity(self, row: Row) -> Any:
        """What a verdict on an instance depends on besides row, diff and settings, JSON-ready: releases, tables.

        Raises:
            ConfigError: the instance cannot be tried here.
            DatasetError: its row does not say how its tests run.
        """

    def links(self, row: Row) -> Collection[str]:
        """The symbolic links and submodules of the base commit, which no diff may touch.

        Raises:
            RepositoryError: the base commit cannot be read.
        """

    def run(self, row: Row, diff: str) -> Trial:
        """Run an instance's tests on a screened diff (`eval.swebench.untrusted`), or on the base commit if it is empty.

        The verdict's `patch` and `attempts` are the caller's. An outcome of `infrastructure`, a `SandboxError` and a
        `StorageError` say nothing of the repair, and the caller may try again.

        Raises:
            ConfigError: the instance cannot be tried here.
            InputError: its row or its repository is at fault.
            SandboxError: its tests could not be run.
            StorageError: there is no room.
        """

    def stop(self) -> None:
        """End what is running, and leave nothing of it behind; what is asked from now on is a `SandboxError`."""
