"""The command as a person runs it, on a project that builds itself, in a real sandbox."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from cgm.store import write_rows
from eval.sandbox import Sandbox
from launch.command import run_command
from launch.evaluate import evaluate_job
from launch.evaluation.settings import register_evaluation

_ROOT = Path(__file__).parents[2]
REPAIR = """diff --git a/cart.py b/cart.py
--- a/cart.py
+++ b/cart.py
@@ -1,2 +1,2 @@
 def total(prices):
-    return max(prices)
+    return sum(prices)
"""
WRONG = REPAIR.replace("sum", "min")
TEST = """diff --git a/test_cart.py b/test_cart.py
--- a/test_cart.py
+++ b/test_cart.py
@@ -1,2 +1,2 @@
 def run(cart, shelf):
-    print('PASSED test_cart.py::test_import')
+    print('PASSED test_cart.py::test_total')
"""
Command = Callable[..., int]


def added(path: str, *lines: str, mode: str = "100644") -> str:
    body = "".join(f"+{line}\n" for line in lines)
    names = f"diff --git a/{path} b/{path}\nnew file mode {mode}\n--- /dev/null\n+++ b/{path}\n"
    return f"{names}@@ -0,0 +1,{len(lines)} @@\n{body}"


def doing(*lines: str) -> str:
    """A patch that makes the project run lines when it is imported."""
    body = "".join(f"+{line}\n" for line in lines)
    return REPAIR.replace("@@ -1,2 +1,2 @@\n", f"@@ -1,2 +1,{len(lines) + 2} @@\n{body}")


@pytest.fixture
def cgm_eval(home: Path, repositories: Path, offline_index: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run the command in this process on the folder of repositories."""
    assert offline_index.is_dir()
    pytest.importorskip("swebench")
    register_evaluation()

    def run(*arguments: str) -> int:
        assert Path.cwd() == home
        monkeypatch.setattr(sys, "argv", ["cgm-eval", f"repos={repositories}", "dataset=rows.jsonl", *arguments])
        monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
        return run_command(evaluate_job, "eval")

    return run


@pytest.fixture
def proposed(home: Path, cart: dict[str, Any]) -> Callable[[Mapping[str, str]], None]:
    """Write a dataset with an instance for each diff, and the predictions."""

    def write(diffs: Mapping[str, str]) -> None:
        write_rows(home / "rows.jsonl", ({**cart, "instance_id": name, "patch": REPAIR} for name in diffs))
        patches = (
            {"instance_id": name, "model_name_or_path": "m", "model_patch": text} for name, text in diffs.items()
        )
        write_rows(home / "patches.jsonl", patches)

    return write


