"""A function that an answer rewrites, put in the place of the one shown.

Knows what models leave out of a function they rewrite: class, indentation, decorators, docstring. Does not know how
the function is read from the answer (`reader.answer`).
"""

import ast
import re
import textwrap
from collections.abc import Sequence

from cgm.artifacts import Edit
from cgm.errors import PatchError
from cgm.text import split_lines
from reader.answer import Rewritten
from reader.context import Context, ShownFunction
from reader.locate import fit_lines
from reader.syntax import first_line, parse_function


def place_functions(functions: Sequence[Rewritten], context: Context) -> list[Edit]:
    """Put rewritten functions in the places of the shown functions of their names.

    Functions that a file has and that were not shown are echoes, and skipped.

    Raises:
        PatchError: a name is new or shared by several functions shown, or nothing is left.
    """
    known = [function for function in functions if _is_shown(function, context) or not _is_echo(function, context)]
    edits = [_place(function, context) for function in known]
    if not edits:
        raise PatchError(f"the answer rewrites none of the functions shown: {_names(context)}")
    return edits


def _is_shown(function: Rewritten, context: Context) -> bool:
    return any(_last(shown.name) == _last(function.name) for shown in context.functions)


def _is_echo(function: Rewritten, context: Context) -> bool:
    pattern = re.compile(rf"^\s*(async\s+)?def\s+{_last(function.name)}\b", re.MULTILINE)
    return any(pattern.search(text) for text in context.texts.values())


def _place(function: Rewritten, context: Context) -> Edit:
    target = _target(function.name, context)
    text = context.texts[target.path]
    old = "".join(split_lines(text)[target.start - 1 : target.end]).replace("\r\n", "\n")
    new = _completed(function.text, textwrap.dedent(old))
    return Edit(target.path, target.start, target.end, fit_lines(new, text, target.start, target.end))


def _target(name: str, context: Context) -> ShownFunction:
    """The function shown that an answer means: by its full name, else by the last part of it."""
    full = [function for function in context.functions if function.name == name]
    fits = full or [function for function in context.functions if _last(function.name) == _last(name)]
    if len(fits) == 1:
        return fits[0]
    if fits:
        raise PatchError(f"several functions shown are called {_last(name)!r}: write the class around the one you mean")
    raise PatchError(f"{name!r} is not a function shown: rewrite one of {_names(context)}")


def _completed(new: str, old: str) -> str:
    """Give a function the decorators and the docstring that its rewriting left out; both dedented."""
    was, now = parse_function(old), parse_function(new)
    if was is None or now is None:
        return new
    lines = split_lines(new)
    doc, body = was.body[0], first_line(now.body[0])
    if ast.get_docstring(was) is not None and ast.get_docstring(now) is None and body > now.lineno:
        lines[body - 1 : body - 1] = split_lines(old)[doc.lineno - 1 : doc.end_lineno]
    if was.decorator_list and not now.decorator_list:
        lines[:0] = split_lines(old)[: was.lineno - 1]
    return "".join(lines)


def _names(context: Context) -> str:
    return ", ".join(function.name for function in context.functions)


def _last(name: str) -> str:
    return name.rsplit(".", 1)[-1]
