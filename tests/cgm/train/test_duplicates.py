import random

import pytest

from cgm.train.duplicates import near_duplicates

WORDS = [f"word{number}" for number in range(400)]


def text(seed: int, size: int = 120) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=size))


def similarity(one: str, other: str) -> float:
    shingles = [{tuple(words[at : at + 5]) for at in range(len(words) - 4)} for words in (one.split(), other.split())]
    return len(shingles[0] & shingles[1]) / len(shingles[0] | shingles[1])


def with_changes(original: str, count: int) -> str:
    words = original.split()
    for number in range(count):
        words[number * 20 + 10] = f"other{number}"
    return " ".join(words)


def test_equal_texts_are_duplicates_of_the_first() -> None:
    assert near_duplicates([text(1), text(2), text(1), text(1)], 0.8).tolist() == [-1, -1, 0, 0]


@pytest.mark.parametrize("changes", range(6))
def test_the_similarity_of_shingles_decides(changes: int) -> None:
    original = text(1)
    changed = with_changes(original, changes)
    is_alike = near_duplicates([original, changed], 0.8).tolist()[1] == 0
    assert is_alike == (similarity(original, changed) >= 0.8)


def test_layout_makes_no_difference() -> None:
    assert near_duplicates(["if a :\n    return b", "if a:\n\treturn b"], 0.8).tolist() == [-1, 0]


def test_short_texts_have_to_be_equal() -> None:
    assert near_duplicates(["a b c d", "a b c e", "a b c d"], 0.5).tolist() == [-1, -1, 0]


def test_all_that_is_alike_leads_to_the_first() -> None:
    chain = [with_changes(text(1), changes) for changes in range(3)]
    assert near_duplicates([text(9), *chain], 0.8).tolist() == [-1, -1, 1, 1]


def test_blocks_change_nothing() -> None:
    texts = [text(number % 300, 30) for number in range(700)]
    found = near_duplicates(texts, 0.8).tolist()
    assert found == [-1] * 300 + [number % 300 for number in range(300, 700)]


def test_nothing_has_no_duplicates() -> None:
    assert near_duplicates([], 0.8).tolist() == []
    assert near_duplicates(["", "a"], 0.8).tolist() == [-1, -1]
