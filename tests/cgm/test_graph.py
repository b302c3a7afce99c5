import sys
from dataclasses import replace

import numpy as np
import pytest

from cgm.details import NO_DETAILS, DetailRows, NodeDetails, Parameter, encode_details
from cgm.graph import ROOT, CodeGraph, EdgeKind, NodeKind, subset_edges
from cgm.json_import import from_cgm_json


@pytest.fixture
def graph() -> CodeGraph:
    """A repository with a package, a file, a class with a method, and a text."""
    edges = [
        (EdgeKind.CONTAINS, 0, 1, 1.0, 0),
        (EdgeKind.CONTAINS, 1, 2, 1.0, 0),
        (EdgeKind.CONTAINS, 2, 3, 1.0, 0),
        (EdgeKind.CONTAINS, 3, 4, 1.0, 0),
        (EdgeKind.CONTAINS, 0, 5, 1.0, 0),
        (EdgeKind.CALLS, 4, 3, 0.5, 7),
        (EdgeKind.REFERENCES, 4, 3, 1.0, 8),
    ]
    kinds, sources, targets, confidences, lines = zip(*edges, strict=True)
    return CodeGraph(
        node_kind=np.array([0, 1, 2, 4, 5, 3], dtype=np.uint8),
        node_name=("r", "p", "a.py", "A", "A.f", "README"),
        node_path=("", "p", "p/a.py", "p/a.py", "p/a.py", "README"),
        node_start=np.array([0, 0, 1, 2, 4, 1], dtype=np.int32),
        node_end=np.array([0, 0, 9, 9, 8, 3], dtype=np.int32),
        edge_kind=np.array(kinds, dtype=np.uint8),
        edge_source=np.array(sources, dtype=np.int32),
        edge_target=np.array(targets, dtype=np.int32),
        edge_confidence=np.array(confidences, dtype=np.float32),
        edge_line=np.array(lines, dtype=np.int32),
        unlinked={"CALLS builtin": 3},
    )


def test_containment_is_a_tree_below_the_root(graph: CodeGraph) -> None:
    assert graph.parent.tolist() == [-1, 0, 1, 2, 3, 0]
    assert graph.children == ((1, 5), (2,), (3,), (4,), (), ())
    assert graph.ancestors(4) == (3, 2, 1, ROOT)
    assert graph.ancestors(ROOT) == ()


def test_a_label_is_a_path_or_a_name_inside_it(graph: CodeGraph) -> None:
    assert [graph.label(node) for node in range(6)] == ["", "p", "p/a.py", "p/a.py:A", "p/a.py:A.f", "README"]


def test_a_graph_without_details_says_nothing_of_its_nodes(graph: CodeGraph) -> None:
    assert graph.details(4) == NO_DETAILS
    assert graph.node_complexity.tolist() == [0] * 6


def test_files_are_found_by_path(graph: CodeGraph) -> None:
    assert graph.file_of_path == {"p/a.py": 2, "README": 5}


def test_nodes_are_found_by_kind(graph: CodeGraph) -> None:
    assert graph.nodes_of_kind(NodeKind.FILE, NodeKind.FUNCTION).tolist() == [2, 4]


def test_counts_name_every_kind(graph: CodeGraph) -> None:
    counts = graph.counts()
    assert counts["nodes"] == dict.fromkeys(NodeKind.__members__, 1) | {"ATTRIBUTE": 0, "LAMBDA": 0}
    assert counts["edges"] == dict.fromkeys(EdgeKind.__members__, 0) | {"CONTAINS": 5, "CALLS": 1, "REFERENCES": 1}
    assert counts["unlinked"] == {"CALLS builtin": 3}


def test_a_subset_keeps_the_edges_between_its_nodes_once(graph: CodeGraph) -> None:
    assert subset_edges(graph, [3, 4]) == [(0, 3, 4), (2, 4, 3), (5, 4, 3)]
    assert subset_edges(graph, [2, 4]) == []


def test_networkx_keeps_parallel_edges_of_two_kinds(graph: CodeGraph) -> None:
    copy = graph.to_networkx()
    assert (copy.number_of_nodes(), copy.number_of_edges()) == (6, 7)
    assert set(copy[4][3]) == {"CALLS", "REFERENCES"}
    assert copy[4][3]["CALLS"] == {"confidence": 0.5, "line": 7}


def test_networkx_has_what_nodes_say_in_plain_types(graph: CodeGraph) -> None:
    details = NodeDetails("def f(self, x: int = 0)", (Parameter("self"), Parameter("x", "int", "0")), "", ("a.b",), "D")
    lines = ["\n"] * 4 + [encode_details(details), "\n"]
    described = replace(
        graph,
        node_details=DetailRows("".join(lines).encode()),
        node_complexity=np.array([0, 0, 0, 0, 3, 0], dtype=np.int32),
    )
    assert described.to_networkx().nodes[4] == {
        "kind": "FUNCTION",
        "name": "A.f",
        "path": "p/a.py",
        "start": 4,
        "end": 8,
        "complexity": 3,
        "signature": "def f(self, x: int = 0)",
        "parameters": [
            {"name": "self", "type": "", "default": ""},
            {"name": "x", "type": "int", "default": "0"},
        ],
        "returns": "",
        "decorators": ["a.b"],
        "docstring": "D",
    }


def test_pyg_has_the_nodes_and_edges_of_each_kind(graph: CodeGraph) -> None:
    pytest.importorskip("torch_geometric", reason="the extra graph-learning is not installed")
    data = graph.to_pyg()
    assert data.validate()
    assert {name: data[name].node.tolist() for name in data.node_types} == {
        NodeKind(kind).name: np.flatnonzero(graph.node_kind == kind).tolist() for kind in graph.node_kind
    }
    assert data["FUNCTION"].start.tolist() == [4]
    found = [
        (
            int(EdgeKind[kind]),
            *(int(data[type_].node[end]) for type_, end in zip((source, target), (one, two), strict=True)),
            *rest,
        )
        for source, kind, target in data.edge_types
        for one, two, *rest in zip(
            *data[source, kind, target].edge_index.tolist(),
            data[source, kind, target].confidence.tolist(),
            data[source, kind, target].line.tolist(),
            strict=True,
        )
    ]
    assert sorted(found) == sorted(graph.edges())


def test_without_pytorch_the_extra_that_brings_it_is_named(graph: CodeGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    for convert in (graph.to_pyg, graph.to_pyg_homogeneous):
        with pytest.raises(ImportError, match=r"r4-cgm\[graph-learning\]"):
            convert()


def test_a_graph_of_one_node_has_no_edge_types_in_pyg() -> None:
    pytest.importorskip("torch_geometric", reason="the extra graph-learning is not installed")
    data = from_cgm_json({"nodes": [], "edges": []})[0].to_pyg()
    assert (data.node_types, data.edge_types, data["REPO"].num_nodes) == (["REPO"], [], 1)


def test_homogeneous_pyg_has_every_node_and_edge(graph: CodeGraph) -> None:
    pytest.importorskip("torch_geometric", reason="the extra graph-learning is not installed")
    data = graph.to_pyg_homogeneous()
    assert (data.num_nodes, tuple(data.edge_index.shape)) == (6, (2, 7))
    assert data.edge_index[:, 5].tolist() == [4, 3]
    assert data.kind.tolist() == graph.node_kind.tolist()
    assert data.confidence.tolist() == graph.edge_confidence.tolist()
