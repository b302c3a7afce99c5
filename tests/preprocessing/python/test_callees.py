from collections.abc import Callable, Mapping

import pytest

from preprocessing.python.callees import Callees
from preprocessing.python.hierarchy import Hierarchy
from preprocessing.python.names import Names

NamesOf = Callable[[Mapping[str, str]], Names]
NodeOf = Callable[[Names, str], int]

SOURCE = """
class A:
    def __init__(self): ...
    def __call__(self): ...
    def f(self): ...
class B(A):
    def f(self): ...
def wrap(f):
    def inner(): ...
    return inner
@wrap
def wrapped(): ...
x = 1
"""


@pytest.mark.parametrize(
    ("chain", "callees"),
    [
        ("A", {"A": 1.0, "A.__init__": 1.0}),
        ("A()", {"A.__call__": 1.0}),
        ("A().f", {"A.f": 1.0}),
        ("wrapped", {"wrapped": 0.5, "wrap.inner": 0.5}),
        ("x", {}),
    ],
)
def test_a_call_runs_what_python_would_run(
    names_of: NamesOf, node_of: NodeOf, chain: str, callees: dict[str, float]
) -> None:
    names = names_of({"a.py": SOURCE})
    found = Callees(names, Hierarchy(names, [0])).callees(names.values(node_of(names, ""), chain))
    assert {names.tree.name[node]: share for node, share in found} == callees


def test_the_arguments_of_a_call_reach_the_constructor(names_of: NamesOf, node_of: NodeOf) -> None:
    names = names_of({"a.py": SOURCE})
    meanings = names.values(node_of(names, ""), "A")
    assert list(Callees(names, Hierarchy(names, [0])).functions(meanings)) == [node_of(names, "A.__init__")]


def test_overrides_of_a_method_share_half_of_the_confidence(names_of: NamesOf, node_of: NodeOf) -> None:
    names = names_of({"a.py": SOURCE})
    receivers = names.values(node_of(names, ""), "A()")
    found = Callees(names, Hierarchy(names, [0])).overriding(receivers, "f", node_of(names, "A.f"))
    assert found == [(node_of(names, "B.f"), 0.5)]
