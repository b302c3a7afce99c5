"""Code parses without noise, or says why not."""

import ast

from reader.syntax import docstring_lines, first_line, parse, parse_function


def test_code_that_does_not_parse_says_where() -> None:
    assert str(parse("x = (\n")).startswith("'(' was never closed in line 1: x = (")


def test_odd_escapes_make_no_noise() -> None:
    assert isinstance(parse("x = '\\d'"), ast.Module)


def test_a_function_is_told_from_other_code() -> None:
    function = parse_function("@a\n@b\nasync def f(): ...\n")
    assert function is not None
    assert (function.name, first_line(function)) == ("f", 1)
    assert parse_function("x = 1") is None
    assert parse_function("") is None
    assert parse_function("def f(:") is None


def test_the_lines_of_docstrings_are_known() -> None:
    text = '"""Module."""\nclass A:\n    """One\n    two."""\n    def f(self):\n        "three"\n        x = "four"\n'
    assert docstring_lines(text) == {1, 3, 4, 6}
    assert docstring_lines("def f(:") == set()
