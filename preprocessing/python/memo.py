"""Answers by question, and what each of them stands on.

Knows which answers were found with the help of which others and of which facts, and forgets all that stand on what
has changed. Does not know what is asked.

Source: demand-driven incremental computation (Adapton, Hammer et al., PLDI 2014). Its early stop is for tasks alone,
since circles of answers do not allow it: a task that reads the same answers as before need not be done again.

Legend: P pairs of an asker and what it asked.
"""

from array import array
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from preprocessing.meanings import Meanings

Chain = tuple[int, str]  # a scope, and a chain that stands in it
Question = tuple[str, int, str]  # what is asked, of which node or file, under which name
Key = Chain | Question
Frame = tuple[int, frozenset[int]]
Task = tuple[str, int]  # what is done, for which file
# answers with their questions and the parameters on which they depend; None where a fact itself was looked at
Reads = list[tuple[Key, Meanings, frozenset[int]]] | None
Fact = tuple[int, str]  # what was looked at: a scope or another number, and a name
_BUCKETS = 1 << 22  # facts that share one are forgotten together, which costs time alone
_TAIL = 0.25
_NONE: frozenset[int] = frozenset()


class Memo:
    """Keeps answers in layers: those that hold in any round, and those of each round alone.

    `asker` is the number of what is being worked out, and `parameters` are those on which it depends, so that it holds
    in this round alone. An answer has a number; facts have negative ones.
    """

    def __init__(self, rounds: int) -> None:
        self.asker = 0
        self.parameters = _NONE
        self._steady: dict[Key, int] = {}
        self._rounds: list[dict[Key, int]] = [{} for _ in range(rounds)]
        self._of_round = self._rounds[0]
        self._keys: list[Key | None] = [None]
        self._gone = bytearray(1)  # by number: forgotten, or done again under another
        self._tasks: dict[int, Task] = {}
        self._numbers: dict[Task, int] = {}
        self._found: list[Meanings | None] = [None]
        self._parameters: dict[int, frozenset[int]] = {}
        self._sets: dict[frozenset[int], frozenset[int]] = {}
        self._askers, self._asked = array("i"), array("i")
        self._add_asker, self._add_asked = self._askers.append, self._asked.append
        self._index = _Index(self._askers, self._asked)

    def __len__(self) -> int:
        """How many answers were ever looked for."""
        return len(self._found)

    def begin_round(self, number: int) -> None:
        """Keep and find from now on what only holds in this round."""
        self._of_round = self._rounds[number]

    def get(self, key: Key) -> Meanings | None:
        """The answer to a question; None where it is not known."""
        number = self._steady.get(key)
        if number is None:
            number = self._of_round.get(key)
            if number is None:
                return None
            self.parameters |= self._parameters[number]
        self._add_asker(self.asker)
        self._add_asked(number)
        return self._found[number]

    def note(self, number: int) -> None:
        """Note that what is being worked out stands on an answer."""
        self._add_asker(self.asker)
        self._add_asked(number)

    def look(self, scope: int, name: str) -> None:
        """Note that what is being worked out stands on a fact."""
        self._add_asker(self.asker)
        self._add_asked(-1 - hash((scope, name)) % _BUCKETS)

    def number(self) -> int:
        """A new number, on which what is being worked out stands."""
        number = len(self._found)
        self._found.append(None)
        self._keys.append(None)
        self._gone.append(False)
        self.note(number)
        return number

    @property
    def frame(self) -> Frame:
        """What is being worked out."""
        return self.asker, self.parameters

    @frame.setter
    def frame(self, frame: Frame) -> None:
        self.asker, self.parameters = frame

    def begin(self) -> Frame:
        """Begin to work out something new, for what is being worked out now."""
        asker, number = self.asker, len(self._found)
        frame = asker, self.parameters
        self._found.append(None)
        self._keys.append(None)
        self._gone.append(False)
        self._add_asker(asker)
        self._add_asked(number)
        self.asker, self.parameters = number, _NONE
        return frame

    def end(self, frame: Frame) -> None:
        """Go back to what was being worked out before."""
        self.asker, parameters = frame
        if parameters or self.parameters:
            self.parameters |= parameters

    def keep(self, number: int, key: Key, found: Meanings) -> None:
        """Keep an answer under its number."""
        if self.parameters:
            self._of_round[key] = number
            # many answers depend on the same ones
            self._parameters[number] = self.parameters = self._sets.setdefault(self.parameters, self.parameters)
        else:
            self._steady[key] = number
        self._keys[number], self._found[number] = key, found

    def finish(self, frame: Frame, task: Task) -> frozenset[int]:
        """Go back from a task to what was being worked out before; the parameters on which the task depends."""
        number, parameters, self.parameters = self.asker, self.parameters, _NONE
        self._gone[self._numbers.get(task, number)] = True
        self._tasks.pop(self._numbers.get(task, number), None)
        self._numbers[task], self._tasks[number] = number, task
        self._gone[number] = False
        self.end(frame)
        return parameters

    def resume(self, task: Task) -> Frame:
        """Go on with a task that was finished before: what it reads now, too, is noted for it."""
        frame, self.frame = self.frame, (self._numbers[task], _NONE)
        return frame

    def forget(self, facts: Iterable[Fact]) -> dict[Task, Reads]:
        """Forget all that stands on some facts; the tasks concerned, with what of it each read."""
        numbers = np.array(sorted({-1 - hash(fact) % _BUCKETS for fact in facts}), dtype=np.int32)
        is_gone = np.array(self._gone, dtype=bool)
        found, read = self._index.above(numbers, is_gone, np.array(list(self._tasks), dtype=np.int32))
        concerned: dict[Task, Reads] = {}
        for number, asked in read:
            task = self._tasks[number]
            concerned[task] = self._add_read(concerned.get(task, []), asked)
        for number in found:
            self._drop(number)
        return concerned

    def _add_read(self, reads: Reads, asked: int) -> Reads:
        key, found = (self._keys[asked], self._found[asked]) if asked >= 0 else (None, None)
        if reads is None or key is None or found is None:
            return None
        return [*reads, (key, found, self._parameters.get(asked, _NONE))]

    def _drop(self, number: int) -> None:
        self._gone[number] = True
        key = self._keys[number]
        if key is not None:
            self._keys[number] = self._found[number] = None
            self._parameters.pop(number, None)
            for layer in (self._steady, *self._rounds):
                if layer.get(key) == number:
                    del layer[key]


