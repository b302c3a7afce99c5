import gc
import random
from collections.abc import Callable, Mapping

import pytest

from cgm.graph import CodeGraph, EdgeKind
from preprocessing.python.parse import parse_python
from preprocessing.resolve import link

GraphOf = Callable[[Mapping[str, str]], CodeGraph]
Edges = Callable[[CodeGraph, EdgeKind], dict[tuple[str, str], float]]


def test_imports_lead_to_files_symbols_and_packages(graph_of: GraphOf, edges: Edges) -> None:
    graph = graph_of(
        {
            "a.py": "import p.m, q\nfrom p import f, sub\nfrom p.m import *\nfrom .p.m import g as h\nimport os\n",
            "p/__init__.py": "from .m import f\n",
            "p/m.py": "def f(): ...\ndef g(): ...\n",
            "p/sub.py": "",
            "q/leaf.py": "",
        }
    )
    assert set(edges(graph, EdgeKind.IMPORTS)) == {
        ("a.py", "p/m.py"),
        ("a.py", "p/m.py:f"),
        ("a.py", "p/sub.py"),
        ("a.py", "p/m.py:g"),
        ("a.py", "q"),
        ("p/__init__.py", "p/m.py:f"),
    }
    assert graph.unlinked["IMPORTS external"] == 1


def test_an_import_of_what_a_module_passes_on_from_elsewhere_leads_to_the_module(
    graph_of: GraphOf, edges: Edges
) -> None:
    graph = graph_of({"a.py": "from compat import urlparse\n", "compat.py": "from urllib.parse import urlparse\n"})
    assert set(edges(graph, EdgeKind.IMPORTS)) == {("a.py", "compat.py")}
    assert graph.unlinked == {"IMPORTS external": 1}


def test_an_import_of_what_a_module_lacks_leads_to_the_module_and_is_counted(graph_of: GraphOf, edges: Edges) -> None:
    graph = graph_of({"a.py": "from b import lost\n", "b.py": ""})
    assert set(edges(graph, EdgeKind.IMPORTS)) == {("a.py", "b.py")}
    assert graph.unlinked == {"IMPORTS unresolved": 1}


def test_bases_are_found_across_modules(graph_of: GraphOf, edges: Edges) -> None:
    graph = graph_of(
        {"a.py": "import b\nclass A(b.B, dict, ext.C): ...\n", "b.py": "class Root: ...\nclass B(Root): ...\n"}
    )
    assert set(edges(graph, EdgeKind.EXTENDS)) == {("a.py:A", "b.py:B"), ("b.py:B", "b.py:Root")}
    assert graph.unlinked == {"EXTENDS builtin": 1, "EXTENDS unresolved": 1}


def test_an_abstract_base_and_its_methods_are_implemented(graph_of: GraphOf, edges: Edges) -> None:
    source = """
from typing import Protocol
class P(Protocol):
    def f(self):
        raise NotImplementedError
    def g(self): return 1
class A(P):
    def f(self): ...
    def g(self): ...
class B(A):
    def f(self): ...
"""
    graph = graph_of({"a.py": source})
    assert set(edges(graph, EdgeKind.IMPLEMENTS)) == {("a.py:A", "a.py:P"), ("a.py:A.f", "a.py:P.f")}


def test_calling_a_class_calls_its_initialiser_wherever_it_is_inherited_from(graph_of: GraphOf, edges: Edges) -> None:
    graph = graph_of({"a.py": "class A:\n    def __init__(self): ...\nclass B(A): ...\ndef f():\n    B()\n"})
    assert edges(graph, EdgeKind.CALLS) == {("a.py:f", "a.py:B"): 1.0, ("a.py:f", "a.py:A.__init__"): 1.0}


def test_a_method_that_only_subclasses_have_is_called_on_each(graph_of: GraphOf, edges: Edges) -> None:
    graph = graph_of(
        {
            "a.py": "class A:\n    def run(self):\n        self.hook()\nclass B(A):\n    def hook(self): ...\n"
            "class C(B):\n    def hook(self): ...\nclass D:\n    def hook(self): ...\n"
        }
    )
    assert edges(graph, EdgeKind.CALLS) == {("a.py:A.run", "a.py:B.hook"): 0.5, ("a.py:A.run", "a.py:C.hook"): 0.5}


def test_a_method_of_an_unknown_object_is_linked_by_name_with_shared_confidence(
    graph_of: GraphOf, edges: Edges
) -> None:
    classes = "".join(f"class C{n}:\n    def rare(self): ...\n" for n in range(3))
    graph = graph_of({"a.py": f"{classes}def f(x):\n    x.rare()\n"})
    assert edges(graph, EdgeKind.CALLS) == {("a.py:f", f"a.py:C{n}.rare"): 0.25 for n in range(3)}


def test_a_name_with_many_candidates_is_counted_as_ambiguous(graph_of: GraphOf, edges: Edges) -> None:
    classes = "".join(f"class C{n}:\n    def common(self): ...\n" for n in range(6))
    graph = graph_of({"a.py": f"{classes}def f(x):\n    x.common()\n"})
    assert edges(graph, EdgeKind.CALLS) == {}
    assert graph.unlinked == {"CALLS ambiguous": 1}


