from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing.ancestry import cochange
from preprocessing.ancestry.cochange import decay, pair_up

_COMMITS, _NODES = 6, 8


def naive(touches: set[tuple[int, int]], worth: list[float], strongest: int) -> dict[int, list[tuple[float, int, int]]]:
    """For each node (weight, other, commits), strongest first."""
    weight: dict[tuple[int, int], float] = defaultdict(float)
    count: dict[tuple[int, int], int] = defaultdict(int)
    for commit in range(_COMMITS):
        nodes = [node for one, node in touches if one == commit]
        for node in nodes:
            for other in nodes:
                if node != other:
                    weight[node, other] += worth[commit] / (len(nodes) - 1)
                    count[node, other] += 1
    found = {}
    for node in sorted({one for one, _ in weight}):
        rows = [(weight[pair], pair[1], count[pair]) for pair in weight if pair[0] == node]
        found[node] = sorted(rows, key=lambda row: (-round(row[0], 9), row[1]))[:strongest]
    return found


@given(
    st.sets(st.tuples(st.integers(0, _COMMITS - 1), st.integers(0, _NODES - 1))),
    st.lists(st.sampled_from([1.0, 0.5, 0.25]), min_size=_COMMITS, max_size=_COMMITS),
    st.integers(1, 9),
)
def test_pairs_are_those_of_a_double_loop(touches: set[tuple[int, int]], worth: list[float], strongest: int) -> None:
    rows = np.array(sorted(touches), dtype=np.int64).reshape(-1, 2)
    pairs = pair_up(rows[:, 0], rows[:, 1], np.array(worth), _NODES, _NODES)
    cut = pair_up(rows[:, 0], rows[:, 1], np.array(worth), _NODES, strongest)
    expected = naive(touches, worth, _NODES)
    assert np.unique(pairs.node).tolist() == list(expected)
    assert len(cut.node) == sum(min(len(rows), strongest) for rows in expected.values())
    for node, wanted in expected.items():
        mine = pairs.node == node
        found = sorted(zip(pairs.other[mine].tolist(), pairs.commits[mine].tolist(), strict=True))
        assert found == sorted((other, count) for _, other, count in wanted)
        assert pairs.weight[mine].tolist() == pytest.approx([weight for weight, _, _ in wanted])
        assert cut.weight[cut.node == node].tolist() == pairs.weight[mine].tolist()[:strongest]


def test_nodes_are_taken_in_blocks_without_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(0)
    rows = np.unique(generator.integers(0, 40, (300, 2)), axis=0)
    worth = generator.random(40)
    whole = pair_up(rows[:, 0], rows[:, 1], worth, 40, 5)
    monkeypatch.setattr(cochange, "_BLOCK", 7)
    parts = pair_up(rows[:, 0], rows[:, 1], worth, 40, 5)
    assert all((one == other).all() for one, other in zip(whole, parts, strict=True))


def test_a_commit_of_very_many_nodes_makes_no_pair() -> None:
    nodes = np.arange(200)
    assert len(pair_up(np.zeros_like(nodes), nodes, np.ones(1), 200, 5).node) == 0


def test_worth_halves_with_each_half_life_and_never_ends() -> None:
    day = 86400
    worth = decay(np.array([400, 500, 390, 380, -(1 << 40)]) * day, 10.0)
    assert worth[:4].tolist() == [1.0, 1.0, 0.5, 0.25]
    assert worth[4] > 0


def test_no_commit_has_no_worth() -> None:
    assert decay(np.array([], dtype=np.int64), 10.0).tolist() == []
