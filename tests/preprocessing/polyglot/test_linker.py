from collections.abc import Callable, Mapping

import pytest

from cgm.graph import CodeGraph, EdgeKind, NodeKind

Project = Callable[[Mapping[str, str]], CodeGraph]
Edges = Callable[[CodeGraph, EdgeKind], dict[tuple[str, str], float]]


def java(body: str, **others: str) -> dict[str, str]:
    files = {"p/A.java": f"package p;\nclass A {{\n{body}\n}}\n"}
    return files | {f"p/{name}.java": f"package p;\n{source}\n" for name, source in others.items()}


def test_an_overload_is_chosen_by_its_number_of_arguments(project: Project) -> None:
    graph = project(java("void f() { g(1, 2); }\nvoid g(int a) {}\nvoid g(int a, int b) {}\nvoid g(int... all) {}"))
    calls = [(target, confidence) for kind, _, target, confidence, _ in graph.edges() if kind == EdgeKind.CALLS]
    assert [(int(graph.node_start[target]), confidence) for target, confidence in calls] == [(5, 1.0)]


def test_overloads_that_cannot_be_told_apart_share_confidence(project: Project) -> None:
    graph = project(java("void f(Object x) { g(x.y); }\nvoid g(int a) {}\nvoid g(String a) {}"))
    assert [confidence for kind, _, _, confidence, _ in graph.edges() if kind == EdgeKind.CALLS] == [0.5, 0.5]


def test_a_bare_name_is_a_member_of_the_class_its_parents_or_one_around_it(project: Project, edges: Edges) -> None:
    graph = project(
        java(
            "void own() {}\nclass In extends B { void f() { own(); inherited(); } }",
            B="class B { void inherited() {} }",
        )
    )
    assert set(edges(graph, EdgeKind.CALLS)) == {
        ("p/A.java:A.In.f", "p/A.java:A.own"),
        ("p/A.java:A.In.f", "p/B.java:B.inherited"),
    }


def test_a_method_and_a_variable_of_one_name_are_two_things(project: Project, edges: Edges) -> None:
    graph = project(java("int size;\nint size() { return size; }\nvoid f(int size) { size(); }"))
    assert set(edges(graph, EdgeKind.CALLS)) == {("p/A.java:A.f", "p/A.java:A.size")}
    kinds = {graph.node_kind[target] for kind, _, target, _, _ in graph.edges() if kind == EdgeKind.CALLS}
    assert kinds == {NodeKind.FUNCTION}


def test_an_object_is_of_its_declared_class_and_a_call_gives_what_is_written(project: Project, edges: Edges) -> None:
    b = "class B { B next() { return this; } java.util.Optional<C> c() { return null; } }"
    graph = project(
        java("B b;\nvoid f() { var x = b.next(); x.next(); this.b.c().run(); }", B=b, C="class C { void run() {} }")
    )
    assert set(edges(graph, EdgeKind.CALLS)) == {
        ("p/A.java:A.f", "p/B.java:B.next"),
        ("p/A.java:A.f", "p/B.java:B.c"),
        ("p/A.java:A.f", "p/C.java:C.run"),
    }


def test_a_nameless_class_implements_what_it_is_made_of(project: Project, edges: Edges) -> None:
    graph = project(
        java("B f() { return\n// why\nnew B() { public void run() {} }; }", B="interface B { void run(); }")
    )
    assert set(edges(graph, EdgeKind.IMPLEMENTS)) == {
        ("p/A.java:A.f.<class:5>", "p/B.java:B"),
        ("p/A.java:A.f.<class:5>.run", "p/B.java:B.run"),
    }
    assert ("p/A.java:A.f", "p/B.java:B") in edges(graph, EdgeKind.CALLS)


def test_constructors_call_each_other_and_those_of_the_parent(project: Project, edges: Edges) -> None:
    graph = project(
        java(
            "A() { this(1); }\nA(int x) { new B(2); }",
            B="class B { B(int x) {} }\nclass C extends B { C() { super(3); } }",
        )
    )
    assert set(edges(graph, EdgeKind.CALLS)) == {
        ("p/A.java:A.A", "p/A.java:A.A"),
        ("p/A.java:A.A", "p/B.java:B"),
        ("p/A.java:A.A", "p/B.java:B.B"),
        ("p/B.java:C.C", "p/B.java:B.B"),
    }


