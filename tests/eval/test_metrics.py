import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.metrics import CUTOFFS, any_hit, measure, ranks, recall, reciprocal_rank, strict

_ITEMS = st.sampled_from("abcdefgh")


def test_ranks_are_positions_among_distinct_items() -> None:
    assert ranks(["a", "b", "a", "c"], ["c", "a", "z"]) == (3, 1, None)


def test_a_gold_item_named_twice_counts_once() -> None:
    assert ranks(["a"], ["a", "a"]) == (1,)


@pytest.mark.parametrize(
    ("k", "all_found", "some_found", "share"), [(1, 0, 0, 0), (2, 0, 1, 0.5), (4, 0, 1, 0.5), (5, 1, 1, 1)]
)
def test_metrics_agree_with_a_hand_count(k: int, all_found: float, some_found: float, share: float) -> None:
    found = ranks(["x", "a", "y", "z", "b"], ["a", "b"])
    assert (strict(found, k), any_hit(found, k), recall(found, k)) == (all_found, some_found, share)
    assert reciprocal_rank(found) == 0.5


def test_more_gold_than_k_is_never_a_strict_hit() -> None:
    assert strict(ranks(["a", "b"], ["a", "b"]), 1) == 0


def test_nothing_found_scores_zero() -> None:
    assert set(measure(ranks([], ["a"]), CUTOFFS["files"]).values()) == {0.0}


@given(st.lists(_ITEMS), st.lists(_ITEMS, min_size=1), st.integers(1, 10))
def test_metrics_equal_their_set_definitions(ranked: list[str], gold: list[str], k: int) -> None:
    found, head = ranks(ranked, gold), set(list(dict.fromkeys(ranked))[:k])
    assert strict(found, k) == (set(gold) <= head)
    assert any_hit(found, k) == bool(set(gold) & head)
    assert recall(found, k) == len(set(gold) & head) / len(set(gold))
    assert 1.0 * strict(found, k) <= recall(found, k) <= any_hit(found, k)
