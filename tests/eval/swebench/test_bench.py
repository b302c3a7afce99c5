"""Real runs in a sandbox, on a project that builds itself and an environment made without the network."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cgm.artifacts import Issue
from cgm.errors import DatasetError, SandboxError
from eval.swebench.backend import Row
from eval.swebench.bench import LocalBench, bare
from eval.swebench.harness import Table
from eval.swebench.local import LocalConfig

_FIXED = {"cart.py": "def total(prices):\n    return sum(prices)\n"}


@pytest.fixture
def row(cart: Row) -> Row:
    """The instance, with a test command that is asked for files."""
    code = "import sys, cart; print('PASSED' if cart.total([1, 2]) == 3 else 'FAILED', 'a::total', '-', sys.argv[1:])"
    return {**cart, "test_cmd": f'echo "PASSED a::always"; python -c "{code}"'}


@pytest.fixture
def issue(row: Row) -> Issue:
    return Issue(row["instance_id"], row["repo"], row["base_commit"], "total is wrong")


@pytest.fixture
def bench_of(tmp_path: Path, repositories: Path, offline_index: Path) -> Callable[..., LocalBench]:
    assert offline_index.is_dir()
    pytest.importorskip("swebench")

    def make(*rows: Row, **settings: Any) -> LocalBench:
        config = LocalConfig(**{"seconds": 60.0, **settings})
        try:
            return LocalBench(config, rows=rows, table=Table(), repos=repositories, environments=tmp_path / "kept")
        except SandboxError as error:
            pytest.skip(str(error))

    return make


def test_tests_are_run_with_and_without_a_repair(bench_of: Callable[..., LocalBench], row: Row, issue: Issue) -> None:
    bench = bench_of(row)
    before, after, again = (bench.test(issue, ["test_cart.py"], changed) for changed in ({}, _FIXED, {}))
    assert before.passed == again.passed == {"a::always"}
    assert after.passed == {"a::always", "a::total"}
    assert before.failed == {"a::total": "['test_cart.py']"}
    assert before.output.splitlines()[-1].startswith("FAILED a::total")


def test_code_passes_where_it_ends_without_an_error(
    bench_of: Callable[..., LocalBench], row: Row, issue: Issue
) -> None:
    bench, code = bench_of(row), "import cart\nassert cart.total([1, 2]) == 3, 'it\\'s not 3'\n"
    before, after = bench.run(issue, code, {}), bench.run(issue, code, _FIXED)
    assert (before.passed, after.passed) == (False, True)
    assert before.output.endswith("AssertionError: it's not 3")
    noisy = bench.run(issue, "print('before')\nraise ValueError('at last')", {})
    assert noisy.output.endswith("ValueError: at last")


def test_what_is_printed_is_the_same_in_every_run(bench_of: Callable[..., LocalBench], row: Row, issue: Issue) -> None:
    code = "import cart\nprint('=== 1 failed in 0.52s ===')\nprint({'b', 'a'}, object())\nraise OSError(cart.__file__)"
    first, second = (bench_of(row).run(issue, code, {}).output for _ in range(2))
    assert first == second
    assert "<object object at 0x>" in first
    assert first.endswith("OSError: cart.py")
    assert "failed in" not in first


def test_what_never_ends_has_failed(bench_of: Callable[..., LocalBench], row: Row, issue: Issue) -> None:
    bench = bench_of(row, seconds=3.0)
    found = bench.run(issue, "while True: pass", {})
    assert (found.passed, found.output) == (False, "it did not end within 3 s")
    endless = bench.test(issue, ["test_cart.py"], {"cart.py": "while True: pass\n"})
    assert (endless.passed, endless.output) == (frozenset(), "it did not end within 3 s")


def test_what_runs_cannot_change_the_project_for_the_next(
    bench_of: Callable[..., LocalBench], row: Row, issue: Issue
) -> None:
    bench = bench_of(row)
    found = bench.run(issue, "import cart; open(cart.__file__, 'w').write('total = sum')", {})
    assert not found.passed
    assert "Read-only file system" in found.output or "Permission denied" in found.output


def test_another_issue_has_a_place_of_its_own_and_the_one_before_is_gone(
    bench_of: Callable[..., LocalBench], row: Row, issue: Issue
) -> None:
    bench = bench_of(row, {**row, "instance_id": "shop__cart-2"})
    assert bench.run(issue, "import cart", {}).passed
    first = bench._open.place.tree
    assert bench.run(Issue("shop__cart-2", issue.repo, issue.base_commit, ""), "import cart", {}).passed
    assert not first.exists()


def test_an_issue_without_a_row_is_refused(bench_of: Callable[..., LocalBench], row: Row, issue: Issue) -> None:
    with pytest.raises(DatasetError, match="shop__cart-1: the dataset must have a row"):
        bench_of({**row, "instance_id": "shop__cart-2"}).run(issue, "import cart", {})


def test_of_a_row_nothing_is_kept_that_says_how_the_issue_was_resolved(cart: Row) -> None:
    told = {**cart, "patch": "the repair", "hints_text": "look at cart.py", "problem_statement": "total is wrong"}
    kept = bare(told)
    assert not {"patch", "hints_text", "eval_script", "problem_statement"} & set(kept)
    assert (kept["test_patch"], kept["FAIL_TO_PASS"], kept["PASS_TO_PASS"]) == ("", [], [])
    assert kept["packages"] == "shelf"
