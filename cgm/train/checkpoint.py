"""What a run that was killed goes on from: a folder for each of its newest checkpoints.

A checkpoint holds whole tensors, whatever the processes that wrote it: it is read by one process, by ZeRO-2 and 3 and
by FSDP2 alike, on any number of processes. It appears under its name when all of it is written. Knows files and
progress. Does not know how tensors are gathered (`cgm.train.parallel`).

    step_00000200/state.safetensors    weight/NAME, exp_avg/NAME, exp_avg_sq/NAME of all that is trained, in float32
    step_00000200/progress.json        `Progress`
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from cgm.artifacts import from_row, to_row
from cgm.errors import ArtifactError, ConfigError, StorageError
from cgm.model.code_graph_model import CodeGraphModel
from cgm.store import read_bytes, write_json

_STATE = "state.safetensors"
_PROGRESS = "progress.json"


@dataclass(frozen=True)
class Progress:
    """How far a run has come; `rows` is the digest of what it learns from."""

    rows: str
    step: int = 0  # steps made
    answer_tokens: int = 0  # learnt so far
    places: int = 0  # read so far
    best: float | None = None  # the lowest loss of an evaluation
    stale: int = 0  # evaluations since then
    halvings: int = 0  # of the learning rates
    evaluated: int = -1  # the step after which the last evaluation was made
    stopped: bool = False  # early


def save_checkpoint(root: Path, progress: Progress, state: Mapping[str, Tensor], keep: int) -> None:
    """Write a checkpoint, and remove all but the newest `keep`.

    Raises:
        StorageError: it cannot be written.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    whole = root / f"step_{progress.step:08d}"
    part = root / f".{whole.name}"
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        save_file(dict(state), part / _STATE)
        write_json(part / _PROGRESS, to_row(progress))
        shutil.rmtree(whole, ignore_errors=True)
        part.rename(whole)
    except (OSError, SafetensorError) as error:
        raise StorageError(f"cannot write {whole}: {error}") from error
    for old in _checkpoints(root)[:-keep]:
        shutil.rmtree(old, ignore_errors=True)


def load_checkpoint(root: Path, rows: str) -> tuple[Progress, dict[str, Tensor]] | None:
    """Read the newest checkpoint, or None where there is none; `rows` is the digest of what is learnt from.

    Raises:
        ConfigError: the run learnt from other rows.
        ArtifactError: the checkpoint is damaged.
    """
    found = _checkpoints(root)
    if not found:
        return None
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    progress = _read_progress(found[-1] / _PROGRESS)
    if progress.rows != rows:
        raise ConfigError(f"data must be what {found[-1]} was trained on, got other rows")
    try:
        return progress, load_file(found[-1] / _STATE)
    except (OSError, SafetensorError) as error:
        raise ArtifactError(f"{found[-1] / _STATE} must hold tensors, got {error}") from error


def load_trained(model: CodeGraphModel, state: Mapping[str, Tensor]) -> None:
    """Put the weights of a checkpoint into a model that is not yet spread over processes.

    Raises:
        ArtifactError: what is trained is not what the checkpoint holds.
    """
    weights = {name.partition("/")[2]: tensor for name, tensor in state.items() if name.startswith("weight/")}
    trained: dict[str, Any] = {name: one for name, one in model.named_parameters() if one.requires_grad}
    if weights.keys() != trained.keys():
        odd = ", ".join(sorted(weights.keys() ^ trained.keys())[:3])
        raise ArtifactError(f"a checkpoint must hold what is trained, got one that differs in {odd}")
    for name, tensor in weights.items():
        trained[name].data = tensor.to(trained[name].device)


def _read_progress(path: Path) -> Progress:
    try:
        return from_row(Progress, json.loads(read_bytes(path)))
    except ValueError as error:
        raise ArtifactError(f"{path} must hold JSON, got {error}") from error


def _checkpoints(root: Path) -> list[Path]:
    return sorted(path for path in root.glob("step_*") if path.is_dir())
