"""The rows of a training set as samples of one model.

Knows which rows fit and how a row's turns read. Does not know in which order rows are learnt (`cgm.train.order`), nor
torch.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cached_property

from cgm.model.chat import ChatTokens
from cgm.model.sample import Sample, SampleBuilder
from cgm.protocols import Message
from cgm.train.example import Example


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows that are learnt from, the length of each in tokens of text, and what was left out, by reason.

    The text alone decides what fits, so that models which see more or less of the graph learn from the same rows.
    """

    examples: tuple[Example, ...]
    lengths: tuple[int, ...]
    left_out: Counter[str] = field(default_factory=Counter)

    def __len__(self) -> int:
        return len(self.examples)

    @cached_property
    def digest(self) -> str:
        """A digest of which rows there are, in which order."""
        return hashlib.sha256("\n".join(row.example_id for row in self.examples).encode()).hexdigest()[:32]

    def first(self, count: int) -> "Rows":
        """The first so many of the rows; all for 0."""
        most = count or len(self)
        return Rows(self.examples[:most], self.lengths[:most], self.left_out)


class Samples:
    """Rows as samples of one model, each built when it is asked for."""

    def __init__(self, rows: Rows, builder: SampleBuilder) -> None:
        self.rows = rows
        self.builder = builder

    def __len__(self) -> int:
        return len(self.rows)

    def build(self, place: int) -> Sample:
        """The sample at a place."""
        row = self.rows.examples[place]
        return self.builder.build(turns(row), row.graph, row.answer)

    def length(self, place: int) -> int:
        """About how many places of a row of the model a sample takes, known without building it."""
        return self.rows.lengths[place] + len(self.rows.examples[place].graph)


def select_rows(examples: Iterable[Example], tasks: Collection[str], chat: ChatTokens, most: int) -> Rows:
    """Take the rows of some tasks, all where none is named, whose prompt and answer are at most `most` tokens long."""
    kept: list[tuple[Example, int]] = []
    left_out: Counter[str] = Counter()
    for row in examples:
        if tasks and row.task not in tasks:
            left_out["another task"] += 1
            continue
        length = len(chat.prompt(turns(row))) + len(chat.answer(row.answer))
        if length > most:
            left_out[f"{row.task} too long"] += 1
        else:
            kept.append((row, length))
    return Rows(tuple(row for row, _ in kept), tuple(length for _, length in kept), left_out)


def turns(row: Example) -> tuple[Message, ...]:
    """The turns before the answer."""
    asked = Message("user", row.prompt)
    return (Message("system", row.system), asked) if row.system else (asked,)
