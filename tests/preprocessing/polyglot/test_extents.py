from cgm.graph import NodeKind
from preprocessing.facts import BODY, DOCSTRING, SIGNATURE
from preprocessing.languages import BY_NAME
from preprocessing.polyglot.expressions import Expressions
from preprocessing.polyglot.extents import Extents
from preprocessing.polyglot.extract import MAINS
from preprocessing.polyglot.grammar import read_matches


def extents_of(language: str, source: bytes) -> Extents:
    matches = read_matches(BY_NAME[language], source, MAINS, 10.0)
    return Extents(matches, Expressions(BY_NAME[language], matches))


def test_outlines_nest_in_document_order() -> None:
    found = extents_of("javascript", b"class A { f() { run(() => { function g() {} }) } }").outlines
    assert [(outline.name, outline.inside) for outline in found] == [("A", -1), ("f", 0), ("", 1), ("g", 2)]
    assert found[2].kind == NodeKind.LAMBDA


def test_every_byte_has_an_owner_and_a_part() -> None:
    source = b"/** doc */\nfunction f(a) { return a }\nlet x"
    extents = extents_of("javascript", source)
    places = {word: extents.at(source.index(word)) for word in (b"doc", b"(a)", b"return", b"let")}
    assert places == {b"doc": (0, DOCSTRING), b"(a)": (0, SIGNATURE), b"return": (0, BODY), b"let": (-1, BODY)}


def test_a_function_bound_to_a_name_is_no_lambda_of_its_own() -> None:
    found = extents_of("javascript", b"const f = function g() {}").outlines
    assert [(outline.name, outline.kind) for outline in found] == [("f", NodeKind.FUNCTION)]


def test_a_function_that_stands_outside_knows_whose_it_is() -> None:
    found = extents_of("javascript", b"A.prototype.f = function () {}\nconst o = { g() {} }").outlines
    assert [(outline.owner, outline.name) for outline in found] == [("A", "f"), ("o", "g")]


def test_what_a_nameless_class_is_made_with_belongs_to_its_maker() -> None:
    source = b"class A { void f() { /* why */\n new B(arg()) { int x; }; } }"
    extents = extents_of("java", source)
    assert extents.outlines[extents.at(source.index(b"arg"))[0]].name == "f"
    assert extents.outlines[extents.at(source.index(b"int x"))[0]].is_nameless_class
