from cgm.graph import NodeKind
from preprocessing.facts import BODY, DOCSTRING, MODULE, SIGNATURE
from preprocessing.python.scopes import Scopes, find_scopes
from preprocessing.python.syntax import read_syntax

SOURCE = '''"""Module."""
import os

@decorator(1)
class Outer(Base, metaclass=Meta):
    """Class."""
    x = 1

    @property
    def method(self, a: int = 2) -> "Result":
        """Method."""
        def inner(b):
            return b
        return inner
y = 2
'''


def scopes_of(source: str) -> Scopes:
    return find_scopes(read_syntax(source.encode(), 10.0))


def owner_of(text: str) -> tuple[int, int]:
    return scopes_of(SOURCE).at(SOURCE.index(text))


def test_classes_and_functions_nest_in_document_order() -> None:
    rows = scopes_of(SOURCE).definitions
    assert [(row.name, row.parent, row.start, row.end) for row in rows] == [
        ("Outer", MODULE, 4, 14),
        ("method", 0, 9, 14),
        ("inner", 1, 12, 13),
    ]
    assert [row.kind for row in rows] == [NodeKind.CLASS, NodeKind.FUNCTION, NodeKind.FUNCTION]


def test_every_byte_has_an_owner_and_a_part() -> None:
    assert owner_of("Module.") == (MODULE, DOCSTRING)
    assert owner_of("import os") == (MODULE, BODY)
    assert owner_of("decorator(1)") == (0, SIGNATURE)
    assert owner_of("Base") == (0, SIGNATURE)
    assert owner_of("Class.") == (0, DOCSTRING)
    assert owner_of("x = 1") == (0, BODY)
    assert owner_of("property") == (1, SIGNATURE)
    assert owner_of("a: int") == (1, SIGNATURE)
    assert owner_of("Method.") == (1, DOCSTRING)
    assert owner_of("inner(b)") == (2, SIGNATURE)
    assert owner_of("return b") == (2, BODY)
    assert owner_of("return inner") == (1, BODY)
    assert owner_of("y = 2") == (MODULE, BODY)


def test_bases_and_decorators_are_chains() -> None:
    scopes = scopes_of(SOURCE)
    outer, method, inner = scopes.definitions
    assert (outer.bases, outer.decorators) == (("Base", "metaclass=Meta"), ("decorator()",))
    assert (method.decorators, inner.decorators, inner.bases) == (("property",), (), ())
    lines = [[SOURCE.count("\n", 0, start) + 1 for start in starts] for starts in scopes.decorator_starts]
    assert lines == [[4], [9], []]


def test_what_heads_a_definition_runs_outside_of_it() -> None:
    scopes = scopes_of(SOURCE)
    found = [
        scopes.caller_at(SOURCE.index(text)) for text in ("decorator(1)", "Base", "a: int", "inner(b)", "return b")
    ]
    assert found == [MODULE, MODULE, 0, 1, 2]


def test_a_generic_base_counts_without_its_parameters() -> None:
    assert scopes_of("class A(Generic[T], m.B[int], make()): pass").definitions[0].bases == ("Generic", "m.B", "make()")


def test_methods_that_only_refuse_are_abstract() -> None:
    source = """
class A:
    @abc.abstractmethod
    def one(self): ...
    def two(self):
        "Doc."
        raise NotImplementedError("later")
    def three(self):
        a = 1
        b = 2
        c = 3
        raise NotImplementedError
    def four(self):
        return 4
"""
    assert [row.is_abstract for row in scopes_of(source).definitions] == [False, True, True, False, False]


def test_a_docstring_may_follow_a_comment() -> None:
    source = "def f():\n    # why\n    'doc'\n    'not doc'\n"
    scopes = scopes_of(source)
    assert scopes.at(source.index("doc")) == (0, DOCSTRING)
    assert scopes.at(source.index("not doc")) == (0, BODY)


def test_definitions_inside_broken_code_are_found() -> None:
    source = (
        "class A:\n    def ok(self):\n        return 1\n    def broken(:\n        x = 1\n\ndef after():\n    pass\n"
    )
    assert {"A", "ok", "after"} <= {row.name for row in scopes_of(source).definitions}
