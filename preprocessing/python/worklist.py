"""Questions that stand on each other, answered one at a time from a list of those that are due.

Knows which questions and chains stand on which guesses. Does not know what is asked, nor when that is worth it
(`preprocessing.python.answers`).
"""

import heapq
from collections.abc import Callable, Mapping

from preprocessing.meanings import NOTHING, Meanings
from preprocessing.python.memo import Chain, Key, Memo, Question

_MOST_STEPS = 60  # for each of the questions that stand on each other


class Worklist:
    """Answers a question, whose number is the asker of `memo`, and all that it leads to.

    Every answer begins as a guess of no meanings. When a guess grows, all that stands on it is forgotten, and the
    questions among that are answered again.
    """

    def __init__(
        self,
        memo: Memo,
        derivations: Mapping[str, Callable[[int, str], Meanings]],
        work_out: Callable[[int, str], Meanings],
        question: Question,
    ) -> None:
        self._memo = memo
        self._derivations = derivations
        self._work_out = work_out
        self._guesses: dict[Question, Meanings] = {question: NOTHING}
        self._numbers = {question: memo.asker}
        self._chains: dict[Chain, tuple[Meanings, int]] = {}  # by the guesses as they are, with their numbers
        self._askers: dict[Key, dict[Key, None]] = {}
        self._asker: Key = question
        self._stands_on_guess = False  # what is being worked out
        self._new = [question]
        self._places: dict[Question, int] = {}
        self._queue: list[tuple[int, Question]] = []  # a heap of those that are due
        self._due: set[Question] = set()

    def guess(self, question: Question) -> Meanings:
        """What is known of a question so far."""
        self._stands_on_guess = True
        if question not in self._guesses:
            self._guesses[question] = NOTHING
            self._numbers[question] = self._memo.number()
            self._new.append(question)
        else:
            self._memo.note(self._numbers[question])
        self._askers.setdefault(question, {})[self._asker] = None
        return self._guesses[question]

    def find(self, chain: Chain) -> Meanings:
        """What a chain means by the guesses as they are; kept in the memo where it stands on none."""
        memo, known = self._memo, self._chains.get(chain)
        if known is not None:
            self._stands_on_guess = True
            memo.note(known[1])
            self._askers[chain][self._asker] = None
            return known[0]
        asker, outer, frame = self._asker, self._stands_on_guess, memo.begin()
        self._asker, self._stands_on_guess = chain, False
        found = self._work_out(*chain)
        if self._stands_on_guess:
            self._chains[chain], self._askers[chain] = (found, memo.asker), {asker: None}
        else:
            memo.keep(memo.asker, chain, found)
        self._asker, self._stands_on_guess = asker, outer or self._stands_on_guess
        memo.end(frame)
        return found

    def run(self) -> dict[Question, tuple[int, Meanings]]:
        """All answers, with their numbers."""
        steps = 0
        while (self._new or self._queue) and steps <= _MOST_STEPS * len(self._guesses):
            steps += 1
            question = self._asker = self._next()
            self._memo.asker = self._numbers[question]
            found = self._derivations[question[0]](question[1], question[2])
            if found != self._guesses[question]:
                self._guesses[question] = found
                self._upset(question)
        return {question: (self._numbers[question], found) for question, found in self._guesses.items()}

    def _next(self) -> Question:
        """A new question, or else of those that are due the one that was met last."""
        if self._new:
            question = self._new.pop()
            self._places[question] = -len(self._places)
            return question
        question = heapq.heappop(self._queue)[1]
        self._due.discard(question)
        return question

    def _upset(self, question: Question) -> None:
        """Have the questions that stand on a guess answered again, and forget the chains between."""
        upset: list[Key] = [question]
        while upset:
            for asker in self._askers.pop(upset.pop(), ()):
                if len(asker) == 2:
                    if self._chains.pop(asker, None) is not None:
                        upset.append(asker)
                elif asker not in self._due:
                    self._due.add(asker)
                    heapq.heappush(self._queue, (self._places[asker], asker))
