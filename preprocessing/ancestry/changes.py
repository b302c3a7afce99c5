"""What each commit changed, in the form in which lines are followed backwards, kept by commit id.

Knows which questions to ask about a commit, and that its changes never change. Does not know a snapshot's nodes.

A merge of two is followed into both parents: what equals one parent comes from there, what differs from both is its
own change; of two commits that changed the same on both sides, it names the one whose file it kept, and none of those
that one side did and undid. A merge of more is taken for one change of its first parent.
"""

import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from cgm.protocols import BlobStore
from cgm.store import fingerprint
from preprocessing.ancestry.diffs import (
    Changed,
    DiffTree,
    Hunk,
    open_hunks,
    open_names,
    read_hunks,
    read_merged_hunks,
    read_names,
)
from preprocessing.ancestry.walk import CommitHead, Deadline, GitStoppedError
from preprocessing.git import Git

_VERSION = 1  # of what is kept
_BATCH = 128  # commits asked about at once: few enough to write without waiting for an answer
_MOST_FAILURES = 64  # of one history, each of which costs new processes


class Change(NamedTuple):
    """A file as it is after a commit, and before it: a path and hunks for each parent that matters.

    A source is empty where the file was not there; hunks are None where they are not known.
    """

    path: str
    sources: tuple[str, ...]
    hunks: tuple[list[Hunk] | None, ...]


class Changes(NamedTuple):
    """All that a commit changed: the number of files, those that are still there, and of a merge what it took over.

    `taken` are paths whose content a merge has from its second parent.
    """

    files: int
    changes: tuple[Change, ...] = ()
    taken: tuple[str, ...] = ()


@dataclass(eq=False)
class ChangeReader:
    """Reads what commits changed, from the store where they were read before.

    `suffixes` are those of the files whose lines are looked at. `gaps` counts commits that could not be read.
    """

    git: Git
    suffixes: tuple[str, ...]
    blobs: BlobStore
    deadline: Deadline
    gaps: Counter[str] = field(default_factory=Counter)
    failures: int = 0

    @cached_property
    def _names(self) -> DiffTree:
        return open_names(self.git, self.deadline, renames=True)

    @cached_property
    def _plain_names(self) -> DiffTree:
        return open_names(self.git, self.deadline, renames=False)

    @cached_property
    def _hunks(self) -> DiffTree:
        return open_hunks(self.git, self.deadline, self.suffixes, merges=False)

    @cached_property
    def _merged_hunks(self) -> DiffTree:
        return open_hunks(self.git, self.deadline, self.suffixes, merges=True)

    @cached_property
    def _prefix(self) -> str:
        return fingerprint(_VERSION, self.suffixes, self.git.prefix())

    def close(self) -> None:
        """Stop the processes."""
        for name in ("_names", "_plain_names", "_hunks", "_merged_hunks"):
            if name in self.__dict__:
                getattr(self, name).close()

    def read(self, heads: Iterable[CommitHead]) -> Iterator[tuple[CommitHead, Changes | None]]:
        """Yield each commit with its changes, in order; None where they cannot be read.

        Raises:
            OutOfTimeError: the deadline is over.
        """
        pending = iter(heads)
        while batch := list(islice(pending, _BATCH)):
            known = self._known(batch)
            known |= self._ask([head for head in batch if head.id not in known])
            for head in batch:
                yield head, known.get(head.id)

    def _key(self, commit: str) -> str:
        return f"changes {self._prefix} {commit}"

    def _known(self, heads: Sequence[CommitHead]) -> dict[str, Changes]:
        keys = {self._key(head.id): head.id for head in heads}
        found = {}
        for key, content in self.blobs.get_many(list(keys)).items():
            changes = decode_changes(content)
            if changes is not None:
                found[keys[key]] = changes
        return found

    def _ask(self, heads: Sequence[CommitHead]) -> dict[str, Changes]:
        """Read the changes of commits, in halves where git stops, so that only those it stopped at are lost."""
        if not heads:
            return {}
        try:
            found = self._ask_git(heads)
        except GitStoppedError:
            self.close()  # with what the others have not said yet
            self.failures += 1
        else:
            self.blobs.put_many({self._key(commit): encode_changes(changes) for commit, changes in found.items()})
            return found
        if len(heads) == 1 or self.failures > _MOST_FAILURES:
            found = {head.id: names for head in heads if (names := self._names_alone(head))}
            self.gaps["commit without lines"] += len(found)
            self.gaps["unreadable commit"] += len(heads) - len(found)
            return found
        half = len(heads) // 2
        return self._ask(heads[:half]) | self._ask(heads[half:])

    def _names_alone(self, head: CommitHead) -> Changes | None:
        """A commit's changed files without renames or lines, for which its trees are enough."""
        try:
            answer = _answered(self._plain_names, [_line(head, 0)])
        except GitStoppedError:
            return None
        return _linear(answer.get(head.id, []), {})

    def _ask_git(self, heads: Sequence[CommitHead]) -> dict[str, Changes]:
        merges = [head for head in heads if len(head.parents) == 2]
        linear = [head for head in heads if len(head.parents) != 2]
        self._names.send([_line(head, 0) for head in heads])
        if linear and self.suffixes:
            self._hunks.send([_line(head, 0) for head in linear])
        names = read_names(self._names.answer())
        hunks = read_hunks(self._hunks.answer()) if linear and self.suffixes else {}
        found = {head.id: _linear(names.get(head.id, []), hunks) for head in linear}
        return found | self._ask_merges(merges, names)

    def _ask_merges(self, merges: Sequence[CommitHead], first: dict[str, list[Changed]]) -> dict[str, Changes]:
        if not merges:
            return {}
        own = _answered(self._plain_names, [" ".join((head.id, *head.parents)) for head in merges])
        mixed = [head for head in merges if own.get(head.id)]
        second = _answered(self._names, [_line(head, 1) for head in mixed])
        hunks: dict[tuple[str, ...], tuple[list[Hunk], list[Hunk]]] = {}
        if mixed and self.suffixes:
            self._merged_hunks.send([" ".join((head.id, *head.parents)) for head in mixed])
            hunks = read_merged_hunks(self._merged_hunks.answer())
        return {
            head.id: _merged(
                {row.path for row in own.get(head.id, [])}, first.get(head.id, []), second.get(head.id, []), hunks
            )
            for head in merges
        }


