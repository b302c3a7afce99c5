from collections.abc import Callable, Mapping

from preprocessing.meanings import Meaning, Sort
from preprocessing.python.callees import Callees
from preprocessing.python.hierarchy import Hierarchy
from preprocessing.python.names import Names
from preprocessing.python.rounds import Rounds

NamesOf = Callable[[Mapping[str, str]], Names]
NodeOf = Callable[[Names, str], int]

SOURCE = """
class A:
    def f(self): ...
def inner(it):
    it.f()
def outer(it):
    inner(it)
outer(A())
"""


def test_what_is_passed_on_twice_is_known_in_the_last_round(names_of: NamesOf, node_of: NodeOf) -> None:
    names = names_of({"a.py": SOURCE})
    rounds = Rounds(names, Callees(names, Hierarchy(names, [0])))
    assert rounds.update([0]) == {0}
    calls = rounds[0]
    row = [chain for _, chain, _ in calls.rows].index("it.f")
    assert Meaning(Sort.NODE, node_of(names, "A.f")) in calls.meanings()[row]
    assert Meaning(Sort.NODE, node_of(names, "A.f")) not in calls.found[0][row]


def test_only_calls_that_a_round_left_open_are_looked_at_in_the_next(names_of: NamesOf) -> None:
    names = names_of({"a.py": SOURCE})
    rounds = Rounds(names, Callees(names, Hierarchy(names, [0])))
    rounds.update([0])
    chains = [chain for _, chain, _ in rounds[0].rows]
    assert [[chains[row] for row in chosen] for chosen in rounds[0].chosen] == [
        ["it.f", "inner", "outer", "A"],
        ["it.f"],
        ["it.f"],
    ]


def test_implied_calls_count_where_some_class_has_the_method(names_of: NamesOf) -> None:
    names = names_of({"a.py": "len(x)\n"})
    rounds = Rounds(names, Callees(names, Hierarchy(names, [0])))
    rounds.update([0])
    assert [chain for _, chain, _ in rounds[0].rows[rounds[0].written :]] == []
    rounds.dunders = {"__len__"}
    rounds.update([0])
    assert [chain for _, chain, _ in rounds[0].rows[rounds[0].written :]] == ["x.__len__"]
