"""Files and line ranges followed backwards through commits, as `git log -L` follows them, all at once.

Knows how a range moves over hunks, and that every line of development has files of its own. Does not know git.
A range is half open and counted from 0. A hunk touches it where its new lines overlap it, or where lines were taken
away strictly inside; before the hunk the range holds the hunk's old lines too. A range without lines began there.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from preprocessing.ancestry.changes import Change, Changes
from preprocessing.ancestry.diffs import Hunk
from preprocessing.ancestry.walk import CommitHead

IntArray = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Trace(NamedTuple):
    """What is followed at a path: files of the base, and nodes with ranges."""

    files: tuple[int, ...]
    nodes: IntArray
    start: IntArray
    end: IntArray

    def only(self, mask: Mask) -> "Trace":
        """The trace with some of its nodes."""
        return Trace(self.files, self.nodes[mask], self.start[mask], self.end[mask])


class Carried(NamedTuple):
    """Ranges before a commit, which of them it touched, and the lines that it added and took away."""

    start: IntArray
    end: IntArray
    touched: Mask
    added: IntArray
    deleted: IntArray


class Touches(NamedTuple):
    """A commit's touches of a file, which may be several of the base, and of nodes in it.

    Lines are -1 where they were not counted.
    """

    commit: int
    files: tuple[int, ...]
    file_added: int
    file_deleted: int
    nodes: IntArray
    added: IntArray
    deleted: IntArray


_NONE = np.array([], dtype=np.int64)
_NOTHING = Carried(_NONE, _NONE, np.array([], dtype=np.bool_), _NONE, _NONE)

_State = dict[str, Trace]


def carry(start: IntArray, end: IntArray, hunks: Sequence[Hunk]) -> Carried:
    """Take ranges from after some hunks to before them."""
    rows = np.array(hunks, dtype=np.int64).reshape(-1, 4)
    old, new = rows[:, 0], rows[:, 2]
    old_end, new_end = old + rows[:, 1], new + rows[:, 3]
    first = np.searchsorted(new_end, start, side="right")
    last = np.searchsorted(new, end, side="left")
    touched = last > first
    shift = np.concatenate(([0], old_end - new_end))
    begin, stop = start + shift[first], end + shift[np.maximum(first, last)]
    added, deleted = np.zeros_like(start), np.zeros_like(start)
    if touched.any():
        one, other = first[touched], last[touched] - 1
        head, tail = start[touched] - new[one], new_end[other] - end[touched]
        begin[touched] = np.where(head >= 0, old[one], begin[touched])
        stop[touched] = np.where(tail >= 0, old_end[other], stop[touched])
        added[touched] = _between(rows[:, 3], one, other) - np.maximum(head, 0) - np.maximum(tail, 0)
        deleted[touched] = _between(rows[:, 1], one, other)
    return Carried(begin, stop, touched, added, deleted)


def _between(lengths: IntArray, first: IntArray, last: IntArray) -> IntArray:
    """The sum of some lengths, from the first to the last of each pair."""
    total = np.concatenate(([0], np.cumsum(lengths)))
    return total[last + 1] - total[first]


def join(one: Trace, other: Trace) -> Trace:
    """Two traces that meet at a path; a node of both has all lines from the first to the last."""
    nodes, where = np.unique(np.concatenate((one.nodes, other.nodes)), return_inverse=True)
    start = np.full(len(nodes), np.iinfo(np.int64).max)
    end = np.zeros(len(nodes), dtype=np.int64)
    np.minimum.at(start, where, np.concatenate((one.start, other.start)))
    np.maximum.at(end, where, np.concatenate((one.end, other.end)))
    return Trace(tuple(dict.fromkeys((*one.files, *other.files))), nodes, start, end)


@dataclass(eq=False)
class Lineage:
    """The files that each commit not yet read begins with; commits are to be read before their parents.

    `gaps` counts files whose lines could be followed no further.
    """

    states: dict[str, _State]
    gaps: Counter[str] = field(default_factory=Counter)

    @classmethod
    def at(cls, commit: str, files: Mapping[str, Trace]) -> "Lineage":
        """Begin with the files of a commit."""
        return cls({commit: dict(files)})

    def step(self, number: int, head: CommitHead, changes: Changes | None) -> list[Touches]:
        """Go from a commit, `number` in the history, to its parents; what it touched on the way."""
        state = self.states.pop(head.id, {})
        if changes is None:
            self.gaps["unknown lines"] += 1
            changes = Changes(0)
        touches: list[Touches] = []
        # of a merge that git could not show in full, what is known is against the first parent
        if len(head.parents) == 2 and all(len(change.sources) == 2 for change in changes.changes):
            second = {path: state.pop(path) for path in changes.taken if path in state}
            rows = [(change, state.pop(change.path, None)) for change in changes.changes]
            for change, trace in rows:
                if trace is not None:
                    touches.append(self._merge(number, change, trace, (state, second)))
            self._arrive(head.parents[1], second)
        else:
            rows = [(change, state.pop(change.path, None)) for change in changes.changes]
            for change, trace in rows:
                if trace is not None:
                    touches.append(self._pass(number, change, trace, state))
        if head.parents:
            self._arrive(head.parents[0], state)
        return touches

    def _pass(self, number: int, change: Change, trace: Trace, state: _State) -> Touches:
        carried = self._carried(trace, change, 0)
        if change.sources[0]:
            _put(state, change.sources[0], before(trace, carried))
        return _touches(number, trace, carried, carried.touched, change)

    def _merge(self, number: int, change: Change, trace: Trace, parents: tuple[_State, _State]) -> Touches:
        """Follow a file that a merge has from neither parent; a node goes where it is untouched, else to both."""
        first, second = (self._carried(trace, change, parent) for parent in (0, 1))
        ways = ((first, ~first.touched | second.touched), (second, first.touched))
        for parent, (carried, mask) in enumerate(ways):
            if change.sources[parent]:
                _put(parents[parent], change.sources[parent], before(trace, carried, mask))
        return _touches(number, trace, first, first.touched & second.touched, change)

    def _carried(self, trace: Trace, change: Change, parent: int) -> Carried:
        hunks = change.hunks[parent]
        if not len(trace.nodes):
            return _NOTHING
        if hunks is not None:
            return carry(trace.start, trace.end, hunks)
        if change.sources[parent]:
            self.gaps["unknown lines"] += 1
        nothing, unknown = np.zeros_like(trace.start), np.full_like(trace.start, -1)
        is_new = np.full(len(trace.nodes), not change.sources[parent])
        return Carried(nothing, nothing, is_new, unknown, unknown)

    def _arrive(self, commit: str, state: _State) -> None:
        """Add files to those that a commit begins with."""
        there = self.states.setdefault(commit, state)
        if there is state:
            return
        small, large = sorted((there, state), key=len)
        for path, trace in small.items():
            _put(large, path, trace)
        self.states[commit] = large


def _put(state: _State, path: str, trace: Trace) -> None:
    there = state.get(path)
    state[path] = trace if there is None else join(there, trace)


def before(trace: Trace, carried: Carried, mask: Mask | None = None) -> Trace:
    """The trace before a commit: of all its nodes, or some, those that were there."""
    if not len(trace.nodes):
        return trace
    kept = carried.end > carried.start
    if mask is not None:
        kept &= mask
    return trace._replace(start=carried.start, end=carried.end).only(kept)


def _touches(number: int, trace: Trace, carried: Carried, touched: Mask, change: Change) -> Touches:
    """The touches of a file and of some nodes in it, against the first parent."""
    hunks = change.hunks[0]
    lines = (-1, -1) if hunks is None else (sum(hunk[3] for hunk in hunks), sum(hunk[1] for hunk in hunks))
    rows = (trace.nodes[touched], carried.added[touched], carried.deleted[touched])
    return Touches(number, trace.files, *lines, *rows)
