"""Edits of texts, and the unified diff that says the same.

Knows line ranges, line ends, overlaps, what may be touched, Python's syntax and git's diff form. Does not know how a
model words an edit (`reader.answer`), where it points (`reader.locate`), nor git itself (`reader.proof`).
"""

import ast
import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from pathlib import PurePosixPath

from cgm.artifacts import Edit
from cgm.errors import PatchError
from cgm.text import is_safe_path, is_test_file, split_lines
from reader.syntax import parse

_CONTEXT = 3  # unchanged lines around a change, as git prints them
_REFINED = 4_000_000  # above this many line pairs an edit is one change; finding its parts would take seconds
_LOSSY = "\N{REPLACEMENT CHARACTER}"
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


def is_test_path(path: str) -> bool:
    """Whether a file belongs to a test suite by its name or its folders."""
    pure = PurePosixPath(path)
    name = pure.name
    named = name.startswith("test_") or name.endswith(("_test.py", "_tests.py")) or name in {"tests.py", "conftest.py"}
    in_folder = not {"tests", "__tests__"}.isdisjoint(pure.parts[:-1]) or "/src/test/" in f"/{path}"
    return named or in_folder or is_test_file(path)


def line_end(text: str) -> str:
    r"""The line end that a text uses for most of its lines, `\n` where it has none."""
    return "\r\n" if 2 * text.count("\r\n") > text.count("\n") else "\n"


def apply_edits(texts: Mapping[str, str], edits: Iterable[Edit]) -> dict[str, str]:
    """Apply edits to the texts they name and return the changed texts alone.

    A replacement that lacks its last line end in the middle of a file gets one. A path that `texts` lacks is a new
    file, whose only edit is `Edit(path, 1, 0, content)`.

    Raises:
        PatchError: an edit is out of range, leaves the repository, overlaps another, or all of them change nothing.
    """
    changed: dict[str, str] = {}
    for path, normal in normalize(texts, edits).items():
        lines = split_lines(texts.get(path, ""))
        for edit in reversed(normal):
            lines[edit.start - 1 : edit.end] = [edit.replacement]
        changed[path] = "".join(lines)
    return changed


def normalize(texts: Mapping[str, str], edits: Iterable[Edit]) -> dict[str, list[Edit]]:
    """Cut edits down to the lines that change, by path, ascending. Raises as `apply_edits`."""
    by_path: dict[str, list[Edit]] = defaultdict(list)
    for edit in dict.fromkeys(edits):
        by_path[edit.path].append(edit)
    normal: dict[str, list[Edit]] = {}
    for path in sorted(by_path):
        lines = split_lines(texts.get(path, ""))
        whole = [_whole_lines(edit, lines, line_end(texts.get(path, ""))) for edit in by_path[path]]
        ordered = _finish_last_line(_disjoint(whole), lines, line_end(texts.get(path, "")))
        refined = [part for edit in ordered for part in _refine(edit, lines)]
        if refined:
            normal[path] = refined
    if not normal:
        raise PatchError("the edits change nothing: the new lines are the old lines")
    return normal


def require_code_change(before: str, after: str, path: str) -> None:
    """Refuse a change of a Python file that breaks its syntax or touches comments and layout alone.

    Raises:
        PatchError: the file parsed before and does not now, or means the same as before.
    """
    if not _is_python(path):
        return
    old = parse(before)
    if isinstance(old, str):  # it was broken, or is of another Python: no rule to hold the edit to
        return
    new = parse(after)
    if isinstance(new, str):
        raise PatchError(f"after the edit {path} is not valid Python: {new}")
    if ast.dump(old) == ast.dump(new):
        raise PatchError(f"the edit of {path} changes only comments or blank space, not what the code does")


def meaning(text: str, path: str) -> str:
    """What a file says: equal for texts of a Python file that differ in comments and layout alone."""
    tree = parse(text) if _is_python(path) else ""
    return text if isinstance(tree, str) else ast.dump(tree)


def _is_python(path: str) -> bool:
    return path.endswith((".py", ".pyi"))


def unified_diff(texts: Mapping[str, str], edits: Iterable[Edit]) -> str:
    """Write edits as one diff that `git apply` accepts, files in order of path. Raises as `apply_edits`.

    Raises:
        PatchError: a changed line or its neighbour holds bytes that are not UTF-8, so that no diff can quote it.
    """
    normal = normalize(texts, edits)
    return "".join(_file_diff(path, texts.get(path), normal[path]) for path in normal)


def _whole_lines(edit: Edit, lines: Sequence[str], end: str) -> Edit:
    if not is_safe_path(edit.path):
        raise PatchError(f"an edited path must stay inside the repository, got {edit.path!r}")
    count = len(lines)
    if not 1 <= edit.start <= count + 1 or not edit.start - 1 <= edit.end <= count:
        raise PatchError(f"{edit.path} has lines 1 to {count}, the edit names {edit.start} to {edit.end}")
    replacement = edit.replacement
    if replacement and edit.end < count and not replacement.endswith("\n"):
        replacement += end
    return Edit(edit.path, edit.start, edit.end, replacement)