def outcomes(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {row["instance_id"]: row["outcome"] for row in rows}


REFUSED = {
    "outside": REPAIR.replace("cart.py", "../cart.py"),
    "absolute": REPAIR.replace("cart.py", "/etc/cart.py"),
    "new-link": added("way-out", "/etc/passwd", mode="120000"),
    "through-link": added("shared/stolen.py", "x = 1"),
    "binary": "diff --git a/cart.py b/cart.py\nindex 0000000..1111111 100644\nGIT binary patch\nliteral 3\nKcmb\n\n",
    "git-folder": added(".git/hooks/post-checkout", "#!/bin/sh"),
    "tests-alone": TEST,
    "harness-alone": added("conftest.py", "import os; os._exit(0)"),
    "large": added("large.py", "x" * (5 << 20)),
    "huge": added("huge.py", "x" * (100 << 20)),
}
GRADED = {
    "right": (REPAIR, "resolved"),
    "wrong": (WRONG, "unresolved"),
    "with-tests": (WRONG + TEST, "unresolved"),
    "with-harness": (REPAIR + added("sitecustomize.py", "raise SystemExit(1)"), "resolved"),
    "empty": ("", "empty"),
    "prose": ("I am afraid I cannot do that.", "does_not_apply"),
    "elsewhere": (REPAIR.replace("max", "most"), "does_not_apply"),
    "hangs": (doing("while True: pass"), "timed_out"),
    "exits": (doing("import os; os._exit(0)"), "no_tests"),
}


@pytest.mark.slow
def test_untrusted_predictions_are_refused_or_graded_safely(
    cgm_eval: Command, proposed: Callable[..., None], read: Callable[[str], Any], tmp_path: Path
) -> None:
    proposed({**REFUSED, **{name: diff for name, (diff, _) in GRADED.items()}})
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert cgm_eval("predictions=patches.jsonl", "run_dir=run", "workers=2", "backend.seconds=10") == 0
    expected = dict.fromkeys(REFUSED, "refused") | {name: outcome for name, (_, outcome) in GRADED.items()}
    assert outcomes(read("run/verdicts.jsonl")) == expected
    notes = {row["instance_id"]: row["message"] for row in read("run/verdicts.jsonl")}
    assert "test_cart.py" in notes["with-tests"]
    assert "sitecustomize.py" in notes["with-harness"]
    assert "the prediction's row is too large" in notes["huge"]
    assert not (tmp_path / "stolen.py").exists()
    assert {path for path in tmp_path.iterdir() if path not in before} <= {tmp_path / "run", tmp_path / "cache"}


@pytest.mark.slow
def test_what_a_patch_does_stays_in_the_sandbox(
    cgm_eval: Command, proposed: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("R4_SECRET", "swordfish")
    (tmp_path / "secret.txt").write_text("swordfish")
    with socket.create_server(("127.0.0.1", 0)) as server:
        attempts = (
            "import os, pathlib, socket",
            "def tried(what):",
            "    try: print('TRIED', what())",
            "    except OSError as error: print('STOPPED', type(error).__name__)",
            "tried(lambda: os.environ.get('R4_SECRET'))",
            f"tried(lambda: pathlib.Path({str(tmp_path / 'secret.txt')!r}).read_text())",
            f"tried(lambda: pathlib.Path({str(tmp_path / 'made.txt')!r}).write_text('x'))",
            f"tried(lambda: socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), 2))",
        )
        proposed({"curious": doing(*attempts)})
        assert cgm_eval("predictions=patches.jsonl", "run_dir=run") == 0
    log = (tmp_path / "run" / "logs" / "curious" / "test_output.txt").read_text()
    assert [line for line in log.splitlines() if line.startswith(("TRIED", "STOPPED"))][:1] == ["TRIED None"]
    assert log.count("STOPPED") == 3
    assert "swordfish" not in log
    assert not (tmp_path / "made.txt").exists()


@pytest.mark.slow
def test_a_run_goes_on_where_it_was_and_a_verdict_is_not_reached_twice(
    cgm_eval: Command, proposed: Callable[..., None], read: Callable[[str], Any]
) -> None:
    proposed({"a": REPAIR, "b": WRONG})
    command = ("predictions=patches.jsonl", "run_dir=run")
    assert cgm_eval(*command) == 0
    first = read("run/verdicts.jsonl")
    assert cgm_eval(*command) == 0
    assert read("run/verdicts.jsonl") == first
    assert read("run/summary.json")["cached"] == 2
    proposed({"a": WRONG, "b": WRONG})
    assert cgm_eval(*command) == 0
    assert outcomes(read("run/verdicts.jsonl")) == {"a": "unresolved", "b": "unresolved"}
    assert read("run/summary.json")["cached"] == 1


@pytest.mark.slow
def test_what_the_infrastructure_fails_is_reported_apart(
    cgm_eval: Command, proposed: Callable[..., None], read: Callable[[str], Any], home: Path, cart: dict[str, Any]
) -> None:
    proposed({"a": REPAIR, "b": REPAIR})
    write_rows(home / "rows.jsonl", [{**cart, "instance_id": "a"}, {**cart, "instance_id": "b", "repo": "no/body"}])
    assert cgm_eval("predictions=patches.jsonl", "run_dir=run") == 2
    assert outcomes(read("run/verdicts.jsonl")) == {"a": "resolved", "b": "infrastructure"}
    assert [(row["instance_id"], row["error"]) for row in read("run/failures.jsonl")] == [("b", "RepositoryError")]
    summary = read("run/summary.json")
    assert (summary["resolved"], summary["judged"], summary["instances"]) == (1, 1, 2)


@pytest.mark.slow
def test_gold_is_run_first_and_what_cannot_be_judged_is_left_out_afterwards(
    cgm_eval: Command, proposed: Callable[..., None], read: Callable[[str], Any], home: Path, cart: dict[str, Any]
) -> None:
    rows = {
        "well": {"patch": REPAIR},
        "fails": {"patch": WRONG},
        "passes": {"patch": REPAIR, "FAIL_TO_PASS": [], "PASS_TO_PASS": ["test_cart.py::test_import"]},
    }
    write_rows(home / "rows.jsonl", ({**cart, "instance_id": name, **fields} for name, fields in rows.items()))
    assert cgm_eval("task=gold", "run_dir=gold", "workers=2", "turns=2") == 0
    found = {row["instance_id"]: row for row in read("gold/gold.jsonl")}
    assert found["well"] == {"instance_id": "well", "gold": ["resolved"] * 2, "base": "unresolved", "reason": ""}
    reasons = {name: row["reason"].partition(":")[0] for name, row in found.items()}
    assert reasons == {"well": "", "fails": "gold fails", "passes": "base passes"}
    proposed(dict.fromkeys(rows, REPAIR))
    assert cgm_eval("predictions=patches.jsonl", "run_dir=run", "exclude=gold/exclude.txt") == 0
    assert outcomes(read("run/verdicts.jsonl")) == {"well": "resolved"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "predictions must be a file of patches"),
        (("predictions=patches.jsonl", "task=golden"), "task must be one of predictions, gold"),
        (("predictions=patches.jsonl", "backend=none"), "backend must be one that runs tests, got 'none'"),
        (("predictions=patches.jsonl", "backend.second=3"), "did you mean backend.seconds?"),
        (("predictions=patches.jsonl", "trust.tests=ask"), "tests must be one of drop, refuse, keep"),
        (("predictions=patches.jsonl", "table=none.json"), "none.json is not a table of specifications"),
        (("predictions=patches.jsonl", "exclude=none.txt"), "exclude must be a readable file"),
        (("predictions=none.jsonl",), "cannot read none.jsonl"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(
    cgm_eval: Command,
    proposed: Callable[..., None],
    capfd: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    message: str,
) -> None:
    proposed({"a": REPAIR})
    assert cgm_eval(*arguments, "run_dir=run") == 1
    (said,) = capfd.readouterr().err.splitlines()
    assert message in said


def test_without_a_sandbox_it_refuses_unless_told_to_by_name(
    cgm_eval: Command, proposed: Callable[..., None], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    proposed({"a": ""})
    monkeypatch.setenv("PATH", "")
    from eval.sandbox import _choose

    _choose.cache_clear()
    try:
        assert cgm_eval("predictions=patches.jsonl", "run_dir=run") == 1
        assert "install bubblewrap, or ask for isolation none" in capfd.readouterr().err
        assert cgm_eval("predictions=patches.jsonl", "run_dir=run", "backend.isolation=none") == 0
    finally:
        _choose.cache_clear()


@pytest.mark.slow
def test_an_interrupted_run_leaves_nothing_running_and_goes_on(
    cgm_eval: Command,
    proposed: Callable[..., None],
    repositories: Path,
    home: Path,
    read: Callable[[str], Any],
) -> None:
    if Sandbox().mechanism == "none":
        pytest.skip("no sandbox")
    proposed({"quick": REPAIR, "slow": doing(f"import time; time.sleep(60)  # {home}")})
    arguments = ["predictions=patches.jsonl", f"repos={repositories}", "dataset=rows.jsonl", "run_dir=run"]
    code = "from launch.evaluate import main; main()"
    environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
    process = subprocess.Popen([sys.executable, "-c", code, *arguments], cwd=home, env=environment)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not _lines(home / "run" / "cases.jsonl"):
        time.sleep(0.1)
    time.sleep(3)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 130
    assert list(Path("/tmp").glob("r4-local-*/testbed/cart.py")) == [] or not _running(str(home))
    proposed({"quick": REPAIR, "slow": WRONG})
    assert cgm_eval("predictions=patches.jsonl", "run_dir=run") == 0
    assert outcomes(read("run/verdicts.jsonl")) == {"quick": "resolved", "slow": "unresolved"}


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _running(word: str) -> bool:
    """Whether a process of this machine names a word on its command line."""
    lines = (path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists())
    return any(word.encode() in line for line in lines)
