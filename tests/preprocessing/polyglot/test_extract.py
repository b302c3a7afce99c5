import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgm.details import Parameter, decode_details
from cgm.graph import NodeKind
from preprocessing.facts import BODY, COMMENTS, DOCSTRING, SIGNATURE, STRINGS, FileFacts, decode_facts, encode_facts
from preprocessing.languages import BY_NAME, LANGUAGES
from preprocessing.polyglot.extract import extract, extract_version

JAVA, SCRIPT, TYPED = BY_NAME["java"], BY_NAME["javascript"], BY_NAME["typescript"]
WITH_QUERY = [language for language in LANGUAGES if language.queries]


def named(facts: FileFacts) -> dict[str, tuple[str, int]]:
    """Every definition by its qualified name: its kind and first line."""
    names: list[str] = []
    for row in facts.definitions:
        names.append(row.name if row.parent < 0 else f"{names[row.parent]}.{row.name}")
    return {name: (NodeKind(row.kind).name, row.start) for name, row in zip(names, facts.definitions, strict=True)}


def words_of(facts: FileFacts, scope: int, part: int) -> dict[str, int]:
    words = facts.words
    rows = zip(words.scope, words.part, words.word, words.count, strict=True)
    return {words.vocabulary[word]: int(count) for one, field, word, count in rows if (one, field) == (scope, part)}


def test_a_method_is_a_function_below_its_class_and_overloads_stay_apart() -> None:
    facts = extract(JAVA, b"class A {\n  void f() {}\n  void f(int x) {}\n  class B { int y; }\n}")
    assert [row.name for row in facts.definitions] == ["A", "f", "f", "B", "y"]
    assert named(facts)["A.B.y"] == ("ATTRIBUTE", 4)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (b"const f = () => 1", ("f", "FUNCTION")),
        (b"let f = async function named() {}", ("f", "FUNCTION")),
        (b"exports.f = function () {}", ("f", "FUNCTION")),
        (b"A.prototype.f = function () {}", ("A.f", "FUNCTION")),
        (b"const o = { f() {} }", ("o.f", "FUNCTION")),
        (b"export default function () {}", ("default", "FUNCTION")),
        (b"export default class {}", ("default", "CLASS")),
        (b"const C = class extends B {}", ("C", "CLASS")),
        (b"run(() => 1)", ("<lambda:1>", "LAMBDA")),
        (b"function F() { this.x = 1 }", ("F.x", "ATTRIBUTE")),
        (b"class A { [Symbol.iterator]() {} }", ("A.[Symbol.iterator]", "FUNCTION")),
        (b"class A { 'a b'() {} }", ("A.ab", "FUNCTION")),
    ],
)
def test_what_a_script_defines(source: bytes, expected: tuple[str, str]) -> None:
    name, kind = expected
    assert named(extract(SCRIPT, source))[name][0] == kind


def test_variables_of_functions_and_lambdas_are_no_nodes() -> None:
    facts = extract(SCRIPT, b"const a = 1\nfunction f() { const b = 2 }\n(() => { const c = 3 })()")
    assert set(named(facts)) == {"a", "f", "<lambda:3>"}
    assert facts.bound == {-1: frozenset({"c"}), 0: frozenset({"b"})}


def test_a_definition_says_what_it_is_like() -> None:
    source = b"""
/**
 * Adds.
 *   More.
 */
@Deprecated
public static int add(
    final int a, String... rest) {
  return a > 0 && rest != null ? 1 : 2;
}
"""
    facts = extract(JAVA, b"class A {" + source + b"}")
    details = decode_details(facts.details.split("\n")[2])
    assert details.parameters == (Parameter("a", "int"), Parameter("...rest", "String"))
    assert (details.returns, details.decorators) == ("int", ("Deprecated",))
    assert details.docstring == "Adds.\n  More."
    assert details.signature == "@Deprecated public static int add( final int a, String... rest)"
    assert facts.complexity == (0, 3)


def test_a_default_and_a_type_of_a_parameter_are_kept() -> None:
    facts = extract(TYPED, b"function f(a: Foo = make(), b?: number): Bar {}")
    details = decode_details(facts.details.split("\n")[1])
    assert details.parameters == (Parameter("a", "Foo", "make()"), Parameter("b", "number"))
    assert details.returns == "Bar"


def test_a_comment_is_of_a_definition_only_where_it_stands_right_before_it() -> None:
    source = b"// license\n\n// doc\n// more\nexport function f() {}\nlet x = 1 // not doc\nfunction g() {}\n"
    lines = extract(SCRIPT, source).details.split("\n")
    assert decode_details(lines[1]).docstring == "doc\nmore"
    assert decode_details(lines[2]).docstring == ""


def test_words_are_counted_where_they_stand() -> None:
    source = b"/** Sums up. */\nfunction total(items) {\n  // never empty\n  return items.map(weigh, 'gram') }\n"
    facts = extract(SCRIPT, source)
    assert words_of(facts, 0, DOCSTRING) == {"Sums": 1, "up": 1}
    assert words_of(facts, 0, SIGNATURE) == {"items": 1}
    assert words_of(facts, 0, COMMENTS) == {"never": 1, "empty": 1}
    assert words_of(facts, 0, STRINGS) == {"gram": 1}
    assert words_of(facts, 0, BODY) == {"items": 1, "map": 1, "weigh": 1}


def test_the_version_differs_by_language() -> None:
    assert len({extract_version(language) for language in WITH_QUERY}) == len(WITH_QUERY)


@pytest.mark.parametrize("language", WITH_QUERY, ids=lambda language: language.name)
def test_facts_survive_their_compact_form(language: object) -> None:
    source = b"/** d */ class A extends B { int x = f(1); void g(int y) { this.x.h(y); } }"
    facts = extract(language, source)  # type: ignore[arg-type]
    assert decode_facts(encode_facts(facts)).clauses == facts.clauses
    assert encode_facts(decode_facts(encode_facts(facts))) == encode_facts(facts)


_PIECES = st.sampled_from(
    [
        *(b"class A ", b"extends B ", b"implements C ", b"{", b"}", b"(", b")", b";\n", b"=>", b"function f", b"x"),
        *(
            b".y",
            b"this",
            b"super",
            b"new ",
            b"= ",
            b"import ",
            b"export ",
            b"'s'",
            b"// c\n",
            b"/* c */",
            b"\xff",
            b"<",
        ),
        *(b"> ", b"interface I ", b"enum E ", b"@D ", b"return ", b"a, b", b": T ", b"module.exports", b"static "),
    ]
)


@settings(max_examples=60)
@given(language=st.sampled_from(WITH_QUERY), pieces=st.lists(_PIECES, max_size=40))
def test_any_source_gives_sound_facts(language: object, pieces: list[bytes]) -> None:
    source = b"".join(pieces)
    facts = extract(language, source)  # type: ignore[arg-type]
    count = len(facts.definitions)
    assert all(-1 <= row.parent < number for number, row in enumerate(facts.definitions))
    assert all(1 <= row.start <= row.end <= max(1, facts.lines) for row in facts.definitions)
    assert all(-1 <= use.scope < count for use in (*facts.calls, *facts.references))
    assert len(facts.complexity) == count
    assert facts.details.count("\n") == count + 1
    assert encode_facts(extract(language, source)) == encode_facts(facts)  # type: ignore[arg-type]