class _Index:
    """Finds who asked; sorted anew when too much was added."""

    def __init__(self, askers: "array[int]", asked: "array[int]") -> None:
        self._pairs = askers, asked
        self._askers = self._asked = np.zeros(0, dtype=np.int32)  # sorted by what was asked

    def above(
        self, numbers: NDArray[np.int32], is_gone: NDArray[np.bool_], tasks: NDArray[np.int32]
    ) -> tuple[list[int], list[tuple[int, int]]]:
        """All but tasks that stand on some numbers, however indirectly, and what of all these each task asked."""
        tail = self._tail()
        is_task = np.zeros_like(is_gone)
        is_task[tasks] = True
        is_seen = is_gone | is_task
        is_seen[0] = True
        found: list[int] = []
        read: list[tuple[int, int]] = []
        while numbers.size:
            rows, later = self._rows(numbers), np.isin(tail[1], numbers)
            askers = np.concatenate([self._askers[rows], tail[0][later]])
            chosen = is_task[askers] & ~is_gone[askers]
            asked = np.concatenate([self._asked[rows], tail[1][later]])[chosen]
            read += zip(askers[chosen].tolist(), asked.tolist(), strict=True)
            numbers = np.unique(askers[~is_seen[askers]])
            is_seen[numbers] = True
            found += numbers.tolist()
        return found, sorted(set(read))

    def _rows(self, numbers: NDArray[np.int32]) -> NDArray[np.int64]:
        first = np.searchsorted(self._asked, numbers, side="left")
        counts = np.searchsorted(self._asked, numbers, side="right") - first
        starts = np.cumsum(counts) - counts
        rows: NDArray[np.int64] = np.arange(counts.sum()) + np.repeat(first - starts, counts)
        return rows

    def _tail(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The pairs that were added since all were sorted."""
        size = len(self._asked)
        if len(self._pairs[0]) - size > _TAIL * size:
            askers, asked = (np.array(one, dtype=np.int32) for one in self._pairs)
            order = np.argsort(asked)
            self._askers, self._asked = askers[order], asked[order]
            size = len(order)
        askers, asked = (np.array(one[size:], dtype=np.int32) for one in self._pairs)
        return askers, asked
