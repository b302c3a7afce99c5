from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from cgm.graph import CodeGraph, EdgeKind
from preprocessing.stage import build_graph

Folder = Callable[[Mapping[str, str]], Path]
Edges = Callable[[CodeGraph, EdgeKind], dict[tuple[str, str], float]]

_LIBRARY = {"lib/b/one.go": "package b\nfunc F() {}\n", "lib/b/one_test.go": "package b_test\nfunc F() {}\n"}
_USER = 'package a\nimport "{}/lib/b"\nfunc G() {{ b.F() }}\n'


@pytest.mark.parametrize("root", ["example.com/x", "plain"])
def test_a_package_is_a_folder_below_the_declared_module(folder: Folder, edges: Edges, root: str) -> None:
    files = {"go.mod": f"module {root}\n", "a/a.go": _USER.format(root), **_LIBRARY}
    assert edges(build_graph(folder(files)), EdgeKind.CALLS) == {("a/a.go:G", "lib/b/one.go:F"): 1.0}


def test_without_a_declared_module_the_end_of_the_path_counts(folder: Folder, edges: Edges) -> None:
    graph = build_graph(folder({"a/a.go": _USER.format("host.org/who/x"), **_LIBRARY}))
    assert edges(graph, EdgeKind.CALLS) == {("a/a.go:G", "lib/b/one.go:F"): 1.0}


def test_a_package_of_another_module_is_external(folder: Folder) -> None:
    graph = build_graph(folder({"go.mod": "module example.com/x\n", "a/a.go": _USER.format("other.com/y"), **_LIBRARY}))
    assert graph.unlinked["IMPORTS external"] == 1
    assert graph.unlinked["CALLS external"] == 1


def test_the_files_of_a_folder_share_their_names_but_not_with_tests_of_another_package(
    folder: Folder, edges: Edges
) -> None:
    files = {
        "a.go": "package a\nfunc F() { G(); H() }\n",
        "b.go": "package a\nfunc G() {}\n",
        "c_test.go": "package a_test\nfunc H() {}\n",
    }
    assert edges(build_graph(folder(files)), EdgeKind.CALLS) == {("a.go:F", "b.go:G"): 1.0}


def test_a_module_may_bear_a_version_that_its_package_does_not(folder: Folder, edges: Edges) -> None:
    files = {
        "go.mod": "module example.com/b/v2\n",
        "b.go": "package b\nfunc F() {}\n",
        "a/a.go": 'package a\nimport "example.com/b/v2"\nfunc G() { b.F() }\n',
    }
    assert edges(build_graph(folder(files)), EdgeKind.CALLS) == {("a/a.go:G", "b.go:F"): 1.0}
