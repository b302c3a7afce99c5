"""Whole tensors of a model that may be spread over processes, and back: its weights and AdamW's moments.

Knows how plain weights, FSDP2's and those of DeepSpeed's ZeRO are taken together and apart. Does not know files. Every
process must call each function, in the same order; each gets the whole tensor.
"""

from typing import Any

import torch
from torch import Tensor, nn

MOMENTS = ("exp_avg", "exp_avg_sq")  # of AdamW


def whole_weight(parameter: nn.Parameter) -> Tensor:
    """The whole of a weight; under ZeRO that of the float32 copy which the optimizer changes."""
    if _in_zero(parameter) and parameter.requires_grad:
        from deepspeed.utils import safe_get_full_fp32_param

        whole: Tensor = safe_get_full_fp32_param(parameter)
        return whole
    if hasattr(parameter, "ds_id"):
        from deepspeed.zero import GatheredParameters

        with GatheredParameters([parameter]):
            return parameter.detach().clone()
    return _whole(parameter.detach())


def set_weight(parameter: nn.Parameter, value: Tensor) -> None:
    """Set the float32 copy of a weight that ZeRO keeps; of others nothing, whose weight is all there is."""
    if _in_zero(parameter):
        _set_in_zero(parameter, value, None)


def whole_moment(parameter: nn.Parameter, optimizer: Any, name: str) -> Tensor:
    """The whole of a moment of AdamW, zeros where the weight was never changed."""
    if _in_zero(parameter):
        from deepspeed.utils import safe_get_full_optimizer_state

        whole: Tensor = safe_get_full_optimizer_state(parameter, name)
        return whole
    own = optimizer.state.get(parameter, {})
    return _whole(own[name]) if name in own else torch.zeros(parameter.shape)


def set_moments(parameter: nn.Parameter, optimizer: Any, values: dict[str, Tensor], step: int) -> None:
    """Set the moments of a weight after `step` steps. Under ZeRO, `begin_moments` comes first."""
    if _in_zero(parameter):
        for name, value in values.items():
            _set_in_zero(parameter, value, name)
        return
    own = {name: _like(value, parameter) for name, value in values.items()}
    optimizer.state[parameter] = {"step": torch.tensor(float(step)), **own}


def begin_moments(optimizer: Any, step: int) -> None:
    """Give ZeRO's optimizer moments of zero after `step` steps, which it would make in its first step.

    It would tell the moments of its first group of weights alone from then on, which this puts right too.
    """
    flats = getattr(optimizer, "fp32_partitioned_groups_flat", None)  # of ZeRO-3
    for flat in optimizer.single_partition_of_fp32_groups if flats is None else flats:
        inner = optimizer.optimizer
        count: Any = torch.tensor(float(step)) if isinstance(inner, torch.optim.AdamW) else step
        inner.state[flat] = {"step": count, **{name: torch.zeros_like(flat) for name in MOMENTS}}
    if flats is None:
        optimizer._hp_optimizer_states_linked = False  # noqa: SLF001
        optimizer._lazy_init_hp_params_optimizer_state()  # noqa: SLF001


def _in_zero(parameter: nn.Parameter) -> bool:
    return hasattr(parameter, "ds_id") or hasattr(parameter, "_hp_mapping")


def _set_in_zero(parameter: nn.Parameter, value: Tensor, name: str | None) -> None:
    value = value.to(parameter.device)
    if not hasattr(parameter, "ds_id"):
        parameter.set_full_hp_param(value, name)
        return
    # of a weight that cannot be cut evenly, the last process has a part with padding
    size = parameter.ds_tensor.numel()
    flat = nn.functional.pad(value.flatten(), (0, size * torch.distributed.get_world_size() - value.numel()))
    own = flat[size * torch.distributed.get_rank() :][:size]
    parameter._z3_optimizer.set_local_hp_param(own, parameter, name)  # noqa: SLF001 - as safe_set_local_* do


def _whole(tensor: Any) -> Tensor:
    return tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor


def _like(value: Tensor, parameter: Any) -> Tensor:
    """A tensor spread over the processes as a weight is."""
    if not hasattr(parameter, "full_tensor"):
        return value.to(parameter.device)
    from torch.distributed.tensor import distribute_tensor

    spread: Tensor = distribute_tensor(value.to(parameter.device), parameter.device_mesh, parameter.placements)
    return spread