def _disjoint(edits: Iterable[Edit]) -> list[Edit]:
    ordered = sorted(edits, key=lambda edit: (edit.start, edit.end))
    for first, second in itertools.pairwise(ordered):
        if first.end >= second.start or (first.start, first.end) == (second.start, second.end):
            raise PatchError(
                f"two edits of {first.path} overlap: lines {first.start} to {first.end}"
                f" and {second.start} to {second.end}"
            )
    return ordered


def _finish_last_line(edits: list[Edit], lines: Sequence[str], end: str) -> list[Edit]:
    """Join what is appended after a last line without line end to that line, or to the edit that replaces it."""
    count = len(lines)
    *before, appended = edits
    if not lines or appended.start <= count or not appended.replacement:
        return edits
    last = before.pop() if before and before[-1].end == count else Edit(appended.path, count, count, lines[-1])
    if not last.replacement or last.replacement.endswith("\n"):
        return edits
    return [*before, Edit(last.path, last.start, count, last.replacement + end + appended.replacement)]


def _refine(edit: Edit, lines: Sequence[str]) -> list[Edit]:
    old, new = lines[edit.start - 1 : edit.end], split_lines(edit.replacement)
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    old, new = old[head : len(old) - tail], new[head : len(new) - tail]
    first = edit.start + head
    if len(old) * len(new) > _REFINED:
        return [Edit(edit.path, first, first + len(old) - 1, "".join(new))]
    return [
        Edit(edit.path, first + i1, first + i2 - 1, "".join(new[j1:j2]))
        for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        if tag != "equal"
    ]


def _common(first: Sequence[str], second: Sequence[str]) -> int:
    pairs = enumerate(zip(first, second, strict=False))
    return next((at for at, (one, other) in pairs if one != other), min(len(first), len(second)))


def _file_diff(path: str, text: str | None, edits: Sequence[Edit]) -> str:
    old, new = _quoted(f"a/{path}"), _quoted(f"b/{path}")
    tab = "\t" if " " in path else ""  # git ends a name with blanks by a tab
    if text is None:
        header = f"diff --git {old} {new}\nnew file mode 100644\n--- /dev/null\n+++ {new}{tab}\n"
    else:
        header = f"diff --git {old} {new}\n--- {old}{tab}\n+++ {new}{tab}\n"
    return header + _hunks(path, split_lines(text or ""), edits)


def _hunks(path: str, lines: Sequence[str], edits: Sequence[Edit]) -> str:
    groups: list[list[Edit]] = [[edits[0]]]
    for edit in edits[1:]:
        if edit.start - groups[-1][-1].end - 1 <= 2 * _CONTEXT:
            groups[-1].append(edit)
        else:
            groups.append([edit])
    shift, hunks = 0, []
    for group in groups:
        body, removed, added, first = _hunk_body(lines, group)
        if _LOSSY in body:
            raise PatchError(f"{path} is not UTF-8 near line {first}, so a diff cannot quote it")
        hunks.append(f"@@ -{_range(first, removed)} +{_range(first + shift, added)} @@\n{body}")
        shift += added - removed
    return "".join(hunks)


def _hunk_body(lines: Sequence[str], group: Sequence[Edit]) -> tuple[str, int, int, int]:
    """The lines of a hunk, how many it has before and after, and its first line."""
    first = max(1, group[0].start - _CONTEXT)
    last = min(len(lines), group[-1].end + _CONTEXT)
    rows: list[tuple[str, str]] = []
    at = first
    for edit in group:
        rows += [(" ", line) for line in lines[at - 1 : edit.start - 1]]
        rows += [("-", line) for line in lines[edit.start - 1 : edit.end]]
        rows += [("+", line) for line in split_lines(edit.replacement)]
        at = edit.end + 1
    rows += [(" ", line) for line in lines[at - 1 : last]]
    body = "".join(_row(sign, line) for sign, line in rows)
    return body, sum(sign != "+" for sign, _ in rows), sum(sign != "-" for sign, _ in rows), first


def _row(sign: str, line: str) -> str:
    return f"{sign}{line}" if line.endswith("\n") else f"{sign}{line}\n\\ No newline at end of file\n"


def _range(first: int, count: int) -> str:
    if count == 1:
        return str(first)
    return f"{first if count else first - 1},{count}"


def _quoted(name: str) -> str:
    """A name as git writes it in a header: in C quotes where it holds a control character, quote or backslash."""
    if not any(character in _ESCAPES or ord(character) < 32 or ord(character) == 127 for character in name):
        return name
    escaped = (
        _ESCAPES.get(character)
        or (f"\\{ord(character):03o}" if ord(character) < 32 or character == "\x7f" else character)
        for character in name
    )
    return '"' + "".join(escaped) + '"'
