"""What a unified diff says, read from its text alone.

Knows the form of git's diffs and of plain ones, as `git apply` reads them: names lose their first folder, hunks are as
long as they say, and text between files means nothing. A diff is printed anew from what was read, so that what is
applied is what was seen, whatever another program would have made of the original. Does not know which changes are
allowed (`eval.swebench.untrusted`) nor the files that they are for.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from cgm.errors import PatchError

_HUNK = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")
_MODE = re.compile(r"(old mode|new mode|new file mode|deleted file mode|index [0-9a-f]+\.\.[0-9a-f]+) ([0-7]{6})$")
_MOVE = re.compile(r"(rename|copy) (from|to) (.+)$")
_PASSED_OVER = ("index ", "similarity index ", "dissimilarity index ")
_BINARY = re.compile(r"GIT binary patch$|Binary files .* differ$")
_ESCAPE = re.compile(rb"\\([0-3][0-7]{2}|.)", re.DOTALL)
_LETTERS = {b"a": 7, b"b": 8, b"t": 9, b"n": 10, b"v": 11, b"f": 12, b"r": 13, b'"': 34, b"\\": 92}
_CHOPPED = 3  # blank lines of context that may be missing at the very end, as GNU patch has it
_LONGEST = 200  # characters of a message that are the diff's
_NOWHERE = "/dev/null"


@dataclass
class Change:
    """What a diff does to one file; `old` and `new` are its names before and after, None where it does not exist.

    `move` is rename, copy or empty. `modes` holds every mode that is named, by the words that name it. `hunks` are
    their lines, without line ends.
    """

    old: str | None
    new: str | None
    move: str = ""
    modes: dict[str, str] = field(default_factory=dict)
    binary: bool = False
    hunks: list[str] = field(default_factory=list)

    @property
    def paths(self) -> tuple[str, ...]:
        """The names that it has, before and after, each once."""
        return tuple(dict.fromkeys(name for name in (self.old, self.new) if name is not None))

    @property
    def says_something(self) -> bool:
        """Whether anything follows from it; a header alone changes nothing."""
        return bool(self.hunks or self.move or self.binary or set(self.modes) - {"index"})

    @property
    def touched(self) -> list[int]:
        """The lines of the file before that it removes or replaces; where it only inserts, both neighbours."""
        return list(_touched(self.hunks))


def _touched(hunks: Iterable[str]) -> Iterator[int]:
    line = 0
    rows = (row for row in hunks if not row.startswith("\\"))
    for sign, run in itertools.groupby(rows, key=lambda row: row[0] if row[0] in "@ " else "+-"):
        block = list(run)
        if sign == "@":
            line = _first_line(block[-1])
        elif sign == " ":
            line += len(block)
        else:
            removed = sum(row.startswith("-") for row in block)
            yield from range(line, line + removed) if removed else (line - 1, line)
            line += removed


def _first_line(header: str) -> int:
    """The line before the change that a hunk begins at; one that covers none names the line before it."""
    head = _HUNK.match(header)
    assert head is not None  # hunks begin with what matched
    return int(head[1]) + (head[2] is not None and int(head[2]) == 0)


def read_diff(diff: str) -> list[Change]:
    """Read the changes of a diff, in its order; a text without any gives none.

    Raises:
        PatchError: a header or a hunk is malformed, so that git would refuse the diff or read it in another way.
    """
    lines = diff.split("\n")
    if not lines[-1]:
        lines.pop()
    return _Reader(lines).read()


def print_diff(changes: Iterable[Change]) -> str:
    """Write changes as a diff in git's form.

    Their names must be such that git writes them without quotes, and their contents text.
    """
    return "".join(_header(change) + "".join(f"{line}\n" for line in change.hunks) for change in changes)


def _header(change: Change) -> str:
    old, new = change.old or change.new, change.new or change.old
    modes = [f"{words} {mode}\n" for words, mode in change.modes.items() if not words.startswith("index")]
    moves = [f"{change.move} from {old}\n", f"{change.move} to {new}\n"] if change.move else []
    names = [f"--- {_side('a', change.old)}\n", f"+++ {_side('b', change.new)}\n"] if change.hunks else []
    return "".join([f"diff --git a/{old} b/{new}\n", *modes, *moves, *names])


def _side(prefix: str, name: str | None) -> str:
    if name is None:
        return _NOWHERE
    return f"{prefix}/{name}\t" if " " in name else f"{prefix}/{name}"  # git ends a name with blanks by a tab


class _Reader:
    """Walks over the lines of a diff once."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._at = 0

    def read(self) -> list[Change]:
        changes = []
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if line.startswith("diff --git "):
                changes.append(self._git_change())
            elif self._is_plain_header():
                changes.append(self._plain_change())
            elif line.startswith("@@ -"):
                raise self._malformed("a hunk must follow the names of its file")
            else:
                self._at += 1
        return [change for change in changes if change.says_something]

    def _is_plain_header(self) -> bool:
        three = self._lines[self._at : self._at + 3]
        starts = ("--- ", "+++ ", "@@ -")
        return len(three) == len(starts) and all(map(str.startswith, three, starts))

    def _plain_change(self) -> Change:
        old, new = (self._name(self._lines[self._at + side][4:], plain=True) for side in (0, 1))
        self._at += 2
        change = self._checked(Change(old, new))
        self._hunks(change)
        return change

    def _git_change(self) -> Change:
        names, moved, change = dict[str, str | None](), dict[str, str | None](), Change(None, None)
        header = self._lines[self._at][len("diff --git ") :].rstrip("\r")
        self._at += 1
        while self._at < len(self._lines):
            line = self._lines[self._at].rstrip("\r")
            if line.startswith(("--- ", "+++ ")):
                names[line[:3]] = self._name(line[4:], plain=False)
            elif move := _MOVE.match(line):
                change.move = move[1]
                moved[move[2]] = _unquoted(move[3])
            elif mode := _MODE.match(line):
                change.modes[mode[1].split(" ")[0] if line.startswith("index") else mode[1]] = mode[2]
            elif not line.startswith(_PASSED_OVER):
                break
            self._at += 1
        self._settle(change, header, names, moved)
        change.binary = self._at < len(self._lines) and _BINARY.match(self._lines[self._at].rstrip("\r")) is not None
        self._hunks(change)
        return change

    def _settle(self, change: Change, header: str, names: dict[str, str | None], moved: dict[str, str | None]) -> None:
        """Find the names of a change among the lines that give them, the most exact first."""
        added, deleted = "new file mode" in change.modes, "deleted file mode" in change.modes
        if change.move:
            if set(moved) != {"from", "to"}:
                raise self._malformed(f"a {change.move} must say from and to")
            change.old, change.new = moved["from"], moved["to"]
        elif names:
            change.old, change.new = names.get("---"), names.get("+++")
        else:
            same = self._same_name(header)
            change.old, change.new = (None if added else same), (None if deleted else same)
        if (added and change.old is not None) or (deleted and change.new is not None):
            raise self._malformed("a file that is said to be new or gone must be /dev/null before or after")
        self._checked(change)

    def _checked(self, change: Change) -> Change:
        if not change.paths:
            raise self._malformed("a change must have a file")
        if not change.move and len(change.paths) > 1:
            raise self._malformed(
                f"a change that is no rename must have one name, got {_shown(' and '.join(change.paths))}"
            )
        if change.old is None:
            change.modes.setdefault("new file mode", "100644")
        if change.new is None:
            change.modes.setdefault("deleted file mode", "100644")
        return change

    def _same_name(self, header: str) -> str:
        """The one name in `a/NAME b/NAME`."""
        if header.startswith('"'):
            first, _, second = header[1:].partition('" ')
            sides = (f'"{first}"', second)
        else:
            middle = len(header) // 2
            sides = (header[:middle], header[middle + 1 :])
        old, new = (self._name(side, plain=False) for side in sides)
        if old is None or old != new:
            raise self._malformed("a header without names below it must name one file twice")
        return old

    def _name(self, text: str, *, plain: bool) -> str | None:
        """A name without its first folder, None for /dev/null; a plain one without folders is whole, as git has it."""
        text = text.rstrip("\r")
        name = _unquoted(text) if text.startswith('"') else text.partition("\t")[0]
        if name.rstrip() == _NOWHERE:
            return None
        first, slash, rest = name.partition("/")
        if slash and first:
            return rest
        if slash or not plain:
            raise self._malformed(f"a name must have a folder before it, as a/ and b/, got {_shown(name)!r}")
        return first

    def _hunks(self, change: Change) -> None:
        if change.binary:
            return
        while self._at < len(self._lines) and (head := _HUNK.match(self._lines[self._at])):
            self._hunk(change, head)

    def _hunk(self, change: Change, head: re.Match[str]) -> None:
        removed, added = (int(head[group] or "1") for group in (2, 4))
        change.hunks.append(self._lines[self._at].rstrip("\r"))
        self._at += 1
        while removed or added:
            if self._at == len(self._lines) and removed == added <= _CHOPPED:
                change.hunks += [" "] * removed
                return
            sign, row = self._row()
            removed, added = removed - (sign in " -"), added - (sign in " +")
            if removed < 0 or added < 0:
                raise self._malformed("a hunk must be as long as it says")
            change.hunks.append(row)
            self._unfinished(change)

    def _row(self) -> tuple[str, str]:
        """A line of a hunk with its sign; an empty one is a blank line of context that lost its sign."""
        line = self._lines[self._at] if self._at < len(self._lines) else "?"
        row = line if line.rstrip("\r") else f" {line}"
        if row[0] not in " +-":
            raise self._malformed("a hunk must be as long as it says")
        self._at += 1
        return row[0], row

    def _unfinished(self, change: Change) -> None:
        if self._at < len(self._lines) and self._lines[self._at].startswith("\\ "):
            change.hunks.append("\\ No newline at end of file")
            self._at += 1

    def _malformed(self, rule: str) -> PatchError:
        return PatchError(f"line {self._at + 1} of the diff: {rule}")


def _unquoted(text: str) -> str:
    """A name as git quotes it in C's way, or as it is.

    Raises:
        PatchError: the quotes or escapes are malformed, or the name is not UTF-8.
    """
    if not text.startswith('"'):
        return text
    closing = re.match(r'"((?:[^"\\]|\\.)*)"', text)
    if closing is None:
        raise PatchError(f"a quoted name must end with a quote, got {_shown(text)!r}")
    try:
        return _ESCAPE.sub(_unescaped, closing[1].encode()).decode()
    except ValueError as error:
        raise PatchError(f"a quoted name must be UTF-8 in C's escapes, got {_shown(text)!r}") from error


def _shown(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _unescaped(found: re.Match[bytes]) -> bytes:
    code = found[1]
    if len(code) == 3:
        return bytes([int(code, 8)])
    if code not in _LETTERS:
        raise ValueError(code)
    return bytes([_LETTERS[code]])
