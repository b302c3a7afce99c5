"""Turns of a chat as the tokens of one language model.

Knows the tokenizer's chat template and which token ends a turn in it. Does not know graphs.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from cgm.errors import ModelUnavailableError
from cgm.protocols import Message, as_text

_PROBE = "answer"  # any text; what the template puts after it ends the turn
_ASKED = [{"role": "user", "content": "question"}]


class ChatTokens:
    """A tokenizer of transformers with its chat template.

    Raises:
        ModelUnavailableError: the tokenizer has no chat template, so that nobody knows how a turn ends.
    """

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        if not tokenizer.chat_template:
            raise ModelUnavailableError(f"{tokenizer.name_or_path} must have a chat template, got a tokenizer without")

    @property
    def padding(self) -> int:
        """The token that fills places which nobody sees."""
        return int(self.tokenizer.pad_token_id or 0)

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        """The turns so far and the beginning of the model's own."""
        text = self.tokenizer.apply_chat_template(as_text(messages), tokenize=False, add_generation_prompt=True)
        return self._tokens(text)

    def answer(self, text: str) -> list[int]:
        """The model's own turn: the text, then the token that ends the turn, and nothing after it."""
        return [*self.plain([text])[0], self.end_of_turn]

    def plain(self, texts: Sequence[str]) -> list[list[int]]:
        """The tokens of texts in which nothing is special, whatever they spell."""
        rows = self.tokenizer(list(texts), add_special_tokens=False, split_special_tokens=True)["input_ids"]
        return [list(row) for row in rows]

    @cached_property
    def end_of_turn(self) -> int:
        """The token that ends a turn: what the template writes after an answer, or else the end of the sequence."""
        turns = [*_ASKED, {"role": "assistant", "content": _PROBE}]
        text = self.tokenizer.apply_chat_template(turns, tokenize=False)
        after = self._tokens(text.rpartition(_PROBE)[2].lstrip())
        special = {*self.tokenizer.all_special_ids, *self.tokenizer.added_tokens_decoder}
        found = after[0] if after and after[0] in special else self.tokenizer.eos_token_id
        if found is None:
            raise ModelUnavailableError(f"{self.tokenizer.name_or_path} must have a token that ends a turn, got none")
        return int(found)

    def stops(self, settings: Any) -> frozenset[int]:
        """The tokens that end an answer, with those of a model's `GenerationConfig`."""
        ends = getattr(settings, "eos_token_id", None)
        others = [ends] if isinstance(ends, int) else (ends or [])
        return frozenset({self.end_of_turn, *others})

    def text(self, tokens: Sequence[int]) -> str:
        """The text of tokens, special ones left out."""
        return str(self.tokenizer.decode(tokens, skip_special_tokens=True))

    def _tokens(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])
