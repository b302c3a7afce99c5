"""Whole runs in a real sandbox, on a project that builds itself and an environment made without the network."""

from dataclasses import replace
from pathlib import Path

import pytest

from cgm.errors import SandboxError
from eval.environment import Environments
from eval.local import LIMITS, LocalBackend
from eval.sandbox import Sandbox
from eval.specification import Specification
from eval.untrusted import TrustConfig

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
def backend(tmp_path: Path, repositories: Path, offline_index: Path) -> LocalBackend:
    assert offline_index.is_dir()
    try:
        sandbox = Sandbox(limits=replace(LIMITS, seconds=60.0))
    except SandboxError as error:
        pytest.skip(str(error))
    return LocalBackend(
        Environments(tmp_path / "kept", repositories), repositories, sandbox=sandbox, logs=tmp_path / "logs"
    )


def test_a_repair_resolves_and_nothing_or_something_else_does_not(backend: LocalBackend, spec: Specification) -> None:
    pytest.importorskip("swebench")
    right, nothing = backend.verdict(spec, REPAIR), backend.baseline(spec)
    wrong = backend.verdict(spec, REPAIR.replace("sum", "min"))
    assert [verdict.outcome for verdict in (right, nothing, wrong)] == ["resolved", "unresolved", "unresolved"]
    assert (right.fail_to_pass.passed, right.pass_to_pass.passed, right.applied) == (1, 1, "clean")
    assert nothing.fail_to_pass.failed == ("test_cart.py::test_total",)
    assert (nothing.pass_to_pass.passed, nothing.applied) == (1, "")
    assert len({verdict.patch for verdict in (right, nothing, wrong)}) == 3


def test_the_log_of_a_run_is_kept(backend: LocalBackend, spec: Specification, tmp_path: Path) -> None:
    pytest.importorskip("swebench")
    backend.verdict(spec, REPAIR)
    assert "PASSED test_cart.py::test_total" in (tmp_path / "logs" / "shop__cart-1.log").read_text()


def test_a_patch_that_does_not_apply_is_not_tested(backend: LocalBackend, spec: Specification) -> None:
    verdict = backend.verdict(spec, REPAIR.replace("max", "most"))
    assert verdict.outcome == "does_not_apply"
    assert "patch failed: cart.py:1" in verdict.message
    assert verdict.applied == ""


def test_test_files_are_those_of_the_row_whatever_a_patch_made_of_them(
    backend: LocalBackend, spec: Specification
) -> None:
    pytest.importorskip("swebench")
    assert backend.verdict(spec, REPAIR + NEW_TEST).outcome == "resolved"
    keep = TrustConfig(tests="keep")
    lying = LocalBackend(backend._environments, backend._repositories, sandbox=backend._sandbox, trust=keep)
    assert lying.verdict(spec, NEW_TEST).outcome == "unresolved"


@pytest.mark.parametrize(
    ("diff", "outcome"),
    [
        ("", "empty"),
        (NEW_TEST, "refused"),
        (REPAIR.replace("cart.py", "../cart.py"), "refused"),
        ("?", "does_not_apply"),
    ],
)
def test_what_nobody_needs_to_run_is_not_run(
    tmp_path: Path, repositories: Path, spec: Specification, diff: str, outcome: str
) -> None:
    backend = LocalBackend(Environments(tmp_path / "kept", repositories), repositories)
    assert backend.verdict(spec, diff).outcome == outcome
    assert not (tmp_path / "kept").exists()


def test_tests_that_hang_are_stopped(
    tmp_path: Path, repositories: Path, backend: LocalBackend, spec: Specification
) -> None:
    sandbox = Sandbox(limits=replace(LIMITS, seconds=4.0))
    environments = Environments(tmp_path / "kept", repositories)
    assert backend is not None
    verdict = LocalBackend(environments, repositories, sandbox=sandbox).verdict(spec, doing("while True: pass"))
    assert verdict.outcome == "timed_out"
    assert "the tests did not end within 4 s" in verdict.message


def test_a_project_that_cannot_be_installed_any_more_says_so(backend: LocalBackend, spec: Specification) -> None:
    pytest.importorskip("swebench")
    broken = "diff --git a/backend.py b/backend.py\n--- a/backend.py\n+++ b/backend.py\n"
    broken += "@@ -1,2 +1,3 @@\n+raise SystemExit(3)\n \n import pathlib, zipfile\n"
    assert "the installation failed" in backend.verdict(spec, broken).message


def test_a_test_patch_that_does_not_fit_says_nothing_of_the_repair(backend: LocalBackend, spec: Specification) -> None:
    verdict = backend.verdict(replace(spec, test_patch=spec.test_patch.replace("shelf", "shell")), REPAIR)
    assert verdict.outcome == "infrastructure"
    assert "the tests cannot be laid out" in verdict.message


def test_a_run_cannot_change_the_kept_environment_or_reach_the_next(
    backend: LocalBackend, spec: Specification, tmp_path: Path
) -> None:
    pytest.importorskip("swebench")
    kept = tmp_path / "kept"
    for code in (
        f"import pathlib; [path.write_text('VALUE = 9') for path in pathlib.Path({str(kept)!r}).rglob('shelf.py')]",
        "import sysconfig, pathlib; pathlib.Path(sysconfig.get_path('purelib'), 'shelf.py').write_text('VALUE = 9')",
    ):
        backend.verdict(spec, doing(code))
        assert {path.read_text() for path in kept.rglob("shelf.py")} == {"VALUE = 1\n"}
    assert backend.verdict(spec, doing("import shelf; assert shelf.VALUE == 1")).outcome == "resolved"
