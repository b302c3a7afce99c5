"""What a model makes of rows that it does not learn from: loss, and whether greedy decoding gives the answer.

Knows how rows are spread over processes and taken together. Does not know training.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from cgm.model.batch import collate
from cgm.train.dataset import Samples
from cgm.train.order import deal
from cgm.train.parallel import Parallel

_NONE = -1.0  # the place of no row


@dataclass(frozen=True)
class RowScore:
    """A row by itself: the sum of its answer's losses, in nats, over its tokens. `right`: decoding gives the answer."""

    example_id: str
    task: str
    repository: str
    loss: float
    tokens: int
    right: bool


@dataclass(frozen=True)
class Mean:
    """Several rows: the mean loss of an answer token, in nats, and the share of rows whose answer is right."""

    loss: float
    right: float
    rows: int
    tokens: int


def evaluate(parallel: Parallel, samples: Samples, at_once: int) -> tuple[RowScore, ...]:
    """Score every row, in order. All processes must ask at once, and each gets all rows."""
    dealt = deal(range(len(samples)), at_once, samples.length)
    rounds = -(-len(dealt) // parallel.processes)
    found: list[list[float]] = []
    parallel.model.eval()
    with torch.no_grad():
        for number in range(rounds):
            place = number * parallel.processes + parallel.process
            # one without a pass of its own repeats one, since all of them must use sharded weights at once
            own = dealt[min(place, len(dealt) - 1)]
            scored = _score(parallel, samples, own)
            scored = scored if place < len(dealt) else [[_NONE, 0, 0, 0]] * len(own)
            found += scored + [[_NONE, 0, 0, 0]] * (at_once - len(scored))
    every = parallel.gather(torch.tensor(found, dtype=torch.float64).view(-1, 4)).tolist()
    rows = sorted(row for row in every if row[0] != _NONE)
    return tuple(_row_score(samples, int(place), loss, tokens, right) for place, loss, tokens, right in rows)


def mean(scores: Sequence[RowScore]) -> Mean:
    """Take rows together; every token counts alike."""
    tokens = sum(score.tokens for score in scores)
    rows = len(scores)
    loss = sum(score.loss for score in scores) / max(tokens, 1)
    return Mean(loss, sum(score.right for score in scores) / max(rows, 1), rows, tokens)


def means_by_task(scores: Sequence[RowScore]) -> dict[str, Mean]:
    """Take the rows of each task together, in the order of their names."""
    grouped: defaultdict[str, list[RowScore]] = defaultdict(list)
    for score in scores:
        grouped[score.task].append(score)
    return {task: mean(grouped[task]) for task in sorted(grouped)}


def _score(parallel: Parallel, samples: Samples, places: Sequence[int]) -> list[list[float]]:
    batch = collate([[samples.build(place)] for place in places], samples.builder.chat.padding)
    found: Any = parallel.model(batch.to(parallel.device))
    columns = (found.loss_B.tolist(), found.tokens_B.tolist(), found.right_B.tolist())
    return [[float(place), *map(float, values)] for place, *values in zip(places, *columns, strict=True)]


def _row_score(samples: Samples, place: int, loss: float, tokens: float, right: float) -> RowScore:
    row = samples.rows.examples[place]
    return RowScore(row.example_id, row.task, row.repository, loss, int(tokens), bool(right))
