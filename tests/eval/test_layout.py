import numpy as np

from eval.layout import place

STAR = [-1, 0, 0, 0, 1, 1, 2]


def test_positions_are_the_same_every_time() -> None:
    assert np.array_equal(place(STAR, [(4, 6)]), place(STAR, [(4, 6)]))


def test_no_two_nodes_share_a_spot() -> None:
    positions = place([-1, *([0] * 80)], [(1, 2), (2, 3)])
    apart = np.linalg.norm(positions[:, None] - positions[None, :], axis=2)
    assert apart[~np.eye(81, dtype=bool)].min() > 5


def test_a_child_lies_nearer_to_its_parent_than_to_another_branch() -> None:
    positions = place(STAR, [])
    assert np.linalg.norm(positions[4] - positions[1]) < np.linalg.norm(positions[4] - positions[3])


def test_nodes_without_a_common_root_and_nodes_on_one_spot_are_placed() -> None:
    assert np.isfinite(place([-1, -1, -1], [(0, 1)])).all()


def test_no_nodes_and_one_node_are_placed() -> None:
    assert place([], []).shape == (0, 2)
    assert place([-1], []).tolist() == [[0.0, 0.0]]
