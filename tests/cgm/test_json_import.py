from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgm.details import NodeDetails
from cgm.errors import GraphFormatError
from cgm.graph import ROOT, EdgeKind, NodeKind
from cgm.json_export import to_cgm_json
from cgm.json_import import from_cgm_json


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


def test_a_released_python_graph_gets_paths_and_qualified_names() -> None:
    rows = [
        {"id": 1, "nodeType": "Repo", "repoName": "shop", "groupName": "acme"},
        {"id": 2, "nodeType": "Package", "name": "src.shop"},
        {
            "id": 3,
            "nodeType": "File",
            "fileName": "cart.py",
            "filePath": "src/shop",
            "text": "import a",
            "clean_text": "",
        },
        {"id": 4, "nodeType": "Class", "className": "Cart", "classType": "class", "comment": "Of goods.", "text": "t"},
        {"id": 5, "nodeType": "Function", "name": "add", "header": "def add(self)", "comment": None, "text": "pass"},
        {
            "id": 6,
            "nodeType": "Attribute",
            "name": "size",
            "attributeType": "int",
            "startLoc": 3,
            "endLoc": 3,
            "col": 4,
        },
        {"id": 7, "nodeType": "Lambda", "text": "lambda: 0", "startLoc": 9, "endLoc": None, "col": 0},
        {"id": 8, "nodeType": "Textfile", "name": "README", "text": "Hi.", "path": None},
    ]
    pairs = ((1, 2), (2, 3), (3, 4), (4, 5), (4, 6), (5, 7), (1, 8))
    graph, texts = from_cgm_json({"nodes": rows, "edges": contains(*pairs)})
    file = "src/shop/cart.py"
    assert list(zip(map(NodeKind, graph.node_kind), graph.node_name, graph.node_path, strict=True)) == [
        (NodeKind.REPO, "shop", ""),
        (NodeKind.PACKAGE, "src.shop", "src/shop"),
        (NodeKind.FILE, "cart.py", file),
        (NodeKind.CLASS, "Cart", file),
        (NodeKind.FUNCTION, "Cart.add", file),
        (NodeKind.ATTRIBUTE, "Cart.size", file),
        (NodeKind.LAMBDA, "Cart.add.<lambda:9>", file),
        (NodeKind.TEXTFILE, "README", "README"),
    ]
    assert graph.label(4) == "src/shop/cart.py:Cart.add"
    assert graph.details(3) == NodeDetails(docstring="Of goods.")
    assert graph.details(4) == NodeDetails("def add(self)")
    assert graph.details(5) == NodeDetails(returns="int")
    assert (graph.node_start.tolist()[5:7], graph.node_end.tolist()[5:7]) == ([3, 9], [3, 0])
    assert texts == ("", "", "import a", "t", "pass", "", "lambda: 0", "Hi.")
    assert graph.unlinked == {}


def test_a_released_java_graph_is_read_in_its_own_spelling() -> None:
    method = {"signature": "Cart#add(int)", "modifiers": "public", "text": "{}", "comment": "Adds."}
    rows = [
        {"nodeId": 1, "nodeType": "Repo", "path": "/shop"},
        {"nodeId": 2, "nodeType": "Module", "name": "com.shop"},
        {"nodeId": 3, "nodeType": "File", "name": "Cart.java", "path": "src/com/shop"},
        {"nodeId": 4, "nodeType": "Class", "name": "Cart", "modifiers": "public"},
        {"nodeId": 5, "nodeType": "Field", "name": "size", "fieldType": "int"},
        {"nodeId": 6, "nodeType": "Method", **method},
        {"nodeId": 7, "nodeType": "Method", **method, "className": "Cart", "methodName": "put"},
    ]
    graph, texts = from_cgm_json({"nodes": rows, "edges": contains((1, 2), (2, 3), (3, 4), (4, 5), (4, 6), (4, 7))})
    assert graph.node_name == ("/shop", "com.shop", "Cart.java", "Cart", "Cart.size", "Cart.add", "Cart.put")
    assert set(graph.node_path[2:]) == {"src/com/shop/Cart.java"}
    assert graph.details(4) == NodeDetails(returns="int")
    assert graph.details(5) == NodeDetails("Cart#add(int)", docstring="Adds.")
    assert texts[5] == "{}"


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
    assert graph.node_name == ("repo", "file", "class", "class.method")
    assert texts == ("text of repo", "text of file", "text of class", "text of method")
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
            "qualifiedName": str(node),
            "location": draw(texts),
            "startLoc": draw(lines),
            "endLoc": draw(lines),
            "text": draw(texts),
        }
        for node in range(size)
    ]
    ends = st.integers(0, size - 1)
    others = [{"edgeType": "calls", "source": draw(ends), "target": draw(ends)} for _ in range(draw(lines) % 5)]
    edges = contains(*((above, node) for node, above in parent.items())) + others
    return {"nodes": draw(st.permutations(nodes)), "edges": draw(st.permutations(edges))}, parent


@settings(max_examples=100)
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
    row_of = {row["qualifiedName"]: row for row in document["nodes"]}
    for node, name in enumerate(graph.node_name):
        row = row_of[name]
        columns = (graph.node_path[node], graph.node_start[node], graph.node_end[node], texts[node])
        assert columns == (row["location"], row["startLoc"], row["endLoc"], row["text"])
    rows = [(row["edgeType"], str(row["source"]), str(row["target"])) for row in document["edges"]]
    name_of = graph.node_name
    assert rows == [(EdgeKind(kind).name.lower(), name_of[one], name_of[two]) for kind, one, two, _, _ in graph.edges()]
    written = to_cgm_json(graph, lambda node: texts[node])
    again, texts_again = from_cgm_json(written)
    assert texts_again == texts
    assert to_cgm_json(again, lambda node: texts[node]) == written


_REPO = {"id": 0, "nodeType": "Repo"}
_CALL = {"edgeType": "calls", "source": 0, "target": 0}
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
        ({"nodes": [_REPO | {"startLoc": "1"}], "edges": []}, "startLoc must be a number >= 0, got '1' in node 0"),
        ({"nodes": [_REPO | {"endLine": 1.5}], "edges": []}, "endLine must be a number >= 0, got 1.5 in node 0"),
        ({"nodes": [_REPO | {"endLoc": -1}], "edges": []}, "endLoc must be a number >= 0, got -1"),
        ({"nodes": [_REPO | {"complexity": 1 << 31}], "edges": []}, "complexity must be a number"),
        ({"nodes": [_REPO | {"parameters": 3}], "edges": []}, "parameters and decorators must be lists of text"),
        ({"nodes": [_REPO | {"parameters": [[1, 2, 3, 4]]}], "edges": []}, "must be lists of text"),
        ({"nodes": [_REPO | {"decorators": True}], "edges": []}, "parameters and decorators must be lists of text"),
        ({"nodes": [_REPO], "edges": [], "unlinked": [3]}, "unlinked must be counts by reason, got \\[3"),
        ({"nodes": [_REPO], "edges": [], "unlinked": {"a": "b"}}, "unlinked must be counts by reason"),
        ({"nodes": [_REPO], "edges": [_CALL | {"confidence": 0}]}, "confidence must be > 0 and <= 1, got 0"),
        ({"nodes": [_REPO], "edges": [_CALL | {"confidence": float("nan")}]}, "confidence must be > 0 and <= 1"),
        ({"nodes": [_REPO], "edges": [_CALL | {"line": -1}]}, "line must be a number >= 0, got -1 in edge"),
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