def test_a_name_with_its_whole_package_is_found(project: Project, edges: Edges) -> None:
    graph = project(
        java("void f() { q.r.B.run(); }") | {"q/B.java": "package q.r;\npublic class B { static void run() {} }\n"}
    )
    assert set(edges(graph, EdgeKind.CALLS)) == {("p/A.java:A.f", "q/B.java:B.run")}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("java.util.List.of();", "CALLS builtin"),
        ("other.run();", "CALLS external"),
        ("nowhere();", "CALLS unresolved"),
        ("Object x = y(); x.rare();", "CALLS builtin"),
        ("unknown.size();", "CALLS builtin method"),
        ("Mine m; m.foreign();", "CALLS inherited"),
    ],
)
def test_a_call_without_an_edge_is_counted_by_reason(project: Project, body: str, reason: str) -> None:
    files = java(f"void f() {{ {body} }}", Mine="class Mine extends Foreign {}")
    files["p/A.java"] = files["p/A.java"].replace(
        "package p;", "package p;\nimport com.other.other;\nimport com.x.Foreign;"
    )
    assert project(files).unlinked[reason] >= 1


def test_a_method_of_an_unknown_object_is_linked_by_name(project: Project, edges: Edges) -> None:
    files = {"a.js": "export function f(x) { x.rare() }", "b.js": "class B { rare() {} }\nclass C { rare() {} }"}
    assert edges(project(files), EdgeKind.CALLS) == {
        ("a.js:f", "b.js:B.rare"): 0.5,
        ("a.js:f", "b.js:C.rare"): 0.5,
    }


def test_code_is_never_linked_by_name_to_tests(project: Project, edges: Edges) -> None:
    files = {"a.js": "export function f(x) { x.rare() }", "b.spec.js": "class B { rare() {} }"}
    assert edges(project(files), EdgeKind.CALLS) == {}


@pytest.mark.parametrize(
    ("exporting", "importing"),
    [
        ("export function run() {}", "import { run } from './b'; run()"),
        ("export function run() {}", "import * as b from './b'; b.run()"),
        ("export default function run() {}", "import go from './b'; go()"),
        ("function run() {}\nexport { run as go }", "import { go as start } from './b'; start()"),
        ("function run() {}\nexport default run", "import go from './b'; go()"),
        ("export const run = () => 1", "import { run } from './b'; run()"),
        ("exports.run = function () {}", "const { run } = require('./b'); run()"),
        ("exports.run = function () {}", "const b = require('./b'); b.run()"),
        ("module.exports = run\nfunction run() {}", "const b = require('./b'); b()"),
        ("module.exports = { go: run }\nfunction run() {}", "require('./b'); const go = require('./b').go; go()"),
        ("module.exports = { run() {} }", "const { run: go } = require('./b'); go()"),
        ("const b = exports = module.exports = {}\nb.run = function () {}", "var b = require('./b'); b.run()"),
        ("export { run } from './c'", "import { run } from './b'; run()"),
        ("export * from './c'", "import { run } from './b'; run()"),
        ("export * as c from './c'", "import { c } from './b'; c.run()"),
        ("module.exports = require('./c')", "const { run } = require('./b'); run()"),
    ],
)
def test_a_script_calls_what_another_exports(project: Project, exporting: str, importing: str) -> None:
    graph = project({"a.js": importing, "b.js": exporting, "c.js": "export function run() {}"})
    called = [graph.label(target) for kind, _, target, _, _ in graph.edges() if kind == EdgeKind.CALLS]
    assert [label.rpartition(".")[2].rpartition(":")[2] for label in called] == ["run"], called


