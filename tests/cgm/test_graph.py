from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgm.details import NO_DETAILS
from cgm.errors import GraphFormatError
from cgm.graph import ROOT, CodeGraph, EdgeKind, NodeKind, from_cgm_json, subset_edges, to_cgm_json


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
    assert copy.nodes[4] == {"kind": "FUNCTION", "name": "A.f", "path": "p/a.py", "start": 4, "end": 8}
    assert set(copy[4][3]) == {"CALLS", "REFERENCES"}
    assert copy[4][3]["CALLS"] == {"confidence": 0.5, "line": 7}


def test_pyg_has_every_node_and_edge(graph: CodeGraph) -> None:
    pytest.importorskip("torch_geometric")
    data = graph.to_pyg()
    assert (data.num_nodes, tuple(data.edge_index.shape)) == (6, (2, 7))
    assert data.edge_index[:, 5].tolist() == [4, 3]
    assert data.kind.tolist() == graph.node_kind.tolist()


def test_the_cgm_format_comes_back_as_it_went(graph: CodeGraph) -> None:
    back, texts = from_cgm_json(to_cgm_json(graph, lambda node: f"text {node}"))
    for name in ("node_kind", "node_start", "node_end", "edge_kind", "edge_source", "edge_target"):
        assert getattr(back, name).tolist() == getattr(graph, name).tolist(), name
    assert (back.node_name, back.node_path) == (graph.node_name, graph.node_path)
    assert texts == tuple(f"text {node}" for node in range(6))


@pytest.mark.parametrize("key", ["id", "nodeId"])
def test_both_spellings_of_a_cgm_node_id_are_read(key: str) -> None:
    document = {
        "nodes": [
            {key: 7, "nodeType": "File", "fileName": "a.py", "filePath": "a.py", "text": "x = 1"},
            {key: 3, "nodeType": "Repo", "repoName": "r"},
        ],
        "edges": [{"edgeType": "contains", "source": 3, "target": 7}],
    }
    graph, texts = from_cgm_json(document)
    assert (graph.node_name, texts) == (("r", "a.py"), ("", "x = 1"))
    assert list(graph.edges()) == [(EdgeKind.CONTAINS, 0, 1, 1.0, 0)]


def test_cgm_edges_to_unknown_ids_are_counted_and_not_lost_silently() -> None:
    document = {
        "nodes": [{"id": 0, "nodeType": "Repo", "repoName": "r"}],
        "edges": [{"edgeType": "contains", "source": 0, "target": 9}, {"edgeType": "calls", "source": 8, "target": 0}],
    }
    graph, _ = from_cgm_json(document)
    assert len(graph.edge_kind) == 0
    assert graph.unlinked == {"unknown id": 2}


def test_java_fields_and_methods_of_cgm_are_attributes_and_functions() -> None:
    rows = [{"id": number, "nodeType": kind, "name": kind} for number, kind in enumerate(["Field", "Method"])]
    graph, _ = from_cgm_json({"nodes": rows, "edges": []})
    assert graph.node_kind.tolist() == [NodeKind.REPO, NodeKind.ATTRIBUTE, NodeKind.FUNCTION]


def contains(*pairs: tuple[Any, Any]) -> list[dict[str, Any]]:
    return [{"edgeType": "contains", "source": source, "target": target} for source, target in pairs]


def test_cgm_nodes_that_nothing_contains_are_put_below_the_repository_and_counted() -> None:
    rows = [{"id": number, "nodeType": "File", "fileName": f"{number}.py"} for number in range(3)]
    for nodes in (rows, [*rows, {"id": 9, "nodeType": "Repo", "repoName": "repository"}]):
        graph, texts = from_cgm_json({"nodes": nodes, "edges": contains((1, 0))})
        assert graph.node_name == ("repository", "1.py", "0.py", "2.py")
        assert graph.parent.tolist() == [-1, 0, 1, 0]
        assert graph.unlinked == {"no parent": 2}
        assert texts == ("",) * 4


def test_cgm_parents_are_put_before_their_children() -> None:
    kinds = {"method": "Method", "class": "Class", "file": "File", "repo": "Repo"}
    rows = [{"id": name, "nodeType": kind, "name": name, "text": f"text of {name}"} for name, kind in kinds.items()]
    calls = {"edgeType": "calls", "source": "method", "target": "class"}
    edges = contains(("class", "method"), ("file", "class"), ("repo", "file"), ("repo", "file"))
    graph, texts = from_cgm_json({"nodes": rows, "edges": [calls, *edges]})
    assert graph.node_name == ("repo", "file", "class", "method")
    assert texts == tuple(f"text of {name}" for name in graph.node_name)
    assert graph.ancestors(3) == (2, 1, ROOT)
    assert next((kind, source, target) for kind, source, target, _, _ in graph.edges()) == (EdgeKind.CALLS, 3, 2)
    assert graph.unlinked == {"repeated": 1}


