"""What commits changed, asked of running `git diff-tree` processes: files with their blobs, and hunks of lines.

Knows diff-tree's options and output. Does not know what becomes of it (`preprocessing.ancestry.changes`). Nothing that
the repository says about diffs is heeded: neither programs, attributes, algorithms nor orders of its configuration. A
hunk is (old start, old length, new start, new length), starts counted from 0; where a length is 0, its start is the
line before which lines were added or taken away.
"""

import os
import re
import secrets
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from preprocessing.ancestry.walk import Deadline, GitStoppedError, end_process, read_piece
from preprocessing.git import Git

Hunk = tuple[int, int, int, int]
Blobs = tuple[str, ...]

_PLAIN = ("diff-tree", "--stdin", "--root", "-r", "-c", "--no-ext-diff", "--no-textconv", "--no-color", "--relative")
_RAW = (*_PLAIN, "--raw", "-z", "--no-abbrev", f"-O{os.devnull}")
_PATCH = (*_PLAIN, "-p", "--full-index", "--text", f"-O{os.devnull}")
_LINES = ("--inter-hunk-context=0", "--diff-algorithm=myers", "--indent-heuristic")
_RENAMES = ("-M", "-l400")
_GITLINK = "160000"
_MOST_BYTES = 1 << 28
_LONGEST_HEADER = 4096

_LINE = re.compile(
    rb"\n(?:index (?P<old>[0-9a-f]+)\.\.(?P<new>[0-9a-f]+)"
    rb"|@@ -(?P<start>\d+)(?:,(?P<length>\d+))? \+(?P<into>\d+)(?:,(?P<size>\d+))? @@)"
)
_COMBINED_INDEX = re.compile(rb"index ([0-9a-f]+),([0-9a-f]+)\.\.([0-9a-f]+)")
_COMBINED_HUNK = re.compile(rb"@@@ -(\d+)(?:,\d+)? -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@@")


def _unlike_all() -> bytes:
    return b"end-%s\n" % secrets.token_hex(16).encode()


class Changed(NamedTuple):
    """A file that differs from a parent; `source` is its path there, empty where it was not there."""

    path: str
    source: str
    old: str
    new: str
    is_gone: bool


@dataclass(eq=False)
class DiffTree:
    """One running diff-tree, started when first asked; it answers line by line."""

    git: Git
    arguments: Sequence[str]
    deadline: Deadline
    most_bytes: int = _MOST_BYTES
    _process: "subprocess.Popen[bytes] | None" = None
    # no path or line that a repository holds can be this
    _end: bytes = field(default_factory=_unlike_all)

    def send(self, commits: Sequence[str]) -> None:
        """Ask about commits: each line is a commit, or a commit and the parents to compare it with."""
        if self._process is None:
            self._process = self.git.start(*self.arguments)
        assert self._process.stdin is not None
        try:
            self._process.stdin.write("".join(f"{line}\n" for line in commits).encode() + self._end)
            self._process.stdin.flush()
        except BrokenPipeError as error:
            self.close()
            raise GitStoppedError from error

    def answer(self) -> Iterator[bytes]:
        """Yield what it says to all that was sent last, in pieces.

        Raises:
            OutOfTimeError: the deadline is over.
            GitStoppedError: an object is missing or damaged, or the answer too long.
        """
        assert self._process is not None
        tail, read = b"", 0
        while not tail.endswith(self._end):
            piece = read_piece(self._process, self.deadline)
            read += len(piece)
            if not piece or read > self.most_bytes:
                self.close()
                raise GitStoppedError
            tail += piece
            yield tail[: -len(self._end)]
            tail = tail[-len(self._end) :]

    def close(self) -> None:
        """Stop the process; the next question starts another."""
        if self._process is not None:
            end_process(self._process)
            self._process = None


def open_names(git: Git, deadline: Deadline, *, renames: bool) -> DiffTree:
    """A process that names changed files, with renames or without."""
    return DiffTree(git, (*_RAW, *(_RENAMES if renames else ("--no-renames",))), deadline)


def open_hunks(git: Git, deadline: Deadline, suffixes: Iterable[str], *, merges: bool) -> DiffTree:
    """A process that shows the changed lines of the files with one of some suffixes, of merges or of what is none."""
    # without context git leaves lines out of a merge's hunks that it counts all the same
    context = "-U1" if merges else "-U0"
    patterns = [f"*{suffix}" for suffix in suffixes]
    return DiffTree(
        git, (*_PATCH, *_LINES, context, *_RENAMES, "--", *patterns), deadline, _MOST_BYTES if merges else 1 << 32
    )


