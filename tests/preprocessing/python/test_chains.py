import pytest
from tree_sitter import Node

from preprocessing.python.chains import alternatives, chain, elements
from preprocessing.python.parse import parse_python
from preprocessing.python.syntax import Syntax, read_syntax


def chains(source: str) -> list[str]:
    syntax = read_syntax(source.encode(), 10.0)
    functions = (node.child_by_field_name("function") for node in syntax.all("call"))
    return [chain(syntax, node) for node in functions if node is not None]


def value_of(source: str) -> tuple[Syntax, Node]:
    syntax = read_syntax(f"x = {source}\n".encode(), 10.0)
    value = syntax.all("assignment")[0].child_by_field_name("right")
    assert value is not None
    return syntax, value


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("f()", ["f"]),
        ("a.b.c()", ["a.b.c"]),
        ("super().save()", ["super().save", "super"]),
        ("Session(a=1).get(u)", ["Session().get", "Session"]),
        ("f()()", ["f()", "f"]),
        ("'x'.join(y)", ["''.join"]),
        ("[1].append(2)", ["''.append"]),
        ("x[0].go()", ["x.__getitem__().go"]),
        ("(x + y).go()", ["x.__add__().go"]),
        ("getattr(x, 'y')()", ["x.y", "getattr"]),
        ("getattr(x, name)()", ["getattr()", "getattr"]),
        ("partial(f, 1)()", ["f", "partial"]),
        ("functools.partial(f, 1)()", ["f", "functools.partial"]),
        ("partial(*all)()", ["partial()", "partial"]),
        ("cast('a.Foo', x).go()", ["a.Foo().go", "cast"]),
        ("next(iter(x)).go()", ["x.__iter__().__next__().go", "next", "iter"]),
        ("type(self)()", ["self.__class__", "type"]),
        ("x.set(y).go()", ["x.set().go", "x.set"]),
        ("(lambda: 1)()", ["<lambda:1>"]),
        ("(a or b).go()", ["?.go"]),
        ("(a).go()", ["a.go"]),
        ("(await a.b()).go()", ["a.b().go", "a.b"]),
        ("a \\\n .b()", ["a.b"]),
        ("\u00fcber.gr\u00f6\u00dfe()", ["\u00fcber.gr\u00f6\u00dfe"]),
    ],
)
def test_a_callee_is_written_as_a_chain(source: str, expected: list[str]) -> None:
    assert chains(source) == expected


def test_a_very_long_chain_ends_in_an_unnamed_part() -> None:
    longest = max(chains("q" + ".f()" * 3000), key=len)
    assert longest.startswith("?")
    assert len(longest) < 100


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a if b else c", ["a", "c"]),
        ("a or b or c", ["a", "b", "c"]),
        ("(await a)", ["a"]),
        ("(y := f())", ["f()"]),
        ("a", ["a"]),
    ],
)
def test_an_expression_may_have_the_value_of_each_of_its_parts(source: str, expected: list[str]) -> None:
    syntax, value = value_of(source)
    assert [chain(syntax, one) for one in alternatives(value)] == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("[a, b()]", [("[]", "a"), ("[]", "b()")]),
        ("{1: a, **b}", [("[]", "a"), ("[]", "?")]),
        ("(a, b)", [("[0]", "a"), ("[1]", "b")]),
        ("[A(i) for i in j]", [("[]", "A()")]),
        ("{i: A(i) for i in j}", [("[]", "A()")]),
    ],
)
def test_a_display_holds_its_elements(source: str, expected: list[tuple[str, str]]) -> None:
    syntax, value = value_of(source)
    assert [(place, chain(syntax, one)) for place, one in elements(value)] == expected


@pytest.mark.parametrize(
    ("plain", "spaced"),
    [
        ("f(x)[0].g", "f (x) [0] . g"),
        ("getattr(a, 'b').c()", "getattr (a, 'b') . c ()"),
        ("a.partial(f, 1)", "a.partial (f, 1)"),
        ("wraps(f)(g)", "wraps (f) (g)"),
        ("a().b().c().d().e().f().g().h()", "a() . b().c().d().e().f().g().h()"),
        ("f(\"')\", '(').g()", "f (\"')\", '(') . g ()"),
    ],
)
def test_a_chain_read_as_text_is_the_one_that_the_syntax_nodes_give(plain: str, spaced: str) -> None:
    texts, nodes = (parse_python(f"v = {value}\n".encode()) for value in (plain, spaced))
    assert texts.assigned == nodes.assigned
    assert texts.calls == nodes.calls
