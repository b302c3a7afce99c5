from collections.abc import Callable, Mapping

import pytest

from cgm.graph import CodeGraph, EdgeKind

OVERLOADS = """
  void g(String a) {}
  void g(int a) {}
  void g(boolean a) {}
  void g(B a) {}
  void g(Class<?> a) {}
  void g(int a, int b) {}
  void g(String a, Object... more) {}
"""


@pytest.mark.parametrize(
    ("call", "line"),
    [
        ('g("x")', 3),
        ("g(1)", 4),
        ("g(true)", 5),
        ("g(new B())", 6),
        ("g(new C())", 6),
        ("g(A.class)", 7),
        ("g(1, 2)", 8),
        ('g("x", 1, 2)', 9),
        ("g(text)", 3),
        ("g(name())", 3),
        ("g(this.b)", 6),
    ],
)
def test_a_call_means_the_overload_whose_parameters_fit(
    project: Callable[[Mapping[str, str]], CodeGraph], call: str, line: int
) -> None:
    source = f"class A {{{OVERLOADS}  B b; String name() {{ return null; }}\n  void f(String text) {{ {call}; }}\n}}"
    graph = project({"A.java": source.replace("{\n", "{\n\n", 1), "B.java": "class B {}\nclass C extends B {}"})
    called = [target for kind, source, target, _, _ in graph.edges() if kind == EdgeKind.CALLS]
    assert line in [graph.node_start[target] for target in called if graph.node_name[target] == "A.g"]
    assert len([target for target in called if graph.node_name[target] == "A.g"]) == 1
