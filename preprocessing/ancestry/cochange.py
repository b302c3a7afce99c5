"""Which nodes changed together, how often, and how much that weighs.

Knows decay, and that large commits say little. Does not know where touches come from.

Legend: C commits, N nodes, T touches, K pairs.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

_BLOCK = 2048  # nodes whose pairs are in memory at once
_MOST_NODES = 100  # of one kind in a commit that still counts
_SECONDS_A_DAY = 86400.0
_LEAST_WEIGHT = 1e-12  # so that what is very old stays a pair

_NO_NODES = np.array([], dtype=np.int32)
_NO_WEIGHTS = np.array([], dtype=np.float32)

IntArray = NDArray[np.int64]


class Pairs(NamedTuple):
    """Pairs in both directions, sorted by node, then by falling weight."""

    node: NDArray[np.int32]  # K
    other: NDArray[np.int32]  # K
    weight: NDArray[np.float32]  # K
    commits: NDArray[np.int32]  # K


def decay(times: IntArray, half_life_days: float) -> NDArray[np.float64]:
    """The worth of commits by age: 1 for the first, the newest, a half after each half-life."""
    age = np.maximum(times[:1] - times, 0) / _SECONDS_A_DAY
    worth: NDArray[np.float64] = np.maximum(np.exp2(-age / half_life_days), _LEAST_WEIGHT)
    return worth


def pair_up(commits: IntArray, nodes: IntArray, worth: NDArray[np.float64], size: int, strongest: int) -> Pairs:
    """The `strongest` pairs of each of `size` nodes, from touches as (commit, node) columns without repetitions.

    `worth` has an entry for each commit: a node shares it among all others that the commit touched.
    """
    width = np.bincount(commits, minlength=len(worth))
    kept = (width[commits] >= 2) & (width[commits] <= _MOST_NODES)
    commits, nodes = commits[kept], nodes[kept]
    shape = (size, len(worth))
    count = csr_array((np.ones(len(nodes), dtype=np.int64), (nodes, commits)), shape=shape)
    share = csr_array(((worth / np.maximum(width - 1, 1))[commits], (nodes, commits)), shape=shape)
    present = np.unique(nodes)
    blocks = [present[first : first + _BLOCK] for first in range(0, len(present), _BLOCK)]
    found = [_strongest(block, share[block] @ count.T, count[block] @ count.T, strongest) for block in blocks]
    return merge_pairs(found)


def merge_pairs(parts: list[Pairs]) -> Pairs:
    """Several sets of pairs with different nodes as one."""
    order = np.argsort(np.concatenate([_NO_NODES, *(part.node for part in parts)]), kind="stable")
    return Pairs(
        np.concatenate([_NO_NODES, *(part.node for part in parts)])[order],
        np.concatenate([_NO_NODES, *(part.other for part in parts)])[order],
        np.concatenate([_NO_WEIGHTS, *(part.weight for part in parts)])[order],
        np.concatenate([_NO_NODES, *(part.commits for part in parts)])[order],
    )


def _strongest(block: IntArray, weights: csr_array, counts: csr_array, strongest: int) -> Pairs:
    weights.sort_indices()
    counts.sort_indices()
    row = np.repeat(np.arange(len(block)), np.diff(weights.indptr))
    other = weights.indices
    order = np.lexsort((other, -weights.data, row))
    order = order[other[order] != block[row[order]]]
    begin = np.searchsorted(row[order], np.arange(len(block)))
    order = order[np.arange(len(order)) - begin[row[order]] < strongest]
    return Pairs(
        block[row[order]].astype(np.int32),
        other[order].astype(np.int32),
        weights.data[order].astype(np.float32),
        counts.data[order].astype(np.int32),
    )