@st.composite
def cgm_documents(draw: st.DrawFn) -> tuple[dict[str, Any], dict[int, int]]:
    """A document whose nodes and edges stand in any order, and the parent of each node by id."""
    size = draw(st.integers(1, 12))
    parent = {node: draw(st.integers(0, node - 1)) for node in range(1, size)}
    kinds = st.sampled_from(["Package", "File", "TextFile", "Class", "Function", "Attribute", "Lambda"])
    lines, texts = st.integers(0, 1000), st.text(max_size=5)
    nodes = [
        {
            "id": node,
            "nodeType": draw(kinds) if node else "Repo",
            "name": str(node),
            "filePath": draw(texts),
            "startLine": draw(lines),
            "endLine": draw(lines),
            "text": draw(texts),
        }
        for node in range(size)
    ]
    ends = st.integers(0, size - 1)
    others = [{"edgeType": "calls", "source": draw(ends), "target": draw(ends)} for _ in range(draw(lines) % 5)]
    edges = contains(*((above, node) for node, above in parent.items())) + others
    return {"nodes": draw(st.permutations(nodes)), "edges": draw(st.permutations(edges))}, parent


@settings(max_examples=100, deadline=None)
@given(drawn=cgm_documents())
def test_any_cgm_graph_keeps_its_rows_and_its_tree_and_comes_back_as_it_went(
    drawn: tuple[dict[str, Any], dict[int, int]],
) -> None:
    document, parent = drawn
    graph, texts = from_cgm_json(document)
    assert {
        (int(name), int(graph.node_name[above]))
        for name, above in zip(graph.node_name[1:], graph.parent[1:], strict=True)
    } == set(parent.items())
    assert (graph.node_kind[ROOT], graph.unlinked) == (NodeKind.REPO, {})
    assert (graph.parent < np.arange(len(graph))).all()
    row_of = {row["name"]: row for row in document["nodes"]}
    for node, name in enumerate(graph.node_name):
        row = row_of[name]
        columns = (graph.node_path[node], graph.node_start[node], graph.node_end[node], texts[node])
        assert columns == (row["filePath"], row["startLine"], row["endLine"], row["text"])
    rows = [(row["edgeType"], str(row["source"]), str(row["target"])) for row in document["edges"]]
    name_of = graph.node_name
    assert rows == [(EdgeKind(kind).name.lower(), name_of[one], name_of[two]) for kind, one, two, _, _ in graph.edges()]
    written = to_cgm_json(graph, lambda node: texts[node])
    again, texts_again = from_cgm_json(written)
    assert texts_again == texts
    assert to_cgm_json(again, lambda node: texts[node]) == written


_REPO = {"id": 0, "nodeType": "Repo"}
_FILES = [_REPO, {"id": 1, "nodeType": "File"}, {"id": 2, "nodeType": "File"}]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "must have 'nodes'"),
        ({"nodes": []}, "must have 'edges'"),
        ({"nodes": [{"nodeType": "Repo"}], "edges": []}, "must have 'nodeId'"),
        ({"nodes": [{"id": 0}], "edges": []}, "must have 'nodeType'"),
        ({"nodes": [{"id": 0, "nodeType": "Galaxy"}], "edges": []}, "nodeType must be one of"),
        ({"nodes": [_REPO, _REPO], "edges": []}, "node id must be unique"),
        ({"nodes": [{"id": [0], "nodeType": "Repo"}], "edges": []}, "node id must be a number or text"),
        ({"nodes": [_REPO], "edges": [{"edgeType": "loves", "source": 0, "target": 0}]}, "edgeType must be one of"),
        ({"nodes": [_REPO], "edges": [{"edgeType": "calls", "source": 0}]}, "must have 'target'"),
        ({"nodes": [_REPO], "edges": [{"edgeType": "calls", "source": 0, "target": [0]}]}, "number or text, got \\[0"),
        ({"nodes": None, "edges": []}, "nodes must be a list of objects, got NoneType"),
        ({"nodes": [{"id": 0, "nodeType": ["Repo"]}], "edges": []}, "nodeType must be one of"),
        ({"nodes": [_REPO, {"id": 1, "nodeType": "Repo"}], "edges": []}, "must have one Repo node, got 2"),
        ({"nodes": [_REPO | {"startLine": None}], "edges": []}, "startLine must be a line number >= 0, got None in"),
        ({"nodes": [_REPO | {"endLine": 1.5}], "edges": []}, "endLine must be a line number >= 0, got 1.5 in node 0"),
        ({"nodes": [_REPO | {"endLine": -1}], "edges": []}, "endLine must be a line number >= 0, got -1"),
        ({"nodes": [_REPO | {"endLine": 1 << 31}], "edges": []}, "endLine must be a line number"),
        (
            {"nodes": _FILES, "edges": contains((1, 2), (2, 1))},
            "contains must be a tree, got a cycle at or above node 1",
        ),
        ({"nodes": _FILES, "edges": contains((1, 1))}, "contains must be a tree, got a cycle at or above node 1"),
        ({"nodes": _FILES, "edges": contains((0, 1), (0, 2), (1, 2))}, "a node must have one parent, got 1 above 2"),
        ({"nodes": _FILES, "edges": contains((1, 0))}, "the Repo node must have no parent, got 1 above 0"),
        ({"nodes": _FILES, "edges": contains((0, 0))}, "the Repo node must have no parent, got 0 above 0"),
    ],
)
def test_a_malformed_cgm_graph_is_refused(document: dict[str, Any], message: str) -> None:
    with pytest.raises(GraphFormatError, match=message):
        from_cgm_json(document)
