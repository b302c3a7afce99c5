"""The oracle is CPython's own `ast`, on modules of the standard library."""

import ast
import asyncio.events
import dataclasses
import doctest
import enum
import inspect
import json.decoder
import traceback
import typing
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm.details import NodeDetails, Parameter, decode_details
from cgm.graph import NodeKind
from preprocessing.python.details import _clean, _string_value
from preprocessing.python.parse import parse_python, parse_text

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_BRANCHES = (ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler)


def described(source: str) -> dict[str, NodeDetails]:
    facts = parse_python(source.encode())
    rows = [decode_details(line) for line in facts.details.splitlines()]
    assert len(rows) == len(facts.definitions) + 1
    return dict(zip(["", *(row.name for row in facts.definitions)], rows, strict=True))


def complexities(source: str) -> dict[str, int]:
    facts = parse_python(source.encode())
    return {row.name: count for row, count in zip(facts.definitions, facts.complexity, strict=True)}


def test_a_function_says_how_it_is_called() -> None:
    source = '''
@app.route("/x", methods=["GET"])
@wraps(
    f,  # why
)
async def view(self, a, /, b: int, *args: str, c: "T" = None, d=1.5, **options) -> dict[str, list[int]]:
    """What it is for.

        More.
    End.
    """
'''
    assert described(source)["view"] == NodeDetails(
        'async def view(self, a, /, b: int, *args: str, c: "T" = None, d=1.5, **options) -> dict[str, list[int]]',
        (
            *(Parameter("self"), Parameter("a"), Parameter("/"), Parameter("b", "int"), Parameter("*args", "str")),
            *(Parameter("c", '"T"', "None"), Parameter("d", "", "1.5"), Parameter("**options")),
        ),
        "dict[str, list[int]]",
        ('app.route("/x", methods=["GET"])', "wraps( f, )"),
        "What it is for.\n\n    More.\nEnd.",
    )


def test_a_header_over_several_lines_is_one_line_without_comments() -> None:
    source = """
def f(
    a: Callable[[int], Dict[str, List[int]]],  # first
    *,
    b=lambda x, y: (x, y),
    c=")",
) -> (  # which
    int
):
    pass
class A(
    B,  # one
    metaclass=M(x=1),
):
    pass
"""
    found = described(source)
    assert found["f"].signature == (
        'def f(a: Callable[[int], Dict[str, List[int]]], *, b=lambda x, y: (x, y), c=")") -> ( int )'
    )
    assert [one.name for one in found["f"].parameters] == ["a", "*", "b", "c"]
    assert found["f"].parameters[2].default == "lambda x, y: (x, y)"
    assert found["A"].signature == "class A(B, metaclass=M(x=1))"


def test_attributes_and_lambdas_say_what_they_are() -> None:
    found = described('"""Of the file."""\nLIMIT: Final[int] = 3\nplain = 3\nkey = lambda row, *, n=2: row[n]\n')
    assert found[""] == NodeDetails(docstring="Of the file.")
    assert found["LIMIT"] == NodeDetails("LIMIT: Final[int]", returns="Final[int]")
    assert found["plain"] == NodeDetails()
    assert found["key"] == NodeDetails(
        "lambda row, *, n=2", (Parameter("row"), Parameter("*"), Parameter("n", "", "2"))
    )


def test_a_docstring_may_follow_any_number_of_comments() -> None:
    assert described("# c\n" * 9 + "'''doc'''\n")[""].docstring == "doc"


def test_a_docstring_that_is_all_of_a_class_does_not_own_what_follows() -> None:
    facts = parse_python(b'class Gone(Exception):\n    """Doc."""\nregister(Gone)\n')
    assert [(use.scope, use.chain) for use in facts.calls] == [(-1, "register")]


@pytest.mark.parametrize(
    "literal", ["b'x'", "f'x'", "'a' f'b'", "'", "rb'\\x'", "'\\N{no such name}'", "'a\0' 'b'", "'" + "\\" * 3 + "'"]
)
def test_what_documents_nothing_is_no_docstring(literal: str) -> None:
    assert _string_value(literal) == ""


@given(st.text(st.sampled_from("ab \t\n"), max_size=40))
def test_a_docstring_is_cleaned_as_python_cleans_it(text: str) -> None:
    assert _clean(text) == inspect.cleandoc(text)


