from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from cgm.graph import CodeGraph, EdgeKind
from preprocessing.stage import build_graph

Folder = Callable[[Mapping[str, str]], Path]
Edges = Callable[[CodeGraph, EdgeKind], dict[tuple[str, str], float]]

_HEADER = """
namespace a {
namespace b { class K { public: K(int x); static int s(); int m() { return 1; } }; int f(); }
int f();
}
"""
_SOURCE = """
#include "k.h"
namespace a {
b::K::K(int x) {}
int b::K::s() { return 1; }
int b::f() { return 1; }
int f() { return 2; }
}
"""


@pytest.mark.parametrize(
    ("caller", "targets"),
    [
        ("int c() { return a::f(); }", {"k.cc:a.f"}),
        ("int c() { return a::b::f(); }", {"k.cc:a.b.f"}),
        ("int c() { return ::a::b::K::s(); }", {"k.cc:a.b.K.s"}),
        ("using namespace a;\nint c() { return b::f(); }", {"k.cc:a.b.f"}),
        ("using a::b::f;\nint c() { return f(); }", {"k.cc:a.b.f"}),
        ("namespace z = a::b;\nint c() { return z::f(); }", {"k.cc:a.b.f"}),
        ("namespace a { int c() { return f() + b::f(); } }", {"k.cc:a.f", "k.cc:a.b.f"}),
        ("namespace a { namespace b { int c() { return f(); } } }", {"k.cc:a.b.f"}),
        ("int c() { a::b::K k(1); return k.m(); }", {"k.h:a.b.K", "k.cc:a.b.K.K", "k.h:a.b.K.m"}),
        ("using Q = a::b::K;\nint c(Q* q) { return q->m(); }", {"k.h:a.b.K.m"}),
        ("int c() { return other::f(); }", set()),
    ],
)
def test_a_name_is_looked_up_in_the_name_spaces_around_and_used(
    folder: Folder, edges: Edges, caller: str, targets: set[str]
) -> None:
    graph = build_graph(folder({"k.h": _HEADER, "k.cc": _SOURCE, "c.cc": f'#include "k.h"\n{caller}\n'}))
    found = {target for source, target in edges(graph, EdgeKind.CALLS) if source.startswith("c.cc:")}
    assert found == targets


def test_bases_are_found_from_inside_a_name_space(folder: Folder, edges: Edges) -> None:
    source = (
        "namespace a { class B { virtual int f() = 0; }; class D : public B { int f() override { return 1; } }; }\n"
    )
    graph = build_graph(folder({"a.cc": source}))
    assert set(edges(graph, EdgeKind.EXTENDS)) == {("a.cc:a.D", "a.cc:a.B")}
    assert set(edges(graph, EdgeKind.IMPLEMENTS)) == {("a.cc:a.D", "a.cc:a.B"), ("a.cc:a.D.f", "a.cc:a.B.f")}


def test_names_with_arguments_and_operators_are_cut_to_what_they_name(folder: Folder) -> None:
    source = """
template <typename T> class L { class I; };
template <typename T> class L<T>::I { bool operator<(const I& o) const { return true; } operator bool() const; };
template <typename T> L<T>::I::operator bool() const { return true; }
template <> class L<int> {};
"""
    names = set(build_graph(folder({"a.cc": source})).node_name)
    assert {"L", "L.I", "L.I.operator<", "L.I.operator bool"} <= names


def test_a_test_macro_is_a_function_of_its_names(folder: Folder) -> None:
    source = "class F {};\nTEST(Suite, Works) { int x; }\nTEST_F(F, Holds) { int x; }\n"
    assert {"Suite_Works", "F.Holds"} <= set(build_graph(folder({"a.cc": source})).node_name)


def test_calling_an_object_calls_its_operator(folder: Folder, edges: Edges) -> None:
    source = "struct F { int operator()(int x) { return x; } };\nint g(F f) { return f(1); }\n"
    assert edges(build_graph(folder({"a.cc": source})), EdgeKind.CALLS) == {("a.cc:g", "a.cc:F.operator()"): 1.0}
