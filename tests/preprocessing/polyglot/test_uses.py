import pytest

from preprocessing.facts import Import
from preprocessing.languages import BY_NAME
from preprocessing.polyglot.extract import extract
from preprocessing.polyglot.uses import local_name


def imports_of(language: str, source: str) -> list[tuple[str, str, str]]:
    facts = extract(BY_NAME[language], source.encode())
    return [(row.module, row.name, row.alias) for row in facts.imports]


@pytest.mark.parametrize(
    ("source", "rows"),
    [
        ("import java.util.List;", [("java.util.List", "", "")]),
        ("import java.util.*;", [("java.util", "*", "")]),
        ("import static a.B.c;", [("a.B.c", "", "")]),
    ],
)
def test_what_java_imports(source: str, rows: list[tuple[str, str, str]]) -> None:
    assert imports_of("java", source) == rows


@pytest.mark.parametrize(
    ("source", "rows"),
    [
        ("import './a'", [("./a", "", "")]),
        ("import a from './a'", [("./a", "default", "a")]),
        ("import * as a from './a'", [("./a", "", "a")]),
        ("import a, { b, c as d } from './a'", [("./a", "default", "a"), ("./a", "b", ""), ("./a", "c", "d")]),
        ("export * from './a'", [("./a", "*", "export *")]),
        ("export { a as b } from './a'", [("./a", "a", "export b")]),
        ("const a = require('./a')", [("./a", "", "a")]),
        ("const { a, b: c } = require('./a')", [("./a", "a", ""), ("./a", "b", "c")]),
        ("const a = require('./a').b", [("./a", "b", "a")]),
        ("run(require('./a'))", [("./a", "", "")]),
        ("await import('./a')", [("./a", "", "")]),
        ("module.exports = require('./a')", [("./a", "*", "export *")]),
        ("require(a)", []),
    ],
)
def test_what_a_script_imports(source: str, rows: list[tuple[str, str, str]]) -> None:
    assert imports_of("javascript", source) == rows
    assert imports_of("typescript", source) == rows


def test_an_import_is_known_by_its_alias_its_name_or_the_last_of_its_path() -> None:
    rows = [Import(-1, "a.b", "", alias, 0, 1) for alias in ("", "x")] + [Import(-1, "./a", "b", "", 0, 1)]
    assert [local_name(row) for row in rows] == ["b", "x", "b"]


def test_a_call_stands_at_its_last_line_and_counts_once_in_a_scope() -> None:
    facts = extract(BY_NAME["javascript"], b"a()\n  .b()\n  .c()\na()\nfunction f() { a() }")
    assert [(use.scope, use.chain, use.line) for use in facts.calls] == [
        (-1, "a().b().c/0", 3),
        (-1, "a().b/0", 2),
        (-1, "a/0", 1),
        (0, "a/0", 5),
    ]


def test_what_is_called_imported_defined_or_local_is_no_reference() -> None:
    source = b"import { a, b } from './x'\nfunction f(p) { a(); return [b, p, p.q, f2, this.z] }\nfunction f2() {}"
    facts = extract(BY_NAME["javascript"], source)
    assert {use.chain for use in facts.references} == {"b", "f2", "self.z"}


def test_types_and_capitals_are_references_wherever_they_are_defined() -> None:
    source = b"class A<T> { Foo x; T y; void f() { int z = Bar.LIMIT; other.field = 1; } }"
    facts = extract(BY_NAME["java"], source)
    assert {use.chain for use in facts.references} == {"Foo", "Bar.LIMIT"}
