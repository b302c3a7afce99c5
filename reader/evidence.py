"""What running a repair shows: the check, and the tests near it that passed before.

Knows what counts for and against a repair, and how it is told to a model. Does not know how anything is run
(`cgm.protocols.Bench`), nor what comes of it (`reader.search`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cgm.artifacts import Issue
from cgm.errors import SandboxError
from cgm.graph import CodeGraph
from cgm.protocols import Bench, Check, SuiteResult
from reader.attempts import Repair
from reader.related import related_tests

_NAMED = 3  # broken tests that are named


@dataclass(frozen=True)
class Evidence:
    """Whether the check passes, how many tests that passed before do not any more, and what speaks against it."""

    passed: bool = False
    broken: int = 0
    error: str = ""


class Examiner:
    """Runs the repairs of one issue, each once: the check, and where that does not fail the tests.

    `check` is the one that a repair must pass, if there is one. Of the tests of `test_files` files nearest to what a
    repair changes those count that passed on the code as it is.
    """

    def __init__(
        self, issue: Issue, graph: CodeGraph, *, check: Check | None, bench: Bench | None = None, test_files: int = 0
    ) -> None:
        self.check = check
        self._issue, self._graph = issue, graph
        self._bench, self._test_files = bench, test_files
        self._seen: dict[str, Evidence] = {}
        self._before: dict[tuple[str, ...], SuiteResult] = {}

    def examine(self, repair: Repair) -> Evidence:
        """What speaks for and against a repair.

        Raises:
            SandboxError: the tests cannot be run on the code as it is.
        """
        if repair.diff not in self._seen:
            self._seen[repair.diff] = self._check(repair) or self._tests(repair)
        return self._seen[repair.diff]

    def _check(self, repair: Repair) -> Evidence | None:
        """What a check that fails says."""
        if self.check is None:
            return None
        try:
            result = self.check.run(repair.changed)
        except SandboxError as error:
            return Evidence(error=f"check: {error}")
        return None if result.passed else Evidence(error=f"check: {result.output}")

    def _tests(self, repair: Repair) -> Evidence:
        """What the tests say of a repair that no check fails."""
        passed = self.check is not None
        files = related_tests(self._graph, repair.changed, self._test_files) if self._bench else ()
        if not self._bench or not files:
            return Evidence(passed)
        if files not in self._before:
            self._before[files] = self._bench.test(self._issue, files, {})
        before = self._before[files].passed
        try:
            after = self._bench.test(self._issue, files, repair.changed)
        except SandboxError as error:
            return Evidence(passed, len(before), f"tests: {error}" if before else "")
        broken = sorted(before - after.passed)
        return Evidence(passed, len(broken), _told(broken, after) if broken else "")


def _told(broken: Sequence[str], after: SuiteResult) -> str:
    """How many tests a repair breaks, and what the first of them say."""
    rows = [_row(name, after.failed) for name in broken[:_NAMED]]
    if not any(name in after.failed for name in broken):
        rows.append(after.output)
    return "\n".join([f"tests: {len(broken)} passed before and do not pass now, such as", *rows])


def _row(name: str, failed: Mapping[str, str]) -> str:
    return f"{name}: {failed[name]}" if failed.get(name) else name
