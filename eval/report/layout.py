"""Where the nodes of a graph go on a page: circles within circles, linked ones side by side, the same every time.

Knows positions and radii alone. Does not know kinds, names or drawing.

Legend: N nodes, E edges, P pairs of circles that may touch.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_GAP = 5.0  # between siblings, in page units; a leaf has the radius that its caller gives it
_PADDING = 6.0  # between a parent and its children
_STEPS, _SETTLING = 90, 110
# up to here all steps are taken; a tree that is deeper or wider takes no longer, and lies less well
_MOST_LEVELS, _MOST_SIBLINGS = 18, 350
_GOLDEN_ANGLE = math.pi * (3.0 - math.sqrt(5.0))
_CENTRE_STEPS = 40


@dataclass(frozen=True)
class Placed:
    """The circle of each node: a parent's holds those of its children, siblings do not overlap."""

    positions: Floats  # N, 2
    radii: Floats  # N


def place(parents: Sequence[int], sizes: Sequence[float], links: Sequence[tuple[int, int]]) -> Placed:
    """Place N nodes, each within its parent.

    `parents` is a forest (-1 for a root, every parent before its children), `sizes` are the radii that nodes have at
    least, `links` are pairs of nodes that shall lie near each other.
    """
    up = np.array(parents, dtype=np.int64)
    radii = np.array(sizes, dtype=np.float64)
    offsets = np.zeros((len(up), 2))
    pairs = _sibling_pairs(parents, links)
    height = _heights(parents)
    levels = int(height.max(initial=-1)) + 1
    share = min(1.0, _MOST_LEVELS / max(1, levels))
    for level in range(levels):
        # the circles of one level are all known before their parents are
        members = np.flatnonzero(_parent_heights(up, height) == level + 1)
        if len(members):
            offsets[members] = _pack(up[members], radii[members], _within(pairs, members), share)
            _enclose(up, radii, offsets, members)
    for node, parent in enumerate(parents):
        if parent >= 0:
            offsets[node] += offsets[parent]
    return Placed(offsets, radii)


def _heights(parents: Sequence[int]) -> Ints:
    """How many levels lie below each node."""
    height = [0] * len(parents)
    for node in reversed(range(len(parents))):
        if parents[node] >= 0:
            height[parents[node]] = max(height[parents[node]], height[node] + 1)
    return np.array(height, dtype=np.int64)


def _parent_heights(up: Ints, height: Ints) -> Ints:
    """The height of each node's parent; roots stand together below one more."""
    top = int(height.max(initial=0)) + 1
    found: Ints = np.where(up >= 0, height[up], top)
    return found


def _sibling_pairs(parents: Sequence[int], links: Sequence[tuple[int, int]]) -> Ints:
    """Each link as the two siblings whose circles hold its ends, where these differ."""
    depth = [0] * len(parents)
    for node, parent in enumerate(parents):
        if parent >= 0:
            depth[node] = depth[parent] + 1
    pairs = []
    for one, other in links:
        first, second = one, other
        while first != second and parents[first] != parents[second]:
            if depth[first] >= depth[second]:
                first = parents[first]
            else:
                second = parents[second]
        if first != second and not _holds(parents, depth, first, other) and not _holds(parents, depth, second, one):
            pairs.append((first, second))
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def _holds(parents: Sequence[int], depth: Sequence[int], outer: int, inner: int) -> bool:
    while depth[inner] > depth[outer]:
        inner = parents[inner]
    return inner == outer


def _within(pairs: Ints, members: Ints) -> Ints:
    """The pairs of members, as positions in their list."""
    if not len(pairs):
        return pairs
    order = np.searchsorted(members, pairs)
    known = order < len(members)
    inside = known.all(axis=1) & (members[np.minimum(order, len(members) - 1)] == pairs).all(axis=1)
    found: Ints = order[inside]
    return found


def _pack(groups: Ints, radii: Floats, pairs: Ints, share: float) -> Floats:
    """Place circles around the middle of their group, linked ones near each other; the groups ignore each other.

    `share` of all steps is taken.
    """
    positions = _spiral(groups, radii)
    largest = int(np.unique(groups, return_counts=True)[1].max())
    if largest == 1:
        return positions
    share *= min(1.0, _MOST_SIBLINGS / largest)
    degree = np.maximum(np.bincount(pairs.ravel(), minlength=len(radii)), 1)
    for step in range(math.ceil(share * (_STEPS + _SETTLING))):
        warmth = max(0.0, 1.0 - step / (share * _STEPS))
        if warmth > 0:
            positions -= 0.09 * warmth * positions
            positions += 0.35 * warmth * _attraction(positions, radii, pairs, degree)
        positions += _separation(positions, radii, groups) * (1.0 - 0.6 * warmth)
    return positions