def test_methods_of_a_constructor_function_and_of_an_object_are_found(project: Project, edges: Edges) -> None:
    source = """
function Cart() { this.items = []; this.log = function () {} }
Cart.prototype.add = function () { this.total(); this.log() }
Cart.prototype.total = function () { return this.items }
const shop = { open() { return shop.close() }, close: () => 1 }
function main() { const self = new Cart(); self.add(); Cart.prototype.add.call(self); shop.open() }
"""
    graph = project({"a.js": source})
    assert set(edges(graph, EdgeKind.CALLS)) == {
        ("a.js:Cart.add", "a.js:Cart.total"),
        ("a.js:Cart.add", "a.js:Cart.log"),
        ("a.js:shop.open", "a.js:shop.close"),
        ("a.js:main", "a.js:Cart"),
        ("a.js:main", "a.js:Cart.add"),
        ("a.js:main", "a.js:shop.open"),
    }
    assert ("a.js:Cart.total", "a.js:Cart.items") in edges(graph, EdgeKind.REFERENCES)


def test_older_ways_of_inheriting_are_known(project: Project, edges: Edges) -> None:
    source = (
        "function A() {}\n"
        "A.prototype.f = function () {}\n"
        "function B() {}\n"
        "B.prototype = Object.create(A.prototype)\n"
        "B.prototype.g = function () { this.f() }\n"
        "function C() {}\n"
        "util.inherits(C, A)\n"
        "C.prototype.h = function () {}\n"
    )
    graph = project({"a.js": source})
    assert set(edges(graph, EdgeKind.EXTENDS)) == {("a.js:B", "a.js:A"), ("a.js:C", "a.js:A")}
    assert ("a.js:B.g", "a.js:A.f") in edges(graph, EdgeKind.CALLS)


def test_a_typed_parameter_says_whose_method_is_called(project: Project, edges: Edges) -> None:
    source = (
        "import type { Rule } from './rule'\n"
        "export function f(rule: Rule) { rule.apply() }\n"
        "export async function g() { (await h()).apply() }\n"
        "async function h(): Promise<Rule> { return null! }\n"
    )
    graph = project(
        {"a.ts": source, "rule.ts": "export interface Rule { apply(): void }\nexport class Other { apply() {} }"}
    )
    assert {edge for edge in edges(graph, EdgeKind.CALLS) if "rule.ts" in edge[1]} == {
        ("a.ts:f", "rule.ts:Rule.apply"),
        ("a.ts:g", "rule.ts:Rule.apply"),
    }


def test_a_parameter_with_a_modifier_is_a_field(project: Project, edges: Edges) -> None:
    source = "class A { run() {} }\nclass B { constructor(private readonly a: A) {}\n f() { this.a.run() } }"
    graph = project({"a.ts": source})
    assert ("a.ts:B.f", "a.ts:A.run") in edges(graph, EdgeKind.CALLS)
    assert "B.a" in graph.node_name


def test_a_call_of_overloads_that_are_only_declared_leads_to_the_one_function(project: Project) -> None:
    source = "function f(a: string): void\nfunction f(a: number): void\nfunction f(a: any) {}\nfunction g() { f(1) }"
    graph = project({"a.ts": source})
    assert [int(graph.node_start[target]) for kind, _, target, _, _ in graph.edges() if kind == EdgeKind.CALLS] == [3]


def test_scripts_and_typed_scripts_name_each_other_but_no_java(project: Project, edges: Edges) -> None:
    graph = project(
        {
            "a.js": "import { run } from './b'; run()",
            "b.ts": "export const run = () => 1",
            "C.java": "class C { void rare() {} }",
            "d.js": "x.rare()",
        }
    )
    assert set(edges(graph, EdgeKind.CALLS)) == {("a.js", "b.ts:run")}


def test_imports_that_lead_in_circles_end(project: Project, edges: Edges) -> None:
    graph = project(
        {
            "a.js": "export * from './b'\nexport { x } from './b'\nimport { x } from './b'\nx()",
            "b.js": "export * from './a'\nexport { x } from './a'",
        }
    )
    assert edges(graph, EdgeKind.CALLS) == {}


def test_bases_that_lead_in_circles_end(project: Project, edges: Edges) -> None:
    graph = project(java("void f() { g(); }", B="class B extends C {}", C="class C extends B { void f() { h(); } }"))
    assert set(edges(graph, EdgeKind.EXTENDS)) == {("p/B.java:B", "p/C.java:C"), ("p/C.java:C", "p/B.java:B")}