def read_names(answer: Iterable[bytes]) -> dict[str, list[Changed]]:
    """The changed files of each commit; those of a merge differ from all parents, and have no source."""
    found: dict[str, list[Changed]] = {}
    tokens = iter(b"".join(answer).split(b"\0"))
    rows: list[Changed] = []
    for token in tokens:
        if token.startswith(b"::"):
            rows.append(Changed(os.fsdecode(next(tokens)), "", "", "", is_gone=False))
        elif token.startswith(b":"):
            rows += _changed(token[1:].decode().split(" "), tokens)
        elif token:
            rows = found.setdefault(token.decode(), [])
    return found


def _changed(columns: Sequence[str], paths: Iterator[bytes]) -> list[Changed]:
    old_mode, mode, old, new, status = columns
    source = os.fsdecode(next(paths))
    path = os.fsdecode(next(paths)) if status[0] in "RC" else source
    if _GITLINK in (old_mode, mode):
        return []
    # what was no file before, but a link, begins here
    source = source if status[0] in "MR" else ""
    return [Changed(path, source, old, new, is_gone=status == "D")]


def read_hunks(answer: Iterable[bytes]) -> dict[Blobs, list[Hunk]]:
    """The hunks between blobs; content before them can never look like a header, since it is indented by a sign."""
    found: dict[Blobs, list[Hunk]] = {}
    hunks: list[Hunk] = []
    rest = b"\n"
    for piece in answer:
        text = rest + piece
        end = text.rfind(b"\n")
        for match in _LINE.finditer(text, 0, end):
            if match["old"]:
                hunks = found[match["old"].decode(), match["new"].decode()] = []
            else:
                hunks.append(_hunk(match["start"], match["length"], match["into"], match["size"]))
        rest = text[end : end + _LONGEST_HEADER]
    return found


def _hunk(start: bytes, length: bytes | None, into: bytes, size: bytes | None) -> Hunk:
    old, new = _count(length), _count(size)
    return (_start(start, old), old, _start(into, new), new)


def _count(column: bytes | None) -> int:
    return 1 if column is None else int(column)


def _start(column: bytes, length: int) -> int:
    return int(column) - 1 if length else int(column)


def read_merged_hunks(answer: Iterable[bytes]) -> dict[Blobs, tuple[list[Hunk], list[Hunk]]]:
    """The hunks from each of two parents' blobs to a merge's: (first, second, merged)."""
    found: dict[Blobs, tuple[list[Hunk], list[Hunk]]] = {}
    hunks: tuple[list[Hunk], list[Hunk]] = ([], [])
    at: list[int] = []
    for line in b"".join(answer).split(b"\n"):
        if at and line[:1] in (b" ", b"+", b"-"):
            _merged_line(line, at, hunks)
        elif match := _COMBINED_HUNK.match(line):
            at = [max(int(start) - 1, 0) for start in match.groups()]
        elif match := _COMBINED_INDEX.match(line):
            hunks, at = ([], []), []
            found[match[1].decode(), match[2].decode(), match[3].decode()] = hunks
    return found


def _merged_line(line: bytes, at: list[int], hunks: tuple[list[Hunk], list[Hunk]]) -> None:
    """Advance over a line: `-` in a column is a line of that parent alone, `+` one that it has not."""
    is_lost = b"-" in line[:2]
    for parent in (0, 1):
        sign = line[parent : parent + 1]
        if sign == b"-":
            _grow(hunks[parent], (at[parent], 1, at[2], 0))
            at[parent] += 1
        elif not is_lost and sign == b"+":
            _grow(hunks[parent], (at[parent], 0, at[2], 1))
        elif not is_lost:
            at[parent] += 1
    at[2] += not is_lost


def _grow(hunks: list[Hunk], row: Hunk) -> None:
    """Append a hunk of one line, to the last one where it follows on it."""
    if hunks:
        old, length, new, size = hunks[-1]
        if (old + length, new + size) == (row[0], row[2]):
            hunks[-1] = (old, length + row[1], new, size + row[3])
            return
    hunks.append(row)
