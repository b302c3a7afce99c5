"""From quoted code to the lines it was quoted from.

Knows exact matching, matching with blank space folded, and re-indentation. Does not know how an answer is worded
(`reader.answer`) nor how edits become a diff (`reader.patch`).
"""

import itertools
import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import PurePosixPath

from cgm.artifacts import Edit
from cgm.errors import PatchError
from cgm.text import is_safe_path, split_lines
from reader.patch import line_end

Spans = Mapping[str, Sequence[tuple[int, int]]]

_NUMBERED = re.compile(r"\s*\d+\s?\| ?(.*)", re.DOTALL)
_TAB = 4  # blanks that stand for one tab where a file is indented by tabs


@dataclass(frozen=True)
class Block:
    r"""Quoted lines and what replaces them, both with `\n` ends; `path` is empty where the answer names none."""

    path: str
    search: str
    replacement: str


@dataclass(frozen=True)
class _Match:
    path: str
    start: int  # first line, 1-based
    end: int  # last line, inclusive


def resolve_path(named: str, allowed: Sequence[str]) -> str:
    """Find the allowed path that an answer means: itself, without `a/` or `./`, or the only one it ends.

    Raises:
        PatchError: no allowed path fits, or several do.
    """
    cleaned = named.strip().strip("`'\"*#: ").replace("\\", "/")
    for candidate in (cleaned, re.sub(r"^(\./|/|[ab]/)+", "", cleaned)):
        if candidate in allowed:
            return candidate
    inner = cleaned.lstrip("./")
    fits = [path for path in allowed if path.endswith(f"/{inner}") or inner.endswith(f"/{path}")]
    if len(fits) == 1 and inner:
        return fits[0]
    raise PatchError(f"{named.strip() or 'an unnamed file'} may not be edited; these may: {', '.join(allowed)}")


def locate(block: Block, texts: Mapping[str, str], shown: Spans, taken: AbstractSet[str] | None = None) -> Edit:
    """Turn a block into an edit of the one place it quotes, among `texts`.

    Tries whole lines as they are, then with blank space folded and blank lines skipped, the replacement then
    indented as the place is. Of several places the only one within the lines `shown` counts, as the model saw no
    other. A block that quotes nothing makes a file, but only where `taken` holds all paths of the repository.

    Raises:
        PatchError: the quoted lines are nowhere, at several places, or in a file that may not be edited.
    """
    if taken is not None and not block.search.strip() and _is_new(block.path, taken):
        return Edit(block.path, 1, 0, block.replacement)
    paths = [resolve_path(block.path, list(texts))] if block.path else list(texts)
    if not block.search.strip():
        return _filled(block, paths, texts)
    for find, quoted in itertools.product((_exact, _folded), (block, _unnumbered(block))):
        matches = [match for path in paths for match in find(path, texts[path], quoted.search)]
        if len(matches) > 1:
            matches = [match for match in matches if _is_shown(match, shown)] or matches
        if len(matches) > 1:
            raise PatchError(_ambiguous(quoted.search, matches))
        if matches:
            return _edit(matches[0], texts[matches[0].path], quoted)
    raise PatchError(_missing(_unnumbered(block).search, paths, texts))


def _is_shown(match: _Match, shown: Spans) -> bool:
    return any(start <= match.start and match.end <= end for start, end in shown.get(match.path, ()))


def _is_new(path: str, taken: AbstractSet[str]) -> bool:
    """Whether a file can be made at a path: inside the repository, no other file or folder in its way."""
    if not path or not is_safe_path(path):
        return False
    folders = {str(folder) for known in taken for folder in PurePosixPath(known).parents}
    above = {str(folder) for folder in PurePosixPath(path).parents}
    return path not in taken and path not in folders and not above & taken


def _filled(block: Block, paths: Sequence[str], texts: Mapping[str, str]) -> Edit:
    if len(paths) == 1 and not texts[paths[0]].strip():
        return Edit(paths[0], 1, len(split_lines(texts[paths[0]])), block.replacement)
    raise PatchError("the block quotes no lines: quote the lines that the new ones replace, exactly as shown")


def _unnumbered(block: Block) -> Block:
    """Drop line numbers that the answer copied along with the code."""
    search = _bare(block.search)
    return block if search == block.search else Block(block.path, search, _bare(block.replacement))


