"""Grammars that an answer of a small model cannot leave: an edit that quotes what is shown, or a shown function.

Knows EBNF as XGrammar reads it, built from the lines shown. Does not know how the answer is read (`reader.forms`).
"""

import itertools
import re
from collections.abc import Collection, Iterator, Sequence

from cgm.protocols import AnswerForm
from reader.context import Context, Snippet
from reader.syntax import docstring_lines

_QUOTED = 8  # lines quoted at most: given more, a small model quotes the whole function and loses parts of it
_NEW_LINES = 16  # replacement lines at most, and
_REWRITTEN_LINES = 60  # of a whole function at most
_WIDTH = 140  # their width beyond the indentation: a small model that rambles never stops by itself
# a sentence before the edit: thinking first makes it better, and a beginning keeps a small model from anything else
_REASON = '"The bug: " [^\\n<`]{10,240} "\\n"'
_CODE = "[^ \\t\\n<=>]"  # what code begins with and no marker does,
_OUTER, _INNER = "[^\\n<=>]", "[^\\n]"  # and a line of it that has no margin, or one
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def quoted_lines(context: Context) -> AnswerForm | None:
    """Constrain an answer to a reason and one search/replace block whose search half is consecutive shown lines.

    The first new line is indented as the first line quoted, no other one less than all that is quoted.
    """
    starts: list[str] = []
    rules: list[str] = []
    rests = _Rests()
    for at, snippet in enumerate(context.snippets):
        for name, rule, starts_a_quote in _line_rules(snippet, f"f{at}n", rests):
            rules.append(rule)
            if starts_a_quote:
                starts.append(name)
    if not starts:
        return None
    root = f'root ::= {_REASON} "<<<<<<< SEARCH\\n" ({" | ".join(starts)})'
    return AnswerForm("grammar", "\n".join((root, *rests.rules(), *rules)))


def shown_function(context: Context) -> AnswerForm | None:
    """Constrain an answer to a reason and one of the functions shown, rewritten from its own first line on."""
    heads = {_literal(line) for line in _first_lines(context)}
    if not heads:
        return None
    root = f'root ::= {_REASON} "```python\\n" ({" | ".join(sorted(heads))}) "\\n" code{{1,{_REWRITTEN_LINES}}} "```"'
    return AnswerForm("grammar", f"{root}\n{_code_rule(1, '`')}")


def new_statement(context: Context) -> AnswerForm | None:
    """Constrain an answer to new lines for the statement in focus."""
    lines = context.focus_text.split("\n")
    indent = len(lines[0]) - len(lines[0].lstrip(" "))
    root = f'root ::= "```python\\n" code{{1,{_NEW_LINES}}} "```"'
    return AnswerForm("grammar", f"{root}\n{_code_rule(indent, '`')}")


def _first_lines(context: Context) -> Iterator[str]:
    lines = {snippet.path: snippet.lines for snippet in context.snippets}
    for function in context.functions:
        own = lines[function.path][function.start - 1 : function.end]
        yield from [line for line in own if re.match(r"\s*(async\s+)?def\b", line)][:1]


class _Rests:
    """What may follow a quote, by its indentation."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, str], str] = {}

    def after(self, quoted: Sequence[str]) -> str:
        """The rule that follows a quote of some lines, the first of which is not blank."""
        margins = [line[: len(line) - len(line.lstrip())] for line in quoted if line.strip()]
        return self._names.setdefault((margins[0], min(margins, key=len)), f"rest{len(self._names)}")

    def rules(self) -> Iterator[str]:
        """All rules, each with those that it needs."""
        for (first, least), name in self._names.items():
            lines = f"(head{name} code{name}{{0,{_NEW_LINES - 1}}})?"
            yield f'{name} ::= "=======\\n" {lines} ">>>>>>> REPLACE"'
            yield f'head{name} ::= {_margin(first)}{_CODE} [^\\n]{{0,{_WIDTH}}} "\\n"'
            begin = _INNER if least else _OUTER
            yield f'code{name} ::= "\\n" | {_margin(least)}{begin} [^\\n]{{0,{_WIDTH}}} "\\n"'


def _line_rules(snippet: Snippet, prefix: str, rests: _Rests) -> Iterator[tuple[str, str, bool]]:
    """Yield (name, rule, whether a quote may start there) of each line and number of lines that may still follow.

    A quote goes on with the line below or ends; it starts at code, as a bug lies in no comment or docstring, and not at
    a class, of which only the first line is shown.
    """
    prose = docstring_lines(snippet.text)
    for start, end in snippet.spans:
        code = [number for number in range(start, end + 1) if _may_start(snippet.lines[number - 1], number, prose)]
        for first, place in itertools.product(code, range(_QUOTED)):
            number = first + place
            quoted = snippet.lines[first - 1 : number]
            if number > end or any(map(_CONTROL.search, quoted)):
                continue
            goes_on = place + 1 < _QUOTED and number < end and not _CONTROL.search(snippet.lines[number])
            rest = rests.after(quoted)
            below = f"({prefix}{first}p{place + 1} | {rest})" if goes_on else rest
            text = f"{_literal(quoted[-1])} " if quoted[-1] else ""
            name = f"{prefix}{first}p{place}"
            yield name, f'{name} ::= {text}"\\n" {below}', not place


def _may_start(line: str, number: int, prose: Collection[int]) -> bool:
    """Whether a quote may start at a line."""
    return bool(line.strip()) and not line.lstrip().startswith(("#", "class ")) and number not in prose


def _code_rule(indent: int, closing: str) -> str:
    """A new line: blank, or at least as deep as the code shown; the character that closes the edit cannot start it."""
    return f'code ::= "\\n" | {_margin(" " * indent)}[^\\n{closing}] [^\\n]{{0,{_WIDTH}}} "\\n"'


def _margin(text: str) -> str:
    return f"{_literal(text)} " if text else ""


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    return f'"{escaped}"'
