from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cgm.store import read_rows, write_rows
from launch.training.log import TrainingLog

pytest.importorskip("torch", reason="the extra training is not installed")


@dataclass
class _Tracked:
    """What trackers are told."""

    values: list[tuple[int, dict[str, float]]] = field(default_factory=list)

    def log(self, values: dict[str, float], step: int) -> None:
        self.values.append((step, values))


@dataclass
class _Process:
    is_main: bool = True
    accelerator: _Tracked = field(default_factory=_Tracked)


def _learn(log: TrainingLog, step: int) -> None:
    from cgm.train.parallel import Learnt

    log.learnt(step, Learnt(loss=2.0, answer_tokens=3, places=40, norm=1.5), {"lm": 1e-4})


def _rows(folder: Path) -> list[dict[str, Any]]:
    return [row for _, row in read_rows(folder / "metrics.jsonl")]


def test_a_step_is_a_row_without_times_and_trackers_are_told_its_speed(tmp_path: Path) -> None:
    process = _Process()
    with TrainingLog(tmp_path, process, Console(), 0, 9) as log:
        _learn(log, 1)
    assert _rows(tmp_path) == [{"step": 1, "loss": 2.0, "norm": 1.5, "answer_tokens": 3, "places": 40, "lr_lm": 1e-4}]
    told = {name: value for _, values in process.accelerator.values for name, value in values.items()}
    assert told["train/loss"] == 2.0
    assert told["train/tokens_per_second"] > 0
    assert log.places == 40


def test_steps_that_are_made_again_are_told_once(tmp_path: Path) -> None:
    write_rows(tmp_path / "metrics.jsonl", ({"step": step, "loss": 9.0} for step in (1, 2, 3)))
    with TrainingLog(tmp_path, _Process(), Console(), 1, 9) as log:
        _learn(log, 2)
    assert [(row["step"], row["loss"]) for row in _rows(tmp_path)] == [(1, 9.0), (2, 2.0)]


def test_processes_but_the_main_one_write_nothing(tmp_path: Path) -> None:
    with TrainingLog(tmp_path, _Process(is_main=False), Console(), 0, 9) as log:
        _learn(log, 1)
    assert list(tmp_path.iterdir()) == []
