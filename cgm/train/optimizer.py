"""AdamW over the weights that are trained, in a group for each part of the model.

Knows groups. Does not know schedules (`cgm.train.schedule`).
"""

from collections.abc import Mapping
from typing import Any

import torch

from cgm.errors import ConfigError
from cgm.train.config import OptimizerConfig


def make_optimizer(trained: Mapping[str, Any], config: OptimizerConfig) -> tuple[torch.optim.Optimizer, list[str]]:
    """AdamW over weights by name, and the part of the model that each of its groups is of.

    Raises:
        ConfigError: nothing is trained.
    """
    groups: dict[tuple[str, bool], list[Any]] = {}
    for name, weight in trained.items():
        groups.setdefault((name.partition(".")[0], weight.dim() > 1), []).append(weight)
    if not groups:
        raise ConfigError("model.trained must name a part that there is, got none")
    settings = [
        {
            "params": weights,
            "lr": config.rate(part),
            "weight_decay": config.weight_decay if is_matrix else 0.0,
            "betas": (config.beta1, config.beta2),
            "eps": config.epsilon,
        }
        for (part, is_matrix), weights in groups.items()
    ]
    return torch.optim.AdamW(settings), [part for part, _ in groups]
