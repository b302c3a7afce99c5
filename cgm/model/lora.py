"""Low-rank updates of a part's linear layers: put in, taken together with the weights, told apart.

Knows peft's layers. Does not know which part is trained.
"""

from typing import Any

from torch import nn

from cgm.model.config import LoraConfig

MARK = "lora_"  # what the name of every tensor of an update holds


def add_lora(module: Any, config: LoraConfig) -> None:
    """Put updates beside the linear layers of a model, which they leave as it is until they are trained.

    Nothing is done at rank 0.

    Raises:
        ValueError: no layer has one of the names in `config.targets`.
    """
    if not config.rank:
        return
    from peft import LoraConfig as PeftConfig
    from peft import inject_adapter_in_model

    settings = PeftConfig(
        r=config.rank,
        lora_alpha=config.alpha,
        lora_dropout=config.dropout,
        target_modules=config.targets or "all-linear",
    )
    inject_adapter_in_model(settings, module)


def merge_lora(module: nn.Module) -> int:
    """Replace every updated layer by a plain one with the weights W + (alpha / rank) B A; how many there were.

    Source: Hu et al., LoRA, section 4.1.
    """
    from peft.tuners.tuners_utils import BaseTunerLayer

    updated = [(name, layer) for name, layer in module.named_modules() if isinstance(layer, BaseTunerLayer)]
    for name, layer in updated:
        layer.merge(safe_merge=True)
        parent, _, own = name.rpartition(".")
        setattr(module.get_submodule(parent), own, layer.get_base_layer())
    return len(updated)
