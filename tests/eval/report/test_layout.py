import time

import numpy as np
import pytest

from eval.report.layout import Floats, Placed, place

TREE = [-1, 0, 0, 0, 1, 1, 2]


def _distances(positions: Floats) -> Floats:
    distances: Floats = np.linalg.norm(positions[:, None] - positions[None, :], axis=2)
    return distances


def _nested(seed: int, count: int) -> tuple[list[int], list[float], list[tuple[int, int]]]:
    """A random tree as wide and deep as packages are, and links that favour some nodes."""
    random = np.random.default_rng(seed)
    parents = [-1, *(int(random.integers(max(0, node // 8), node // 3 + 1)) for node in range(1, count))]
    ends = (random.random((3 * count, 2)) ** 2 * count).astype(int)
    return parents, random.uniform(3, 12, count).tolist(), [(int(a), int(b)) for a, b in ends]


def _worst_overlap(parents: list[int], placed: Placed) -> float:
    worst = 0.0
    for parent in set(parents):
        group = np.flatnonzero(np.array(parents) == parent)
        apart = _distances(placed.positions[group]) + np.diag(np.full(len(group), np.inf))
        worst = max(worst, float((placed.radii[group][:, None] + placed.radii[group] - apart).max()))
    return worst


def test_positions_are_the_same_every_time() -> None:
    first, second = place(TREE, [5.0] * 7, [(4, 6)]), place(TREE, [5.0] * 7, [(4, 6)])
    assert np.array_equal(first.positions, second.positions)
    assert np.array_equal(first.radii, second.radii)


def test_siblings_hardly_overlap_and_children_lie_within_their_parents() -> None:
    parents, sizes, links = _nested(0, 300)
    placed = place(parents, sizes, links)
    assert _worst_overlap(parents, placed) < 1.0
    for node, parent in enumerate(parents):
        if parent >= 0:
            apart = float(np.linalg.norm(placed.positions[node] - placed.positions[parent]))
            assert apart + placed.radii[node] <= placed.radii[parent] + 1e-6


def test_linked_siblings_come_to_lie_near_each_other() -> None:
    parents = [-1, *([0] * 40)]
    distances = _distances(place(parents, [5.0] * 41, [(1, 40), (40, 20)]).positions)
    assert distances[1, 40] < np.median(distances[1, 1:])
    assert distances[40, 20] < np.median(distances[40, 1:])


def test_a_link_draws_the_circles_around_its_ends() -> None:
    parents = [-1, *([0] * 20), 1, 20]
    alone, linked = (place(parents, [5.0] * 23, links).positions for links in ([], [(21, 22)]))
    assert np.linalg.norm(linked[1] - linked[20]) < np.linalg.norm(alone[1] - alone[20])


def test_a_link_between_a_node_and_what_holds_it_moves_nothing() -> None:
    assert np.array_equal(place(TREE, [5.0] * 7, [(1, 4), (6, 0)]).positions, place(TREE, [5.0] * 7, []).positions)


def test_nodes_without_a_common_root_are_placed_apart() -> None:
    placed = place([-1, -1, -1], [5.0] * 3, [(0, 1)])
    assert (_distances(placed.positions) + np.eye(3) * 99).min() >= 10


def test_no_nodes_and_one_node_are_placed() -> None:
    assert place([], [], []).positions.shape == (0, 2)
    assert place([-1], [5.0], []).positions.tolist() == [[0.0, 0.0]]


def _deep(count: int) -> list[int]:
    """A tree of folders within folders, each with two files."""
    return [-1, *((node - 1) // 3 * 3 for node in range(1, count))]


@pytest.mark.parametrize(
    "parents",
    [_nested(1, 2000)[0], [-1, *([0] * 1999)], list(range(-1, 1999)), _deep(2000)],
    ids=["packages", "flat", "chain", "deep"],
)
def test_two_thousand_nodes_take_no_more_than_three_seconds(parents: list[int]) -> None:
    _, sizes, links = _nested(1, 2000)
    started = time.process_time()
    placed = place(parents, sizes, links)
    assert time.process_time() - started < 3.0
    assert np.isfinite(placed.positions).all()
