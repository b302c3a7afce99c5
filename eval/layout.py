"""Where the nodes of a graph go on a page: a radial tree that springs then relax, the same positions every time.

Knows positions alone. Does not know kinds, names or drawing.

Legend: N nodes, E edges.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Positions = NDArray[np.float64]  # N, 2

_SPACING = 60.0  # the distance at which two unlinked nodes leave each other alone, in page units
_LINK_WEIGHT = 0.012  # a link pulls a little; the tree gives the shape
_STEPS = 250
_WORK = 40_000_000  # pairs of nodes looked at in all, so that a large graph takes fewer steps


def place(parents: Sequence[int], links: Sequence[tuple[int, int]]) -> Positions:
    """Place N nodes; `parents` (N, -1 for a root, every parent before its children) is a forest, `links` all else."""
    positions = _radial(parents)
    tree = [(parent, node) for node, parent in enumerate(parents) if parent >= 0]
    ends = np.array([*tree, *links], dtype=np.int64).reshape(-1, 2)
    weights = np.array([1.0] * len(tree) + [_LINK_WEIGHT] * len(links))
    steps = max(20, min(_STEPS, _WORK // max(1, len(parents) ** 2)))
    for step in range(steps):
        reach = _SPACING * (1.0 - step / steps)
        positions += _bounded(_push(positions) + _pull(positions, ends, weights), reach)
    return positions - positions.mean(axis=0) if len(parents) else positions


def _radial(parents: Sequence[int]) -> Positions:
    """A tree around its root: an angle in proportion to the leaves below, a radius in proportion to the depth."""
    leaves = [0] * len(parents)
    for node in reversed(range(len(parents))):
        leaves[node] = leaves[node] or 1
        if parents[node] >= 0:
            leaves[parents[node]] += leaves[node]
    total = sum(count for count, parent in zip(leaves, parents, strict=True) if parent < 0)
    taken, roots, depth = [0.0] * len(parents), 0.0, [0] * len(parents)
    positions = np.zeros((len(parents), 2))
    for node, parent in enumerate(parents):
        share = 2 * math.pi * leaves[node] / total
        begin = roots if parent < 0 else taken[parent]
        if parent < 0:
            roots += share
        else:
            taken[parent] += share
            depth[node] = depth[parent] + 1
        taken[node] = begin
        angle, radius = begin + share / 2, 2 * _SPACING * depth[node]
        positions[node] = radius * math.cos(angle), radius * math.sin(angle)
    return positions


def _push(positions: Positions) -> Positions:
    """Every node pushes every other away, by the inverse of their distance."""
    apart = positions[:, None, :] - positions[None, :, :]  # N, N, 2
    # the tiny term parts nodes that lie on one spot, by their order
    order = np.arange(len(positions), dtype=np.float64)
    apart[..., 0] += 1e-3 * (order[:, None] - order[None, :])
    square = np.maximum((apart**2).sum(axis=2), 1.0)  # N, N
    push: Positions = (apart / square[..., None]).sum(axis=1) * _SPACING**2
    return push - 0.02 * positions


def _pull(positions: Positions, ends: NDArray[np.int64], weights: NDArray[np.float64]) -> Positions:
    """Every edge pulls its ends together, by the square of its length."""
    along = positions[ends[:, 1]] - positions[ends[:, 0]]  # E, 2
    force = along * (np.linalg.norm(along, axis=1) * weights / _SPACING)[:, None]
    pull = np.zeros_like(positions)
    np.add.at(pull, ends[:, 0], force)
    np.add.at(pull, ends[:, 1], -force)
    return pull


def _bounded(force: Positions, reach: float) -> Positions:
    length = np.maximum(np.linalg.norm(force, axis=1), 1e-9)
    bounded: Positions = force * (np.minimum(length, reach) / length)[:, None]
    return bounded
