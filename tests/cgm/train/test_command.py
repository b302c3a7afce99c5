"""cgm-train as a person runs it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cgm.store import read_rows

torch = pytest.importorskip("torch", reason="the extra training is not installed")
_ROOT = Path(__file__).parents[3]
_SECONDS = 300
Run = Callable[[list[str]], int]
Told = Callable[[Path], list[dict[str, Any]]]


def test_a_run_folder_is_complete(alone: Path, told: Told) -> None:
    names = {path.name for path in alone.iterdir()}
    assert names >= {"config.yaml", "environment.json", "metrics.jsonl", "metrics.json", "summary.json", "model"}
    summary = json.loads((alone / "summary.json").read_text())
    assert summary["rows"] == {"train": 12, "validation": 5}
    assert (summary["step"], summary["left_out"]) == (4, {})
    assert summary["answer_tokens"] == sum(row["answer_tokens"] for row in told(alone) if "loss" in row)
    assert summary["tokens_per_second"] > 0
    rows = [row for _, row in read_rows(alone / "evaluations" / "step_00000004.jsonl")]
    last = json.loads((alone / "metrics.json").read_text())["last"]
    assert sum(row["loss"] for row in rows) / sum(row["tokens"] for row in rows) == last["evaluation"]["loss"]
    assert {task: found["rows"] for task, found in last["tasks"].items()} == {"api": 2, "graph_query": 3}


def test_a_run_that_is_killed_goes_on_to_the_same_bytes(
    alone: Path, run: Run, arguments: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "killed"
    command = [*arguments, f"run_dir={folder}"]
    code = "from launch.train import main; main()"
    environment = os.environ | {"PYTHONPATH": str(_ROOT), "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", code, *command], env=environment, stderr=subprocess.DEVNULL
    ) as process:
        deadline = time.monotonic() + _SECONDS
        while not (folder / "checkpoints" / "step_00000002").exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    shutil.rmtree(folder / "checkpoints" / "step_00000004", ignore_errors=True)  # where the signal came late
    assert run(command) == 0
    assert (folder / "metrics.jsonl").read_bytes() == (alone / "metrics.jsonl").read_bytes()
    weights = [path / "model" / "weights.safetensors" for path in (folder, alone)]
    assert weights[0].read_bytes() == weights[1].read_bytes()


def test_other_settings_do_not_mix_with_a_folder(
    alone: Path, run: Run, arguments: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert run([*arguments, f"run_dir={alone}", "optimizer.lr=1"]) == 1
    assert "run_dir must be new or hold the same run" in capfd.readouterr().err


def test_tensorboard_shows_the_course(run: Run, arguments: list[str], tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="the extra training is not installed")
    assert run([*arguments, f"run_dir={tmp_path / 'run'}", "trackers=[tensorboard]", "steps=1"]) == 0
    (events,) = (tmp_path / "run" / "cgm-train").glob("events.out.tfevents.*")
    content = events.read_bytes()
    assert all(name in content for name in (b"train/loss", b"train/tokens_per_second", b"eval/loss"))


def test_the_experiment_on_the_graph_runs_as_one_multirun(
    run: Run, arguments: list[str], told: Told, tmp_path: Path
) -> None:
    asked = ["-m", "+experiment=graph_helps", *arguments, f"run_dir={tmp_path}", "steps=1", "seed=0,1", "tasks=[]"]
    assert run([*asked, "model.lm_lora.targets=[q_proj]"]) == 0
    folders = sorted(path.parent for path in tmp_path.rglob("summary.json"))
    assert len(folders) == 6
    # the same answers are learnt, whatever the model reads beside them
    tokens = [(folder.name.partition("seed=")[2][0], told(folder)[0]["answer_tokens"]) for folder in folders]
    assert len(set(tokens)) == 2
    names = {path.name for path in (tmp_path / folders[0].name / "evaluations").iterdir()}
    assert names == {"step_00000001.jsonl"}


def test_deepspeed_in_one_process_that_nobody_launched_is_refused(
    run: Run, arguments: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run([*arguments, f"run_dir={tmp_path / 'run'}", "deepspeed=zero2"]) == 1
    assert "deepspeed needs processes that torchrun starts" in capfd.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.filterwarnings("ignore:MatMul8bitLt")
def test_updates_of_a_model_in_few_bits_are_trained(
    run: Run, arguments: list[str], hub: Callable[[str], str], told: Told, tmp_path: Path
) -> None:
    pytest.importorskip("bitsandbytes", reason="the extra quantization is not installed")
    bits = [f"model.lm.path={hub('wide')}", "model.lm.quantization=4bit", "model.lm_lora.rank=4", "optimizer.lr=1e-2"]
    assert run([*arguments, *bits, f"run_dir={tmp_path / 'run'}", "steps=12"]) == 0
    tried = [row["evaluation"]["loss"] for row in told(tmp_path / "run") if "evaluation" in row]
    assert tried[-1] < tried[0]


@pytest.mark.slow
def test_the_script_for_clusters_starts_its_processes(
    arguments: list[str], alone: Path, losses: Callable[[Path], list[float]], tmp_path: Path
) -> None:
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    if not shutil.which("cgm-train", path=programs):
        pytest.skip("cgm-train is not installed")
    script = str(_ROOT / "launch" / "train_torchrun.sh")
    refused = subprocess.run([script, *arguments], check=False, capture_output=True, text=True)
    assert (refused.returncode, "run_dir=DIR must be given" in refused.stderr) == (1, True)
    environment = os.environ | {"PROCESSES": "2", "PATH": programs, "PORT": "0"}
    subprocess.run([script, *arguments, f"run_dir={tmp_path / 'run'}"], check=True, env=environment, timeout=_SECONDS)
    assert losses(tmp_path / "run") == pytest.approx(losses(alone), rel=1e-4)
