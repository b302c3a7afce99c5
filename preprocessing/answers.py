"""Answers to questions that lead to other questions, also in circles.

Knows how the least answers are found and kept. Does not know what is asked. An answer must only grow when those it
depends on grow; then it is the same whatever was asked before.
"""

from collections.abc import Callable

from preprocessing.meanings import NOTHING, PENDING, Meanings

_DEEPEST = 45  # questions within questions; each takes some ten frames of Python's stack
_MOST_ROUNDS = 12
_MOST_RESTARTS = 2000
FAR = 1 << 60
Question = tuple[str, int, str]  # what is asked, of which node or file, under which name


class _TooDeepError(Exception):
    """A question lies too deep and must be asked first."""

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question


class Answers:
    """Keeps the answers that `derivations` give, by what is asked; they may ask again.

    A circle is answered by repetition: it begins with no meanings and ends when they grow no more. What was found
    meanwhile is only kept when its circle is closed (Tarjan's components, on demand).
    """

    def __init__(self, derivations: dict[str, Callable[[int, str], Meanings]]) -> None:
        self.derivations = derivations
        self._pending: list[Question] = []
        self._final: dict[Question, Meanings] = {}
        self._guesses: dict[Question, Meanings] = {}
        self._open: dict[Question, int] = {}
        self._stack: list[Question] = []
        self._depth = 0
        self._changes = 0
        self.lowest = FAR  # place of the outermost open question that was consulted; FAR: what is found may be kept

    def ask(self, question: Question) -> Meanings:
        """The answer; what is known of it so far where the question is being answered."""
        found = self._final.get(question)
        if found is not None:
            return found
        place = self._open.get(question)
        if place is not None:
            self.lowest = min(self.lowest, place)
            return self._guesses[question]
        return self._answer(question) if self._depth else self._begin(question)

    def forget_pending(self) -> None:
        """Drop the answers that depend on what is not known yet."""
        for question in self._pending:
            del self._final[question]
        self._pending.clear()

    def _begin(self, question: Question) -> Meanings:
        """Answer a first question; one that lies too deep is asked before."""
        waiting = [question]
        for _ in range(_MOST_RESTARTS):
            try:
                found = self._answer(waiting[-1])
            except _TooDeepError as error:
                self._reset()
                waiting.append(error.question)
                continue
            waiting.pop()
            if not waiting:
                if self._guesses:
                    self._guesses.clear()
                return found
        self._guesses.clear()
        self._final[question] = NOTHING
        return NOTHING

    def _reset(self) -> None:
        self._open.clear()
        self._stack.clear()
        self._depth, self.lowest = 0, FAR

    def _answer(self, question: Question) -> Meanings:
        if self._depth >= _DEEPEST:
            raise _TooDeepError(question)
        place = self._open[question] = len(self._stack)
        self._stack.append(question)
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
        return found

    def _reopen(self, place: int) -> None:
        """Have the members of a circle answered again, from what is known of them."""
        for question in self._stack[place + 1 :]:
            del self._open[question]
        del self._stack[place + 1 :]
        self.lowest = FAR

    def _close(self, place: int) -> None:
        for question in self._stack[place:]:
            del self._open[question]
            found = self._final[question] = self._guesses.pop(question)
            if found and found[-1] is PENDING:
                self._pending.append(question)
        del self._stack[place:]
