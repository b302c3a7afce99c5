from collections.abc import Callable, Mapping

from preprocessing.python.names import Names

NamesOf = Callable[[Mapping[str, str]], Names]
NodeOf = Callable[[Names, str], int]

SOURCE = """
import elsewhere
class Top:
    def f(self): ...
class Left(Top): ...
class Right(Top):
    def f(self): ...
class Both(Left, Right, metaclass=Top): ...
class Far(elsewhere.Base): ...
class Loop(Loop): ...
"""


def test_the_order_of_a_diamond_is_that_of_python(names_of: NamesOf, node_of: NodeOf) -> None:
    names = names_of({"a.py": SOURCE})
    order = names.classes.order(node_of(names, "Both"))
    assert [names.tree.name[node] for node in order] == ["Both", "Left", "Right", "Top"]


def test_a_method_is_that_of_the_first_class_in_order(names_of: NamesOf, node_of: NodeOf) -> None:
    names = names_of({"a.py": SOURCE})
    assert names.classes.method(node_of(names, "Both"), "f") == node_of(names, "Right.f")
    assert names.classes.owner_of(node_of(names, "Left"), "f") == node_of(names, "Top")
    assert names.classes.method(node_of(names, "Left"), "absent") == -1


def test_a_class_with_a_base_from_elsewhere_is_not_fully_known(names_of: NamesOf, node_of: NodeOf) -> None:
    names = names_of({"a.py": SOURCE})
    assert names.classes.has_foreign_base(node_of(names, "Far"))
    assert not names.classes.has_foreign_base(node_of(names, "Both"))


def test_a_class_that_extends_itself_has_an_order(names_of: NamesOf, node_of: NodeOf) -> None:
    names = names_of({"a.py": SOURCE})
    assert names.classes.order(node_of(names, "Loop")) == (node_of(names, "Loop"),)
