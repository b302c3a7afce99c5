import random

import pytest

from preprocessing.meanings import Meaning, Sort
from preprocessing.python.memo import Memo

YES = (Meaning(Sort.NODE, 1),)


def test_an_answer_is_known_until_a_fact_that_it_stands_on_is_forgotten() -> None:
    memo = Memo(rounds=1)
    frame = memo.begin()
    memo.look(3, "a")
    memo.keep(memo.asker, (3, "x"), YES)
    memo.end(frame)
    assert memo.get((3, "x")) == YES
    memo.forget([(3, "b"), (4, "a")])
    assert memo.get((3, "x")) == YES
    memo.forget([(3, "a")])
    assert memo.get((3, "x")) is None


def test_what_depends_on_parameters_is_known_in_its_round_alone() -> None:
    memo = Memo(rounds=2)
    frame = memo.begin()
    memo.parameters = frozenset({5})
    memo.keep(memo.asker, (3, "x"), YES)
    memo.end(frame)
    assert memo.parameters == {5}
    memo.begin_round(1)
    assert memo.get((3, "x")) is None
    memo.begin_round(0)
    memo.parameters = frozenset()
    assert memo.get((3, "x")) == YES
    assert memo.parameters == {5}


def test_a_task_passes_its_parameters_on_to_nobody() -> None:
    memo = Memo(rounds=1)
    frame = memo.begin()
    memo.parameters = frozenset({5})
    assert memo.finish(frame, ("task", 0)) == {5}
    assert memo.parameters == frozenset()


def test_a_task_is_concerned_by_the_answers_that_it_read_and_by_facts_for_good() -> None:
    memo = Memo(rounds=1)
    task = memo.begin()
    memo.look(3, "a")
    answer = memo.begin()
    memo.look(3, "b")
    memo.keep(memo.asker, (3, "x"), YES)
    memo.end(answer)
    memo.finish(task, ("task", 0))
    assert memo.forget([(3, "c")]) == {}
    assert memo.forget([(3, "b")]) == {("task", 0): [((3, "x"), YES, frozenset())]}
    assert memo.forget([(3, "b")]) == {}
    assert memo.forget([(3, "a")]) == {("task", 0): None}


def test_what_a_resumed_task_reads_concerns_it_too() -> None:
    memo = Memo(rounds=1)
    memo.finish(memo.begin(), ("task", 0))
    frame = memo.resume(("task", 0))
    memo.look(3, "a")
    memo.frame = frame
    assert memo.forget([(3, "a")]) == {("task", 0): None}


@pytest.mark.parametrize("seed", range(20))
def test_all_that_stands_on_a_fact_is_forgotten_and_nothing_else(seed: int) -> None:
    chance = random.Random(seed)
    memo, size = Memo(rounds=1), 200
    leads = {number: chance.choices(range(number), k=chance.randrange(3)) if number else [] for number in range(size)}
    for number, others in leads.items():
        frame = memo.begin()
        memo.look(number, "fact")
        assert all(memo.get((other, "x")) is not None for other in others)
        memo.keep(memo.asker, (number, "x"), YES)
        memo.end(frame)
        if number == size // 2:
            # sorted by now, so that the rest comes behind
            memo.forget([(size, "fact")])
    chosen = chance.randrange(size)
    above = {chosen}
    for number, others in leads.items():
        if above.intersection(others):
            above.add(number)
    memo.forget([(chosen, "fact")])
    assert {number for number in leads if memo.get((number, "x")) is None} == above
