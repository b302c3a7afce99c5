from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from cgm.graph import CodeGraph, EdgeKind
from preprocessing.polyglot.method_sets import shape_of
from preprocessing.stage import build_graph

Folder = Callable[[Mapping[str, str]], Path]
Edges = Callable[[CodeGraph, EdgeKind], dict[tuple[str, str], float]]


@pytest.mark.parametrize(
    ("header", "shape"),
    [
        ("F()", ((), ())),
        ("func (r *R) F(a int, b string) error", (("int", "string"), ("error",))),
        ("F(int, string) error", (("int", "string"), ("error",))),
        ("F(a, b int, c ...string) (n int, err error)", (("int", "int", "...string"), ("int", "error"))),
        ("F(f func(a, b int) error, m map[string]pkg.T)", (("func(a,bint)error", "map[string]T"), ())),
        ("F(interface{}) (<-chan int)", (("any",), ("<-chanint",))),
        ("F(chan int, []byte)", (("chanint", "[]byte"), ())),
        ("F(", ((), ())),
        ("nothing", ((), ())),
    ],
)
def test_a_header_says_what_a_function_takes_and_gives(
    header: str, shape: tuple[tuple[str, ...], tuple[str, ...]]
) -> None:
    assert shape_of(header, "F") == shape


def test_a_type_with_all_methods_of_an_interface_implements_it(folder: Folder, edges: Edges) -> None:
    source = """package a
type I interface { J; F(x int) error }
type J interface { G() }
type Whole struct{}
func (Whole) F(int) error { return nil }
func (w *Whole) G() {}
type Embedding struct { *Whole }
type Lacking struct{}
func (Lacking) F(x int) error { return nil }
type Other struct{}
func (Other) F(x string) error { return nil }
func (Other) G() {}
"""
    found = edges(build_graph(folder({"a.go": source})), EdgeKind.IMPLEMENTS)
    types = {(source, target) for source, target in found if source.count(".") == target.count(".") == 1}
    assert types == {
        (f"a.go:{one}", f"a.go:{two}")
        for one, two in [("Whole", "I"), ("Whole", "J"), ("Embedding", "I"), ("Embedding", "J"), ("Other", "J")]
    }
    assert found["a.go:Whole.F", "a.go:I.F"] == 1.0


def test_an_interface_that_is_partly_of_another_project_is_implemented_with_less_confidence(
    folder: Folder, edges: Edges
) -> None:
    source = 'package a\nimport "io"\ntype I interface { io.Closer; F() }\ntype T struct{}\nfunc (T) F() {}\n'
    found = edges(build_graph(folder({"a.go": source})), EdgeKind.IMPLEMENTS)
    assert found == {("a.go:T", "a.go:I"): 0.5, ("a.go:T.F", "a.go:I.F"): 0.5}


def test_a_method_in_small_letters_is_of_its_package_alone(folder: Folder, edges: Edges) -> None:
    files = {
        "go.mod": "module m\n",
        "a/a.go": "package a\ntype I interface { f() }\n",
        "b/b.go": "package b\ntype T struct{}\nfunc (T) f() {}\n",
    }
    assert edges(build_graph(folder(files)), EdgeKind.IMPLEMENTS) == {}
