from collections.abc import Callable, Mapping
from pathlib import Path

from cgm.graph import CodeGraph, EdgeKind
from preprocessing.stage import build_graph

Folder = Callable[[Mapping[str, str]], Path]
Edges = Callable[[CodeGraph, EdgeKind], dict[tuple[str, str], float]]


def test_an_include_is_found_beside_the_file_before_anywhere_else(folder: Folder, edges: Edges) -> None:
    files = {
        "a/x.c": '#include "y.h"\n#include <lib/z.h>\n#include <stdio.h>\n',
        "a/y.h": "",
        "b/y.h": "",
        "include/lib/z.h": "",
        "include/lib/more/z.h": "",
    }
    graph = build_graph(folder(files))
    assert set(edges(graph, EdgeKind.IMPORTS)) == {("a/x.c", "a/y.h"), ("a/x.c", "include/lib/z.h")}
    assert graph.unlinked["IMPORTS external"] == 1


def test_of_several_definitions_the_included_one_counts_else_the_nearest(folder: Folder, edges: Edges) -> None:
    files = {
        "one/use.c": '#include "../two/head.h"\nint u(void) { return f() + g(); }\n',
        "one/g.c": "int g(void) { return 1; }\n",
        "two/head.h": "static inline int f(void) { return 1; }\n",
        "two/g.c": "int g(void) { return 2; }\n",
        "three/head.h": "static inline int f(void) { return 2; }\n",
    }
    assert edges(build_graph(folder(files)), EdgeKind.CALLS) == {
        ("one/use.c:u", "two/head.h:f"): 1.0,
        ("one/use.c:u", "one/g.c:g"): 1.0,
    }


def test_what_is_static_is_known_to_its_file_and_to_whoever_includes_it(folder: Folder, edges: Edges) -> None:
    files = {
        "a.c": "static int f(void) { return 1; }\nint g(void) { return f(); }\n",
        "b.c": "int h(void) { return f(); }\n",
        "t.c": '#include "a.c"\nint t(void) { return f(); }\n',
    }
    graph = build_graph(folder(files))
    assert set(edges(graph, EdgeKind.CALLS)) == {("a.c:g", "a.c:f"), ("t.c:t", "a.c:f")}
    assert graph.unlinked["CALLS unresolved"] == 1


def test_alternatives_under_one_condition_share_a_call(folder: Folder, edges: Edges) -> None:
    source = (
        "#ifdef A\nint f(void) { return 1; }\n#else\nint f(void) { return 2; }\n#endif\nint g(void) { return f(); }\n"
    )
    graph = build_graph(folder({"a.c": source}))
    assert edges(graph, EdgeKind.CALLS) == {("a.c:g", "a.c:f"): 0.5}
    assert sum(1 for kind, *_ in graph.edges() if kind == EdgeKind.CALLS) == 2


def test_files_that_include_each_other_are_survived(folder: Folder, edges: Edges) -> None:
    files = {"a.h": '#include "b.h"\n', "b.h": '#include "a.h"\nstatic int f(void) { return 1; }\n'}
    graph = build_graph(folder({**files, "c.c": '#include "a.h"\nint g(void) { return f(); }\n'}))
    assert set(edges(graph, EdgeKind.CALLS)) == {("c.c:g", "b.h:f")}


def test_a_table_of_functions_refers_to_them(folder: Folder, edges: Edges) -> None:
    files = {
        "a.c": "int one(void);\nstatic int two(void) { return 2; }\nint (*table[])(void) = {one, &two};\n",
        "b.c": "int one(void) { return 1; }\n",
    }
    assert {("a.c", "b.c:one"), ("a.c", "a.c:two")} <= set(edges(build_graph(folder(files)), EdgeKind.REFERENCES))


def test_a_header_is_of_cpp_where_its_text_says_so(folder: Folder) -> None:
    files = {"a.h": "class A { public: int f() { return 1; } };\n", "b.h": "struct b { int x; };\n"}
    names = set(build_graph(folder(files)).node_name)
    assert {"A.f", "b.x"} <= names