@given(st.text(max_size=10), st.sampled_from(["'", '"', "'''", '"""']), st.sampled_from(["", "r", "U"]))
def test_a_string_has_the_value_that_python_gives_it(text: str, quote: str, prefix: str) -> None:
    literal = f"{prefix}{quote}{text}{quote}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = ast.literal_eval(literal)
    except (SyntaxError, ValueError):
        return
    assert _string_value(literal) == value


def test_every_decision_is_one_more_path() -> None:
    source = """
def f(a=1 if X else 2):
    if a and b or c: pass
    elif d: pass
    else: pass
    for x in y: pass
    else: pass
    while z: pass
    try: pass
    except A: pass
    except B: pass
    else: pass
    finally: pass
    with q: assert r
    return [i if j else k for i in l if m if n]
def g(case):
    "if this or that"
    def inner(): return 1 if"x"else 2
    match case:
        case 1 | 2: pass
        case [x, *_] if x: pass
        case _ if y: pass
        case _: pass
class C:
    if x: y = lambda v: v or 1
"""
    # if and or elif for while except except; ternary, for, if, if
    assert complexities(source) == {"f": 13, "g": 5, "inner": 2, "C": 0, "y": 2}


def test_texts_have_no_details() -> None:
    facts = parse_text(b"one\ntwo\n", 100)
    assert (facts.details, facts.complexity) == ("", ())


def _decisions(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    count, stack = 1, list[ast.AST](function.body)
    while stack:
        node = stack.pop()
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            continue
        count += isinstance(node, _BRANCHES)
        count += len(node.values) - 1 if isinstance(node, ast.BoolOp) else 0
        count += 1 + len(node.ifs) if isinstance(node, ast.comprehension) else 0
        count += _is_tested(node) + (node.guard is not None) if isinstance(node, ast.match_case) else 0
        stack.extend(ast.iter_child_nodes(node))
    return count


def _is_tested(case: ast.match_case) -> bool:
    return not isinstance(case.pattern, ast.MatchAs) or case.pattern.name is not None


def _names(arguments: ast.arguments) -> Iterator[str]:
    yield from (one.arg for one in arguments.posonlyargs)
    yield from ["/"] if arguments.posonlyargs else []
    yield from (one.arg for one in arguments.args)
    if arguments.vararg:
        yield f"*{arguments.vararg.arg}"
    elif arguments.kwonlyargs:
        yield "*"
    yield from (one.arg for one in arguments.kwonlyargs)
    yield from [f"**{arguments.kwarg.arg}"] if arguments.kwarg else []


def _same(text: str, node: ast.expr | None) -> bool:
    return not text if node is None else ast.dump(ast.parse(f"({text})", mode="eval").body) == ast.dump(node)


@pytest.mark.parametrize(
    "module", [asyncio.events, dataclasses, doctest, enum, inspect, json.decoder, traceback, typing]
)
def test_details_are_those_that_python_sees(module: ModuleType) -> None:
    source = Path(inspect.getfile(module)).read_bytes()
    facts, tree = parse_python(source), ast.parse(source)
    module_row, *rows = [decode_details(line) for line in facts.details.splitlines()]
    assert module_row.docstring == (ast.get_docstring(tree) or "")
    found = {
        (row.name, row.start): (details, count)
        for row, details, count in zip(facts.definitions, rows, facts.complexity, strict=True)
        if row.kind in (NodeKind.CLASS, NodeKind.FUNCTION)
    }
    nodes = [node for node in ast.walk(tree) if isinstance(node, (*_FUNCTIONS, ast.ClassDef))]
    assert len(nodes) == len(found)
    for node in nodes:
        first = min(node.lineno, *(one.lineno for one in node.decorator_list), node.lineno)
        details, count = found[node.name, first]
        assert details.docstring == (ast.get_docstring(node) or "")
        assert all(map(_same, details.decorators, node.decorator_list))
        again = ast.parse(f"{details.signature}: pass").body[0]
        if isinstance(node, ast.ClassDef):
            assert isinstance(again, ast.ClassDef)
            assert [*map(ast.dump, again.bases)] == [*map(ast.dump, node.bases)]
            continue
        assert isinstance(again, _FUNCTIONS)
        assert ast.dump(again.args) == ast.dump(node.args)
        assert [one.name for one in details.parameters] == [*_names(node.args)]
        assert _same(details.returns, node.returns)
        assert count == _decisions(node)
