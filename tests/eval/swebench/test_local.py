"""Whole runs in a real sandbox, on a project that builds itself and an environment made without the network."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cgm.errors import ConfigError, SandboxError
from eval.swebench.backend import Row
from eval.swebench.harness import Table
from eval.swebench.local import LocalBackend, LocalConfig

REPAIR = """diff --git a/cart.py b/cart.py
--- a/cart.py
+++ b/cart.py
@@ -1,2 +1,2 @@
 def total(prices):
-    return max(prices)
+    return sum(prices)
"""
NEW_TEST = "diff --git a/test_cart.py b/test_cart.py\ndeleted file mode 100644\n--- a/test_cart.py\n+++ /dev/null\n"
NEW_TEST += "@@ -1,2 +0,0 @@\n-def run(cart, shelf):\n-    print('PASSED test_cart.py::test_import')\n"


def doing(code: str) -> str:
    """A patch that makes the project run a line when it is imported."""
    return REPAIR.replace("@@ -1,2 +1,2 @@\n", f"@@ -1,2 +1,3 @@\n+{code}\n")


@pytest.fixture
def backend_of(tmp_path: Path, repositories: Path, offline_index: Path) -> Callable[..., LocalBackend]:
    assert offline_index.is_dir()
    pytest.importorskip("swebench")

    def make(**settings: Any) -> LocalBackend:
        config = LocalConfig(**{"seconds": 60.0, **settings})
        try:
            return LocalBackend(config, table=Table(), repos=repositories, environments=tmp_path / "kept")
        except SandboxError as error:
            pytest.skip(str(error))

    return make


@pytest.fixture
def backend(backend_of: Callable[..., LocalBackend]) -> LocalBackend:
    return backend_of()


def test_a_repair_resolves_and_nothing_or_something_else_does_not(backend: LocalBackend, cart: Row) -> None:
    wrong_diff = REPAIR.replace("sum", "min")
    right, nothing, wrong = (backend.run(cart, diff).verdict for diff in (REPAIR, "", wrong_diff))
    assert [verdict.outcome for verdict in (right, nothing, wrong)] == ["resolved", "unresolved", "unresolved"]
    assert (right.fail_to_pass.passed, right.pass_to_pass.passed, right.applied) == (1, 1, "clean")
    assert nothing.fail_to_pass.failed == ("test_cart.py::test_total",)
    assert (nothing.pass_to_pass.passed, nothing.applied) == (1, "")


def test_a_trial_holds_what_the_tests_printed(backend: LocalBackend, cart: Row) -> None:
    assert "PASSED test_cart.py::test_total" in backend.run(cart, REPAIR).log


def test_a_patch_that_does_not_apply_is_not_tested(backend: LocalBackend, cart: Row) -> None:
    trial = backend.run(cart, REPAIR.replace("max", "most"))
    assert trial.verdict.outcome == "does_not_apply"
    assert "patch failed: cart.py:1" in trial.verdict.message
    assert (trial.verdict.applied, trial.log) == ("", "")


def test_a_patch_that_nearly_fits_is_told_from_one_that_fits(backend: LocalBackend, cart: Row) -> None:
    verdict = backend.run(cart, REPAIR.replace(" def total(prices):", " def total(items):")).verdict
    assert (verdict.outcome, verdict.applied) == ("resolved", "fuzzy")


def test_test_files_are_those_of_the_row_whatever_a_patch_made_of_them(backend: LocalBackend, cart: Row) -> None:
    assert backend.run(cart, REPAIR + NEW_TEST).verdict.outcome == "resolved"
    assert backend.run(cart, NEW_TEST).verdict.outcome == "unresolved"


def test_tests_that_hang_are_stopped(backend_of: Callable[..., LocalBackend], cart: Row) -> None:
    verdict = backend_of(seconds=4.0).run(cart, doing("while True: pass")).verdict
    assert verdict.outcome == "timed_out"
    assert "the tests did not end within 4 s" in verdict.message


def test_what_runs_can_be_stopped_from_another_thread(backend: LocalBackend, cart: Row) -> None:
    backend.run(cart, "")
    threading.Timer(3.0, backend.stop).start()
    started = time.monotonic()
    with pytest.raises(SandboxError, match="stopped"):
        backend.run(cart, doing("while True: pass"))
    assert time.monotonic() - started < 30
    with pytest.raises(SandboxError, match="stopped"):
        backend.run(cart, "")


def test_a_project_that_cannot_be_installed_any_more_says_so(backend: LocalBackend, cart: Row) -> None:
    broken = "diff --git a/backend.py b/backend.py\n--- a/backend.py\n+++ b/backend.py\n"
    broken += "@@ -1,2 +1,3 @@\n+raise SystemExit(3)\n \n import pathlib, zipfile\n"
    assert "the installation failed" in backend.run(cart, broken).verdict.message


def test_a_test_patch_that_does_not_fit_says_nothing_of_the_repair(backend: LocalBackend, cart: Row) -> None:
    changed = {**cart, "test_patch": cart["test_patch"].replace("shelf", "shell")}
    verdict = backend.run(changed, REPAIR).verdict
    assert verdict.outcome == "infrastructure"
    assert "the tests cannot be laid out" in verdict.message


def test_what_is_asked_tells_instances_and_tables_apart(backend: LocalBackend, cart: Row) -> None:
    assert backend.identity(cart) == backend.identity(dict(cart))
    assert backend.identity(cart) != backend.identity({**cart, "packages": "shelf wheel"})


def test_a_run_cannot_change_the_kept_environment_or_reach_the_next(
    backend: LocalBackend, cart: Row, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    for code in (
        f"import pathlib; [path.write_text('VALUE = 9') for path in pathlib.Path({str(kept)!r}).rglob('shelf.py')]",
        "import sysconfig, pathlib; pathlib.Path(sysconfig.get_path('purelib'), 'shelf.py').write_text('VALUE = 9')",
    ):
        backend.run(cart, doing(code))
        assert {path.read_text() for path in kept.rglob("shelf.py")} == {"VALUE = 1\n"}
    assert backend.run(cart, doing("import shelf; assert shelf.VALUE == 1")).verdict.outcome == "resolved"


@pytest.mark.parametrize(("name", "value"), [("seconds", 0), ("memory_mb", -1), ("processes", 0), ("file_mb", 0)])
def test_a_meaningless_limit_is_refused(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=rf"backend\.{name} must be > 0"):
        LocalConfig(**{name: value})
