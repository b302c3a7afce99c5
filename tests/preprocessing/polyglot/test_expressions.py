import pytest

from preprocessing.languages import BY_NAME
from preprocessing.polyglot.expressions import Expressions
from preprocessing.polyglot.extract import MAINS
from preprocessing.polyglot.grammar import read_matches


def chains(language: str, expression: str) -> list[str]:
    """The callees of an expression, the outermost first."""
    wrapped = f"class A {{ void f() {{ {expression}; }} }}" if language == "java" else expression
    matches = read_matches(BY_NAME[language], wrapped.encode(), MAINS, 10.0)
    expressions = Expressions(BY_NAME[language], matches)
    return [expressions.callee(match) for match in matches.all("call")]


@pytest.mark.parametrize(
    ("language", "expression", "chain"),
    [
        ("java", "a.b(1).c()", "a.b().c/0"),
        ("java", "run(1, new Foo(), x + y, a.b)", "run/4:int(),Foo(),?,a.b"),
        ("java", "run(x + y)", "run/1"),
        ("java", "this.x.run()", "self.x.run/0"),
        ("java", "super.run()", "super.run/0"),
        ("java", "Outer.this.run()", "Outer().run/0"),
        ("java", "new Foo<Bar>(1).run()", "Foo().run/0"),
        ("java", "((Foo) x).run()", "Foo().run/0"),
        ("java", "items[0].run()", "?.run/0"),
        ("javascript", "a?.b?.(1)", "a.b/1"),
        ("javascript", "(await open()).run(/* why */ 1)", "open().run/1"),
        ("javascript", "Foo.prototype.run.call(x)", "Foo.run.call/1"),
        ("javascript", "self.run(); this.run()", "self_.run/0"),
        ("javascript", "module.exports.run()", "exports.run/0"),
        ("javascript", "new a.B", "a.B"),
        ("javascript", "this.#x.run()", "self.#x.run/0"),
        ("typescript", "(x as Foo).run()", "Foo().run/0"),
        ("typescript", "x!.run()", "x.run/0"),
    ],
)
def test_a_call_is_a_chain_with_its_arguments(language: str, expression: str, chain: str) -> None:
    assert chains(language, expression)[0] == chain


def test_a_chain_ends_where_it_grows_too_deep() -> None:
    assert chains("javascript", "a" + ".b()" * 50)[0].startswith("?().b()")


@pytest.mark.parametrize(
    ("language", "text", "named"),
    [
        ("java", "Map<String, Foo>", "Map"),
        ("java", "Optional<Foo>", "Foo"),
        ("java", "a.b.Foo[]", "a.b.Foo"),
        ("java", "var", ""),
        ("typescript", ": Promise<Foo | null>", "Foo"),
        ("typescript", ": readonly Foo[]", "Foo"),
        ("typescript", ": Readonly<Partial<Foo>>", "Foo"),
    ],
)
def test_a_type_names_a_class(language: str, text: str, named: str) -> None:
    matches = read_matches(BY_NAME[language], b"", MAINS, 10.0)
    assert Expressions(BY_NAME[language], matches).named_type(text) == named
