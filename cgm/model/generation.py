"""Answers of a Code Graph Model: its rows are read once, graph and all, then tokens follow from the cache.

Knows decoding of many rows at once, sampling and stopping. Does not know chats (`cgm.model.chat`).

Legend: B rows, T places of the prompts, S places so far, V vocabulary.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from cgm.errors import InputError
from cgm.model.batch import PADDING, GraphBatch
from cgm.model.code_graph_model import CodeGraphModel


@dataclass(frozen=True)
class Decoding:
    """How to decode `count` answers of each row; temperature 0 is greedy. Each answer has its own random numbers."""

    stops: frozenset[int]
    max_tokens: int = 1024
    temperature: float = 0.0
    top_p: float = 1.0
    count: int = 1
    seed: int = 0


@dataclass
class Generated:
    """The tokens of an answer; `stopped` if it came to its end rather than to `max_tokens`."""

    tokens: list[int] = field(default_factory=list)
    stopped: bool = False


def generate(
    model: CodeGraphModel,
    batch: GraphBatch,
    decoding: Decoding,
    is_complete: Callable[[Sequence[int]], bool] | None = None,
) -> list[list[Generated]]:
    """Decode the answers of every row; `is_complete` says of the tokens so far that nothing more is wanted.

    Raises:
        InputError: a row holds several samples.
    """
    if int(batch.segment_BT.max()) > 0:
        raise InputError("a row to be answered must hold one sample, got several")
    rows, count = len(batch.text_BT), decoding.count
    model.eval()
    with torch.no_grad():
        flow = _Flow(model, batch, count)
        drawn = _Draws(decoding, rows)
        answers = [Generated() for _ in range(rows * count)]
        for step in range(decoding.max_tokens):
            token_B = drawn.choose(flow.logit_BV)
            if _append(answers, token_B.tolist(), decoding.stops, is_complete) or step + 1 == decoding.max_tokens:
                break
            flow.read(token_B)
    return [answers[row * count : (row + 1) * count] for row in range(rows)]


class _Flow:
    """The rows read so far: cache, places that hold something, and the next token's logits."""

    def __init__(self, model: CodeGraphModel, batch: GraphBatch, count: int) -> None:
        from transformers import DynamicCache

        self._lm = model.lm
        self._cache: Any = DynamicCache(config=model.lm.config)
        self._held_BS = batch.segment_BT != PADDING
        last_B = self._held_BS.sum(1) - 1
        places, place_B = last_B.unique(return_inverse=True)
        logits = model.read(batch, places, self._cache).logits
        row_B = torch.arange(len(last_B), device=last_B.device)
        self.logit_BV = logits[row_B, place_B].float().repeat_interleave(count, 0)
        self._position_B = batch.position_BT[row_B, last_B].repeat_interleave(count)
        self._held_BS = self._held_BS.repeat_interleave(count, 0)
        if count > 1:
            self._cache.batch_repeat_interleave(count)

    def read(self, token_B: Tensor) -> None:
        """Read one more token of each row: it sees everything before it, and nothing that is padding."""
        self._position_B = self._position_B + 1
        self._held_BS = torch.cat([self._held_BS, torch.ones_like(self._held_BS[:, :1])], dim=1)
        said = self._lm(
            input_ids=token_B[:, None],
            attention_mask=self._held_BS.long(),
            position_ids=self._position_B[:, None],
            past_key_values=self._cache,
            use_cache=True,
        )
        self.logit_BV = said.logits[:, -1].float()


class _Draws:
    """The choice of each next token."""

    def __init__(self, decoding: Decoding, rows: int) -> None:
        from transformers import LogitsProcessorList, TemperatureLogitsWarper, TopPLogitsWarper

        self._greedy = decoding.temperature == 0
        self._warp: Any = LogitsProcessorList()
        if not self._greedy:
            self._warp.append(TemperatureLogitsWarper(decoding.temperature))
        if decoding.top_p < 1:
            self._warp.append(TopPLogitsWarper(decoding.top_p))
        numbers = [number for _ in range(rows) for number in range(decoding.count)]
        # neighbouring seeds share no answers
        self._chance = [torch.Generator().manual_seed(decoding.seed * 10_007 + number) for number in numbers]

    def choose(self, logit_BV: Tensor) -> Tensor:
        """One token for each row, shape (B)."""
        if self._greedy:
            return logit_BV.argmax(-1)
        likely_BV = self._warp(None, logit_BV).softmax(-1).cpu()
        drawn = [
            torch.multinomial(row, 1, generator=chance) for row, chance in zip(likely_BV, self._chance, strict=True)
        ]
        return torch.cat(drawn).to(logit_BV.device)


def _append(
    answers: Sequence[Generated],
    tokens: Sequence[int],
    stops: frozenset[int],
    is_complete: Callable[[Sequence[int]], bool] | None,
) -> bool:
    """Add a token to each answer that goes on; whether none does any more."""
    for answer, token in zip(answers, tokens, strict=True):
        if answer.stopped:
            continue
        if token not in stops:
            answer.tokens.append(token)
        answer.stopped = token in stops or (is_complete is not None and is_complete(answer.tokens))
    return all(answer.stopped for answer in answers)
