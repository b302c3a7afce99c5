from collections.abc import Callable, Mapping

from preprocessing.meanings import Meaning, Sort
from preprocessing.python.names import Names
from preprocessing.python.passing import Passing

NamesOf = Callable[[Mapping[str, str]], Names]
NodeOf = Callable[[Names, str], int]

SOURCE = """
def task(): ...
def run(first, second): ...
def give_on(it):
    run(it, second=task)
give_on(task)
"""


def number(names: Names, function: int, name: str) -> int:
    return names.parameters.meaning(function, name).target


def test_what_is_passed_reaches_parameters_through_calls_that_pass_it_on(names_of: NamesOf, node_of: NodeOf) -> None:
    names = names_of({"a.py": SOURCE})
    top, run, give_on = (node_of(names, name) for name in ("", "run", "give_on"))
    passing = Passing(names)
    passing.sites[0].tell(0, {(run, (give_on, "run", False)), (give_on, (top, "give_on", False))})
    task = (Meaning(Sort.NODE, node_of(names, "task")),)
    first, second = number(names, run, "first"), number(names, run, "second")
    found = passing.flow([first, second], 0)
    assert (found[first], found[second]) == (task, task)


def test_what_is_handed_by_position_reaches_the_parameter_at_that_place(names_of: NamesOf, node_of: NodeOf) -> None:
    names = names_of({"a.py": SOURCE})
    run, task = node_of(names, "run"), Meaning(Sort.NODE, node_of(names, "task"))
    passing = Passing(names)
    passing.handed.tell(0, {(run, (1, task))})
    second = number(names, run, "second")
    assert passing.flow([number(names, run, "first"), second], 0) == {second: (task,)}
