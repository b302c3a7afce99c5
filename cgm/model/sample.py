"""One question, with its graph and perhaps its answer, as tokens, links and positions.

Knows which node tokens fit and what a row of the model holds. Does not know batches (`cgm.model.batch`) nor torch.

Legend: N nodes, C node tokens (chunks of nodes), P visible pairs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cgm.errors import InputError
from cgm.model.chat import ChatTokens
from cgm.model.config import CodeGraphConfig
from cgm.model.links import Ints, Links, link_chunks, token_positions, visible_pairs
from cgm.protocols import Message
from cgm.text_graph import TextGraph

Chunks = list[tuple[int, ...]]


@dataclass(frozen=True, eq=False)
class Sample:
    """A row's tokens: node tokens, then the prompt, then the answer, which is empty where it is still to be written.

    `left_out` counts the node tokens that did not fit.
    """

    chunks: tuple[tuple[int, ...], ...]  # C, tokens of the encoder
    links: Links
    pairs: Ints  # 2, P
    positions: Ints  # C
    prompt: tuple[int, ...]
    answer: tuple[int, ...] = ()
    left_out: int = 0

    def __len__(self) -> int:
        return len(self.chunks) + len(self.prompt) + len(self.answer)

    @property
    def first_text_position(self) -> int:
        """The position of the prompt's first token."""
        return int(self.positions.max(initial=-1)) + 1


class SampleBuilder:
    """Makes samples as one model reads them. `encoder_tokenizer` is the node encoder's, None for the model's own."""

    def __init__(self, config: CodeGraphConfig, chat: ChatTokens, encoder_tokenizer: Any | None = None) -> None:
        self.config = config
        self.chat = chat
        self.encoder_tokenizer = encoder_tokenizer

    def build(self, messages: Sequence[Message], graph: TextGraph | None = None, answer: str | None = None) -> Sample:
        """Tokenize the turns, the graph's nodes and the answer; a model of text alone takes no graph.

        Raises:
            InputError: there are no turns.
        """
        if not messages:
            raise InputError("a question must have at least one turn, got none")
        shown = graph if graph and self.config.adapter.kind != "none" else TextGraph()
        chunks = self.chunk(shown.texts)
        kept = _fit(chunks, shown, self.config.graph.tokens)
        links = link_chunks(shown.edges, kept)
        settings = self.config.graph
        return Sample(
            chunks=tuple(chunk for own, count in zip(chunks, kept.tolist(), strict=True) for chunk in own[:count]),
            links=links,
            pairs=visible_pairs(links, settings),
            positions=token_positions(links, _anchor_tokens(shown.anchors, kept), settings.positions),
            prompt=tuple(self.chat.prompt(messages)),
            answer=() if answer is None else tuple(self.chat.answer(answer)),
            left_out=sum(map(len, chunks)) - int(kept.sum()),
        )

    def chunk(self, texts: Sequence[str]) -> list[Chunks]:
        """Cut each text into chunks of tokens, at most `model.graph.node_tokens` of them and at least one."""
        if not texts:
            return []
        most = self.config.graph.node_tokens
        return [chunks[:most] for chunks in self._cut(list(texts))]

    def _cut(self, texts: list[str]) -> list[Chunks]:
        if self.encoder_tokenizer is None:
            return self._cut_plain(texts)
        size = min(self.config.encoder.chunk_tokens, self.encoder_tokenizer.model_max_length)
        cut = self.encoder_tokenizer(texts, truncation=True, max_length=size, return_overflowing_tokens=True)
        chunks: list[Chunks] = [[] for _ in texts]
        for node, tokens in zip(cut["overflow_to_sample_mapping"], cut["input_ids"], strict=True):
            chunks[node].append(tuple(tokens))
        return chunks

    def _cut_plain(self, texts: list[str]) -> list[Chunks]:
        """Chunks of the language model's own tokens; a text without any still has a token to stand for it."""
        size = self.config.encoder.chunk_tokens
        filled = [row or [self.chat.padding] for row in self.chat.plain(texts)]
        return [[tuple(row[start : start + size]) for start in range(0, len(row), size)] for row in filled]


def _fit(chunks: Sequence[Chunks], graph: TextGraph, most: int) -> Ints:
    """How many chunks of each node are kept, shape (N): anchors' first, then the others' in order."""
    kept = np.zeros(len(chunks), dtype=np.int64)
    left = most
    for node in dict.fromkeys((*graph.anchors, *range(len(chunks)))):
        kept[node] = min(len(chunks[node]), left)
        left -= int(kept[node])
    return kept


def _anchor_tokens(anchors: Sequence[int], kept: Ints) -> list[int]:
    first = np.cumsum(kept) - kept
    return [token for node in anchors for token in range(int(first[node]), int(first[node] + kept[node]))]
