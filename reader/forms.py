"""The forms in which a model may give its edits.

Knows, for each form, its prompt, the constraint that decoding obeys, and how an answer becomes edits. Does not know
when a model is asked (`reader.stage`).
"""

from collections.abc import Callable
from dataclasses import dataclass

from cgm.artifacts import Edit
from cgm.errors import PatchError
from cgm.protocols import AnswerForm
from reader.answer import fenced, read_blocks, read_functions
from reader.context import Context
from reader.grammar import new_statement, quoted_lines, shown_function
from reader.locate import fit_lines, locate
from reader.rewrite import place_functions


@dataclass(frozen=True)
class EditForm:
    """A way to word edits: the prompt that asks for it, its constraint on a context, and its reader.

    `read` turns an answer into edits of the context's files and raises `PatchError` where it cannot. An `open_ended`
    form does not show its end, so that an answer that was cut off may look whole. A `focused` form asks for one
    statement at a time.
    """

    prompt: str
    constrain: Callable[[Context], AnswerForm | None]
    read: Callable[[str, Context], list[Edit]]
    open_ended: bool = False
    focused: bool = False


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
    """Put the functions of an answer in the place of those shown. Raises as `place_functions`."""
    return place_functions(read_functions(answer), context)


def read_statement(answer: str, context: Context) -> list[Edit]:
    """Put the code of an answer in the place of the statement in focus.

    Raises:
        PatchError: the answer is empty.
    """
    code = next(fenced(answer), "")
    if not code.strip() or context.focus is None:
        raise PatchError("the answer is empty")
    path, (start, end) = context.snippets[0].path, context.focus
    return [Edit(path, start, end, fit_lines(code, context.texts[path], start, end))]


FORMS = {
    "search_replace": EditForm("search_replace", unconstrained, read_search_replace),
    "whole_function": EditForm("whole_function", unconstrained, read_whole_functions, open_ended=True),
    "lines": EditForm("lines", quoted_lines, read_search_replace),
    "statement": EditForm("statement", new_statement, read_statement, open_ended=True, focused=True),
    "function": EditForm("function", shown_function, read_whole_functions, open_ended=True),
}
