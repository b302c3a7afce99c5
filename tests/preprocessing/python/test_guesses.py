from collections.abc import Callable, Mapping

import pytest

from cgm.graph import CodeGraph, EdgeKind

Calls = Callable[..., dict[str, float]]
GraphOf = Callable[[Mapping[str, str]], CodeGraph]
Edges = Callable[[CodeGraph, EdgeKind], dict[tuple[str, str], float]]


def test_a_method_of_one_name_is_guessed_with_a_share_for_other_types(calls: Calls) -> None:
    assert calls("class A:\n    def apply(self, one): ...\ndef go(x):\n    x.apply(x)\n") == {"A.apply": 0.5}


@pytest.mark.parametrize("given", ["x, x", "two=x"])
def test_what_a_call_passes_must_fit_the_method(calls: Calls, given: str) -> None:
    fitting = "class B:\n    def apply(self, *rest, **named): ...\n"
    source = f"class A:\n    def apply(self, one): ...\n{fitting}def go(x):\n    x.apply({given})\n"
    assert calls(source) == {"B.apply": 0.5}


@pytest.mark.parametrize("name", ["write", "close", "send", "append"])
def test_a_method_that_files_sockets_or_lists_have_is_not_guessed(calls: Calls, name: str) -> None:
    assert calls(f"class A:\n    def {name}(self, one): ...\ndef go(x):\n    x.{name}(x)\n") == {}


def test_a_method_of_a_test_that_the_caller_does_not_import_is_not_guessed(graph_of: GraphOf, edges: Edges) -> None:
    files = {
        "tests/a.py": "class Case:\n    def create_model(self): ...\n",
        "tests/b.py": "from tests.a import Case\ndef go(x):\n    x.create_model()\n",
        "tests/c.py": "def go(x):\n    x.create_model()\n",
    }
    found = edges(graph_of(files), EdgeKind.CALLS)
    assert found == {("tests/b.py:go", "tests/a.py:Case.create_model"): 0.5}
