"""The share of its highest learning rate that each part has in a step.

Knows rise, fall and the adapter's head start. Does not know optimizers.
"""

import math

from cgm.train.config import ScheduleConfig


def share(config: ScheduleConfig, step: int, last: int, halvings: int = 0) -> float:
    """The share in step `step` of `last`, counted from 0; `halvings` is how often `plateau` has halved it."""
    rise = round(config.warmup * last)
    if step < rise:
        return (step + 1) / (rise + 1)
    done = (step - rise) / max(last - rise, 1)
    fallen = {
        "cosine": 0.5 * (1 + math.cos(math.pi * done)),
        "linear": 1 - done,
        "constant": 1.0,
        "plateau": 0.5**halvings,
    }[config.kind]
    return max(fallen, config.floor) if config.kind == "plateau" else config.floor + (1 - config.floor) * fallen


def part_share(config: ScheduleConfig, part: str, step: int, last: int, halvings: int = 0) -> float:
    """The share of one part: none for the others while the adapter warms up."""
    if step < config.adapter_steps and part != "adapter":
        return 0.0
    return share(config, step, last, halvings)