def _answered(process: DiffTree, lines: Sequence[str]) -> dict[str, list[Changed]]:
    if not lines:
        return {}
    process.send(lines)
    return read_names(process.answer())


def _line(head: CommitHead, parent: int) -> str:
    """What to ask in order to compare a commit with one parent, or with nothing where it has none."""
    return " ".join((head.id, *head.parents[parent : parent + 1]))


def _linear(names: Sequence[Changed], hunks: dict[tuple[str, ...], list[Hunk]]) -> Changes:
    rows = [
        Change(row.path, (row.source,), ([] if row.old == row.new else hunks.get((row.old, row.new)),))
        for row in names
        if not row.is_gone
    ]
    return Changes(len(names), tuple(rows))


def _merged(
    own: set[str],
    first: Sequence[Changed],
    second: Sequence[Changed],
    hunks: dict[tuple[str, ...], tuple[list[Hunk], list[Hunk]]],
) -> Changes:
    """A merge's changes, from the paths that differ from both parents and what differs from each of them."""
    rows = []
    others = {row.path: row for row in second}
    for row in first:
        other = others.get(row.path)
        if row.path in own and other and not row.is_gone:
            known = hunks.get((row.old, other.old, row.new), (None, None))
            rows.append(Change(row.path, (row.source, other.source), known))
    taken = tuple(row.path for row in first if row.path not in own and not row.is_gone)
    return Changes(len(own), tuple(rows), taken)


def encode_changes(changes: Changes) -> bytes:
    """Changes as bytes that tell whether they are whole."""
    return zlib.compress(json.dumps(changes, separators=(",", ":")).encode(), 1)


def decode_changes(content: bytes) -> Changes | None:
    """What `encode_changes` made; None where it is damaged."""
    try:
        files, rows, taken = json.loads(zlib.decompress(content))
        changes = tuple(Change(path, tuple(sources), tuple(hunks)) for path, sources, hunks in rows)
    except (zlib.error, ValueError, TypeError):
        return None
    return Changes(files, changes, tuple(taken))
