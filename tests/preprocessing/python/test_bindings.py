from collections.abc import Callable, Mapping

import pytest

from preprocessing.python.names import Names

NamesOf = Callable[[Mapping[str, str]], Names]
NodeOf = Callable[[Names, str], int]

SOURCE = """
from m import f
class A:
    def __new__(cls): ...
    @property
    def size(self): ...
    @size.setter
    def size(self, value): ...
    @staticmethod
    def still(one): ...
    @classmethod
    def made(cls): ...
    def go(self):
        self.tools = [f()]
        def inner(): ...
def g(one, *rest):
    f(one)
"""


@pytest.mark.parametrize(
    ("function", "receiver"),
    [("A.__new__", "cls"), ("A.size", "self"), ("A.still", ""), ("A.made", "cls"), ("A.go.inner", ""), ("g", "")],
)
def test_a_method_knows_how_it_gets_its_object(
    names_of: NamesOf, node_of: NodeOf, function: str, receiver: str
) -> None:
    names = names_of({"a.py": SOURCE})
    assert names.bindings.receiver(node_of(names, function)) == receiver


def test_an_attribute_of_self_is_bound_in_the_class(names_of: NamesOf, node_of: NodeOf) -> None:
    names = names_of({"a.py": SOURCE})
    owner, scope = node_of(names, "A"), node_of(names, "A.go")
    found = names.bindings.get(owner, "tools[]")
    assert found is not None
    assert found.values == [(scope, "f()")]
    assert (owner, "tools") in names.bindings.holders


def test_a_setter_does_not_hide_its_property(names_of: NamesOf, node_of: NodeOf) -> None:
    names = names_of({"a.py": SOURCE})
    owner = node_of(names, "A")
    found = names.bindings.get(owner, "size")
    assert found is not None
    assert found.nodes == [node_of(names, "A.size")]
    assert names.bindings.setters[owner, "size"] not in found.nodes


def test_a_scope_knows_what_it_calls_itself(names_of: NamesOf, node_of: NodeOf) -> None:
    names = names_of({"a.py": SOURCE})
    assert names.bindings.called(node_of(names, "g")) == {"f"}
    assert names.bindings.calls(node_of(names, "A.go"), "f")
    assert not names.bindings.calls(node_of(names, "A.go.inner"), "f")


def test_the_class_around_a_nested_function_is_that_of_its_method(names_of: NamesOf, node_of: NodeOf) -> None:
    names = names_of({"a.py": SOURCE})
    assert names.bindings.class_around(node_of(names, "A.go.inner")) == node_of(names, "A")
    assert names.bindings.class_around(node_of(names, "g")) == -1
