"""A rewritten function takes the place of the shown one, with what the answer forgot of it."""

import pytest

from cgm.artifacts import Edit
from cgm.errors import PatchError
from reader.answer import Rewritten
from reader.context import Context, ShownFunction, Snippet
from reader.rewrite import place_functions

_TEXT = '''class Cart:
    @property
    def total(self):
        """Sum of all items."""
        return sum(self.items[:-1])

    def size(self):
        return 0


class Box:
    def size(self):
        return 1
'''


def _context(*functions: tuple[str, int, int], text: str = _TEXT) -> Context:
    shown = tuple(ShownFunction("a.py", name, start, end) for name, start, end in functions)
    return Context((Snippet("a.py", text, tuple((start, end) for _, start, end in functions)),), shown)


_TOTAL = ("Cart.total", 2, 5)


def test_indentation_decorators_and_docstring_come_back() -> None:
    (edit,) = place_functions([Rewritten("total", "def total(self):\n    return sum(self.items)\n")], _context(_TOTAL))
    assert edit == Edit(
        "a.py",
        2,
        5,
        '    @property\n    def total(self):\n        """Sum of all items."""\n        return sum(self.items)\n',
    )


def test_a_docstring_and_a_decorator_that_the_answer_changes_are_its_own() -> None:
    text = '@cached\ndef total(self):\n    """All of it."""\n    return sum(self.items)\n'
    (edit,) = place_functions([Rewritten("Cart.total", text)], _context(_TOTAL))
    assert edit.replacement.splitlines()[0] == "    @cached"
    assert "Sum of all items" not in edit.replacement


def test_broken_code_is_placed_as_it_is_for_the_syntax_check_to_refuse() -> None:
    (edit,) = place_functions([Rewritten("total", "def total(self):\n    return (\n")], _context(_TOTAL))
    assert edit.replacement == "    def total(self):\n        return (\n"


def test_functions_of_one_name_are_told_apart_by_class() -> None:
    context = _context(("Cart.size", 7, 8), ("Box.size", 12, 13))
    (edit,) = place_functions([Rewritten("Box.size", "def size(self):\n    return 2\n")], context)
    assert (edit.start, edit.end) == (12, 13)
    with pytest.raises(PatchError, match="several functions shown are called 'size'"):
        place_functions([Rewritten("size", "def size(self):\n    return 2\n")], context)


def test_a_function_that_the_file_has_and_was_not_shown_is_an_echo() -> None:
    rewritten = [Rewritten("size", "def size(self): ...\n"), Rewritten("total", "def total(self):\n    return 1\n")]
    assert [edit.start for edit in place_functions(rewritten, _context(_TOTAL))] == [2]
    with pytest.raises(PatchError, match=r"none of the functions shown: Cart\.total"):
        place_functions(rewritten[:1], _context(_TOTAL))


def test_a_function_that_nobody_knows_is_refused() -> None:
    with pytest.raises(PatchError, match=r"'helper' is not a function shown: rewrite one of Cart\.total"):
        place_functions([Rewritten("helper", "def helper(): ...\n")], _context(_TOTAL))


def test_windows_line_ends_and_an_unfinished_last_line_stay() -> None:
    context = _context(("f", 1, 2), text="def f():\r\n    return 1")
    (edit,) = place_functions([Rewritten("f", "def f():\n    return 2\n")], context)
    assert edit.replacement == "def f():\r\n    return 2"
