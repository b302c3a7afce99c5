"""What a bench that misbehaves says of a repair; the usual cases are tested with the Reader (`test_stage`)."""

from collections.abc import Callable, Mapping, Sequence

import pytest

from cgm.artifacts import Issue
from cgm.errors import SandboxError
from cgm.protocols import CheckResult, Codebase, SuiteResult
from reader.attempts import Repair
from reader.evidence import Evidence, Examiner

_FILES = {"cart.py": "def total():\n    return 1\n", "tests/test_cart.py": "def test_total():\n    assert total()\n"}
_REPAIR = Repair((), "the diff", {"cart.py": "def total():\n    return 2\n"}, "two")


class Results:
    """A bench whose results stand ready, before and after the repair; None stands for a sandbox that fails."""

    def __init__(self, before: SuiteResult | None, after: SuiteResult | None) -> None:
        self._results = {False: before, True: after}

    def test(self, issue: Issue, files: Sequence[str], changed: Mapping[str, str]) -> SuiteResult:
        found = self._results[bool(changed)]
        if found is None:
            raise SandboxError(f"no memory for {len(files)} files of {issue.repo}")
        return found

    def run(self, issue: Issue, code: str, changed: Mapping[str, str]) -> CheckResult:
        raise AssertionError(issue, code, changed)


@pytest.fixture
def examine(codebase: Callable[..., Codebase], issue: Issue) -> Callable[..., Evidence]:
    def run(before: SuiteResult | None, after: SuiteResult | None, test_files: int = 1) -> Evidence:
        bench = Results(before, after)
        examiner = Examiner(issue, codebase(_FILES).graph, check=None, bench=bench, test_files=test_files)
        return examiner.examine(_REPAIR)

    return run


def _passing(*names: str) -> SuiteResult:
    return SuiteResult(frozenset(names))


def test_tests_that_pass_before_and_after_or_failed_before_say_nothing(examine: Callable[..., Evidence]) -> None:
    assert examine(_passing("a"), _passing("a", "b")) == Evidence()
    assert examine(_passing(), _passing()) == Evidence()


def test_a_run_that_prints_no_results_breaks_all_tests_and_its_last_lines_are_told(
    examine: Callable[..., Evidence],
) -> None:
    found = examine(_passing("a", "b", "c", "d"), SuiteResult(frozenset(), output="SyntaxError: no"))
    assert (found.passed, found.broken) == (False, 4)
    assert found.error == "tests: 4 passed before and do not pass now, such as\na\nb\nc\nSyntaxError: no"


def test_a_sandbox_that_fails_on_a_repair_counts_against_it(examine: Callable[..., Evidence]) -> None:
    found = examine(_passing("a", "b"), None)
    assert (found.broken, found.error) == (2, "tests: no memory for 1 files of demo/demo")


def test_a_sandbox_that_fails_on_the_code_as_it_is_stops_the_stage(examine: Callable[..., Evidence]) -> None:
    with pytest.raises(SandboxError, match="no memory"):
        examine(None, _passing("a"))


def test_without_test_files_nothing_is_run(examine: Callable[..., Evidence]) -> None:
    assert examine(None, None, test_files=0) == Evidence()
