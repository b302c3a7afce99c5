import numpy as np
import pytest

from cgm.history import History


@pytest.fixture
def history() -> History:
    return History(
        commit_id=("c", "b", "a"),
        commit_time=np.array([30, 20, 10]),
        author_time=np.array([3, 2, 1]),
        commit_files=np.array([1, 2, 2], dtype=np.int32),
        commit_merge=np.array([-1, -1, -1], dtype=np.int32),
        message=("third\n\nwhy", "", "first"),
        touch_node=np.array([1, 1, 4], dtype=np.int32),
        touch_commit=np.array([0, 2, 1], dtype=np.int32),
        touch_added=np.array([5, 6, -1], dtype=np.int32),
        touch_deleted=np.array([0, 1, -1], dtype=np.int32),
        pair_node=np.array([1, 1, 4], dtype=np.int32),
        pair_other=np.array([4, 2, 1], dtype=np.int32),
        pair_weight=np.array([0.5, 0.25, 0.5], dtype=np.float32),
        pair_commits=np.array([2, 1, 2], dtype=np.int32),
    )


def test_a_node_has_its_commits_newest_first(history: History) -> None:
    assert history.touches(1) == [(0, 5, 0), (2, 6, 1)]
    assert history.touches(4) == [(1, -1, -1)]
    assert history.touches(2) == history.touches(9) == []


def test_a_node_has_its_neighbours_strongest_first(history: History) -> None:
    assert history.neighbours(1) == [(4, 0.5, 2), (2, 0.25, 1)]
    assert [one.commits for one in history.neighbours(4)] == [2]
    assert history.neighbours(0) == []


def test_the_subject_is_the_first_line_of_a_message(history: History) -> None:
    assert [history.subject(commit) for commit in range(len(history))] == ["third", "", "first"]


def test_without_gaps_a_history_is_complete(history: History) -> None:
    assert history.complete