def test_code_calls_methods_of_its_vendored_copies_by_name(graph_of: GraphOf, edges: Edges) -> None:
    files = {"a.py": "def f(x):\n    x.rare()\n", "vendor/v.py": "class V:\n    def rare(self): ...\n"}
    assert edges(graph_of(files), EdgeKind.CALLS) == {("a.py:f", "vendor/v.py:V.rare"): 0.5}


def test_code_is_never_linked_by_name_to_tests(graph_of: GraphOf, edges: Edges) -> None:
    files = {"a.py": "def f(x):\n    x.rare()\n", "tests/t.py": "class T:\n    def rare(self): ...\n"}
    assert edges(graph_of(files), EdgeKind.CALLS) == {}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("len(x)", "CALLS builtin"),
        ("x.append(1)", "CALLS builtin method"),
        ("json.dumps(1)", "CALLS external"),
        ("x()", "CALLS local"),
        ("nowhere()", "CALLS unresolved"),
        ("Foreign().method()", "CALLS inherited"),
    ],
)
def test_a_call_without_an_edge_is_counted_by_reason(graph_of: GraphOf, body: str, reason: str) -> None:
    source = f"import json\nclass Foreign(json.JSONDecoder): ...\ndef f(x):\n    {body}\n"
    assert graph_of({"a.py": source}).unlinked[reason] == 1


def test_references_lead_to_what_is_named_and_not_called(graph_of: GraphOf, edges: Edges) -> None:
    graph = graph_of(
        {
            "a.py": "import b\nfrom b import LIMIT\nclass A:\n    x = LIMIT\n    def f(self):\n"
            "        return self.x, b.g, b.K.member, LIMIT\n",
            "b.py": "LIMIT = 1\ndef g(): ...\nclass K:\n    member = 2\n",
        }
    )
    assert set(edges(graph, EdgeKind.REFERENCES)) == {
        ("a.py:A", "b.py:LIMIT"),
        ("a.py:A.f", "a.py:A.x"),
        ("a.py:A.f", "b.py:g"),
        ("a.py:A.f", "b.py:K.member"),
        ("a.py:A.f", "b.py:LIMIT"),
    }


def test_a_call_through_an_object_of_unknown_kind_still_references_the_object(graph_of: GraphOf, edges: Edges) -> None:
    graph = graph_of({"a.py": "import ext\nhandler = ext.make()\ndef f():\n    handler.go()\n"})
    assert set(edges(graph, EdgeKind.REFERENCES)) == {("a.py:f", "a.py:handler")}


def test_an_edge_knows_the_first_line_where_it_stands(graph_of: GraphOf) -> None:
    graph = graph_of({"a.py": "def g(): ...\ndef f():\n    pass\n    g()\n    g()\n"})
    assert [line for kind, _, _, _, line in graph.edges() if kind == EdgeKind.CALLS] == [4]


def test_the_graph_does_not_depend_on_the_order_of_files() -> None:
    files = {
        f"p{n % 3}/m{n}.py": f"from p{(n + 1) % 3}.m{(n + 1) % 12} import *\nclass C{n}(C{(n + 1) % 12}):\n"
        f"    def f(self, x):\n        self.f()\n        x.g{n}()\n    def g{n % 4}(self): ...\n"
        for n in range(12)
    }
    seen = set()
    for seed in range(5):
        paths = list(files)
        random.Random(seed).shuffle(paths)
        linked = link("r", paths, [parse_python(files[path].encode()) for path in paths])
        graph = linked.graph
        assert [graph.node_path[node] for node in linked.files] == paths
        seen.add((graph.node_name, tuple(graph.edges()), tuple(graph.unlinked.items())))
    assert len(seen) == 1


def test_every_node_is_connected_to_the_root(graph_of: GraphOf) -> None:
    graph = graph_of({"a/b/c.py": "class A:\n    def f(self):\n        x = lambda: 1\n", "d.py": "y = 1\n"})
    assert all(graph.ancestors(node)[-1] == 0 for node in range(1, len(graph)))
    assert (graph.edge_kind == EdgeKind.CONTAINS).sum() == len(graph) - 1


def test_nothing_of_a_finished_graph_waits_for_the_garbage_collector() -> None:
    files = {f"m{number}.py": "class A:\n    def f(self): self.f()\n" * 20 for number in range(20)}
    facts = [parse_python(source.encode()) for source in files.values()]
    gc.collect()
    gc.disable()
    try:
        linked = link("r", list(files), facts)
        assert gc.collect() < 100
    finally:
        gc.enable()
    assert len(linked.files) == 20


def test_a_name_that_is_defined_or_passed_on_is_imported_as_its_definition(graph_of: GraphOf, edges: Edges) -> None:
    passing = "try:\n    from elsewhere import f\nexcept ImportError:\n    def f(): ...\n"
    files = {"a.py": "from m import f\n", "m.py": passing}
    assert edges(graph_of(files), EdgeKind.IMPORTS) == {("a.py", "m.py:f"): 1.0}


def test_a_metaclass_is_not_extended_as_the_class_whose_class_it_is(graph_of: GraphOf, edges: Edges) -> None:
    files = {"a.py": "class A: ...\nclass Meta(type(A)): ...\n"}
    assert edges(graph_of(files), EdgeKind.EXTENDS) == {}
