"""C and C++ as a parser can read it: what only the preprocessor understands becomes spaces, byte for byte in place.

Knows what macros look like that stand where the grammar has no place for a name (`class API Shape {`, `BEGIN_NAMESPACE`
on a line, `void stop() GUARDED;`), and conditionals that cut a statement in two. Does not know what a macro means:
capitals are the convention. A macro that is called like a function inside an expression parses as it stands.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_NAME = rb"\b[A-Z_][A-Z0-9_]{2,60}+(?!\w)"
_FLAT = rb"\([^()\n]{0,200}+\)"
_NESTED = rb"\((?:[^()\n]{0,80}+\([^()\n]{0,80}+\)){1,4}+[^()\n]{0,80}+\)"
_MACRO = _NAME + rb"(?:" + _FLAT + rb"|" + _NESTED + rb")?+"
_BEGINNING = rb"(?<![\w.>:#\"'(,=])"  # no macro of a declaration stands inside an expression
_WORDS_OF_TYPES = rb"(?:[ \t\n]++[A-Za-z_][\w:]*+(?:<[^<>;{}()\n]{0,80}>)?[*&]*+){1,6}"
_KEYWORDS = (
    rb"auto|bool|char|class|const|constexpr|enum|explicit|extern|friend|inline|int|namespace|operator|static|struct|"
    rb"template|typedef|union|unsigned|using|virtual|void"
)

_OF_CLASS = re.compile(
    rb"\b(?:class|struct|union|enum)\s++(" + _MACRO + rb")(?=\s++[A-Za-z_]\w*+\s*+(?:final\b\s*+)?[:{<;])"
)
_ATTRIBUTE = re.compile(
    rb"(__attribute__\s*+\(\((?:[^()]{1,400}+|\([^()]{1,400}+\)){0,20}+\)\)|__declspec\s*+\([^()]{0,200}+\)"
    rb"|__extension__|\b__(?:inline__|inline|restrict|cdecl|stdcall)\b"
    rb"|\bnoexcept\((?:[^()\n]{1,200}+|\([^()\n]{0,200}+\)){0,20}+\))"
)
_BEFORE_TYPE = re.compile(
    _BEGINNING + rb"(" + _MACRO + rb")(?=" + _WORDS_OF_TYPES + rb"[\s*&]++(?:operator\b|~?[A-Za-z_][\w:]*+)\s*+\()"
)
_BEFORE_KEYWORD = re.compile(_BEGINNING + rb"(" + _MACRO + rb")(?=\s++(?:" + _KEYWORDS + rb")\b)")
_BEFORE_CONSTRUCTOR = re.compile(
    rb"[;{}:>]\s*+((?:" + _NAME + rb"\s++)++)"
    rb"(?=~?[A-Z_a-z]\w*+\s*+\((?:[^()]{1,400}+|\([^()]{1,400}+\)){0,20}+\)[\w\s]{0,80}+[{:])"
)
_AFTER_IF = re.compile(rb"\bif\s++(" + _NAME + rb")(?=\s*+\()")
_ANYWHERE = (_ATTRIBUTE, _BEFORE_TYPE, _BEFORE_KEYWORD, _BEFORE_CONSTRUCTOR, _AFTER_IF)
_ALONE = re.compile(rb"^[ \t]*+(" + _MACRO + rb")[ \t]*+$", re.MULTILINE)
_AFTER = re.compile(rb"(?<=[\w)\]>])[ \t\n]++(" + _MACRO + rb")(?=\s*+(?:[;{=]|" + _NAME + rb"))")
_STATEMENT = re.compile(
    rb"(?:\b(?:and|case|class|delete|do|else|enum|goto|new|not|or|return|struct|throw|typedef|union)"
    rb"|\b(?:if|while|for|switch) ?\(.*\))$"
)
_QUOTED = re.compile(
    rb"//[^\n]*+|/\*(?:[^*]++|\*(?!/))*+(?:\*/)?+"
    rb'|"(?:[^"\\\n]++|\\.)*+"?+|' + rb"'(?:[^'\\\n]++|\\.){0,12}+'",
    re.DOTALL,
)
_DIRECTIVE = re.compile(rb"^[ \t]*+#[ \t]*+(\w*+)(?:[^\\\n]++|\\.)*+", re.MULTILINE | re.DOTALL)
_HEADER_NAME = re.compile(rb"^[ \t]*+#[ \t]*+(?:el)?if\b[^\n<]*+(?<=\()[ \t]*+(<[^<>\n]++>)", re.MULTILINE)
_OTHER = re.compile(rb"[^\n]")
_ENDS = b";{}:"
_Span = tuple[int, int]


class Blanked(NamedTuple):
    """A source as a parser can read it; `left_out` are the lines of directives whose branches are not in it."""

    text: bytes
    left_out: tuple[int, ...]


def has_class_macro(source: bytes) -> bool:
    """Whether a macro stands before a class's name, which some parsers take for the name without complaint."""
    return _OF_CLASS.search(source) is not None


