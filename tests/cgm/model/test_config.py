from typing import Any

import pytest

from cgm.errors import ConfigError
from cgm.model.config import AdapterConfig, CodeGraphConfig, EncoderConfig, GraphConfig, LMConfig, LoraConfig


@pytest.mark.parametrize(
    ("kind", "setting", "message"),
    [
        (LMConfig, {"attention": "flash_attention_2"}, "model.lm.attention must be one of auto, sdpa"),
        (LMConfig, {"dtype": "int8"}, "model.lm.dtype must be one of"),
        (EncoderConfig, {"kind": "t5"}, "model.encoder.kind must be one of lm, hf, got 't5'"),
        (EncoderConfig, {"chunk_tokens": 513}, "model.encoder.chunk_tokens must be <= 512, got 513"),
        (EncoderConfig, {"kind": "hf"}, "model.encoder.path must be set for kind hf alone"),
        (EncoderConfig, {"batch_tokens": 0}, "model.encoder.batch_tokens must be >= 1"),
        (AdapterConfig, {"kind": "gcn"}, "model.adapter.kind must be one of mlp, gat, sage, none"),
        (AdapterConfig, {"hidden": 0}, "model.adapter.hidden must be >= 1"),
        (GraphConfig, {"mask": "causal"}, "model.graph.mask must be one of adjacency, flat, full"),
        (GraphConfig, {"hops": 0}, "model.graph.hops must be >= 1"),
        (GraphConfig, {"positions": "random"}, "model.graph.positions must be one of"),
        (LoraConfig, {"rank": -1}, "rank must be >= 0"),
        (LoraConfig, {"dropout": 1.0}, r"dropout must lie in \[0, 1\)"),
        (CodeGraphConfig, {"encoder_lora": LoraConfig(rank=4)}, "model.encoder_lora.rank must be 0 without an encoder"),
    ],
)
def test_a_meaningless_value_is_refused(kind: type[Any], setting: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        kind(**setting)
