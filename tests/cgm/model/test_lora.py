from collections.abc import Callable
from typing import Any

import pytest

from cgm.model.config import LoraConfig, TrainedParts
from cgm.protocols import Message
from cgm.text_graph import TextGraph

torch = pytest.importorskip("torch", reason="the extra code-graph-model is not installed")
Make = Callable[..., Any]
UPDATES = LoraConfig(rank=4, alpha=6.0)


def disturbed(loaded: Any) -> Any:
    """The model with updates as training would leave them, not at zero."""
    with torch.no_grad():
        for name, weights in loaded.model.named_parameters():
            if "lora_B" in name:
                weights.normal_(std=0.3)
    return loaded


def logits(loaded: Any, question: tuple[Message, ...], graph: TextGraph) -> Any:
    from cgm.model.batch import collate

    batch = collate([[loaded.samples.build(question, graph, "pass")]])
    with torch.no_grad():
        return loaded.model.logits(batch, torch.arange(batch.text_BT.shape[1]))


@pytest.mark.parametrize("family", ["qwen2", "llama"])
def test_merged_updates_say_what_they_said_beside_the_weights(
    make: Make, family: str, question: tuple[Message, ...], graph: TextGraph
) -> None:
    from cgm.model.lora import merge_lora

    loaded = disturbed(make(family, encoder="hf", lm_lora=UPDATES, encoder_lora=UPDATES))
    plain = logits(make(family, encoder="hf"), question, graph)
    before = logits(loaded, question, graph)
    assert not torch.allclose(before, plain, atol=1e-2)
    assert merge_lora(loaded.model.lm) == 14
    assert merge_lora(loaded.model.encoder) > 0
    torch.testing.assert_close(logits(loaded, question, graph), before, atol=1e-4, rtol=1e-3)
    assert not any("lora_" in name for name in loaded.model.state_dict())


def test_a_merged_weight_is_w_plus_alpha_over_rank_b_a(make: Make) -> None:
    from cgm.model.lora import merge_lora

    loaded = disturbed(make(lm_lora=UPDATES))
    layer = loaded.model.lm.model.layers[0].self_attn.q_proj
    low, high = layer.lora_A["default"].weight, layer.lora_B["default"].weight
    wanted = layer.base_layer.weight + 6.0 / 4 * high @ low
    merge_lora(loaded.model.lm)
    torch.testing.assert_close(loaded.model.lm.model.layers[0].self_attn.q_proj.weight, wanted)


def test_untrained_updates_change_nothing(make: Make, question: tuple[Message, ...], graph: TextGraph) -> None:
    updated, plain = make(lm_lora=UPDATES, adapter="none"), make(adapter="none")
    assert torch.equal(logits(updated, question, graph), logits(plain, question, graph))


def test_updates_may_be_given_to_some_layers_alone(make: Make) -> None:
    loaded = make(lm_lora=LoraConfig(rank=2, targets=["q_proj", "v_proj"]), trained=TrainedParts(adapter=False))
    trained = {name.split(".")[-4] for name, one in loaded.model.named_parameters() if one.requires_grad}
    assert trained == {"q_proj", "v_proj"}
