"""Samples as the tensors of one step: rows with padding, several samples in a row, chunks of all of them together.

Knows the layout of a row and that equal chunks are encoded once. Does not know the model.

Legend: B rows, T places of a row, C distinct chunks, K tokens of a chunk, M node tokens of the whole batch,
P visible pairs, E links.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, cast

import numpy as np
import torch
from torch import Tensor

from cgm.errors import InputError
from cgm.model.sample import Sample

NODE, PROMPT, ANSWER = range(3)  # roles
IGNORED = -100  # a label that is not learnt
PADDING = -1  # the segment of a place that holds nothing


class GraphBatch(NamedTuple):
    """Everything that a step of the model needs; all integer tensors.

    A segment is a sample's number within its row. Labels stand where their token stands. Node tokens are numbered
    over the whole batch, and `place_M` is where each stands in the rows laid end to end. Pairs are (seeing, seen),
    links (source, target), both by node token.
    """

    text_BT: Tensor
    segment_BT: Tensor
    role_BT: Tensor
    position_BT: Tensor
    label_BT: Tensor
    chunk_CK: Tensor
    length_C: Tensor
    chunk_M: Tensor
    place_M: Tensor
    pair_2P: Tensor
    link_2E: Tensor
    kind_E: Tensor

    def to(self, device: torch.device | str) -> "GraphBatch":
        """The batch on another device."""
        return GraphBatch(*(tensor.to(device, non_blocking=True) for tensor in self))


def pack(samples: Iterable[Sample], most: int) -> list[list[Sample]]:
    """Put samples into rows of at most `most` places, each into the first row with room, long ones first.

    Raises:
        InputError: a sample is longer than a row.
    """
    rows: list[list[Sample]] = []
    room: list[int] = []
    for sample in sorted(samples, key=len, reverse=True):
        if len(sample) > most:
            raise InputError(f"a sample must have at most {most} tokens, got {len(sample)}")
        row = next((index for index, left in enumerate(room) if left >= len(sample)), len(rows))
        if row == len(rows):
            rows.append([])
            room.append(most)
        rows[row].append(sample)
        room[row] -= len(sample)
    return rows


def collate(rows: Sequence[Sequence[Sample]], padding: int = 0, width: int = 0) -> GraphBatch:
    """Lay rows of samples out, padded on the right to the longest row or to `width`.

    Raises:
        InputError: there is no row, or one without samples.
    """
    if not rows or not all(rows):
        raise InputError(f"a batch must have rows of samples, got {[len(row) for row in rows]}")
    columns = [_columns(row, padding) for row in rows]
    longest = max(width, *(column.shape[1] for column in columns))
    fill = np.array([padding, PADDING, PROMPT, 0, IGNORED])
    padded = np.stack([_padded(column, fill, longest) for column in columns])
    text, segment, role, position, label = (torch.from_numpy(padded[:, part]) for part in range(5))
    starts = [at for row, samples in enumerate(rows) for at in _starts(samples, row * longest)]
    samples = [sample for row in rows for sample in row]
    return GraphBatch(text, segment, role, position, label, *_chunks(samples), *_graph(samples, starts))


def _columns(samples: Sequence[Sample], padding: int) -> np.ndarray:
    """Text, segment, role, position and label of a row's places, shape (5, places)."""
    return np.concatenate([_column(sample, number, padding) for number, sample in enumerate(samples)], axis=1)


def _column(sample: Sample, segment: int, padding: int) -> np.ndarray:
    nodes, asked, said = len(sample.chunks), len(sample.prompt), len(sample.answer)
    first = sample.first_text_position
    text = [padding] * nodes + [*sample.prompt, *sample.answer]
    role = [NODE] * nodes + [PROMPT] * asked + [ANSWER] * said
    position = [*sample.positions.tolist(), *range(first, first + asked + said)]
    label = [IGNORED] * (nodes + asked) + [*sample.answer]
    return np.array([text, [segment] * len(sample), role, position, label], dtype=np.int64)


def _padded(columns: np.ndarray, fill: np.ndarray, width: int) -> np.ndarray:
    rest = np.repeat(fill[:, None], width - columns.shape[1], axis=1)
    return np.concatenate([columns, rest], axis=1)


def _starts(samples: Sequence[Sample], offset: int) -> list[int]:
    """Where each sample of a row begins, the row itself beginning at `offset`."""
    return [offset + sum(map(len, samples[:index])) for index in range(len(samples))]


def _chunks(samples: Sequence[Sample]) -> tuple[Tensor, Tensor, Tensor]:
    """The distinct chunks, padded, their lengths, and which of them each node token is."""
    numbers: dict[tuple[int, ...], int] = {}
    chunk = [numbers.setdefault(one, len(numbers)) for sample in samples for one in sample.chunks]
    lengths = [len(one) for one in numbers]
    padded = np.zeros((len(numbers), max(lengths, default=0)), dtype=np.int64)
    for row, one in zip(padded, numbers, strict=True):
        row[: len(one)] = one
    return torch.from_numpy(padded), torch.tensor(lengths, dtype=torch.int64), torch.tensor(chunk, dtype=torch.int64)


def _graph(samples: Sequence[Sample], starts: Sequence[int]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Places, pairs, links and their kinds of all samples, node tokens numbered through."""
    counts = [len(sample.chunks) for sample in samples]
    firsts = (np.cumsum(counts) - counts).tolist()
    places = [np.arange(count) + start for count, start in zip(counts, starts, strict=True)]
    pairs = [sample.pairs + first for sample, first in zip(samples, firsts, strict=True)]
    ends = [np.stack([one.links.source, one.links.target]) + first for one, first in zip(samples, firsts, strict=True)]
    kinds = [sample.links.kind for sample in samples]
    joined = (
        np.concatenate(places),
        np.concatenate(pairs, axis=1),
        np.concatenate(ends, axis=1),
        np.concatenate(kinds),
    )
    return cast(
        "tuple[Tensor, Tensor, Tensor, Tensor]", tuple(torch.from_numpy(part.astype(np.int64)) for part in joined)
    )
