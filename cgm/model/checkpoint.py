"""A Code Graph Model from its settings, and to and from a folder.

A saved folder holds the settings and, in `weights.safetensors`, all that differs from the models that the settings
name. An exported folder needs no other model: `lm/` and `encoder/` in it are plain checkpoints of transformers, with
every low-rank update merged. Knows both forms. Does not know training.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from cgm.errors import ArtifactError, StorageError, require
from cgm.model.adapter import make_adapter, match_length
from cgm.model.chat import ChatTokens
from cgm.model.code_graph_model import CodeGraphModel
from cgm.model.config import CodeGraphConfig, LoraConfig, TrainedParts
from cgm.model.encoder import EmbeddingEncoder, TextEncoder
from cgm.model.folder import WEIGHTS, check_weights, read_settings, write_settings
from cgm.model.lora import MARK, add_lora, merge_lora
from cgm.model.pretrained import load_encoder, load_lm
from cgm.model.sample import SampleBuilder
from cgm.model.vectors import MemoryBlobs
from cgm.protocols import BlobStore


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A model with its settings and what makes its samples."""

    config: CodeGraphConfig
    model: CodeGraphModel
    samples: SampleBuilder


def build_model(config: CodeGraphConfig, *, device: str = "cpu", vectors: BlobStore | None = None) -> LoadedModel:
    """Build a model from the models that its settings name; the adapter and low-rank updates are untrained.

    `vectors` keeps what a frozen encoder says, in memory unless it is given.

    Raises:
        ModelUnavailableError: a model cannot be loaded, or an extra is not installed.
        ConfigError: the language model cannot take a graph's mask.
    """
    lm, tokenizer = load_lm(config.lm, device)
    add_lora(lm, config.lm_lora)
    encoder: EmbeddingEncoder | TextEncoder | None = None
    encoder_tokenizer, settings = None, config.encoder
    if config.adapter.kind != "none" and settings.kind == "hf":
        network, encoder_tokenizer = load_encoder(settings, device)
        add_lora(network, config.encoder_lora)
        kept = MemoryBlobs(int(settings.cache_gib * 2**30)) if vectors is None else vectors
        encoder = TextEncoder(network, settings.pooling, settings.batch_tokens, kept)
    elif config.adapter.kind != "none":
        encoder = EmbeddingEncoder(lm, settings.batch_tokens)
    adapter = make_adapter(config.adapter, encoder.width, lm.config.hidden_size) if encoder else None
    if adapter and encoder:
        match_length(adapter, lm, encoder.width)
        adapter.to(device, lm.dtype)
    model = CodeGraphModel(lm, encoder, adapter, config.graph.mask)
    model.train_parts(config.trained)
    return LoadedModel(config, model, SampleBuilder(config, ChatTokens(tokenizer), encoder_tokenizer))


def load_model(folder: Path, *, device: str = "cpu", vectors: BlobStore | None = None) -> LoadedModel:
    """Load a model from a folder that `save_model` or `export_model` wrote.

    Raises:
        ArtifactError: the folder is damaged, or its weights are not of these settings.
        ModelError: as `build_model`.
    """
    loaded = build_model(read_settings(folder), device=device, vectors=vectors)
    weights = _read_weights(folder)
    wanted = own_names(loaded.model, loaded.config)
    if weights.keys() != wanted:
        odd = ", ".join(sorted(weights.keys() ^ wanted)[:3])
        raise ArtifactError(f"{folder / WEIGHTS} must hold the tensors of its settings, which differ in {odd}")
    loaded.model.load_state_dict(weights, strict=False)
    return loaded


def take_weights(model: CodeGraphModel, folder: Path) -> int:
    """Put the weights of a saved model into one that has all parts of it and perhaps more; how many tensors.

    Raises:
        ArtifactError: the folder is damaged, or holds what the model has not, or not in this shape.
    """
    weights, there = _read_weights(folder), model.state_dict()
    odd = sorted(name for name, tensor in weights.items() if name not in there or there[name].shape != tensor.shape)
    if odd:
        raise ArtifactError(f"{folder / WEIGHTS} must hold tensors of this model, got {', '.join(odd[:3])}")
    model.load_state_dict(weights, strict=False)
    return len(weights)


def save_model(loaded: LoadedModel, folder: Path, state: Mapping[str, Tensor] | None = None) -> None:
    """Save what differs from the models that the settings name.

    `state` is the whole state where the model's own is only a part of it, as under sharded training.

    Raises:
        StorageError: the folder cannot be written.
    """
    _write(loaded.model, loaded.config, folder, loaded.model.state_dict() if state is None else state)


def export_model(loaded: LoadedModel, folder: Path) -> None:
    """Write the model with all that it needs, for any program that reads transformers' checkpoints.

    The low-rank updates are merged into the model itself.

    Raises:
        ConfigError: the language model is held in 4 or 8 bits, which updates cannot be merged into without loss.
        StorageError: the folder cannot be written.
    """
    model, config = loaded.model, loaded.config
    require(not config.lm.quantization, "model.lm.quantization must be empty to export", config.lm.quantization)
    for part in model.parts().values():
        merge_lora(part)
    model.lm.save_pretrained(folder / "lm")
    loaded.samples.chat.tokenizer.save_pretrained(folder / "lm")
    encoder = config.encoder
    if isinstance(model.encoder, TextEncoder):
        model.encoder.model.save_pretrained(folder / "encoder")
        assert loaded.samples.encoder_tokenizer is not None
        loaded.samples.encoder_tokenizer.save_pretrained(folder / "encoder")
        encoder = dataclasses.replace(encoder, path="encoder", revision="")
    plain = dataclasses.replace(
        config,
        lm=dataclasses.replace(config.lm, path="lm", gguf_file="", revision=""),
        encoder=encoder,
        lm_lora=LoraConfig(),
        encoder_lora=LoraConfig(),
        trained=TrainedParts(lm=False),
    )
    _write(model, plain, folder, model.state_dict())


def own_names(model: nn.Module, config: CodeGraphConfig) -> set[str]:
    """The tensors that are the model's own: adapter, updates, and parts that are trained whole; tied ones once."""
    every = {name for name, _ in model.named_parameters(remove_duplicate=False)}
    names = {name for name, _ in model.named_parameters()} | (model.state_dict().keys() - every)
    ranks = {"encoder": config.encoder_lora.rank, "adapter": 0, "lm": config.lm_lora.rank}
    whole = {name for name in ("encoder", "lm") if getattr(config.trained, name) and not ranks[name]} | {"adapter"}
    return {name for name in names if _part(name) in whole or (ranks[_part(name)] and MARK in name)}


def _read_weights(folder: Path) -> dict[str, Tensor]:
    """The tensors of a folder, which must be those that were saved with its settings."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    check_weights(folder)
    try:
        return dict(load_file(folder / WEIGHTS))
    except (OSError, SafetensorError) as error:
        raise ArtifactError(f"{folder / WEIGHTS} must hold tensors, got {error}") from error


def _part(name: str) -> str:
    return name.partition(".")[0]


def _write(model: nn.Module, config: CodeGraphConfig, folder: Path, state: Mapping[str, Tensor]) -> None:
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    try:
        folder.mkdir(parents=True, exist_ok=True)
        own = {name: state[name].detach().contiguous().cpu() for name in sorted(own_names(model, config))}
        save_file(own, folder / WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise StorageError(f"cannot write {folder / WEIGHTS}: {error}") from error
    write_settings(folder, config)
