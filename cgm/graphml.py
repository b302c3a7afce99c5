"""Code graphs as GraphML, which networkx, igraph, Gephi and yEd open.

Knows the attributes of nodes and edges, and how any text becomes valid XML. Does not know files, nor what makes a
code graph of rows (`cgm.json_import`).

An attribute that would be empty is left out. An edge's kind is its `key`, where networkx looks for the key of an edge.
Text with characters that XML has none of stands as a JSON string, and `escaped` names the attributes of a node that
do. Parameters and decorators are JSON, since GraphML has no lists.
"""

import json
import re
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape

from cgm.errors import GraphFormatError
from cgm.graph import CodeGraph, EdgeKind, NodeKind
from cgm.json_import import from_cgm_json

_NAMESPACE = "http://graphml.graphdrawing.org/xmlns"
# what each attribute is called in a row of CGM's form, and its type
_NODE = {
    "kind": ("nodeType", "string"),
    "name": ("qualifiedName", "string"),
    "path": ("location", "string"),
    "start": ("startLoc", "int"),
    "end": ("endLoc", "int"),
    "complexity": ("complexity", "int"),
    "signature": ("header", "string"),
    "parameters": ("parameters", "string"),
    "returns": ("returns", "string"),
    "decorators": ("decorators", "string"),
    "docstring": ("comment", "string"),
    "escaped": ("escaped", "string"),
}
_EDGE = {"key": ("edgeType", "string"), "confidence": ("confidence", "double"), "line": ("line", "int")}
_GRAPH = {"unlinked": ("unlinked", "string")}
_JSON = frozenset({"parameters", "decorators", "unlinked"})
_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def graphml_lines(graph: CodeGraph) -> Iterator[str]:
    """Yield a graph as GraphML text, to be encoded as UTF-8, a node or edge a line."""
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="{_NAMESPACE}">\n'
    for owner, columns in (("graph", _GRAPH), ("node", _NODE), ("edge", _EDGE)):
        for name, (_, type_) in columns.items():
            yield f'<key id="{owner}_{name}" for="{owner}" attr.name="{name}" attr.type="{type_}"/>\n'
    yield '<graph edgedefault="directed">\n'
    yield _data("graph", "unlinked", json.dumps(dict(graph.unlinked))) + "\n"
    for node in range(len(graph)):
        yield f'<node id="{node}">{_node_data(graph, node)}</node>\n'
    keys = {int(kind): _data("edge", "key", kind.name) for kind in EdgeKind}
    for kind, source, target, confidence, line in graph.edges():
        data = keys[kind] + _data("edge", "confidence", repr(confidence)) + _data("edge", "line", str(line))
        yield f'<edge source="{source}" target="{target}">{data}</edge>\n'
    yield "</graph>\n</graphml>\n"


def from_graphml(content: bytes) -> CodeGraph:
    """Read what `graphml_lines` gives, or the same with nodes and edges in another order, added or taken out.

    Attributes that are not ours are passed over. What `from_cgm_json` counts is counted here.

    Raises:
        GraphFormatError: it is no XML, declares a document type, or is no code graph.
    """
    reader = _Reader()
    try:
        reader.parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError, RecursionError) as error:
        raise GraphFormatError(f"GraphML must be well-formed, got {error}") from error
    nodes, edges = reader.rows["node"], reader.rows["edge"]
    graph, _ = from_cgm_json({"nodes": nodes, "edges": edges, **reader.rows["graph"][0]})
    return graph


def _node_data(graph: CodeGraph, node: int) -> str:
    details = graph.details(node)
    values = {
        "kind": NodeKind(graph.node_kind[node]).name,
        "name": graph.node_name[node],
        "path": graph.node_path[node],
        "start": str(graph.node_start[node]),
        "end": str(graph.node_end[node]),
        "complexity": str(graph.node_complexity[node]),
        "signature": details.signature,
        "parameters": json.dumps(details.parameters) if details.parameters else "",
        "returns": details.returns,
        "decorators": json.dumps(details.decorators) if details.decorators else "",
        "docstring": details.docstring,
    }
    escaped = [name for name, text in values.items() if _NO_CHARACTER.search(text)]
    values |= {name: json.dumps(values[name]) for name in escaped} | {"escaped": " ".join(escaped)}
    return "".join(_data("node", name, text) for name, text in values.items() if text)


def _data(owner: str, name: str, text: str) -> str:
    # a reader takes a bare carriage return for the end of a line
    return f'<data key="{owner}_{name}">{escape(text, {chr(13): "&#13;"})}</data>'


class _Reader:
    """Collects the rows of a GraphML document in CGM's form."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {"graph": [{}], "node": [], "edge": []}
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.StartDoctypeDeclHandler = self._refuse
        self._attributes: dict[str, tuple[str, str]] = {}
        self._owner = "graph"
        self._values: dict[str, str] = {}
        self._key = ""
        self._text: list[str] = []

    def _refuse(self, *_: object) -> None:
        raise GraphFormatError("GraphML must not declare a document type")

    def _start(self, element: str, attributes: dict[str, str]) -> None:
        name = element.rpartition(" ")[2]
        if name == "key":
            self._attributes[attributes["id"]] = (attributes.get("for", ""), attributes.get("attr.name", ""))
        elif name == "data":
            self._key, self._text = attributes["key"], []
        elif name in ("node", "edge"):
            self._owner, self._values = name, {}
            self.rows[name].append({key: attributes[key] for key in ("id", "source", "target") if key in attributes})

    def _characters(self, text: str) -> None:
        self._text.append(text)

    def _end(self, element: str) -> None:
        name = element.rpartition(" ")[2]
        if name == "data":
            self._values[self._attributes[self._key][1]] = "".join(self._text)
        elif name in ("node", "edge"):
            self.rows[name][-1] |= _row(_NODE if name == "node" else _EDGE, self._values)
            self._owner, self._values = "graph", {}
        if name == "data" and self._owner == "graph":
            self.rows["graph"][0] |= _row(_GRAPH, self._values)


def _row(columns: dict[str, tuple[str, str]], values: dict[str, str]) -> dict[str, Any]:
    """A row in CGM's form of the attributes that are ours."""
    row: dict[str, Any] = {}
    escaped = values.get("escaped", "").split(" ")
    for name, (field, kind) in columns.items():
        text = json.loads(values[name]) if name in escaped and name in values else values.get(name, "")
        if kind == "string" and (text or name in ("name", "path")):
            row[field] = json.loads(text) if name in _JSON else text
        elif text:
            row[field] = int(text) if kind == "int" else float(text)
    return row
