"""Language models and encoders of transformers, from the model hub or a folder, as safetensors or GGUF.

Knows how each is loaded and what to say when it is not there. Does not know what is built of them.
"""

import importlib.util
from collections.abc import Callable
from typing import Any

from cgm.errors import ConfigError, ModelUnavailableError, require
from cgm.model.config import EncoderConfig, LMConfig
from cgm.weights import first_line


def load_lm(config: LMConfig, device: str) -> tuple[Any, Any]:
    """Load a decoder and its tokenizer.

    Raises:
        ConfigError: no model is named, or it cannot be quantized here.
        ModelUnavailableError: it cannot be loaded, or the extra is not installed.
    """
    require(bool(config.path), "model.lm.path must name a language model", config.path)
    from transformers import AutoModelForCausalLM, AutoTokenizer

    source: dict[str, Any] = {"revision": config.revision} if config.revision else {}
    source |= {"gguf_file": config.gguf_file} if config.gguf_file else {}
    held = _quantized(config, device) if config.quantization else {}
    kernel = _kernel(config.attention, device)
    tokenizer = _load(config.path, lambda: AutoTokenizer.from_pretrained(config.path, **source))
    lm = _load(
        config.path,
        lambda: AutoModelForCausalLM.from_pretrained(
            config.path, dtype=config.dtype, attn_implementation=kernel, **source, **held
        ),
    )
    if config.gguf_file:
        # its weights are plain by now, and a checkpoint of them must not say otherwise
        del lm.config.quantization_config
    return (lm if config.quantization else lm.to(device)), tokenizer


def load_encoder(config: EncoderConfig, device: str) -> tuple[Any, Any]:
    """Load an encoder and its tokenizer. Raises as `load_lm`."""
    from transformers import AutoModel, AutoTokenizer

    source: dict[str, Any] = {"revision": config.revision} if config.revision else {}
    source["trust_remote_code"] = config.trust_remote_code
    tokenizer = _load(config.path, lambda: AutoTokenizer.from_pretrained(config.path, **source))
    model = _load(config.path, lambda: AutoModel.from_pretrained(config.path, dtype=config.dtype, **source))
    if model.config.is_encoder_decoder:
        model = model.get_encoder()
    if getattr(model, "pooler", None) is not None:
        model.pooler = None  # what it makes is not read, and weights without a gradient stop training in parallel
    return model.to(device), tokenizer


def _quantized(config: LMConfig, device: str) -> dict[str, Any]:
    """What transformers is told to hold weights in few bits. Source of the 4-bit form: Dettmers et al., QLoRA."""
    if importlib.util.find_spec("bitsandbytes") is None:
        reason = "needs bitsandbytes: pip install 'r4-cgm[quantization]'"
        raise ConfigError(f"model.lm.quantization {reason}, got {config.quantization!r} without it")
    import torch
    from transformers import AutoConfig, BitsAndBytesConfig

    if not device.startswith("cuda"):
        shape = _load(config.path, lambda: AutoConfig.from_pretrained(config.path))
        rule = "model.lm must have widths that are multiples of 64 to be quantized without a GPU"
        require(shape.hidden_size % 64 == shape.intermediate_size % 64 == 0, rule, shape.hidden_size)

    four = {
        "load_in_4bit": True,
        "bnb_4bit_quant_type": "nf4",
        "bnb_4bit_use_double_quant": True,
        "bnb_4bit_compute_dtype": torch.bfloat16,
    }
    told = BitsAndBytesConfig(**(four if config.quantization == "4bit" else {"load_in_8bit": True}))
    return {"quantization_config": told, "device_map": {"": device}}


def _kernel(attention: str, device: str) -> str:
    if attention != "auto":
        return attention
    return "flex_attention" if device.startswith("cuda") else "sdpa"


def _load(path: str, load: Callable[[], Any]) -> Any:
    try:
        return load()
    except (OSError, ValueError, ImportError, KeyError, RuntimeError) as error:
        raise ModelUnavailableError(f"{path} cannot be loaded as a model: {first_line(error)}") from error