def _spiral(groups: Ints, radii: Floats) -> Floats:
    """Start positions: the large circles of a group in its middle, the others around them."""
    order = np.lexsort((np.arange(len(radii)), -radii, groups))
    area = np.cumsum((radii[order] + _GAP) ** 2)
    starts = np.flatnonzero(np.diff(groups[order], prepend=groups[order][:1] - 1))
    first = np.repeat(starts, np.diff(starts, append=len(order)))
    before = area - area[first]
    angle = (np.arange(len(order)) - first) * _GOLDEN_ANGLE
    positions = np.zeros((len(radii), 2))
    positions[order] = np.sqrt(before)[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return positions


def _attraction(positions: Floats, radii: Floats, pairs: Ints, degree: Ints) -> Floats:
    """Linked circles draw each other until they touch; one with many links is drawn by each a little."""
    if not len(pairs):
        return np.zeros_like(positions)
    one, other = pairs.T
    along = positions[other] - positions[one]
    length = np.maximum(np.linalg.norm(along, axis=1), 1e-9)
    pull = along * (np.maximum(length - radii[one] - radii[other] - _GAP, 0.0) / length)[:, None]
    return _gathered(len(positions), one, pull / degree[one][:, None]) - _gathered(
        len(positions), other, pull / degree[other][:, None]
    )


def _separation(positions: Floats, radii: Floats, groups: Ints) -> Floats:
    """Circles of a group that overlap push each other apart, the smaller one farther."""
    reach = 2.0 * float(radii.max()) + _GAP
    # a third coordinate keeps the groups out of each other's reach
    apart = np.column_stack([positions, groups * (2.0 * reach)])
    one, other = cKDTree(apart).query_pairs(reach, output_type="ndarray").T
    along = positions[other] - positions[one]
    # circles on one spot part in a direction of their own
    along[:, 0] += np.where(np.abs(along).sum(axis=1) < 1e-6, 1e-3 * (other - one), 0.0)
    length = np.maximum(np.linalg.norm(along, axis=1), 1e-9)
    overlap = np.maximum(radii[one] + radii[other] + _GAP - length, 0.0)
    push = along * (0.7 * overlap / length)[:, None]
    share = radii[other] ** 2 / (radii[one] ** 2 + radii[other] ** 2)
    found = _gathered(len(positions), other, push * (1.0 - share)[:, None]) - _gathered(
        len(positions), one, push * share[:, None]
    )
    # pushed by many, a circle would be thrown out of its group
    length = np.linalg.norm(found, axis=1)
    bounded: Floats = found * np.minimum(1.0, (radii + _GAP) / np.maximum(length, 1e-9))[:, None]
    return bounded


def _gathered(count: int, index: Ints, rows: Floats) -> Floats:
    columns = [np.bincount(index, weights=rows[:, axis], minlength=count) for axis in range(2)]
    return np.stack(columns, axis=1)


def _enclose(up: Ints, radii: Floats, offsets: Floats, members: Ints) -> None:
    """Centre each group, turn it so that it is wider than high, and give its parent the radius that holds it."""
    order = members[np.argsort(up[members], kind="stable")]
    starts = np.flatnonzero(np.diff(up[order], prepend=up[order][:1] - 1))
    for begin, end in zip(starts, [*starts[1:], len(order)], strict=True):
        group = order[begin:end]
        turned = _lying(offsets[group], radii[group])
        middle, radius = _circle_around(turned, radii[group])
        offsets[group] = turned - middle
        parent = int(up[group[0]])
        if parent >= 0:
            radii[parent] = max(float(radii[parent]), radius + _PADDING)


def _lying(positions: Floats, radii: Floats) -> Floats:
    """Turn circles so that they spread most along the first axis."""
    weights = radii**2
    apart = positions - np.average(positions, axis=0, weights=weights)
    xx, yy = (weights[:, None] * apart**2).sum(axis=0)
    xy = (weights * apart[:, 0] * apart[:, 1]).sum()
    angle = 0.5 * math.atan2(2.0 * xy, xx - yy)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    turned: Floats = apart @ turn
    return turned


def _circle_around(positions: Floats, radii: Floats) -> tuple[Floats, float]:
    """The middle and radius of nearly the smallest circle around circles."""
    middle: Floats = positions.mean(axis=0)
    for step in range(_CENTRE_STEPS if len(radii) > 1 else 0):
        reach = np.linalg.norm(positions - middle, axis=1) + radii
        middle = middle + (positions[int(reach.argmax())] - middle) / (step + 2.0)
    reach = np.linalg.norm(positions - middle, axis=1) + radii
    return middle, float(reach.max())
