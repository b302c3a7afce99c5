import pytest

from eval.statistics import compare, mcnemar


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