def _bare(text: str) -> str:
    lines = split_lines(text)
    matches = [_NUMBERED.fullmatch(line) for line in lines if line.strip()]
    if not matches or not all(matches):
        return text
    return "".join(match[1] if (match := _NUMBERED.fullmatch(line)) else line for line in lines)


def _exact(path: str, text: str, search: str) -> list[_Match]:
    lines = [line.rstrip("\r\n") for line in split_lines(text)]
    wanted = [line.rstrip("\r\n") for line in split_lines(search)]
    return [_Match(path, at + 1, at + len(wanted)) for at in _runs(lines, wanted)]


def _folded(path: str, text: str, search: str) -> list[_Match]:
    numbers, lines = _full_lines(text)
    _, wanted = _full_lines(search)
    return [_Match(path, numbers[at], numbers[at + len(wanted) - 1]) for at in _runs(lines, wanted)]


def _full_lines(text: str) -> tuple[list[int], list[str]]:
    rows = [(number, fold(line)) for number, line in enumerate(split_lines(text), 1) if line.strip()]
    return [number for number, _ in rows], [line for _, line in rows]


def fold(line: str) -> str:
    """A line with its blank space folded: none at the ends, single blanks inside."""
    return " ".join(line.split())


def _runs(lines: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Where `wanted` stands in `lines` as a whole."""
    size = len(wanted)
    first = wanted[0]
    return [at for at, line in enumerate(lines) if line == first and list(lines[at : at + size]) == list(wanted)]


def _edit(match: _Match, text: str, quoted: Block) -> Edit:
    place = "".join(split_lines(text)[match.start - 1 : match.end])
    shifted = indent_like(quoted.replacement, quoted.search, place)
    return Edit(match.path, match.start, match.end, _with_ends_of(text, shifted, last=match.end))


def fit_lines(new: str, text: str, start: int, end: int) -> str:
    """Indent new lines as the lines of a text that they replace, and give them its line ends."""
    place = "".join(split_lines(text)[start - 1 : end])
    return _with_ends_of(text, indent_like(new, new, place), last=end)


def _with_ends_of(text: str, new: str, last: int) -> str:
    """End new lines as a text ends its own; `last` is the number of the last line that they replace."""
    new = new if not new or new.endswith("\n") else new + "\n"
    if line_end(text) == "\r\n":
        new = re.sub(r"\r?\n", "\r\n", new)
    if last == len(split_lines(text)) and not text.endswith("\n"):
        new = new.removesuffix("\n").removesuffix("\r")
    return new


def indent_like(replacement: str, quoted: str, place: str) -> str:
    """Indent a replacement of `quoted` as `place`, where the quoted lines really stand, is indented."""
    old, new = _indent(quoted), _indent(place)
    if old == new:
        return replacement
    tabs = "\t" in new and "\t" not in replacement
    return "".join(_shifted(line, old, new, tabs) for line in split_lines(replacement))


def _shifted(line: str, old: str, new: str, tabs: bool) -> str:
    if not line.strip():
        return line
    own = line[: len(line) - len(line.lstrip(" \t"))]
    deeper = own[len(old) :] if own.startswith(old) else ""
    if not own.startswith(old):  # the line stands left of the quoted block: take as much from the new indentation
        new = new[: max(0, len(new) - (len(old) - len(own)))]
    if tabs:
        deeper = "\t" * (len(deeper) // _TAB) + " " * (len(deeper) % _TAB)
    return new + deeper + line[len(own) :]


def _indent(text: str) -> str:
    line = next((line for line in split_lines(text) if line.strip()), "")
    return line[: len(line) - len(line.lstrip(" \t"))]


def _ambiguous(search: str, matches: Sequence[_Match]) -> str:
    places = ", ".join(f"{match.path} line {match.start}" for match in matches[:4])
    return f"the quoted lines stand at {len(matches)} places ({places}): quote more lines around {_first(search)!r}"


def _missing(search: str, paths: Sequence[str], texts: Mapping[str, str]) -> str:
    """Say which quoted line is the first that no file has, as that is the one to copy again."""
    known = {fold(line) for path in paths for line in split_lines(texts[path])}
    strange = next((line for line in split_lines(search) if fold(line) and fold(line) not in known), None)
    where = ", ".join(paths)
    if strange is None:
        return f"the quoted lines do not stand together in {where}: quote consecutive lines, from {_first(search)!r} on"
    return f"{where} has no line {strange.strip()!r}: quote lines exactly as shown"


def _first(text: str) -> str:
    return next((line.strip() for line in split_lines(text) if line.strip()), "")
