"""The settings of `cgm-train` as plain dataclasses.

Knows Hydra's configuration. Does not know how anything is learnt.
"""

import dataclasses
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import DictConfig

from cgm.errors import ConfigError
from cgm.train.config import TrainConfig
from launch.arguments import expanded
from launch.refusal import refuse_unknown
from launch.schema import plain

# groups whose files hold values of ours or of DeepSpeed's, not the settings of an option
VALUE_GROUPS = ("deepspeed", "experiment", "reads")
EXTRA = "cgm-train needs torch, transformers and accelerate: pip install 'r4-cgm[training]'"


def training_config(config: DictConfig) -> TrainConfig:
    """Turn a composed configuration into plain dataclasses; paths that are there are absolute.

    Raises:
        ConfigError: a value breaks its rule.
    """
    refuse_unknown(map(str, config), [item.name for item in dataclasses.fields(TrainConfig)])
    settings: TrainConfig = _made(TrainConfig, plain(config))
    settings.data, settings.start = _located(settings.data), _located(settings.start)
    for part in (settings.model.lm, settings.model.encoder):
        part.path = _located(part.path)
    return settings


def register_training() -> None:
    """Give Hydra the schema of `cgm-train`, as `schema/training`."""
    ConfigStore.instance().store(group="schema", name="training", node=TrainConfig)


def require_torch() -> None:
    """Refuse to go on without what training needs.

    Raises:
        ConfigError: the extra is not installed.
    """
    try:
        import accelerate  # noqa: F401
        import torch  # noqa: F401
        import transformers  # noqa: F401
    except ImportError as error:
        raise ConfigError(f"{EXTRA}, got: {error}") from error


def _made(kind: type[Any], values: Mapping[str, Any]) -> Any:
    """A dataclass of dataclasses from nested values."""
    hints = typing.get_type_hints(kind)
    return kind(
        **{
            name: _made(hints[name], value) if dataclasses.is_dataclass(hints[name]) else value
            for name, value in values.items()
        }
    )


def _located(path: str) -> str:
    """A path that is there as an absolute one; what is none, as a name on the model hub, as it is."""
    there = Path(expanded(path)) if path else None
    return str(there.absolute()) if there and there.exists() else path
