import pytest

from preprocessing.facts import MODULE, UNBOUND, Assigned
from preprocessing.languages import BY_NAME
from preprocessing.polyglot.extract import extract


@pytest.mark.parametrize(
    ("language", "source", "row"),
    [
        ("java", b"class A { Foo x; }", Assigned(0, "x", "Foo()")),
        ("java", b"class A { void f(Foo x) {} }", Assigned(1, "x", "Foo()")),
        ("java", b"class A { void f() { var x = make(); } }", Assigned(1, "x", "make()")),
        ("java", b"class A { void f() { for (Foo x : all) {} } }", Assigned(1, "x", "Foo()")),
        ("java", b"class A { void f() { if (y instanceof Foo x) {} } }", Assigned(1, "x", "Foo()")),
        ("javascript", b"const x = new Foo()", Assigned(MODULE, "x", "Foo()")),
        ("javascript", b"function f(x = new Foo()) {}", Assigned(0, "x", "Foo()")),
        ("javascript", b"class A { constructor() { this.x = a || new Foo() } }", Assigned(1, "self.x", "Foo()")),
        ("javascript", b"function f() { const self = this }", Assigned(0, "self_", "self")),
        ("typescript", b"let x: Promise<Foo> | null", Assigned(MODULE, "x", "Foo()")),
        ("typescript", b"class A { constructor(private x: Foo) {} }", Assigned(1, "self.x", "Foo()")),
        ("javascript", b"const f = () => new Foo()", Assigned(0, "return", "Foo()")),
    ],
)
def test_what_is_said_of_the_class_of_a_value(language: str, source: bytes, row: Assigned) -> None:
    assert row in extract(BY_NAME[language], source).assigned


def test_a_value_without_a_name_says_nothing() -> None:
    assert extract(BY_NAME["javascript"], b"const x = a + b").assigned == ()


def test_a_field_is_defined_once_where_it_is_first_stored() -> None:
    source = b"class A {\n  f() { this.x = 1 }\n  g() { this.x = 2; this.y.z = 3 }\n}"
    rows = extract(BY_NAME["javascript"], source).definitions
    assert [(row.name, row.start) for row in rows if row.parent == 0] == [("f", 2), ("g", 3), ("x", 2)]


def test_a_field_of_a_function_that_makes_objects_is_known_by_no_bare_name() -> None:
    facts = extract(BY_NAME["javascript"], b"function Cart() { this.x = 1 }\nfunction run() { this.y = 1 }")
    assert [row.name for row in facts.definitions] == ["Cart", "run", "x"]
    assert [(row.scope, row.subject) for row in facts.clauses if row.kind == UNBOUND] == [(2, "self")]


def test_names_of_patterns_are_variables() -> None:
    source = b"function f({ a, b: c }, [d], ...e) { const { g, h: [i] } = a }"
    assert extract(BY_NAME["javascript"], source).bound == {0: frozenset("acdegi")}
