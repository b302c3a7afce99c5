from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from cgm.graph import CodeGraph, EdgeKind
from preprocessing.stage import build_graph

Folder = Callable[[Mapping[str, str]], Path]
Edges = Callable[[CodeGraph, EdgeKind], dict[tuple[str, str], float]]

_CRATE = {
    "Cargo.toml": '[package]\nname = "my-crate"\n',
    "src/lib.rs": "pub mod a;\npub mod b;\npub fn top() {}\n",
    "src/a.rs": "pub mod deep;\npub fn f() {}\n",
    "src/a/deep.rs": "pub fn g() {}\n",
    "src/b/mod.rs": "pub fn h() {}\n",
}


@pytest.mark.parametrize(
    ("path", "call", "target"),
    [
        ("src/a.rs", "crate::top()", "src/lib.rs:top"),
        ("src/a.rs", "super::b::h()", "src/b/mod.rs:h"),
        ("src/a.rs", "self::deep::g()", "src/a/deep.rs:g"),
        ("src/a.rs", "deep::g()", "src/a/deep.rs:g"),
        ("src/a/deep.rs", "super::f()", "src/a.rs:f"),
        ("src/a/deep.rs", "super::super::top()", "src/lib.rs:top"),
        ("src/b/mod.rs", "crate::a::deep::g()", "src/a/deep.rs:g"),
        ("tests/t.rs", "my_crate::a::f()", "src/a.rs:f"),
        ("tests/t.rs", "common::shared()", "tests/common/mod.rs:shared"),
    ],
)
def test_a_path_leads_over_modules(folder: Folder, edges: Edges, path: str, call: str, target: str) -> None:
    files = {**_CRATE, "tests/t.rs": "mod common;\n", "tests/common/mod.rs": "pub fn shared() {}\n"}
    files[path] += f"fn caller() {{ {call}; }}\n"
    assert edges(build_graph(folder(files)), EdgeKind.CALLS) == {(f"{path}:caller", target): 1.0}


@pytest.mark.parametrize(
    ("use", "call"),
    [
        ("use crate::a::f;", "f()"),
        ("use crate::a::f as other;", "other()"),
        ("use crate::{a::{self, deep}, b};", "a::f()"),
        ("use crate::a::*;", "f()"),
        ("use crate::{taken::*};", "f()"),
        ("use crate::taken::renamed;", "renamed()"),
    ],
)
def test_what_is_used_is_known_here(folder: Folder, edges: Edges, use: str, call: str) -> None:
    files = {
        **_CRATE,
        "src/taken.rs": "pub use crate::a::*;\npub use crate::a::f as renamed;\n",
        "src/c.rs": f"{use}\nfn caller() {{ {call}; }}\n",
    }
    files["src/lib.rs"] += "mod c;\nmod taken;\n"
    assert edges(build_graph(folder(files)), EdgeKind.CALLS) == {("src/c.rs:caller", "src/a.rs:f"): 1.0}


def test_modules_that_take_over_each_other_are_survived(folder: Folder) -> None:
    names = [f"m{number}" for number in range(12)]
    files = {f"src/{name}.rs": "".join(f"pub use crate::{other}::*;\n" for other in names) for name in names}
    files["src/lib.rs"] = "".join(f"pub mod {name};\n" for name in names) + "fn f() { m0::nowhere(); }\n"
    graph = build_graph(folder(files))
    assert graph.unlinked["CALLS unresolved"] == 1


def test_crates_of_a_workspace_are_known_by_their_names_and_others_are_external(folder: Folder, edges: Edges) -> None:
    files = {
        "one/Cargo.toml": '[package]\nname = "one"\n',
        "one/src/lib.rs": "fn f() { two::g(); three::h(); }\n",
        "two/Cargo.toml": '[package]\nname = "two"\n',
        "two/src/lib.rs": "pub fn g() {}\npub fn h() {}\n",
    }
    graph = build_graph(folder(files))
    assert edges(graph, EdgeKind.CALLS) == {("one/src/lib.rs:f", "two/src/lib.rs:g"): 1.0}
    assert graph.unlinked["CALLS external"] == 1


def test_a_macro_is_never_a_function_of_its_name(folder: Folder, edges: Edges) -> None:
    files = {
        "src/lib.rs": "mod a;\nfn format() {}\nfn f() { format!(); shout!(); format(); }\n",
        "src/a.rs": "macro_rules! shout { () => {} }\n",
    }
    graph = build_graph(folder(files))
    targets = {target for _, target in edges(graph, EdgeKind.CALLS)}
    assert targets == {"src/lib.rs:format", "src/a.rs:shout"}
    assert graph.unlinked["CALLS builtin"] == 1


def test_calls_inside_a_macro_are_calls(folder: Folder, edges: Edges) -> None:
    source = "struct S;\nimpl S { fn m(&self) {} fn new() -> S { S } }\nfn g() {}\n"
    graph = build_graph(folder({"src/lib.rs": source + "fn f() { assert!(g(), S::new().m()); }\n"}))
    assert set(edges(graph, EdgeKind.CALLS)) == {
        ("src/lib.rs:f", f"src/lib.rs:{name}") for name in ("g", "S.new", "S.m")
    }


def test_what_stands_before_a_definition_belongs_to_it(folder: Folder, edges: Edges) -> None:
    source = "/// Says it.\n#[derive(Clone)]\n#[repr(C)]\npub struct S;\ntrait T {}\n#[derive(T)]\nstruct U;\n"
    graph = build_graph(folder({"src/lib.rs": source}))
    (node,) = (node for node in range(len(graph)) if graph.node_name[node] == "S")
    assert (graph.node_start[node], graph.node_end[node]) == (2, 4)
    assert graph.details(node).docstring == "Says it."
    assert set(edges(graph, EdgeKind.IMPLEMENTS)) == {("src/lib.rs:U", "src/lib.rs:T")}
