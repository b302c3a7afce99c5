"""Code parses without noise, or says why not."""

import ast

from reader.syntax import docstring_lines, first_line, parse, parse_function, statements


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


def test_a_function_is_cut_into_statements_and_long_ones_into_their_parts() -> None:
    text = (
        "class A:\n    @b\n    def f(self):\n        'Doc.'\n        a = (1 +\n             2)\n        for x in a:\n"
        "            y = x\n            z = y\n        else:\n            pass\n        return a\n"
    )
    assert statements(text, 2, 12, 5) == [(5, 6), (7, 11), (12, 12)]
    assert statements(text, 2, 12, 2) == [(5, 6), (8, 8), (9, 9), (11, 11), (12, 12)]
    assert statements(text, 1, 12, 5) == []
    assert statements("def f(:", 1, 1, 5) == []


def test_comments_after_the_last_statement_are_part_of_a_function_as_the_code_graph_has_it() -> None:
    text = "def f():\n    a = 1\n    # b = 2\n\n\ndef g():\n    c = 3\n"
    assert statements(text, 1, 3, 5) == [(2, 2)]
    assert statements(text, 6, 7, 5) == [(7, 7)]


def test_the_handlers_of_a_long_try_statement_are_parts_of_it() -> None:
    text = "def f():\n    try:\n        a = 1\n    except E:\n        b = 2\n    finally:\n        c = 3\n"
    assert statements(text, 1, 7, 2) == [(3, 3), (5, 5), (7, 7)]
