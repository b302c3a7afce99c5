"""Code graphs as the JSON documents that CGM's graphs are released in: writing.

Knows the fields that CGM's readers look for in each kind of row. What of ours they do not know stands in further
fields, which they pass over. Does not know files, nor the text of a node.
Source: codefuse-ai/CodeFuse-CGM, `owner#repo#commit.graph.json`, as read by its retriever and its encoder.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from cgm.details import NodeDetails
from cgm.graph import CodeGraph, EdgeKind, NodeKind

_NODE_TYPE = {kind: kind.name.capitalize() for kind in NodeKind} | {NodeKind.TEXTFILE: "TextFile"}
_NAME_FIELD = {NodeKind.REPO: "repoName", NodeKind.FILE: "fileName", NodeKind.CLASS: "className"}
_FOLDER_FIELD = {NodeKind.FILE: "filePath", NodeKind.TEXTFILE: "path"}


def to_cgm_json(graph: CodeGraph, text_of: Callable[[int], str]) -> dict[str, Any]:
    """Write a graph in CGM's released JSON form; `text_of` gives a node's own text."""
    nodes = [_node(graph, node, text_of(node)) for node in range(len(graph))]
    return {"nodes": nodes, "edges": list(_edges(graph)), "unlinked": dict(graph.unlinked)}


def cgm_json_lines(graph: CodeGraph, text_of: Callable[[int], str]) -> Iterator[str]:
    """Yield the document of `to_cgm_json` as JSON text in ASCII, a node or edge a line, never whole in memory."""
    encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
    yield '{"nodes":[\n'
    for node in range(len(graph)):
        yield ("," if node else "") + encode(_node(graph, node, text_of(node))) + "\n"
    yield '],"edges":[\n'
    for number, edge in enumerate(_edges(graph)):
        yield ("," if number else "") + encode(edge) + "\n"
    yield f'],"unlinked":{encode(dict(graph.unlinked))}}}\n'


def _edges(graph: CodeGraph) -> Iterator[dict[str, Any]]:
    names = {int(kind): kind.name.lower() for kind in EdgeKind}
    for kind, source, target, confidence, line in graph.edges():
        yield {
            "edgeType": names[kind],
            "source": source,
            "target": target,
            "confidence": confidence,
            "line": line,
        }


def _node(graph: CodeGraph, node: int, text: str) -> dict[str, Any]:
    kind, name, path = NodeKind(graph.node_kind[node]), graph.node_name[node], graph.node_path[node]
    row: dict[str, Any] = {"id": node, "nodeType": _NODE_TYPE[kind]}
    row[_NAME_FIELD.get(kind, "name")] = _simple_name(kind, name)
    if kind in _FOLDER_FIELD:
        row[_FOLDER_FIELD[kind]] = path.rpartition("/")[0]
    row |= _described(kind, graph.details(node))
    if text or kind not in (NodeKind.REPO, NodeKind.PACKAGE):
        row["text"] = text
    return row | {
        "startLoc": int(graph.node_start[node]),
        "endLoc": int(graph.node_end[node]),
        "qualifiedName": name,
        "location": path,
        "complexity": int(graph.node_complexity[node]),
    }


def _simple_name(kind: NodeKind, name: str) -> str:
    is_nested = kind in (NodeKind.CLASS, NodeKind.FUNCTION, NodeKind.ATTRIBUTE)
    return name.rpartition(".")[2] if is_nested else name


def _described(kind: NodeKind, details: NodeDetails) -> dict[str, Any]:
    """The fields that every row of a kind has, and of the others those that say something."""
    found = {
        "classType": _class_type(details.signature) if kind == NodeKind.CLASS else "",
        "header": details.signature,
        "attributeType" if kind == NodeKind.ATTRIBUTE else "returns": details.returns,
        "comment": details.docstring,
        "parameters": details.parameters,
        "decorators": details.decorators,
    }
    return {key: value for key, value in found.items() if value or key in _ALWAYS.get(kind, ())}


_ALWAYS = {
    NodeKind.CLASS: ("classType", "comment"),
    NodeKind.FUNCTION: ("header", "comment"),
    NodeKind.ATTRIBUTE: ("attributeType", "comment"),
}


def _class_type(signature: str) -> str:
    """The word before the name, such as class, interface or enum."""
    known = ("class", "interface", "enum", "struct", "trait", "record", "union", "object")
    return next((word for word in signature.split() if word in known), "class")
