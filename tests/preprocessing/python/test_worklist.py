import random
from collections import Counter

import pytest

from preprocessing.meanings import Meaning, Meanings, Sort
from preprocessing.python.memo import Memo
from preprocessing.python.worklist import Worklist


class Graph:
    """Questions by number, each of which means itself and all that it leads to, over chains where `is_chained`."""

    def __init__(self, leads: dict[int, list[int]], *, is_chained: bool = True) -> None:
        self.memo = Memo(rounds=1)
        self.memo.begin()
        self.worked_out: Counter[str] = Counter()
        self._leads, self._is_chained = leads, is_chained
        self._worklist = Worklist(self.memo, {"number": self._derive}, self._work_out, ("number", 0, ""))

    def answers(self) -> dict[int, list[int]]:
        return {one[1]: [meaning.target for meaning in found] for one, (_, found) in self._worklist.run().items()}

    def _derive(self, number: int, _: str) -> Meanings:
        return _join(Meaning(Sort.NODE, number), *map(self._ask, self._leads[number]))

    def _ask(self, number: int) -> Meanings:
        if self._is_chained:
            chain = (0, f"{number}.x")
            return self.memo.get(chain) or self._worklist.find(chain)
        return self._worklist.guess(("number", number, ""))

    def _work_out(self, scope: int, chain: str) -> Meanings:
        self.worked_out[chain] += 1
        left, _, is_longer = chain.partition(".")
        if is_longer:
            return self.memo.get((scope, left)) or self._worklist.find((scope, left))
        return self._worklist.guess(("number", int(left), ""))


def _join(first: Meaning, *parts: Meanings) -> Meanings:
    return tuple(sorted({first, *(one for part in parts for one in part)}))


def _reached(leads: dict[int, list[int]], start: int) -> list[int]:
    seen, waiting = {start}, [start]
    while waiting:
        new = set(leads[waiting.pop()]) - seen
        seen |= new
        waiting += new
    return sorted(seen)


@pytest.mark.parametrize("is_chained", [False, True], ids=["questions alone", "over chains"])
@pytest.mark.parametrize("seed", range(40))
def test_all_that_is_reached_gets_its_least_answer(seed: int, is_chained: bool) -> None:
    chance = random.Random(seed)
    size = chance.randrange(1, 40)
    leads = {number: chance.choices(range(size), k=chance.randrange(4)) for number in range(size)}
    expected = {number: _reached(leads, number) for number in _reached(leads, 0)}
    assert Graph(leads, is_chained=is_chained).answers() == expected


def test_a_chain_is_worked_out_again_only_where_what_it_stands_on_has_grown() -> None:
    size = 30
    star = Graph({0: list(range(1, size + 1)), **{number: [] for number in range(1, size + 1)}})
    assert star.answers()[0] == list(range(size + 1))
    # once by the guess of nothing, and once by the answer
    assert set(star.worked_out.values()) == {2}


def test_a_chain_that_stands_on_no_guess_is_kept_at_once() -> None:
    memo = Memo(rounds=1)
    memo.begin()
    builtin = (Meaning(Sort.BUILTIN),)

    def derive(number: int, _: str) -> Meanings:
        found = memo.get((number, "len")) or worklist.find((number, "len"))
        return found if number else worklist.guess(("number", 1, ""))

    worklist = Worklist(memo, {"number": derive}, lambda _scope, _chain: builtin, ("number", 0, ""))
    assert [found for _, found in worklist.run().values()] == [builtin, builtin]
    assert memo.get((0, "len")) == memo.get((1, "len")) == builtin


def test_answers_that_do_not_settle_come_to_an_end() -> None:
    memo = Memo(rounds=1)
    memo.begin()
    flips: list[Meanings] = [(), (Meaning(Sort.BUILTIN),)]

    def derive(number: int, _: str) -> Meanings:
        before = worklist.guess(("number", number, ""))
        return flips[not flips.index(before)]

    worklist = Worklist(memo, {"number": derive}, lambda _scope, _chain: (), ("number", 0, ""))
    assert list(worklist.run()) == [("number", 0, "")]
