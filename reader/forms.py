"""The forms in which a model may give its edits.

Knows, for each form, its prompt, the constraint that decoding obeys, and how an answer becomes edits. Does not know
when a model is asked (`reader.stage`).
"""

import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass

from cgm.artifacts import Edit
from cgm.errors import PatchError
from cgm.protocols import AnswerForm
from cgm.text import split_lines
from reader.answer import Rewritten, read_blocks, read_functions, without_thoughts
from reader.context import Context, ShownFunction
from reader.locate import Block, indent_like, locate
from reader.patch import line_end

_NEW_LINES = 24  # a constrained replacement is no longer, and
_LINE_WIDTH = 160  # its lines no wider: a small model that starts to ramble never stops by itself
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_QUOTED = re.compile(r"^\s*REPLACE\s*\n(.*?\n)WITH[ \t]*\n(.*?)^END\b", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class EditForm:
    """A way to word edits: the prompt that asks for it, its constraint on a context, and its reader.

    `read` turns an answer into edits of the context's files and raises `PatchError` where it cannot. An `open_ended`
    form does not show its end, so that an answer that was cut off may look whole.
    """

    prompt: str
    constrain: Callable[[Context], AnswerForm | None]
    read: Callable[[str, Context], list[Edit]]
    open_ended: bool = False


def unconstrained(_: Context) -> AnswerForm | None:
    """Leave decoding free."""
    return None


def read_search_replace(answer: str, context: Context) -> list[Edit]:
    """Locate the search/replace blocks of an answer.

    Raises:
        PatchError: there is no whole block, or one does not match exactly one place.
    """
    return [locate(block, context.texts, context.shown, context.taken) for block in read_blocks(answer)]


def read_whole_functions(answer: str, context: Context) -> list[Edit]:
    """Put rewritten functions in the place of the shown functions of their names.

    Raises:
        PatchError: a function is not among those shown, or its name is shared by several.
    """
    return [_rewrite(function, context) for function in read_functions(answer)]


def _rewrite(function: Rewritten, context: Context) -> Edit:
    target = _target(function.name, context)
    text = context.texts[target.path]
    lines = split_lines(text)
    old = "".join(lines[target.start - 1 : target.end])
    new = indent_like(_with_decorators(function.text, old), function.text, old)
    if line_end(text) == "\r\n":
        new = new.replace("\n", "\r\n")
    if target.end == len(lines) and not text.endswith("\n"):
        new = new.rstrip("\r\n")
    return Edit(target.path, target.start, target.end, new)


def _target(name: str, context: Context) -> ShownFunction:
    """The function shown that an answer means: by its full name, else by the last part of it."""
    full = [function for function in context.functions if function.name == name]
    last = name.rsplit(".", 1)[-1]
    fits = full or [function for function in context.functions if function.name.rsplit(".", 1)[-1] == last]
    if len(fits) == 1:
        return fits[0]
    names = ", ".join(function.name for function in context.functions)
    if fits:
        raise PatchError(f"several functions shown are called {last!r}: write its class around it, as in {names}")
    raise PatchError(f"{name!r} is not a function shown: rewrite one of {names}")


def _with_decorators(new: str, old: str) -> str:
    """Keep the decorators that an answer left out."""
    if new.lstrip().startswith("@"):
        return new
    kept: list[str] = []
    for line in split_lines(textwrap.dedent(old)):
        if re.match(r"(async\s+)?def\b", line):
            break
        kept.append(line)
    return "".join(kept) + new


def quoted_lines(context: Context) -> AnswerForm | None:
    """Constrain an answer to quote consecutive lines as shown and then give new ones, both always there."""
    rules: list[str] = []
    starts: list[str] = []
    for snippet in context.snippets:
        for start, end in snippet.spans:
            for number in range(end, start - 1, -1):
                _add_line_rule(rules, starts, snippet.lines[number - 1], follows=number < end)
    if not starts:
        return None
    head = [
        f'root ::= "REPLACE\\n" ({" | ".join(starts)})',
        f'new ::= "WITH\\n" line{{0,{_NEW_LINES}}} "END"',
        f'line ::= [^\\n]{{0,{_LINE_WIDTH}}} "\\n"',
    ]
    return AnswerForm("grammar", "\n".join((*head, *rules)))


def _add_line_rule(rules: list[str], starts: list[str], line: str, *, follows: bool) -> None:
    """Add the rule of one line, which may go on with the rule before it in the list: that of the line below."""
    if _CONTROL.search(line):
        rules.append(f'l{len(rules)} ::= "\\n" new')
        return
    name = f"l{len(rules)}"
    below = f"(l{len(rules) - 1} | new)" if follows and rules else "new"
    rules.append(f'{name} ::= {_literal(line)} "\\n" {below}')
    if line.strip():
        starts.append(name)


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    return f'"{escaped}"'


def read_quoted_lines(answer: str, context: Context) -> list[Edit]:
    """Locate the quoted lines of a constrained answer among the lines shown.

    Raises:
        PatchError: the answer has another shape, or its lines stand at several places.
    """
    match = _QUOTED.search(without_thoughts(answer))
    if match is None:
        raise PatchError("the answer must be REPLACE, lines as shown, WITH, new lines, END")
    return [locate(Block("", match[1], match[2]), context.texts, context.shown)]


FORMS = {
    "search_replace": EditForm("search_replace", unconstrained, read_search_replace),
    "whole_function": EditForm("whole_function", unconstrained, read_whole_functions, open_ended=True),
    "lines": EditForm("lines", quoted_lines, read_quoted_lines),
}
