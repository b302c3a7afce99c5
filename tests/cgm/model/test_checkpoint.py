import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cgm.errors import ArtifactError, ConfigError, ModelUnavailableError, StorageError
from cgm.model.config import LoraConfig, TrainedParts
from cgm.protocols import Message
from cgm.text_graph import TextGraph

torch = pytest.importorskip("torch", reason="the extra code-graph-model is not installed")
Make = Callable[..., Any]
Say = Callable[[Any], Any]
UPDATES = LoraConfig(rank=4)
WAYS = [
    {},
    {"trained": TrainedParts(lm=False)},
    {"lm_lora": UPDATES},
    {"encoder": "hf", "lm_lora": UPDATES, "encoder_lora": UPDATES, "adapter": "sage"},
    {"encoder": "hf", "trained": TrainedParts(encoder=True)},
    {"adapter": "none"},
]


@pytest.fixture
def say(question: tuple[Message, ...], graph: TextGraph) -> Say:
    """What a model says after every token of one row."""
    from cgm.model.batch import collate

    def every_logit(loaded: Any) -> Any:
        batch = collate([[loaded.samples.build(question, graph, "pass")]])
        with torch.no_grad():
            return loaded.model.eval().logits(batch, torch.arange(batch.text_BT.shape[1]))

    return every_logit


def trained(loaded: Any) -> Any:
    """The model after something like a step of training."""
    with torch.no_grad():
        for weights in loaded.model.parameters():
            if weights.requires_grad:
                weights.add_(torch.randn(weights.shape, generator=torch.Generator().manual_seed(5)), alpha=0.05)
    return loaded


@pytest.mark.parametrize("family", ["qwen2", "llama"])
@pytest.mark.parametrize("settings", WAYS)
def test_a_saved_model_says_the_same_when_it_is_loaded(
    make: Make, say: Say, tmp_path: Path, family: str, settings: dict[str, Any]
) -> None:
    from cgm.model.checkpoint import load_model, save_model

    loaded = trained(make(family, **settings))
    save_model(loaded, tmp_path / "model")
    again = load_model(tmp_path / "model")
    assert again.config == loaded.config
    assert torch.equal(say(again), say(loaded))


