"""Each adapter's own mapping, on graphs such as its peer makes."""

import json
import sys
from pathlib import Path

import code_graph_rag
import harness
import locagent
import networkx as nx
import pycg_all
import pytest


def test_locagent_says_calls_of_a_constructor_of_its_class() -> None:
    graph = nx.MultiDiGraph()
    graph.add_node("a.py:A", type="class")
    graph.add_node("a.py:A.f", type="function")
    graph.add_edge("a.py:A", "a.py:A.f", type="invokes")
    graph.add_edge("a.py:A.f", "a.py:A", type="invokes")
    graph.add_edge("a.py:A", "b.py:B", type="inherits")
    graph.add_edge("a.py", "a.py:A", type="contains")
    assert set(locagent.edges(graph, Path())) == {
        ("CALLS", ("a.py", "A.__init__"), ("a.py", "A.f")),
        ("CALLS", ("a.py", "A.f"), ("a.py", "A")),
        ("EXTENDS", ("a.py", "A"), ("b.py", "B")),
    }


def test_code_graph_rag_says_modules_by_dots_and_instances_apart() -> None:
    sink = code_graph_rag.Sink()
    sink.ensure_node_batch("Module", {"qualified_name": "repo.pkg.a", "name": "a.py", "path": "pkg/a.py"})
    sink.ensure_node_batch("Class", {"qualified_name": "repo.pkg.a.A", "name": "A", "path": "pkg/a.py"})
    for kind, target in (("INSTANTIATES", "repo.pkg.a.A"), ("CALLS", "os.getcwd"), ("DEFINES", "repo.pkg.a.A")):
        key = "qualified_name"
        sink.ensure_relationship_batch(("Module", key, "repo.pkg.a"), kind, ("Class", key, target), properties=None)
    assert list(code_graph_rag.edges(sink, Path())) == [("CALLS", ("pkg/a.py", ""), ("pkg/a.py", "A"))]


def test_pycg_says_modules_by_dots_and_lambdas_by_number(tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").touch()
    (tmp_path / "pkg" / "a.py").touch()
    output = {"pkg.a.A.f": ["pkg.g", "<builtin>.len"], "pkg.a.<lambda1>": ["pkg.a.A.f"]}
    assert set(pycg_all.edges([(tmp_path, output)], tmp_path)) == {
        ("CALLS", ("pkg/a.py", "A.f"), ("pkg/__init__.py", "g")),
        ("CALLS", ("pkg/a.py", ""), ("pkg/a.py", "A.f")),
    }


def test_the_harness_measures_and_leaves_the_checkout_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "messy.py").write_text(
        "def load(sources):\n    return 'kept'\n\n\n"
        "def build(tool, root):\n    (root / tool).write_text('rubbish')\n    return [root.name]\n\n\n"
        "def edges(built, root):\n    yield 'CALLS', ('a.py', built[0]), ('a.py', 'g')\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    limit = sys.getrecursionlimit()
    root, out = tmp_path / "checkout", tmp_path / "out.jsonl"
    root.mkdir()
    harness.main("messy", tmp_path, root, out)
    sys.setrecursionlimit(limit)
    cost, edge = map(json.loads, out.read_text().splitlines())
    assert cost["cost"]["wall"] > 0
    assert edge == {"kind": "CALLS", "source": ["a.py", "checkout"], "target": ["a.py", "g"]}
    assert list(root.iterdir()) == []
