"""Grammars that an answer of a small model cannot leave: an edit that quotes what is shown, or a shown function.

Knows EBNF as XGrammar reads it, built from the lines shown. Does not know how the answer is read (`reader.forms`).
"""

import itertools
import re
from collections.abc import Iterator

from cgm.protocols import AnswerForm
from reader.context import Context, Snippet
from reader.syntax import docstring_lines

_QUOTED = 8  # lines quoted at most: given more, a small model quotes the whole function and loses parts of it
_NEW_LINES = 16  # replacement lines at most, and
_REWRITTEN_LINES = 60  # of a whole function at most
_WIDTH = 140  # their width beyond the indentation: a small model that rambles never stops by itself
_REASON = '[^\\n<`]{10,300} "\\n"'  # a sentence or two before the edit: thinking first makes it better
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def quoted_lines(context: Context) -> AnswerForm | None:
    """Constrain an answer to a reason and one search/replace block whose search half is consecutive shown lines."""
    starts: list[str] = []
    rules: list[str] = []
    for at, snippet in enumerate(context.snippets):
        for name, rule, starts_a_quote in _line_rules(snippet, f"f{at}n"):
            rules.append(rule)
            if starts_a_quote:
                starts.append(name)
    if not starts:
        return None
    head = [
        f'root ::= {_REASON} "<<<<<<< SEARCH\\n" ({" | ".join(starts)})',
        f'rest ::= "=======\\n" code{{0,{_NEW_LINES}}} ">>>>>>> REPLACE"',
        _code_rule(min(_indent(snippet) for snippet in context.snippets), ">"),
    ]
    return AnswerForm("grammar", "\n".join((*head, *rules)))


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


def _line_rules(snippet: Snippet, prefix: str) -> Iterator[tuple[str, str, bool]]:
    """Yield (name, rule, whether a quote may start there) of each line and number of lines that may still follow.

    A quote goes on with the line below or ends; it starts at code, as a bug lies in no comment or docstring.
    """
    prose = docstring_lines(snippet.text)
    for start, end in snippet.spans:
        for number, left in itertools.product(range(start, end + 1), range(_QUOTED)):
            line = snippet.lines[number - 1]
            is_code = bool(line.strip()) and not line.lstrip().startswith("#") and number not in prose
            goes_on = left and number < end and not _CONTROL.search(snippet.lines[number])
            below = f"({prefix}{number + 1}m{left - 1} | rest)" if goes_on else "rest"
            text = f"{_literal(line)} " if line else ""
            name = f"{prefix}{number}m{left}"
            if not _CONTROL.search(line):
                yield name, f'{name} ::= {text}"\\n" {below}', is_code and left == _QUOTED - 1


def _code_rule(indent: int, closing: str) -> str:
    """A new line: blank, or at least as deep as the code shown; the character that closes the edit cannot start it."""
    margin = f"{_literal(' ' * indent)} " if indent else ""
    return f'code ::= "\\n" | {margin}[^\\n{closing}] [^\\n]{{0,{_WIDTH}}} "\\n"'


def _indent(snippet: Snippet) -> int:
    shown = [snippet.lines[number - 1] for start, end in snippet.spans for number in range(start, end + 1)]
    return min((len(line) - len(line.lstrip(" ")) for line in shown if line.strip()), default=0)


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    return f'"{escaped}"'