def test_only_what_differs_from_the_named_models_is_saved(make: Make, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    from cgm.model.checkpoint import save_model

    save_model(make(lm_lora=UPDATES), tmp_path)
    assert all(name.startswith("adapter.") or "lora_" in name for name in load_file(tmp_path / "weights.safetensors"))


@pytest.mark.parametrize("settings", WAYS)
def test_an_exported_model_needs_no_other_and_says_the_same(
    make: Make, say: Say, tmp_path: Path, settings: dict[str, Any]
) -> None:
    from cgm.model.checkpoint import export_model, load_model

    loaded = trained(make("llama", **settings))
    before = say(loaded)
    export_model(loaded, tmp_path / "first")
    (tmp_path / "first").rename(tmp_path / "moved")
    again = load_model(tmp_path / "moved")
    torch.testing.assert_close(say(again), before, atol=1e-4, rtol=1e-3)


def test_an_exported_language_model_is_a_plain_checkpoint(make: Make, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from cgm.model.checkpoint import export_model

    loaded = trained(make("qwen2", lm_lora=UPDATES))
    export_model(loaded, tmp_path)
    plain = AutoModelForCausalLM.from_pretrained(tmp_path / "lm")
    row = torch.tensor([[5, 6, 7]])
    torch.testing.assert_close(plain(row).logits, loaded.model.lm(row).logits)
    assert AutoTokenizer.from_pretrained(tmp_path / "lm").chat_template == loaded.samples.chat.tokenizer.chat_template


def test_a_whole_state_that_was_gathered_elsewhere_is_saved_alike(make: Make, say: Say, tmp_path: Path) -> None:
    from cgm.model.checkpoint import load_model, save_model

    loaded = trained(make("llama"))
    gathered = {name: tensor.clone() for name, tensor in loaded.model.state_dict().items()}
    save_model(loaded, tmp_path, gathered)
    assert torch.equal(say(load_model(tmp_path)), say(loaded))


def test_weights_of_another_model_are_refused(make: Make, tmp_path: Path) -> None:
    from cgm.model.checkpoint import load_model, save_model

    save_model(make(), tmp_path / "one")
    save_model(make(lm_lora=UPDATES), tmp_path / "other")
    (tmp_path / "other" / "weights.safetensors").replace(tmp_path / "one" / "weights.safetensors")
    with pytest.raises(ArtifactError, match="must have the sha256"):
        load_model(tmp_path / "one")


def test_settings_that_ask_for_other_tensors_are_refused(make: Make, tmp_path: Path) -> None:
    from cgm.model.checkpoint import load_model, save_model

    save_model(make(), tmp_path)
    path = tmp_path / "code_graph_model.json"
    row = json.loads(path.read_text())
    row["model"]["trained"]["lm"] = False
    path.write_text(json.dumps(row))
    with pytest.raises(ArtifactError, match="must hold the tensors of its settings"):
        load_model(tmp_path)


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    from cgm.model.checkpoint import load_model

    with pytest.raises(ModelUnavailableError, match=r"must be the folder of a Code Graph Model"):
        load_model(tmp_path)


def test_a_folder_that_cannot_be_written_is_named(make: Make, tmp_path: Path) -> None:
    from cgm.model.checkpoint import save_model

    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot write"):
        save_model(make(), tmp_path / "file")


def test_a_language_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    from cgm.model.checkpoint import build_model
    from cgm.model.config import CodeGraphConfig, LMConfig

    with pytest.raises(ModelUnavailableError, match="cannot be loaded as a model"):
        build_model(CodeGraphConfig(lm=LMConfig(path=str(tmp_path))))


def test_weights_are_taken_over_by_a_model_that_has_more_parts(make: Make, tmp_path: Path) -> None:
    from cgm.model.checkpoint import save_model, take_weights

    learnt = trained(make(trained=TrainedParts(lm=False)))
    save_model(learnt, tmp_path)
    later = make(lm_lora=UPDATES)
    assert take_weights(later.model, tmp_path) == 4
    assert torch.equal(later.model.adapter.inner.weight, learnt.model.adapter.inner.weight)


def test_weights_of_parts_that_a_model_lacks_are_not_taken_over(make: Make, tmp_path: Path) -> None:
    from cgm.model.checkpoint import save_model, take_weights

    save_model(make(lm_lora=UPDATES), tmp_path)
    with pytest.raises(ArtifactError, match="must hold tensors of this model, got lm"):
        take_weights(make().model, tmp_path)


def test_a_model_too_narrow_for_few_bits_is_refused(make: Make) -> None:
    pytest.importorskip("bitsandbytes", reason="the extra quantization is not installed")
    from cgm.model.checkpoint import build_model

    config = make(lm_lora=UPDATES).config
    config.lm.quantization = "8bit"
    with pytest.raises(ConfigError, match=r"model\.lm must have widths that are multiples of 64 .* got 32"):
        build_model(config)


def test_few_bits_without_what_packs_them_are_refused(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    from cgm.model.checkpoint import build_model

    config = make(lm_lora=UPDATES).config
    config.lm.quantization = "4bit"
    monkeypatch.setitem(sys.modules, "bitsandbytes", None)
    with pytest.raises(ConfigError, match=r"model\.lm\.quantization needs bitsandbytes: pip install"):
        build_model(config)


@pytest.mark.filterwarnings("ignore:MatMul8bitLt")
@pytest.mark.parametrize("quantization", ["4bit", "8bit"])
def test_a_model_in_few_bits_learns_its_updates_and_is_saved_without_its_weights(
    make: Make, say: Say, tmp_path: Path, quantization: str
) -> None:
    pytest.importorskip("bitsandbytes", reason="the extra quantization is not installed")
    from cgm.model.checkpoint import build_model, export_model, load_model, save_model

    config = make("wide", lm_lora=UPDATES).config
    config.lm.quantization = quantization
    loaded = trained(build_model(config))
    assert {weight.dtype for name, weight in loaded.model.lm.named_parameters() if "base_layer" in name} != {
        torch.float32
    }
    save_model(loaded, tmp_path)
    torch.testing.assert_close(say(load_model(tmp_path)), say(loaded))
    with pytest.raises(ConfigError, match=r"model\.lm\.quantization must be empty to export"):
        export_model(loaded, tmp_path / "export")