def blank_macros(source: bytes) -> Blanked:
    """Blank macros and torn conditionals; of a conditional that cuts a statement the first branch is kept."""
    text = _QUOTED.sub(_blank_quoted, source)
    directives = [(found.span(), found[1]) for found in _DIRECTIVE.finditer(text)]
    code = _Code(_wiped(text, (span for span, _ in directives)))
    macros = list(_macros(code))
    torn = list(_torn_conditionals(_Code(_wiped(code.text, macros)), directives))
    blanks = [span for spans in torn for span in (spans[0], (spans[1][0], spans[-1][1]))]
    headers = [found.span(1) for found in _HEADER_NAME.finditer(source)]
    return Blanked(_wiped(source, [*macros, *blanks, *headers]), _left_out(code, torn))


def _blank_quoted(found: re.Match[bytes]) -> bytes:
    """Blank a comment, and what a literal holds: its quotes still stand for a value."""
    text = found[0]
    if text[:1] == b"/" or len(text) == 1:
        return _OTHER.sub(b" ", text)
    return text[:1] + _OTHER.sub(b" ", text[1:-1]) + text[-1:]


class _Code:
    """Text without comments, contents of literals and directives; what stands around a place in it."""

    def __init__(self, text: bytes) -> None:
        self.text = text
        values = np.frombuffer(text, dtype=np.uint8)
        self._visible = np.flatnonzero(~np.isin(values, np.frombuffer(b" \t\r\n\f\v", dtype=np.uint8)))
        self._braces = _depth(values, b"{}")
        self._parentheses = _depth(values, b"()")

    def before(self, end: int, start: int = 0) -> bytes:
        """The last visible character of a piece; empty, which is in any set, where there is none."""
        number = int(np.searchsorted(self._visible, end)) - 1
        place = int(self._visible[number]) if number >= 0 else -1
        return self.text[place : place + 1] if place >= start else b""

    def after(self, start: int) -> bytes:
        """The first visible character from a place on; a line end, which is in no set here, at the end."""
        number = int(np.searchsorted(self._visible, start))
        place = int(self._visible[number]) if number < len(self._visible) else -1
        return self.text[place : place + 1] if place >= 0 else b"\n"

    def is_whole(self, start: int, end: int) -> bool:
        """Whether a piece is nothing but whole statements."""
        if any(depth[start] != depth[end] for depth in (self._braces, self._parentheses)):
            return False
        return self.before(end, start) in _ENDS


def _depth(values: NDArray[np.uint8], pair: bytes) -> NDArray[np.int32]:
    """How many brackets are open before each byte and at the end."""
    steps = (values == pair[0]).astype(np.int32) - (values == pair[1])
    return np.concatenate([np.zeros(1, np.int32), np.cumsum(steps, dtype=np.int32)])


def _macros(code: _Code) -> Iterator[_Span]:
    text = code.text
    for pattern in (_OF_CLASS, *_ANYWHERE):
        yield from (found.span(1) for found in pattern.finditer(text))
    for found in _ALONE.finditer(text):
        if code.before(found.start()) in _ENDS and code.after(found.end()) not in b"},=([.+-|&)?<{:;":
            yield found.span(1)
    for found in _AFTER.finditer(text):
        line = text[max(0, found.start() - 80) : found.start()].rpartition(b"\n")[2]
        if not _STATEMENT.search(line):
            yield found.span(1)


def _torn_conditionals(code: _Code, directives: Iterable[tuple[_Span, bytes]]) -> Iterator[list[_Span]]:
    """The directives of each conditional that stands inside a statement, inner ones first."""
    around: list[list[_Span]] = []
    for span, word in directives:
        if word in (b"if", b"ifdef", b"ifndef"):
            around.append([span])
        elif around and word in (b"elif", b"else", b"endif"):
            around[-1].append(span)
            spans = around.pop() if word == b"endif" else []
            if spans and _is_torn(code, spans):
                yield spans


def _is_torn(code: _Code, spans: list[_Span]) -> bool:
    if code.before(spans[0][0]) not in _ENDS:
        return True
    branches = pairwise(spans)
    return not all(code.is_whole(before[1], after[0]) for before, after in branches)


def _left_out(code: _Code, torn: Iterable[list[_Span]]) -> tuple[int, ...]:
    """The lines at which branches that hold code begin to be left out; of those inside one another the outermost."""
    branches = _merged((before[1], after[0]) for spans in torn for before, after in pairwise(spans[1:]))
    starts = [start for start, end in branches if code.before(end, start)]
    breaks = np.flatnonzero(np.frombuffer(code.text, dtype=np.uint8) == ord("\n"))
    return tuple((np.searchsorted(breaks, starts) + 1).tolist())


def _wiped(source: bytes, spans: Iterable[_Span]) -> bytes:
    """Put spaces in place of spans, line ends kept."""
    content = bytearray(source)
    for start, end in _merged(spans):
        content[start:end] = _OTHER.sub(b" ", content[start:end])
    return bytes(content)


def _merged(spans: Iterable[_Span]) -> Iterator[_Span]:
    last_start = last_end = 0
    for start, end in sorted(spans):
        if start <= last_end:
            last_end = max(last_end, end)
            continue
        yield last_start, last_end
        last_start, last_end = start, end
    yield last_start, last_end
