"""Any part of a code graph as the data of an interactive picture: nodes with their places, edges, and the source.

Knows what the picture is given. Does not know which part is shown, how it is drawn (`templates/graph_*.js`), nor which
page it stands on.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cgm.errors import RepositoryError
from cgm.graph import CodeGraph, EdgeKind, NodeKind
from cgm.protocols import Sources
from cgm.text import split_lines
from eval.report.layout import place

Edge = tuple[int, int, int]  # kind, source, target

GRAPH_STYLES = ("graph.css",)
GRAPH_SCRIPTS = ("graph_model.js", "graph_draw.js", "graph_details.js", "graph_controls.js", "graph_input.js")

_WHOLE_FILE_KINDS = (NodeKind.FILE, NodeKind.TEXTFILE)
_FILE_LINES, _NODE_LINES, _LINE_WIDTH = 200, 400, 400
_MOST_TEXT = 2000  # characters of a signature or docstring
_MOST_CHARACTERS = 8_000_000  # of source in a page
_LEAF = {NodeKind.CLASS: 7.0, NodeKind.FUNCTION: 5.5, NodeKind.TEXTFILE: 7.0, NodeKind.FILE: 9.0}
_SMALLEST_LEAF = 4.0


def picture(
    graph: CodeGraph,
    nodes: Iterable[int],
    edges: Iterable[Edge],
    sources: Sources,
    notes: Mapping[int, Mapping[str, Any]],
) -> dict[str, Any]:
    """Make the data of a picture that shows `nodes`, and of `edges` those with both ends among them.

    `notes` are further fields of nodes. Nodes come out in graph order, so that parents stand before their children;
    edges and parents name positions in that list.
    """
    shown = sorted(set(nodes))
    position = {node: number for number, node in enumerate(shown)}
    rows = [row for row in _edge_rows(graph, edges) if row[1] in position and row[2] in position]
    parents = [position.get(int(graph.parent[node]), -1) for node in shown]
    links = [(position[source], position[target]) for kind, source, target, *_ in rows if kind != "CONTAINS"]
    placed = place(parents, [_size(graph, node) for node in shown], links)
    circles = zip(placed.positions.tolist(), placed.radii.tolist(), strict=True)
    return {
        "nodes": [
            {**_node_row(graph, node), "parent": parent, **_circle(*circle), **notes.get(node, {})}
            for node, parent, circle in zip(shown, parents, circles, strict=True)
        ],
        "edges": [(kind, position[source], position[target], *rest) for kind, source, target, *rest in rows],
        "sources": excerpts(graph, shown, sources),
    }


def _node_row(graph: CodeGraph, node: int) -> dict[str, Any]:
    details = graph.details(node)
    said = {
        "signature": details.signature[:_MOST_TEXT],
        "decorators": list(details.decorators),
        "complexity": int(graph.node_complexity[node]),
        "doc": details.docstring[:_MOST_TEXT],
    }
    return {
        "kind": NodeKind(graph.node_kind[node]).name,
        "name": graph.node_name[node] or graph.node_path[node] or "repository",
        "label": graph.label(node),
        "path": graph.node_path[node],
        "lines": [int(graph.node_start[node]), int(graph.node_end[node])],
        **{name: value for name, value in said.items() if value},
    }


def _circle(at: Sequence[float], radius: float) -> dict[str, Any]:
    return {"at": [round(place, 1) for place in at], "r": round(radius, 1)}


def _edge_rows(graph: CodeGraph, edges: Iterable[Edge]) -> list[tuple[str, int, int, int, float]]:
    """Each edge as kind, source, target, line, confidence, in graph order; the line is 0 where it stands on none."""
    wanted = set(edges)
    return [
        (EdgeKind(kind).name, source, target, line, round(confidence, 3))
        for kind, source, target, confidence, line in graph.edges()
        if (kind, source, target) in wanted
    ]


def _size(graph: CodeGraph, node: int) -> float:
    """The radius of a node without children: more lines, a larger one."""
    lines = int(graph.node_end[node]) - int(graph.node_start[node]) + 1
    least = _LEAF.get(NodeKind(graph.node_kind[node]), _SMALLEST_LEAF)
    return least + min(6.0, 0.5 * math.sqrt(max(0, lines - 1)))


def excerpts(graph: CodeGraph, nodes: Sequence[int], sources: Sources) -> list[tuple[str, int, list[tuple[int, str]]]]:
    """The lines of nodes by file: path, lines of the whole file, and pieces (first line, text), no line twice.

    Of a long node the first lines are given. Where the page would grow too large, the last files have no pieces.
    """
    wanted: dict[str, set[int]] = {}
    for node in nodes:
        if graph.node_kind[node] > NodeKind.PACKAGE:
            start, end = max(1, int(graph.node_start[node])), int(graph.node_end[node])
            most = _FILE_LINES if graph.node_kind[node] in _WHOLE_FILE_KINDS else _NODE_LINES
            wanted.setdefault(graph.node_path[node], set()).update(range(start, min(end, start + most - 1) + 1))
    found, left = [], _MOST_CHARACTERS
    for path, numbers in wanted.items():
        lines = _lines(sources, path) if left > 0 else []
        pieces = _pieces(lines, sorted(numbers))
        left -= sum(len(text) for _, text in pieces)
        found.append((path, len(lines), pieces))
    return found


def _lines(sources: Sources, path: str) -> list[str]:
    try:
        text = sources.read(path)
    except RepositoryError:
        return []
    return [line.rstrip("\r\n")[:_LINE_WIDTH] for line in split_lines(text)]


def _pieces(lines: Sequence[str], numbers: Sequence[int]) -> list[tuple[int, str]]:
    """The numbered lines, neighbouring ones joined."""
    pieces: list[tuple[int, list[str]]] = []
    last = -1
    for number in numbers:
        if number > len(lines):
            break
        if number != last + 1:
            pieces.append((number, []))
        pieces[-1][1].append(lines[number - 1])
        last = number
    return [(start, "\n".join(texts)) for start, texts in pieces]
