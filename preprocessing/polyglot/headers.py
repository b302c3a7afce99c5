"""Parameters and return types as a header writes them, in languages with brackets and commas.

Knows how a parameter list falls into parameters, and a parameter into name, type and default. Does not know grammars:
where the names stand is told. What the code means by a type is another question (`preprocessing.polyglot.expressions`).
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cgm.details import Parameter

# what matters between parameters; the longest first
_COMMENT = re.compile(rb"/\*(?:[^*]|\*(?!/))*+(?:\*/)?+|//[^\n]*+")
_TOKEN = re.compile(
    rb'"(?:[^"\\]|\\.)*+"?+|' + _COMMENT.pattern + rb"|->|=>|==|!=|<=|>=|::|[()\[\]{}<>,=']",
    re.DOTALL,
)
_QUOTED = re.compile(rb"'(?:[^'\\\n]|\\.)*+'")
_CLOSERS = {b")": b"(", b"]": b"[", b"}": b"{", b">": b"<"}
_OPENERS = frozenset(_CLOSERS.values())
_MODIFIERS = frozenset({"final", "mut", "override", "private", "protected", "public", "readonly"})
_PATTERN = re.compile(r"(.*?[}\])])\s*\??:(?!:)\s*(.*)")
_SELF = re.compile(r"^\W*(?:\w+ )*(?:self|this)\b")
_WHERE = re.compile(r"\bwhere\b")
_ALL_THAT_IS_LEFT = "..."
_MOST_NAMES = 8  # of one parameter that are looked at


class _Piece(NamedTuple):
    """A parameter's bytes, and where its default begins."""

    start: int
    equals: int
    end: int


def read_parameters(written: bytes, names: Sequence[tuple[int, int]]) -> tuple[Parameter, ...]:
    """The parameters of a whole list with its brackets; `names` are the spans of names within it, ascending.

    One that takes all that is left has a name with dots before it, one of a type alone has no name.
    """
    rows: list[Parameter] = []
    are_shared: list[bool] = []
    starts = [start for start, _ in names]
    for piece in _pieces(written):
        first = bisect_left(starts, piece.start)
        last = min(bisect_left(starts, piece.end), first + _MOST_NAMES)
        row, is_shared = _parameter(written, piece, names[first:last])
        if row != Parameter(""):
            rows.append(row)
            are_shared.append(is_shared)
    for number in range(len(rows) - 2, -1, -1):
        # Go writes a type once behind several names
        if are_shared[number + 1] and rows[number].name and not rows[number].type:
            rows[number] = rows[number]._replace(type=rows[number + 1].type)
            are_shared[number] = True
    return tuple(rows)


def read_returns(written: str) -> str:
    """The return type in what a header writes behind its parameters."""
    text = " ".join(written.split()).removeprefix("->").lstrip(": ")
    return _WHERE.split(text)[0].rstrip(" {;").removesuffix("=>").rstrip(" =")


def _pieces(written: bytes) -> Iterator[_Piece]:
    """Split at the commas that stand in no further bracket."""
    inner = written[1:-1] if written[:1] in (b"(", b"[", b"|") else written
    offset = 1 if inner is not written else 0
    stack: list[bytes] = []
    start = position = 0
    equals = -1
    while found := _TOKEN.search(inner, position):
        token, position = found[0], found.end()
        if token == b"'" and equals >= 0 and (quoted := _QUOTED.match(inner, found.start())):
            position = quoted.end()
        elif token in _OPENERS and (token != b"<" or equals < 0):
            stack.append(token)
        elif token in _CLOSERS:
            _close(stack, token)
        elif token == b"=" and not stack and equals < 0:
            equals = found.start()
        elif token == b"," and not stack:
            yield _piece(start, equals, found.start(), offset)
            start, equals = position, -1
    yield _piece(start, equals, len(inner), offset)


def _piece(start: int, equals: int, end: int, offset: int) -> _Piece:
    return _Piece(start + offset, (equals if equals >= 0 else end) + offset, end + offset)


def _close(stack: list[bytes], token: bytes) -> None:
    if token == b">" and stack[-1:] != [b"<"]:
        return
    while stack and stack.pop() != _CLOSERS[token]:
        pass


def _parameter(written: bytes, piece: _Piece, names: Sequence[tuple[int, int]]) -> tuple[Parameter, bool]:
    """A parameter, and whether its type may be that of the names before it too."""
    default = _text(written, piece.equals + 1, piece.end) if piece.equals < piece.end else ""
    whole = _text(written, piece.start, piece.equals)
    own = [span for span in names if _is_outside(written[piece.start : span[0]])]
    if not own and (len(names) != 1 or whole[:1] in ("{", "[")):
        return _nameless(whole, default), False
    start, end = (own or names)[0]
    before, after = _text(written, piece.start, start), _text(written, end, piece.equals).lstrip("?!")
    before = " ".join(word for word in before.split() if word not in _MODIFIERS)
    name = _text(written, start, end)
    if _ALL_THAT_IS_LEFT in before + after:
        name = f"{_ALL_THAT_IS_LEFT}{name}"
        before, after = (one.replace(_ALL_THAT_IS_LEFT, "").strip() for one in (before, after))
    if after.startswith(":") and not after.startswith("::"):
        return Parameter(name, after[1:].strip(), default), False
    if after and not before:
        return Parameter(name, after, default), True
    written_type = before + after if after[:1] in ("[", ")") else f"{before} {after}".strip()
    return Parameter(name, written_type, default), False


def _nameless(whole: str, default: str) -> Parameter:
    """A pattern that takes a value apart, the object itself, the dots of C, or a type alone."""
    if whole[:1] in ("{", "[", "(") and (typed := _PATTERN.fullmatch(whole)):
        return Parameter(typed[1], typed[2], default)
    if whole == _ALL_THAT_IS_LEFT or whole[:1] in ("{", "["):
        return Parameter(whole, "", default)
    if _SELF.search(whole):
        name, _, written = whole.partition(":")
        return Parameter(name.strip(), written.strip(), default)
    if _ALL_THAT_IS_LEFT in whole:
        before, _, name = whole.partition(_ALL_THAT_IS_LEFT)
        return Parameter(f"{_ALL_THAT_IS_LEFT}{name.strip()}", before.strip(), default)
    return Parameter("", whole if whole != "void" else "", default)


def _is_outside(before: bytes) -> bool:
    """Whether what stands before a name leaves no bracket open."""
    return all(before.count(opener) == before.count(closer) for closer, opener in list(_CLOSERS.items())[:3])


def _text(written: bytes, start: int, end: int) -> str:
    return " ".join(_COMMENT.sub(b" ", written[start:end]).decode("utf-8", "replace").split())
