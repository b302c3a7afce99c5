"""Answers to questions that lead to other questions, also in circles.

Knows how the least answers are found. Does not know what is asked, nor how answers are kept
(`preprocessing.python.memo`). An answer must only grow when those it depends on grow; then it is the same whatever was
asked before.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from preprocessing.meanings import NOTHING, Meanings
from preprocessing.python.memo import Memo, Question
from preprocessing.python.worklist import Worklist

_DEEPEST = 25  # questions within questions; each takes some ten frames of Python's stack
_MOST_ROUNDS = 12
_FAR = 1 << 60


class _TooDeepError(Exception):
    """Questions lead deeper than Python's stack may go, or a circle does not settle soon."""


@dataclass(slots=True)
class _Met:
    """What is known of a question in a circle: the number that it was last asked under, and the circle's place."""

    number: int
    guess: Meanings = NOTHING
    lowest: int = _FAR


class Answers:
    """Finds the answers that `derivations` give, by what is asked, and the meanings that `work_out` gives to chains.

    Both may ask and find again.

    A circle is answered by repetition: it begins with no meanings and ends when they grow no more. What was found
    meanwhile is only kept when its circle is closed (Tarjan's components, on demand). Where questions lead too deep
    or settle too slowly, all that the first one leads to is answered from a list instead, without a stack.
    """

    def __init__(self, memo: Memo, work_out: Callable[[int, str], Meanings]) -> None:
        self.derivations: dict[str, Callable[[int, str], Meanings]] = {}
        self._memo = memo
        self._work_out = work_out
        self._met: dict[Question, _Met] = {}  # in the circles that are not closed, by when they were first asked
        self._open: dict[Question, int] = {}
        self._stack: list[tuple[Question, int]] = []  # with the numbers of the answers
        self._depth = 0
        self._changes = 0
        self._worklist: Worklist | None = None  # where questions lead too deep
        self._lowest = _FAR  # place of the outermost open question that was consulted; _FAR: what is found may be kept

    def ask(self, question: Question) -> Meanings:
        """The answer; what is known of it so far where the question is being answered."""
        found = self._memo.get(question)
        if found is not None:
            return found
        if self._worklist is not None:
            return self._worklist.guess(question)
        place = self._open.get(question)
        if place is not None:
            self._lowest = min(self._lowest, place)
            self._memo.note(self._stack[place][1])
            return self._met[question].guess
        return self._answer(question) if self._depth else self._begin(question)

    def find(self, scope: int, chain: str) -> Meanings:
        """What a chain means in a scope, which the memo does not know."""
        if self._worklist is not None:
            return self._worklist.find((scope, chain))
        memo = self._memo
        frame = memo.begin()
        outer, self._lowest = self._lowest, _FAR
        found = self._work_out(scope, chain)
        if self._lowest == _FAR:
            memo.keep(memo.asker, (scope, chain), found)
        self._lowest = min(outer, self._lowest)
        memo.end(frame)
        return found

    def _begin(self, question: Question) -> Meanings:
        lowest, frame = self._lowest, self._memo.frame
        try:
            return self._answer(question)
        except (_TooDeepError, RecursionError):
            self._open.clear()
            self._stack.clear()
            self._met.clear()
            self._depth, self._lowest, self._memo.frame = 0, lowest, frame
        return self._answer_from_list(question)

    def _answer(self, question: Question) -> Meanings:
        if self._depth >= _DEEPEST:
            raise _TooDeepError
        memo, place, met = self._memo, len(self._stack), len(self._met)
        frame = memo.begin()
        outer, self._lowest = self._lowest, self._meet(question)
        self._open[question] = place
        self._stack.append((question, memo.asker))
        self._depth += 1
        derive = self.derivations[question[0]]
        for _ in range(_MOST_ROUNDS):
            changes = self._changes
            found = derive(question[1], question[2])
            if found != self._met[question].guess:
                self._met[question].guess = found
                self._changes += 1
            if self._lowest != place or self._changes == changes:
                break
            self._reopen(place, met)
        else:
            raise _TooDeepError
        self._depth -= 1
        if self._lowest >= place:
            self._close(place, met)
        else:
            outer = min(outer, self._lowest)
        self._lowest = outer
        memo.end(frame)
        return found

    def _meet(self, question: Question) -> int:
        """Begin with what is known from before; the circle's place where it was asked in that already."""
        met = self._met.get(question)
        if met is None:
            self._met[question] = _Met(self._memo.asker)
            return _FAR
        # what a guess stands on may not be looked at again when that has grown
        self._memo.note(met.number)
        met.number = self._memo.asker
        return met.lowest

    def _reopen(self, place: int, met: int) -> None:
        """Have the members of a circle answered again, from what is known of them."""
        for question, _ in self._stack[place + 1 :]:
            del self._open[question]
        del self._stack[place + 1 :]
        for question in islice(self._met, met, None):
            self._met[question].lowest = place
        self._met[self._stack[place][0]].lowest = _FAR
        self._lowest = _FAR

    def _close(self, place: int, met: int) -> None:
        for question, number in self._stack[place:]:
            del self._open[question]
            self._memo.keep(number, question, self._met[question].guess)
        del self._stack[place:]
        while len(self._met) > met:
            self._met.popitem()

    def _answer_from_list(self, question: Question) -> Meanings:
        memo = self._memo
        frame = memo.begin()
        self._worklist = Worklist(memo, self.derivations, self._work_out, question)
        answers = self._worklist.run()
        self._worklist = None
        for one, (number, found) in answers.items():
            memo.keep(number, one, found)
        memo.end(frame)
        return answers[question][1]
