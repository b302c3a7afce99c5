"""Answers to questions that lead to other questions, also in circles.

Knows how the least answers are found. Does not know what is asked, nor how answers are kept
(`preprocessing.python.memo`). An answer must only grow when those it depends on grow; then it is the same whatever was
asked before.
"""

from collections.abc import Callable

from preprocessing.meanings import NOTHING, Meanings
from preprocessing.python.memo import Memo, Question
from preprocessing.python.worklist import Worklist

_DEEPEST = 25  # questions within questions; each takes some ten frames of Python's stack
_MOST_ROUNDS = 12
_FAR = 1 << 60


class _TooDeepError(Exception):
    """Questions lead deeper than Python's stack may go."""


class Answers:
    """Finds the answers that `derivations` give, by what is asked, and the meanings that `work_out` gives to chains.

    Both may ask and find again.

    A circle is answered by repetition: it begins with no meanings and ends when they grow no more. What was found
    meanwhile is only kept when its circle is closed (Tarjan's components, on demand). Where questions lead too deep,
    all that the first one leads to is answered from a list instead, without a stack.
    """

    def __init__(self, memo: Memo, work_out: Callable[[int, str], Meanings]) -> None:
        self.derivations: dict[str, Callable[[int, str], Meanings]] = {}
        self._memo = memo
        self._work_out = work_out
        self._guesses: dict[Question, Meanings] = {}
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
            return self._guesses[question]
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
            self._guesses.clear()
            self._depth, self._lowest, self._memo.frame = 0, lowest, frame
        return self._answer_from_list(question)

    def _answer(self, question: Question) -> Meanings:
        if self._depth >= _DEEPEST:
            raise _TooDeepError
        memo = self._memo
        frame = memo.begin()
        place = self._open[question] = len(self._stack)
        self._stack.append((question, memo.asker))
        self._guesses.setdefault(question, NOTHING)
        self._depth += 1
        outer, self._lowest = self._lowest, _FAR
        derive = self.derivations[question[0]]
        for _ in range(_MOST_ROUNDS):
            changes = self._changes
            found = derive(question[1], question[2])
            if found != self._guesses[question]:
                self._guesses[question] = found
                self._changes += 1
            if self._lowest != place or self._changes == changes:
                break
            self._reopen(place)
        self._depth -= 1
        if self._lowest >= place:
            self._close(place)
        else:
            outer = min(outer, self._lowest)
        self._lowest = outer
        memo.end(frame)
        return found

    def _reopen(self, place: int) -> None:
        """Have the members of a circle answered again, from what is known of them."""
        for question, _ in self._stack[place + 1 :]:
            del self._open[question]
        del self._stack[place + 1 :]
        self._lowest = _FAR

    def _close(self, place: int) -> None:
        for question, number in self._stack[place:]:
            del self._open[question]
            self._memo.keep(number, question, self._guesses.pop(question))
        del self._stack[place:]

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
