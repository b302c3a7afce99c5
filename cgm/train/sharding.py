"""A model whose weights are spread over the processes by PyTorch's own FSDP2, on GPUs and CPUs alike.

Knows which modules are gathered together, and which are left whole. Does not know optimizers. accelerate does the same,
but on GPUs alone, so that no test could run it.
"""

from collections.abc import Iterator

import torch
from torch import nn

from cgm.model.code_graph_model import CodeGraphModel
from cgm.model.encoder import TextEncoder


def shard_model(model: CodeGraphModel, precision: str, device: torch.device) -> None:
    """Spread the weights of a model, block by block, over all processes; it computes in `precision`."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard

    mesh = init_device_mesh(device.type, (torch.distributed.get_world_size(),))
    half = MixedPrecisionPolicy(param_dtype=torch.bfloat16, reduce_dtype=torch.float32)
    policy = half if precision == "bfloat16" else MixedPrecisionPolicy()
    for block in _blocks(model):
        fully_shard(block, mesh=mesh, mp_policy=policy)
    fully_shard(model, mesh=mesh, mp_policy=policy, ignored_params=_kept_whole(model))


def _blocks(model: CodeGraphModel) -> Iterator[nn.Module]:
    """The layers of the language model and of an encoder that is trained, which transformers names."""
    networks = [model.lm]
    if isinstance(model.encoder, TextEncoder) and not _kept_whole(model):
        networks.append(model.encoder.model)
    for network in networks:
        names = set(network._no_split_modules or ())  # noqa: SLF001 - where transformers says what belongs together
        yield from (module for module in network.modules() if type(module).__name__ in names)


def _kept_whole(model: CodeGraphModel) -> set[nn.Parameter]:
    """The weights of a frozen encoder: what it says of a text is kept, so that it is seldom asked."""
    weights = set(model.encoder.parameters()) if model.encoder else set()
    return set() if any(weight.requires_grad for weight in weights) else weights


def keep_encoder_whole(model: CodeGraphModel) -> None:
    """Hide a frozen encoder from DeepSpeed, which would take it apart, and put it into another precision."""
    if isinstance(model.encoder, TextEncoder) and _kept_whole(model):
        network = model.encoder.model
        del model.encoder.model
        # where attributes are that are no part of a module
        model.encoder.__dict__["model"] = network
