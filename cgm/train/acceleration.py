"""What accelerate is told: processes, precision, DeepSpeed and trackers.

Knows accelerate's and DeepSpeed's settings. Does not know models.
"""

import copy
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from cgm.errors import ConfigError
from cgm.train.config import TrainConfig

_SHM = "deepspeed_shm_comm"  # on a CPU: compiled for minutes, to no use in trials


def make_accelerator(config: TrainConfig, folder: Path) -> Any:
    """An `Accelerator` for a run in `folder`. FSDP2 is not its affair (`cgm.train.sharding`).

    Raises:
        ConfigError: DeepSpeed or a tracker is not installed.
    """
    from accelerate import Accelerator
    from transformers.integrations import unset_hf_deepspeed_config

    _check_trackers(config.trackers)
    _forget()
    made = Accelerator(
        cpu=not config.deepspeed and not _on_gpu(config.device),
        mixed_precision="bf16" if config.precision == "bfloat16" and not config.is_sharded else "no",
        project_dir=str(folder),
        log_with=list(config.trackers) or None,
        **(_deepspeed(config) if config.deepspeed else {}),
    )
    # or transformers would spread each model as it reads it, before it has its low-rank updates
    unset_hf_deepspeed_config()
    return made


def set_passes(accelerator: Any, passes: int) -> None:
    """Tell how many passes make a step, which only the number of processes decides."""
    accelerator.gradient_accumulation_steps = passes
    plugin = getattr(accelerator.state, "deepspeed_plugin", None)
    if plugin is not None:
        plugin.deepspeed_config["gradient_accumulation_steps"] = passes


def _forget() -> None:
    """Let this process choose anew how it trains: accelerate keeps what an earlier run chose."""
    from accelerate.state import AcceleratorState, GradientState

    os.environ.pop("ACCELERATE_USE_DEEPSPEED", None)  # which it sets for good
    AcceleratorState._reset_state(reset_partial_state=True)  # noqa: SLF001 - as accelerate's own tests do
    GradientState._reset_state()  # noqa: SLF001


def _on_gpu(device: str) -> bool:
    return device != "cpu" and torch.cuda.is_available()


def _deepspeed(config: TrainConfig) -> dict[str, Any]:
    """What accelerate is told of DeepSpeed."""
    try:
        import deepspeed
    except ImportError as error:
        raise ConfigError("deepspeed needs DeepSpeed: pip install 'r4-cgm[deepspeed]', got an import error") from error
    from accelerate import DeepSpeedPlugin
    from accelerate.utils import InitProcessGroupKwargs

    settings = copy.deepcopy(config.deepspeed)
    settings["train_micro_batch_size_per_gpu"] = config.batch.at_once
    settings["gradient_clipping"] = config.optimizer.clip
    told: dict[str, Any] = {"deepspeed_plugin": DeepSpeedPlugin(hf_ds_config=settings, zero3_init_flag=False)}
    if not _on_gpu(config.device):
        deepspeed.ops.__compatible_ops__[_SHM] = False
        told["kwargs_handlers"] = [InitProcessGroupKwargs(backend="gloo")]
    return told


def _check_trackers(trackers: Sequence[str]) -> None:
    from accelerate.tracking import get_available_trackers

    there = [str(tracker) for tracker in get_available_trackers()]
    for tracker in trackers:
        if tracker not in there:
            raise ConfigError(f"trackers must be installed ({', '.join(there) or 'none is'}), got {tracker!r}")
