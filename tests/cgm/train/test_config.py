import ast
import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cgm.errors import ConfigError
from cgm.model.config import CodeGraphConfig, LMConfig, LoraConfig
from cgm.train.config import (
    BatchConfig,
    CheckpointConfig,
    EvaluationConfig,
    OptimizerConfig,
    ScheduleConfig,
    TrainConfig,
)

_ROOT = Path(__file__).parents[3]
_BITS = LMConfig(quantization="4bit")


@pytest.mark.parametrize(
    ("make", "settings", "message"),
    [
        (BatchConfig, {"samples": 0}, "batch.samples must be >= 1, got 0"),
        (OptimizerConfig, {"lr": 0.0}, "optimizer.lr must be > 0, got 0.0"),
        (OptimizerConfig, {"clip": -1.0}, "optimizer.clip must be >= 0, got -1.0"),
        (OptimizerConfig, {"beta2": 1.0}, r"optimizer.beta2 must lie in \[0, 1\), got 1.0"),
        (
            ScheduleConfig,
            {"kind": "step"},
            "schedule.kind must be one of cosine, linear, constant, plateau, got 'step'",
        ),
        (ScheduleConfig, {"warmup": 2.0}, r"schedule.warmup must lie in \[0, 1\], got 2.0"),
        (EvaluationConfig, {"keep": "all"}, "evaluation.keep must be one of best, last, got 'all'"),
        (CheckpointConfig, {"keep": 0}, "checkpoints.keep must be >= 1, got 0"),
        (TrainConfig, {"tasks": ["sums"]}, "tasks must be among .*, got 'sums'"),
        (TrainConfig, {"precision": "int8"}, "precision must be one of float32, bfloat16, got 'int8'"),
        (TrainConfig, {"epochs": 0}, "epochs must be > 0, got 0"),
        (TrainConfig, {"device": "tpu"}, "device must be one of auto, cpu, got 'tpu'"),
        (
            TrainConfig,
            {"sharding": "fsdp2", "deepspeed": {"a": 1}},
            "sharding must be none with deepspeed, got 'fsdp2'",
        ),
        (
            TrainConfig,
            {"sharding": "fsdp2", "model": CodeGraphConfig(lm=_BITS, lm_lora=LoraConfig(rank=8))},
            "model.lm.quantization must be empty where weights are spread",
        ),
        (CodeGraphConfig, {"lm": _BITS}, "model.lm_lora.rank must be >= 1 to train a quantized language model, got 0"),
    ],
)
def test_a_meaningless_value_is_refused(make: Callable[..., Any], settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make(**settings)


def test_passes_are_what_processes_leave_of_a_step() -> None:
    batch = BatchConfig(samples=32, at_once=2)
    assert [batch.passes(processes) for processes in (1, 2, 8, 16)] == [16, 8, 2, 1]


def test_processes_among_which_a_step_cannot_be_dealt_evenly_are_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"batch\.samples must be a multiple of batch\.at_once \* processes = 6, got 32"
    ):
        BatchConfig(samples=32, at_once=2).passes(3)


def test_steps_come_from_epochs_unless_they_are_given() -> None:
    assert TrainConfig(epochs=2.5, batch=BatchConfig(samples=10)).last_step(100) == 25
    assert TrainConfig(steps=7, epochs=2.5).last_step(100) == 7
    assert TrainConfig().last_step(3) == 1


def test_parts_without_a_rate_of_their_own_have_the_common_one() -> None:
    config = OptimizerConfig(lr=1e-4, adapter_lr=1e-3)
    assert [config.rate(part) for part in ("adapter", "encoder", "lm")] == [1e-3, 1e-4, 1e-4]


class _WithoutChecks(ast.NodeTransformer):
    """Drops the methods that only look whether values make sense."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST | None:
        return None if node.name == "__post_init__" else node


def test_every_setting_is_read_by_someone() -> None:
    folders = (_ROOT / "cgm" / "train", _ROOT / "launch" / "training")
    trees = [ast.parse(path.read_text()) for folder in folders for path in folder.glob("*.py")]
    code = "\n".join(ast.unparse(_WithoutChecks().visit(tree)) for tree in trees)
    kinds = (TrainConfig, BatchConfig, OptimizerConfig, ScheduleConfig, EvaluationConfig, CheckpointConfig)
    names = {item.name for kind in kinds for item in dataclasses.fields(kind)} - {"run_dir"}
    holders = "config|settings|schedule|optimizer|evaluation|checkpoints|batch|self"
    assert {name for name in names if not re.search(rf"\b_?({holders})\.{name}\b", code)} == set()
