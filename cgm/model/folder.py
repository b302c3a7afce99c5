"""The folder of a Code Graph Model: its settings, and whether its weights are the ones that were saved with them.

Knows the two files and the settings' format. Does not know torch nor what the weights are.
"""

import dataclasses
import hashlib
import json
import typing
from pathlib import Path
from typing import Any

from cgm.errors import ArtifactError, ModelUnavailableError, StorageError
from cgm.model.config import CodeGraphConfig

SETTINGS = "code_graph_model.json"
WEIGHTS = "weights.safetensors"
_FORMAT = 1


def write_settings(folder: Path, config: CodeGraphConfig) -> None:
    """Write the settings with the sha256 of the weights that lie beside them.

    Raises:
        StorageError: a file cannot be read or written.
    """
    row = {"format": _FORMAT, "weights_sha256": _sha256(folder / WEIGHTS), "model": dataclasses.asdict(config)}
    try:
        (folder / SETTINGS).write_text(json.dumps(row, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise StorageError(f"cannot write {folder / SETTINGS}: {error.strerror or error}") from error


def read_settings(folder: Path) -> CodeGraphConfig:
    """Read the settings of a folder; what they name relative to it is made absolute.

    Raises:
        ModelUnavailableError: the folder holds no Code Graph Model.
        ArtifactError: the settings are damaged or of another format.
    """
    row = _read(folder)
    try:
        kinds = typing.get_type_hints(CodeGraphConfig)
        config = CodeGraphConfig(**{name: kinds[name](**values) for name, values in row["model"].items()})
    except (TypeError, KeyError, AttributeError) as error:
        raise ArtifactError(f"{folder / SETTINGS} must hold a model's settings, got {error}") from error
    for part in (config.lm, config.encoder):
        if part.path and (folder / part.path).is_dir():
            part.path = str(folder / part.path)
    return config


def check_weights(folder: Path) -> None:
    """Refuse weights that are not those which were saved with the settings.

    Raises:
        ArtifactError: their sha256 is another.
    """
    wanted, got = identify(folder), _sha256(folder / WEIGHTS)
    if wanted != got:
        raise ArtifactError(f"{folder / WEIGHTS} must have the sha256 {wanted[:12]}, got {got[:12]}")


def identify(folder: Path) -> str:
    """The sha256 of a model's weights, as its settings say. Raises as `read_settings`."""
    return str(_read(folder).get("weights_sha256", ""))


def _read(folder: Path) -> dict[str, Any]:
    path = folder / SETTINGS
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelUnavailableError(f"{folder} must be the folder of a Code Graph Model, got no {SETTINGS}") from error
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{path} must hold a model's settings, got {error}") from error
    if not isinstance(row, dict) or row.get("format") != _FORMAT:
        raise ArtifactError(f"{path} must have format {_FORMAT}")
    return row


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror or error}") from error
