"""Answers to questions that lead to other questions, also in circles.

Knows how the least answers are found. Does not know what is asked, nor how answers are kept
(`preprocessing.python.memo`). An answer must only grow when those it depends on grow; then it is the same whatever was
asked before.
"""

import heapq
from collections.abc import Callable

from preprocessing.meanings import NOTHING, Meanings
from preprocessing.python.memo import Memo

_DEEPEST = 25  # questions within questions; each takes some ten frames of Python's stack
_MOST_ROUNDS = 12
_MOST_STEPS = 60  # for each of the questions that depend on each other
FAR = 1 << 60
Question = tuple[str, int, str]  # what is asked, of which node or file, under which name


class _TooDeepError(Exception):
    """Questions lead deeper than Python's stack may go."""


class Answers:
    """Finds the answers that `derivations` give, by what is asked; they may ask again.

    A circle is answered by repetition: it begins with no meanings and ends when they grow no more. What was found
    meanwhile is only kept when its circle is closed (Tarjan's components, on demand). Where questions lead too deep,
    all that the first one leads to is answered in rounds instead, without a stack.
    """

    def __init__(self, memo: Memo) -> None:
        self.derivations: dict[str, Callable[[int, str], Meanings]] = {}
        self._memo = memo
        self._guesses: dict[Question, Meanings] = {}
        self._open: dict[Question, int] = {}
        self._stack: list[tuple[Question, int]] = []  # with the numbers of the answers
        self._depth = 0
        self._changes = 0
        self._waiting: list[Question] | None = None  # where questions are answered in rounds
        self._numbers: dict[Question, int] = {}
        self._asking: dict[Question, dict[Question, None]] = {}
        self._asker: Question = ("", 0, "")
        self.lowest = FAR  # place of the outermost open question that was consulted; FAR: what is found may be kept

    def ask(self, question: Question) -> Meanings:
        """The answer; what is known of it so far where the question is being answered."""
        found = self._memo.get(question)
        if found is not None:
            return found
        if self._waiting is not None:
            return self._guess(question, self._waiting)
        place = self._open.get(question)
        if place is not None:
            self.lowest = min(self.lowest, place)
            self._memo.note(self._stack[place][1])
            return self._guesses[question]
        return self._answer(question) if self._depth else self._begin(question)

    def _begin(self, question: Question) -> Meanings:
        lowest, frame = self.lowest, self._memo.frame
        try:
            return self._answer(question)
        except (_TooDeepError, RecursionError):
            self._open.clear()
            self._stack.clear()
            self._guesses.clear()
            self._depth, self.lowest, self._memo.frame = 0, lowest, frame
        return self._answer_in_rounds(question)

    def _answer(self, question: Question) -> Meanings:
        if self._depth >= _DEEPEST:
            raise _TooDeepError
        memo = self._memo
        frame = memo.begin()
        place = self._open[question] = len(self._stack)
        self._stack.append((question, memo.asker))
        self._guesses.setdefault(question, NOTHING)
        self._depth += 1
        outer, self.lowest = self.lowest, FAR
        derive = self.derivations[question[0]]
        for _ in range(_MOST_ROUNDS):
            changes = self._changes
            found = derive(question[1], question[2])
            if found != self._guesses[question]:
                self._guesses[question] = found
                self._changes += 1
            if self.lowest != place or self._changes == changes:
                break
            self._reopen(place)
        self._depth -= 1
        if self.lowest >= place:
            self._close(place)
        else:
            outer = min(outer, self.lowest)
        self.lowest = outer
        memo.end(frame)
        return found

    def _reopen(self, place: int) -> None:
        """Have the members of a circle answered again, from what is known of them."""
        for question, _ in self._stack[place + 1 :]:
            del self._open[question]
        del self._stack[place + 1 :]
        self.lowest = FAR

    def _close(self, place: int) -> None:
        for question, number in self._stack[place:]:
            del self._open[question]
            self._memo.keep(number, question, self._guesses.pop(question))
        del self._stack[place:]

    def _guess(self, question: Question, waiting: list[Question]) -> Meanings:
        """What is known of a question so far; whoever asks is asked again when more is."""
        self.lowest = 0
        if question not in self._guesses:
            self._guesses[question] = NOTHING
            self._numbers[question] = self._memo.number()
            waiting.append(question)
        self._memo.note(self._numbers[question])
        self._asking.setdefault(question, {})[self._asker] = None
        return self._guesses[question]

    def _answer_in_rounds(self, question: Question) -> Meanings:
        memo = self._memo
        lowest, frame, self._waiting = self.lowest, memo.begin(), [question]
        self._guesses[question], self._numbers[question] = NOTHING, memo.asker
        places: dict[Question, int] = {}
        again: list[tuple[int, Question]] = []  # a heap: what was met last is asked again first
        steps = 0
        while (self._waiting or again) and steps <= _MOST_STEPS * len(self._guesses):
            steps += 1
            one = self._asker = self._waiting.pop() if self._waiting else heapq.heappop(again)[1]
            memo.asker = self._numbers[one]
            places.setdefault(one, -len(places))
            found = self.derivations[one[0]](one[1], one[2])
            if found != self._guesses[one]:
                self._guesses[one] = found
                rows = {(places[asker], asker) for asker in self._asking.get(one, ())}.difference(again)
                for row in sorted(rows):
                    heapq.heappush(again, row)
        for one, found in self._guesses.items():
            memo.keep(self._numbers[one], one, found)
        found = self._guesses[question]
        self._guesses.clear()
        self._numbers.clear()
        self._asking.clear()
        self._waiting, self.lowest = None, lowest
        memo.end(frame)
        return found
