import random

import pytest

from preprocessing.meanings import Meaning, Meanings, Sort
from preprocessing.python.answers import Answers
from preprocessing.python.memo import Memo


def no_chain(scope: int, chain: str) -> Meanings:
    raise AssertionError((scope, chain))


def answers_of(leads: dict[int, list[int]]) -> Answers:
    """Questions by number: each answer is its own number and the answers it leads to."""

    def derive(number: int, _: str) -> Meanings:
        parts = [answers.ask(("number", one, "")) for one in leads[number]]
        return tuple(sorted({Meaning(Sort.NODE, number), *(one for part in parts for one in part)}))

    answers = Answers(Memo(rounds=2), no_chain)
    answers.derivations["number"] = derive
    return answers


def found(answers: Answers, number: int) -> list[int]:
    return [one.target for one in answers.ask(("number", number, ""))]


def reached(leads: dict[int, list[int]], start: int) -> list[int]:
    seen, waiting = {start}, [start]
    while waiting:
        new = set(leads[waiting.pop()]) - seen
        seen |= new
        waiting += new
    return sorted(seen)


@pytest.mark.parametrize("seed", range(60))
def test_answers_in_circles_do_not_depend_on_what_was_asked_first(seed: int) -> None:
    chance = random.Random(seed)
    size = chance.randrange(2, 25)
    leads = {number: chance.choices(range(size), k=chance.randrange(4)) for number in range(size)}
    order = list(leads)
    chance.shuffle(order)
    answers = answers_of(leads)
    assert {number: found(answers, number) for number in order} == {one: reached(leads, one) for one in leads}


def test_a_chain_of_questions_longer_than_the_stack_is_answered() -> None:
    size = 400
    answers = answers_of({number: [number + 1] if number < size else [] for number in range(size + 1)})
    assert found(answers, 0) == list(range(size + 1))


def test_a_circle_longer_than_the_stack_comes_to_an_end() -> None:
    answers = answers_of({number: [(number + 1) % 300] for number in range(300)})
    assert found(answers, 0) == list(range(300))


@pytest.mark.parametrize("size", [5, 300], ids=["by repetition", "from a list"])
def test_all_in_a_circle_depend_on_what_one_of_them_looks_at(size: int) -> None:
    memo = Memo(rounds=1)
    answers = Answers(memo, no_chain)
    known = [Meaning(Sort.NODE, 0)]

    def derive(number: int, _: str) -> Meanings:
        if number == size // 2:
            memo.look(7, "a")
            return (*known, *answers.ask(("number", (number + 1) % size, "")))[:1]
        return answers.ask(("number", (number + 1) % size, ""))

    answers.derivations["number"] = derive
    assert found(answers, 0) == [0]
    known[0] = Meaning(Sort.NODE, 1)
    assert found(answers, 0) == [0]
    memo.forget([(7, "a")])
    assert all(memo.get(("number", number, "")) is None for number in range(size))
    assert found(answers, 0) == [1]


def test_an_answer_stands_on_what_was_looked_at_before_it_had_grown() -> None:
    memo = Memo(rounds=1)
    answers = Answers(memo, no_chain)
    one, other = ("number", 1, ""), ("number", 2, "")

    def derive(number: int, _: str) -> Meanings:
        if number == 1:
            return answers.ask(other)
        known = answers.ask(other)
        if not known:
            memo.look(7, "a")
            answers.ask(one)
        return (Meaning(Sort.BUILTIN),)

    answers.derivations["number"] = derive
    assert answers.ask(one) == answers.ask(other) == (Meaning(Sort.BUILTIN),)
    memo.forget([(7, "a")])
    assert memo.get(one) is memo.get(other) is None


def test_what_was_guessed_of_a_question_that_is_asked_no_more_is_forgotten() -> None:
    memo = Memo(rounds=1)
    answers = Answers(memo, no_chain)
    one, other = ("number", 1, ""), ("number", 2, "")

    def derive(number: int, _: str) -> Meanings:
        known = answers.ask(one)
        if number == 2:
            return (*answers.ask(other), *(() if known else (Meaning(Sort.FOREIGN),)))[:1]
        if not known:
            answers.ask(other)
        return (Meaning(Sort.BUILTIN),)

    answers.derivations["number"] = derive
    assert answers.ask(one) == (Meaning(Sort.BUILTIN),)
    assert answers.ask(other) == ()
