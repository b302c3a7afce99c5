"""The Code Graph Model: any decoder of transformers, an encoder of nodes, and an adapter between them.

Knows how node tokens and text become one row of the decoder, and the loss. Does not know how a batch is made
(`cgm.model.batch`), who sees whom (`cgm.model.mask`), nor how answers are decoded (`cgm.model.generation`).

Legend: B rows, T places of a row, M node tokens of the whole batch, W width of the language model, L learnt places,
V vocabulary.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from cgm.errors import ConfigError
from cgm.model.batch import IGNORED, GraphBatch
from cgm.model.config import TrainedParts
from cgm.model.mask import build_mask

_FULL = "full_attention"


@dataclass
class Loss:
    """The mean loss of a batch's answer tokens, and how many there are; of each row the sum of them and their number.

    `right_B` is whether every answer token of a row is the likeliest, so that greedy decoding gives the answer. It is
    looked up in evaluation alone.
    """

    loss: Tensor
    tokens: Tensor
    loss_B: Tensor
    tokens_B: Tensor
    right_B: Tensor | None = None


class CodeGraphModel(nn.Module):
    """Three parts by name: `encoder` and `adapter`, both None for text alone, and `lm`.

    Raises:
        ConfigError: the language model attends within a window or not at all in some layer.
    """

    def __init__(self, lm: Any, encoder: nn.Module | None, adapter: nn.Module | None, mask: str) -> None:
        super().__init__()
        _require_full_attention(lm.config)
        self.lm = lm
        self.encoder = encoder
        self.adapter = adapter
        self.mask = mask

    def forward(self, batch: GraphBatch, loss_tokens: Tensor | float | None = None) -> Loss:
        """Predict the answers' tokens.

        `loss_tokens` is what the loss is divided by, where the answers of several steps or processes count as one
        batch; the answer tokens of this batch otherwise.
        """
        places_L, label_BL = _learnt(batch)
        logit_BLV = self.logits(batch, places_L)
        loss_BL = nn.functional.cross_entropy(
            logit_BLV.float().flatten(0, 1), label_BL.flatten(), ignore_index=IGNORED, reduction="none"
        ).view_as(label_BL)
        learnt_BL = label_BL != IGNORED
        tokens = learnt_BL.sum()
        return Loss(
            loss_BL.sum() / (tokens.clamp(min=1) if loss_tokens is None else loss_tokens),
            tokens,
            loss_BL.detach().sum(1),
            learnt_BL.sum(1),
            None if self.training else ((logit_BLV.argmax(-1) == label_BL) | ~learnt_BL).all(1),
        )

    def logits(self, batch: GraphBatch, places: Tensor) -> Tensor:
        """Predict the tokens after some places of every row, shape (B, L, V)."""
        return self.read(batch, places).logits

    def read(self, batch: GraphBatch, places: Tensor, cache: Any | None = None) -> Any:
        """Run the decoder over whole rows, and fill `cache` where there is one. Raises as `build_mask`."""
        embedded_BTW = self.embed(batch)
        kernel = self.lm.config._attn_implementation  # noqa: SLF001
        return self.lm(
            inputs_embeds=embedded_BTW,
            attention_mask=build_mask(batch, self.mask, kernel, embedded_BTW.dtype),
            position_ids=batch.position_BT,
            past_key_values=cache,
            use_cache=cache is not None,
            logits_to_keep=places,
        )

    def embed(self, batch: GraphBatch) -> Tensor:
        """Text tokens by the language model's embeddings, node tokens by encoder and adapter, shape (B, T, W)."""
        text_BTW = self.lm.get_input_embeddings()(batch.text_BT)
        if self.encoder is None or self.adapter is None or not (self.training or len(batch.place_M)):
            return text_BTW
        # in training also without a node: every process must use every part, or none gets on
        vector_CD = self.encoder(batch.chunk_CK, batch.length_C).to(next(self.adapter.parameters()).dtype)
        node_MW = self.adapter(vector_CD[batch.chunk_M], batch.link_2E, batch.kind_E).to(text_BTW.dtype)
        return text_BTW.flatten(0, 1).index_copy(0, batch.place_M, node_MW).view_as(text_BTW)

    def parts(self) -> dict[str, nn.Module]:
        """The parts that there are, by the names of `TrainedParts`."""
        named = {"encoder": self.encoder, "adapter": self.adapter, "lm": self.lm}
        return {name: part for name, part in named.items() if part is not None}

    def train_parts(self, trained: TrainedParts) -> None:
        """Let gradients into the chosen parts alone; into the low-rank updates of a part that has them."""
        for name, part in self.parts().items():
            low_rank = any("lora_" in key for key, _ in part.named_parameters())
            for key, parameter in part.named_parameters():
                parameter.requires_grad_(getattr(trained, name) and (not low_rank or "lora_" in key))


def _learnt(batch: GraphBatch) -> tuple[Tensor, Tensor]:
    """The places before an answer's token in any row, shape (L), and what comes after each, shape (B, L)."""
    next_BT = torch.nn.functional.pad(batch.label_BT[:, 1:], (0, 1), value=IGNORED)
    # at least one, since a decoder takes no place at all for all of them
    places_L = torch.nonzero((next_BT != IGNORED).any(0)).flatten()
    places_L = places_L if len(places_L) else torch.zeros_like(batch.label_BT[0, :1])
    return places_L, next_BT[:, places_L]


def _require_full_attention(config: Any) -> None:
    layers = set(getattr(config, "layer_types", None) or [_FULL])
    if getattr(config, "sliding_window", None) and not hasattr(config, "layer_types"):
        layers.add("sliding_attention")
    if layers != {_FULL}:
        others = ", ".join(sorted(layers - {_FULL}))
        raise ConfigError(f"model.lm must have full attention in every layer, got {others}")
