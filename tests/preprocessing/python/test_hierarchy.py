from collections.abc import Callable, Mapping

from preprocessing.python.hierarchy import Hierarchy
from preprocessing.python.names import Names

NamesOf = Callable[[Mapping[str, str]], Names]
NodeOf = Callable[[Names, str], int]

SOURCE = """
from abc import ABC, abstractmethod
class A:
    def visit_one(self): ...
class B(A):
    def visit_one(self): ...
    def visit_two(self): ...
class C(B):
    def visit_one(self): ...
class Other:
    def visit_one(self): ...
class Base(ABC):
    @abstractmethod
    def run(self): ...
"""


def test_overrides_are_those_of_all_classes_below(names_of: NamesOf, node_of: NodeOf) -> None:
    names = names_of({"a.py": SOURCE})
    found = Hierarchy(names, [0]).overrides(node_of(names, "A"), "visit_one")
    assert found == [node_of(names, "B.visit_one"), node_of(names, "C.visit_one")]


def test_a_beginning_of_a_name_stands_for_all_names_that_begin_so(names_of: NamesOf, node_of: NodeOf) -> None:
    names = names_of({"a.py": SOURCE})
    found = Hierarchy(names, [0]).overrides(node_of(names, "A"), "visit_*")
    assert set(found) == {node_of(names, f"{name}") for name in ("B.visit_one", "B.visit_two", "C.visit_one")}


def test_a_class_is_abstract_by_its_base_and_its_methods(names_of: NamesOf, node_of: NodeOf) -> None:
    names = names_of({"a.py": SOURCE})
    hierarchy = Hierarchy(names, [0])
    assert hierarchy.is_abstract(node_of(names, "Base"))
    assert names.bindings.is_abstract(node_of(names, "Base.run"))
    assert not hierarchy.is_abstract(node_of(names, "A"))
