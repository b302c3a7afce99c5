import pytest

from cgm.train.leaks import given_away

ANSWER = "the quick brown fox jumps over the lazy dog and runs away"


def test_an_answer_that_stands_in_a_text_is_given_away() -> None:
    assert given_away(ANSWER, ["nothing", f"They say: {ANSWER.upper()}!"]) == 1.0


def test_common_words_give_nothing_away() -> None:
    assert given_away(ANSWER, ["the fox and the dog", "jumps over the lazy cat"]) == 0.0


def test_a_part_counts_as_its_share() -> None:
    assert given_away(ANSWER, [" ".join(ANSWER.split()[:9])]) == pytest.approx(2 / 5)


def test_a_short_answer_is_given_away_where_all_of_it_stands_there() -> None:
    assert given_away("a.py:f", ["see a.py:f there"]) == 1.0
    assert given_away("a.py:f", ["see a.py there, and f"]) == 0.0


def test_an_answer_without_words_gives_nothing_away() -> None:
    assert given_away("???", ["???"]) == 0.0
