"""The command `cgm-train`: a training set to a Code Graph Model, into a run folder.

Knows the command's files, exit codes and clock, and the processes that torchrun starts. Exit codes: 0 the model is
trained, 1 a refused setting or input, 130 interrupted. The same command with the same run_dir goes on where it was
stopped, also with other processes, DeepSpeed or sharding.

    model/              the trained model: llm=code_graph_model llm.path=RUN/model
    metrics.json        the last and the best evaluation, in all and by task
    metrics.jsonl evaluations/    `launch.training.log`
    checkpoints/        `cgm.train.checkpoint`
    summary.json        rows, what was left out, tokens, seconds, peak memory
    cgm-train/          what TensorBoard shows
"""

import dataclasses
import logging
import os
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from rich.console import Console

from cgm.errors import ConfigError
from cgm.store import read_rows, write_json
from cgm.train.config import TrainConfig
from launch.command import run_command
from launch.meter import peak_mib
from launch.runfolder import open_run
from launch.schema import plain
from launch.training.log import METRICS, TrainingLog
from launch.training.settings import register_training, require_torch, training_config

_log = logging.getLogger(__name__)


def main() -> None:
    """Run the command line and leave with its exit code."""
    register_training()
    code = run_command(train_model, "train")
    if code == 0:
        _leave()
    sys.exit(code)


def train_model(config: DictConfig, folder: Path) -> int:
    """Run one configuration into its folder; the exit code.

    Raises:
        CgmError: a setting or input is refused, or a file of ours cannot be written.
    """
    settings = training_config(config)
    require_torch()
    if settings.deepspeed and "LOCAL_RANK" not in os.environ:
        raise ConfigError(
            "deepspeed needs processes that torchrun starts, got none: torchrun --no-python cgm-train ..."
        )
    from cgm.train.parallel import Parallel

    parallel = Parallel(settings, folder)
    try:
        return _train(settings, config, parallel, _agreed(folder))
    finally:
        parallel.close()


def _train(settings: TrainConfig, config: DictConfig, parallel: Any, folder: Path) -> int:
    from cgm.train.loop import Trainer
    from launch.training.material import load_material

    if parallel.is_main:
        open_run(folder, config)
    else:
        for name in ("launch", "cgm"):
            logging.getLogger(name).setLevel(logging.WARNING)
    material, left_out = load_material(settings, str(parallel.device))
    for reason, count in sorted(left_out.items()):
        _log.info("left out: %d of %s", count, reason)
    parallel.accelerator.init_trackers("cgm-train", config=_flat(plain(config)))
    trainer = Trainer(settings, material, parallel=parallel, folder=folder)
    _log.info("%s", _plan(settings, material, trainer.last, parallel))
    with TrainingLog(folder, parallel, Console(stderr=True), trainer.progress.step, trainer.last) as log:
        trainer.run(log)
    if parallel.is_main:
        _write_summary(folder, material, left_out, trainer.progress, log)
    return 0


def _leave() -> None:
    """Part from the other processes, as PyTorch wants it."""
    import torch

    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def _agreed(folder: Path) -> Path:
    """The main process's run folder; a folder that another clock named is removed."""
    from accelerate.utils import broadcast_object_list

    (chosen,) = broadcast_object_list([str(folder)])
    if Path(chosen) != folder:
        with suppress(OSError):
            folder.rmdir()
    return Path(chosen)


def _plan(settings: TrainConfig, material: Any, last: int, parallel: Any) -> str:
    weights = list(material.loaded.model.parameters())
    trained = sum(getattr(one, "ds_numel", one.numel()) for one in weights if one.requires_grad)
    total = sum(getattr(one, "ds_numel", one.numel()) for one in weights)
    return (
        f"{trained:,} of {total:,} weights learn from {len(material.train)} rows in {last} steps: "
        f"{settings.batch.samples} rows a step, {parallel.passes} passes of {settings.batch.at_once} in each of "
        f"{parallel.processes} processes"
    )


def _write_summary(folder: Path, material: Any, left_out: Counter[str], progress: Any, log: TrainingLog) -> None:
    tried = [row for _, row in read_rows(folder / METRICS) if "evaluation" in row]
    if tried:
        best = min(tried, key=lambda row: row["evaluation"]["loss"])
        write_json(folder / "metrics.json", {"last": tried[-1], "best": best})
    summary = {
        "rows": {"train": len(material.train), "validation": len(material.validation or ())},
        "left_out": dict(sorted(left_out.items())),
        **{name: value for name, value in dataclasses.asdict(progress).items() if name != "rows"},
        "wall_seconds": round(log.seconds, 1),
        "tokens_per_second": round(log.places / max(log.seconds, 1e-9), 1),
        "peak_memory_mib": _peak(),
    }
    write_json(folder / "summary.json", summary)
    _log.info("trained in %.0f s, %.0f tokens/s: %s", log.seconds, summary["tokens_per_second"], folder / "model")


def _peak() -> dict[str, float]:
    import torch

    found = {"main_process": round(peak_mib(), 1)}
    if torch.cuda.is_available():
        found["gpu"] = round(torch.cuda.max_memory_allocated() / 2**20, 1)
    return found


def _flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Settings as trackers take them: one level, lists as text."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value if isinstance(value, bool | int | float | str) else str(value)
    return flat
