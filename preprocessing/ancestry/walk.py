"""The commits behind a commit: ids, parents, times and messages, descendants first.

Knows `git rev-list`, and that no later commit can be reached: neither references nor replaced or grafted parents nor a
commit-graph file, which may say anything, are looked at. Does not know what commits changed.
"""

import heapq
import os
import select
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from preprocessing.git import Git

_PIECE = 1 << 20
_FIELDS = ("%H", "%P", "%at", "%ct", "%B")
_MOST_BYTES = 1 << 28
_MOST_SECONDS = 1 << 62  # of a time that a commit may claim


class OutOfTimeError(Exception):
    """The time for reading a history is over."""


class GitStoppedError(Exception):
    """Git ended, or said more than anybody can use, before it had answered."""


class CommitHead(NamedTuple):
    """A commit without its changes; `parents` are empty where history begins, or is cut off."""

    id: str
    parents: tuple[str, ...]
    author_time: int
    commit_time: int
    message: str


@dataclass(frozen=True)
class Deadline:
    """A moment of the monotonic clock."""

    moment: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """The moment so many seconds from now."""
        return cls(time.monotonic() + seconds)

    def left(self) -> float:
        """Seconds left.

        Raises:
            OutOfTimeError: there are none.
        """
        seconds = self.moment - time.monotonic()
        if seconds <= 0:
            raise OutOfTimeError
        return seconds


def read_piece(process: "subprocess.Popen[bytes]", deadline: Deadline) -> bytes:
    """What a process has written next; empty at its end.

    Raises:
        OutOfTimeError: it wrote nothing in time.
    """
    assert process.stdout is not None
    descriptor = process.stdout.fileno()
    ready, _, _ = select.select([descriptor], [], [], deadline.left())
    if not ready:
        raise OutOfTimeError
    return os.read(descriptor, _PIECE)


def end_process(process: "subprocess.Popen[bytes]") -> None:
    """Stop a process and close its pipes."""
    process.kill()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
    process.wait()


def walk(git: Git, commit: str, most: int, longest: int, deadline: Deadline) -> tuple[list[CommitHead], Counter[str]]:
    """The `most` newest commits from `commit` (a full id) backwards, itself first, and what is missing, by reason.

    Every commit stands after all of its descendants in the list; messages are cut to `longest` characters.
    """
    heads: list[CommitHead] = []
    gaps = Counter[str]()
    arguments = (f"--max-count={most}", "--no-commit-header", "--encoding=UTF-8")
    process = git.start("rev-list", *arguments, f"--format={'%x00'.join(_FIELDS)}%x00", commit, "--")
    try:
        heads.extend(_head(fields, longest) for fields in _records(process, deadline))
    except OutOfTimeError:
        gaps["out of time"] = 1
    except GitStoppedError:
        gaps["unreadable commit"] = 1
    finally:
        end_process(process)
    heads = descendants_first(heads)
    known = {head.id for head in heads}
    gaps["older commit"] = len({parent for head in heads for parent in head.parents} - known)
    return heads, gaps


def descendants_first(heads: Sequence[CommitHead]) -> list[CommitHead]:
    """Order commits so that no one stands before a child, as little changed as that allows; the first is the base."""
    rank = {head.id: position for position, head in enumerate(heads)}
    children = Counter(parent for head in heads for parent in set(head.parents) if parent in rank)
    ready = [position for position, head in enumerate(heads) if not children[head.id]]
    ordered = []
    while ready:
        head = heads[heapq.heappop(ready)]
        ordered.append(head)
        for parent in set(head.parents) & rank.keys():
            children[parent] -= 1
            if not children[parent]:
                heapq.heappush(ready, rank[parent])
    return ordered


def merged_by(heads: Sequence[CommitHead]) -> list[int]:
    """The position of the merge that brought each commit in, -1 on the first one's line of first parents.

    Of a branch within a branch it is the inner merge. The commits stand descendants first.
    """
    position = {head.id: number for number, head in enumerate(heads)}
    found = [-2] * len(heads)
    current: int | None = 0
    while heads and current is not None:
        found[current] = -1
        current = position.get(next(iter(heads[current].parents), ""))
    for number, head in enumerate(heads):
        for place, parent in enumerate(head.parents):
            where = position.get(parent)
            if where is not None and found[where] == -2:
                found[where] = number if place else found[number]
    return found


def _records(process: "subprocess.Popen[bytes]", deadline: Deadline) -> Iterator[list[bytes]]:
    """The fields of each commit, as they come."""
    fields: list[bytes] = []
    rest, read = b"", 0
    while piece := read_piece(process, deadline):
        read += len(piece)
        *complete, rest = (rest + piece).split(b"\0")
        fields += complete
        while len(fields) >= len(_FIELDS):
            yield fields[: len(_FIELDS)]
            del fields[: len(_FIELDS)]
        if read > _MOST_BYTES or len(rest) > _MOST_BYTES // 32:
            raise GitStoppedError
    if process.wait():
        raise GitStoppedError


def _head(fields: Sequence[bytes], longest: int) -> CommitHead:
    # git ends each record with a newline, which the next one begins with
    commit, parents, authored, committed, message = fields
    text = message[: 4 * longest].decode("utf-8", "replace").strip()[:longest]
    names = tuple(parents.decode().split())
    return CommitHead(commit.decode().strip(), names, _seconds(authored), _seconds(committed), text)


def _seconds(field: bytes) -> int:
    digits = field.strip()
    return min(int(digits), _MOST_SECONDS) if digits.isdigit() and len(digits) < 20 else 0
