import pytest

from cgm.details import NodeDetails
from cgm.graph import NodeKind
from preprocessing.languages import BY_NAME
from preprocessing.polyglot.definitions import Definitions
from preprocessing.polyglot.expressions import Expressions
from preprocessing.polyglot.extents import Extents
from preprocessing.polyglot.extract import MAINS
from preprocessing.polyglot.grammar import read_matches


def read(language: str, source: str) -> Definitions:
    matches = read_matches(BY_NAME[language], source.encode(), MAINS, 10.0)
    expressions = Expressions(matches.language, matches)
    return Definitions(matches, expressions, Extents(matches, expressions))


def first_details(language: str, source: str) -> NodeDetails:
    return read(language, source).details({}, {})[0]


def test_parents_stand_before_children_and_lambdas_last() -> None:
    source = "run(() => 1);\nfunction A() {}\nA.prototype.f = function () {};\nclass B { g() { return () => 2 } }\n"
    found = read("javascript", source)
    assert [(row.name, row.parent) for row in found.rows] == [
        ("A", -1),
        ("A.f", -1),
        ("B", -1),
        ("g", 2),
        ("<lambda:1>", -1),
        ("<lambda:4>", 3),
    ]
    assert [NodeKind(row.kind).name for row in found.rows[-2:]] == ["LAMBDA", "LAMBDA"]


def test_a_function_of_a_class_of_the_file_is_its_child_wherever_it_stands() -> None:
    found = read("cpp", "class A { virtual void f() = 0; };\nvoid A::g() {}\n")
    assert [(row.name, row.parent, row.is_abstract) for row in found.rows] == [
        ("A", -1, False),
        ("f", 0, True),
        ("g", 0, False),
    ]


@pytest.mark.parametrize(
    ("language", "source", "returns"),
    [
        ("java", "class A { java.util.List<String> f(int x) { return null; } }", "java.util.List<String>"),
        ("typescript", "class A { f(x: number): Promise<A[]> { } }", "Promise<A[]>"),
        ("go", "package a\n\nfunc f(x int) (int, error) { return 0, nil }", "(int, error)"),
        ("rust", "fn f<T>(x: T) -> Option<T> where T: Copy { None }", "Option<T>"),
        ("c", "unsigned long f(int x) { return 1; }", "unsigned long"),
        ("cpp", "auto f(int x) -> std::string { return {}; }", "std::string"),
    ],
)
def test_the_return_type_is_as_it_is_written(language: str, source: str, returns: str) -> None:
    assert read(language, source).details({}, {})[-1].returns == returns


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("java", "/**\n * First.\n *\n * Second.\n */\nclass A {}"),
        ("rust", "/// First.\n///\n/// Second.\nstruct A;"),
        ("go", "package a\n\n// First.\n//\n// Second.\ntype A struct{}"),
        ("cpp", "/*! First.\n *\n * Second.\n */\nclass A {};"),
    ],
)
def test_a_comment_before_a_definition_is_its_docstring_without_signs(language: str, source: str) -> None:
    assert first_details(language, source).docstring == "First.\n\nSecond."


def test_a_signature_is_the_header_on_one_line() -> None:
    source = "class A\n    extends B<C>\n    implements D {\n}"
    assert first_details("java", source).signature == "class A extends B<C> implements D"


def test_each_decision_makes_a_function_more_complex_and_classes_have_none() -> None:
    source = "class A { f(x) { if (x && x.y) { for (;;) {} } return () => x ? 1 : 2 } }"
    assert read("javascript", source).complexity() == [0, 4, 2]
