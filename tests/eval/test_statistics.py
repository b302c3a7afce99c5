from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm.errors import ConfigError
from eval.statistics import compare, mcnemar, pass_at_k, wilson


def test_mcnemar_agrees_with_a_hand_count() -> None:
    assert mcnemar(5, 0) == pytest.approx(2 / 32)
    assert mcnemar(3, 1) == pytest.approx(2 * (1 + 4) / 16)
    assert mcnemar(0, 0) == mcnemar(2, 2) == 1.0


def test_equal_systems_do_not_differ() -> None:
    difference = compare([0, 1, 1], [0, 1, 1])
    assert (difference.mean, difference.low, difference.high, difference.p) == (0, 0, 0, 1.0)


def test_a_clear_gain_has_an_interval_above_zero() -> None:
    difference = compare([0.0] * 100, [1.0] * 30 + [0.0] * 70)
    assert difference.mean == pytest.approx(0.3)
    assert 0.2 < difference.low < 0.3 < difference.high < 0.4
    assert (difference.gained, difference.lost) == (30, 0)
    assert difference.p is not None
    assert difference.p < 1e-6


def test_swapping_the_systems_mirrors_the_interval() -> None:
    first, second = [0.0, 0.5, 1.0, 0.2], [1.0, 0.5, 0.0, 0.9]
    forth, back = compare(first, second), compare(second, first)
    assert back.mean == pytest.approx(-forth.mean)
    assert (forth.gained, forth.lost) == (back.lost, back.gained)


def test_mcnemar_is_left_out_where_values_are_shares() -> None:
    assert compare([0.5, 1.0], [1.0, 1.0]).p is None


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    # roots of (share - p)^2 = z^2 p (1 - p) / n
    [(0, 10, 0.0, 0.2775), (1, 10, 0.0179, 0.4042), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0)],
)
def test_wilson_agrees_with_the_roots_of_its_equation(hits: int, n: int, low: float, high: float) -> None:
    assert wilson(hits, n) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_ends_of_a_wilson_interval_are_one_test_away_from_the_share(counts: tuple[int, int]) -> None:
    hits, n = counts
    low, high = wilson(hits, n)
    assert 0 <= low <= hits / n <= high <= 1
    for end in (low, high):
        if 0 < end < 1:
            assert abs(hits / n - end) == pytest.approx(1.959964 * (end * (1 - end) / n) ** 0.5, rel=1e-4)


def test_nothing_tried_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("n", range(1, 8))
def test_pass_at_k_agrees_with_an_enumeration_of_all_draws(n: int) -> None:
    for correct in range(n + 1):
        for k in range(1, n + 1):
            draws = [min(draw) < correct for draw in combinations(range(n), k)]
            assert pass_at_k(n, correct, k) == pytest.approx(sum(draws) / len(draws))


def test_pass_at_k_is_unbiased() -> None:
    chance, n, k = 0.3, 10, 3
    counts = np.random.default_rng(0).binomial(n, chance, size=20_000)
    mean = float(np.mean([pass_at_k(n, int(correct), k) for correct in counts]))
    assert mean == pytest.approx(1 - (1 - chance) ** k, abs=0.01)


@pytest.mark.parametrize(("n", "correct", "k"), [(3, 1, 4), (3, 1, 0), (3, 4, 1), (3, -1, 1)])
def test_pass_at_k_of_too_few_samples_is_refused(n: int, correct: int, k: int) -> None:
    with pytest.raises(ConfigError, match="must be from"):
        pass_at_k(n, correct, k)
