from collections.abc import Callable
from typing import Any

import pytest

from cgm.errors import ConfigError
from cgm.train.config import OptimizerConfig

torch = pytest.importorskip("torch", reason="the extra training is not installed")


def test_vectors_and_biases_do_not_decay(make: Callable[..., Any]) -> None:
    from cgm.train.optimizer import make_optimizer

    model = make().model
    optimizer, parts = make_optimizer(
        dict(model.named_parameters()), OptimizerConfig(weight_decay=0.1, adapter_lr=5e-3)
    )
    for group, part in zip(optimizer.param_groups, parts, strict=True):
        assert {weight.dim() > 1 for weight in group["params"]} == {group["weight_decay"] > 0}
        assert group["lr"] == (5e-3 if part == "adapter" else 1e-4)
    assert sum(len(group["params"]) for group in optimizer.param_groups) == len(list(model.parameters()))


def test_nothing_to_train_is_refused() -> None:
    from cgm.train.optimizer import make_optimizer

    with pytest.raises(ConfigError, match=r"model\.trained must name a part"):
        make_optimizer({}, OptimizerConfig())
