"""Tests and code of an issue's repository at its base commit, run for the Reader while it looks for a repair.

Knows what may be known of an instance then: how its repository is installed and tested, never its repair, the tests of
that or their names. Does not know verdicts (`eval.swebench.local`), nor which tests are worth running.
"""

import re
import shlex
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from cgm.artifacts import Issue
from cgm.errors import DatasetError
from cgm.protocols import CheckResult, SuiteResult
from cgm.store import scratch_folder
from eval.sandbox import Outcome, Sandbox
from eval.swap import swapped
from eval.swebench.backend import Row
from eval.swebench.environment import Environments
from eval.swebench.harness import Table, grading_release, marked, passed_tests
from eval.swebench.local import LocalConfig, limits_of
from eval.swebench.place import Place, lay_out_place, settings_of
from eval.swebench.specification import Specification, directives, specification

_SECONDS = 300.0  # of one run; a repair that makes a few files of tests take longer is none
_LINES = 12  # of what was printed that are kept
_WIDTH = "200"  # columns, or pytest cuts off what failed tests say
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b")
_RULED = re.compile(r"^=+ .*=+$\n?", re.MULTILINE)  # pytest's headings, some of which say how long it took
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)(?: - (.*))?$", re.MULTILINE)
_SETTINGS = {
    "COLUMNS": _WIDTH,
    "PYTEST_ADDOPTS": "-p no:cacheprovider",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
}
# of a row: what says how its repository is installed and tested, at which commit
_FIELDS = (
    *("instance_id", "repo", "base_commit", "version", "environment_setup_commit"),
    *("python", "packages", "pip_packages", "install", "test_cmd", "log_parser"),
)


@dataclass(frozen=True)
class _Open:
    """The place of one issue, installed, and what it was made by."""

    issue: Issue
    spec: Specification
    place: Place
    close: Callable[[], object]


class LocalBench:
    """Runs tests and code on this machine, in the sandbox and the environments of the local backend.

    The project is laid out and installed once for consecutive calls of one issue. What runs afterwards may read it, and
    write in /tmp alone.

    Raises:
        ConfigError: no harness is installed that reads what tests print.
        SandboxError: nothing can be isolated here.
    """

    def __init__(
        self, config: LocalConfig, *, rows: Iterable[Row], table: Table, repos: Path, environments: Path
    ) -> None:
        grading_release()
        self._rows = {str(row["instance_id"]): bare(row) for row in rows}
        self._table, self._repos = table, repos
        self._sandbox = Sandbox(config.isolation, replace(limits_of(config), seconds=min(config.seconds, _SECONDS)))
        self._environments = Environments(
            environments, repos, requirement_paths=table.requirement_paths, until=config.until
        )
        self._open: _Open | None = None

    def test(self, issue: Issue, files: Sequence[str], changed: Mapping[str, str]) -> SuiteResult:
        """Run test files with the files of `changed` (path to new text) in place of their own. Raises as `Bench`."""
        spec = self._opened(issue).spec
        command = " ".join([spec.test_command, *map(shlex.quote, directives(spec.repo, files))])
        outcome = self._run(issue, command, changed)
        if outcome.timed_out:
            return SuiteResult(frozenset(), output=self._endless)
        passed = passed_tests(spec, marked(outcome.output, outcome.code), self._table.parsers)
        return SuiteResult(passed, dict(_FAILED.findall(outcome.output)), _tail(outcome.output))

    def run(self, issue: Issue, code: str, changed: Mapping[str, str]) -> CheckResult:
        """Run Python code that way; it passes if it ends without an error. Raises as `Bench`."""
        self._opened(issue)
        outcome = self._run(issue, f"python -u -c {shlex.quote(code)}", changed)
        output = self._endless if outcome.timed_out else _tail(outcome.output)
        return CheckResult(outcome.code == 0 and not outcome.timed_out, output)

    @property
    def _endless(self) -> str:
        return f"it did not end within {self._sandbox.limits.seconds:g} s"

    def _run(self, issue: Issue, command: str, changed: Mapping[str, str]) -> Outcome:
        opened = self._opened(issue)
        with swapped(opened.place.tree, changed):
            outcome = opened.place.run(self._sandbox, [command], settings_of(opened.spec) | _SETTINGS)
        return replace(outcome, output=_same(outcome.output, opened.place))

    def _opened(self, issue: Issue) -> _Open:
        """The issue's place; that of another issue is given up for it."""
        if self._open is None or self._open.issue != issue:
            if self._open:
                self._open.close()
            self._open = self._made(issue)
        return self._open

    def _made(self, issue: Issue) -> _Open:
        if issue.instance_id not in self._rows:
            raise DatasetError(f"{issue.instance_id}: the dataset must have a row that says how its tests run")
        spec = specification(self._rows[issue.instance_id], self._table.specs)
        environment = self._environments.get(spec)
        life = ExitStack()
        close = weakref.finalize(self, life.close)
        place = lay_out_place(spec, self._repos, environment, life.enter_context(scratch_folder("r4-bench-")))
        place.install(self._sandbox, spec)
        return _Open(issue, spec, place, close)


def bare(row: Row) -> Row:
    """A row without its repair, the tests of that, and whatever else says how the issue was resolved."""
    kept = {name: row[name] for name in _FIELDS if name in row}
    return kept | {"test_patch": "", "FAIL_TO_PASS": [], "PASS_TO_PASS": []}


def _same(output: str, place: Place) -> str:
    """What was printed, without what is another thing in each run, since a model may be told it."""
    for folder, name in ((place.tree, ""), (place.overlay, ""), (place.environment.folder, "environment/")):
        output = output.replace(f"{folder}/", name).replace(str(folder), name or ".")
    return _ADDRESS.sub("0x", output)


def _tail(output: str) -> str:
    """The last lines that were printed."""
    return "\n".join(_RULED.sub("", output).strip().splitlines()[-_LINES:])
