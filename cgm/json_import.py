"""Code graphs as the JSON documents that CGM's graphs are released in: reading.

Knows both spellings of their fields, Python's and Java's, and those that `cgm.json_export` adds. Does not know files.
Fields that a code graph has no place for (groupName, col, clean_text, modifiers, initializer) are passed over.
"""

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cgm.details import DetailRows, NodeDetails, Parameter, encode_details
from cgm.errors import GraphFormatError
from cgm.graph import CodeGraph, EdgeKind, NodeKind

_KINDS = {kind.name: kind for kind in NodeKind} | {
    "MODULE": NodeKind.PACKAGE,
    "FIELD": NodeKind.ATTRIBUTE,
    "METHOD": NodeKind.FUNCTION,
}
_NAMES = {
    NodeKind.REPO: ("repoName", "name", "path"),
    NodeKind.FILE: ("fileName", "name"),
    NodeKind.CLASS: ("className", "name"),
    NodeKind.FUNCTION: ("name", "methodName", "method_name"),
}
_TYPES = ("returns", "attributeType", "fieldType", "type")
_Row = Mapping[str, Any]
_Edge = tuple[int, int, int, float, int]  # kind, source, target, confidence, line


def from_cgm_json(document: Mapping[str, Any]) -> tuple[CodeGraph, tuple[str, ...]]:
    """Read CGM's released JSON form: the graph and the text of each node.

    Nodes stand in the document's order but for parents, which stand before their children. A path that a row does
    not give is that of the file around it, and a name is qualified by what contains it. Nodes that nothing contains
    are put below the Repo node, which is made where there is none, and counted in `unlinked["no parent"]`; edges to
    unknown ids are counted in `unlinked["unknown id"]`, a second CONTAINS edge between the same two in
    `unlinked["repeated"]`.

    Raises:
        GraphFormatError: a node or edge lacks a field, repeats an id, or has an unknown type or a value of another
            type; there are two Repo nodes; or CONTAINS gives a node two parents, the Repo node one, or is a cycle.
    """
    rows = _rows(document, "nodes")
    edges, unlinked = _edges(_rows(document, "edges"), _positions(rows))
    if all(_kind(row) != NodeKind.REPO for row in rows):
        rows = [*rows, {"nodeId": "", "nodeType": "Repo", "repoName": "repository"}]
    parent = _parents(rows, edges)
    root = parent.index(-1)
    orphans = [node for node in range(len(rows)) if parent[node] is None]
    edges += [(EdgeKind.CONTAINS, root, node, 1.0, 0) for node in orphans]
    unlinked["no parent"] += len(orphans)
    above = [root if one is None else one for one in parent]
    order = _parents_first(rows, above)
    place = np.argsort(order).tolist()
    moved = [(kind, place[source], place[target], *rest) for kind, source, target, *rest in edges]
    ordered = [rows[old] for old in order]
    parents = [place[above[old]] if above[old] >= 0 else -1 for old in order]
    graph = _graph(ordered, parents, moved, _unlinked(document, unlinked))
    return graph, tuple(_text(row, "text") for row in ordered)


def _graph(rows: Sequence[_Row], parents: Sequence[int], edges: Sequence[Any], unlinked: dict[str, int]) -> CodeGraph:
    kinds, sources, targets, confidences, lines = zip(*edges, strict=True) if edges else ((),) * 5
    names, paths = _places(rows, parents)
    details = "".join(encode_details(_details(row)) for row in rows)
    return CodeGraph(
        node_kind=np.array([_kind(row) for row in rows], dtype=np.uint8),
        node_name=names,
        node_path=paths,
        node_start=np.array([_number(row, "startLoc", "startLine") for row in rows], dtype=np.int32),
        node_end=np.array([_number(row, "endLoc", "endLine") for row in rows], dtype=np.int32),
        edge_kind=np.array(kinds, dtype=np.uint8),
        edge_source=np.array(sources, dtype=np.int32),
        edge_target=np.array(targets, dtype=np.int32),
        edge_confidence=np.array(confidences, dtype=np.float32),
        edge_line=np.array(lines, dtype=np.int32),
        unlinked=unlinked,
        node_complexity=np.array([_number(row, "complexity") for row in rows], dtype=np.int32),
        node_details=DetailRows(details.encode("ascii") if details.strip() else b""),
    )


def _places(rows: Sequence[_Row], parents: Sequence[int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The qualified name and the path of every node; parents stand before their children."""
    names: list[str] = []
    paths: list[str] = []
    for row, parent in zip(rows, parents, strict=True):
        kind = _kind(row)
        is_inner = parent >= 0 and _kind(rows[parent]) >= NodeKind.CLASS
        owner = names[parent] if is_inner else ""
        name = _text(row, "qualifiedName") if "qualifiedName" in row else _qualified(_name(row, kind), owner)
        around = paths[parent] if parent >= 0 and _kind(rows[parent]) > NodeKind.PACKAGE else ""
        names.append(name)
        paths.append(_text(row, "location") if "location" in row else _path(row, kind, name, around))
    return tuple(names), tuple(paths)


def _qualified(name: str, owner: str) -> str:
    return f"{owner}.{name}" if owner and not name.startswith(f"{owner}.") else name


def _name(row: _Row, kind: NodeKind) -> str:
    if found := next((text for key in _NAMES.get(kind, ("name",)) if (text := _text(row, key))), ""):
        return found
    if kind == NodeKind.LAMBDA:
        return f"<lambda:{_number(row, 'startLoc', 'startLine')}>"
    # Java's `Class#method(parameters)`
    return _text(row, "signature").rpartition("#")[2].partition("(")[0]


def _path(row: _Row, kind: NodeKind, name: str, around: str) -> str:
    if kind == NodeKind.PACKAGE:
        return name.replace(".", "/")
    if kind not in (NodeKind.FILE, NodeKind.TEXTFILE):
        return around
    folder = (_text(row, "filePath") or _text(row, "path")).rstrip("/")
    return folder if folder.rpartition("/")[2] == name else f"{folder}/{name}".lstrip("/")


def _details(row: _Row) -> NodeDetails:
    parameters, decorators = row.get("parameters") or (), row.get("decorators") or ()
    try:
        rows = tuple(Parameter(*map(str, one)) for one in parameters)
        written = tuple(map(str, decorators))
    except TypeError as error:
        raise GraphFormatError(f"parameters and decorators must be lists of text, got {error}") from error
    returns = next((text for key in _TYPES if (text := _text(row, key))), "")
    signature = _text(row, "header") or _text(row, "signature")
    return NodeDetails(signature, rows, returns, written, _text(row, "comment"))


def _rows(document: Mapping[str, Any], key: str) -> list[_Row]:
    rows = _required(document, key)
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise GraphFormatError(f"{key} must be a list of objects, got {type(rows).__name__}")
    return rows


def _unlinked(document: Mapping[str, Any], found: Counter[str]) -> dict[str, int]:
    """What the document says of references that became no edge, and what reading it found."""
    known = document.get("unlinked") or {}
    if not isinstance(known, Mapping) or not all(isinstance(count, int) for count in known.values()):
        raise GraphFormatError(f"unlinked must be counts by reason, got {known!r}")
    return {str(reason): count for reason, count in known.items()} | {
        reason: count + known.get(reason, 0) for reason, count in found.items() if count
    }


def _positions(rows: Sequence[_Row]) -> dict[int | str, int]:
    position: dict[int | str, int] = {}
    for number, row in enumerate(rows):
        if position.setdefault(_id(row), number) != number:
            raise GraphFormatError(f"node id must be unique, got {_id(row)!r} twice")
    return position


def _parents(rows: Sequence[_Row], edges: Sequence[_Edge]) -> list[int | None]:
    """The parent of every node: -1 of the Repo node, None where nothing contains it."""
    parent: list[int | None] = [-1 if _kind(row) == NodeKind.REPO else None for row in rows]
    if parent.count(-1) != 1:
        raise GraphFormatError(f"a code graph must have one Repo node, got {parent.count(-1)}")
    for kind, source, target, _, _ in edges:
        if kind != EdgeKind.CONTAINS:
            continue
        if parent[target] is not None:
            rule = "the Repo node must have no parent" if parent[target] == -1 else "a node must have one parent"
            raise GraphFormatError(f"{rule}, got {_id(rows[source])!r} above {_id(rows[target])!r}")
        parent[target] = source
    return parent


def _parents_first(rows: Sequence[_Row], parent: Sequence[int]) -> list[int]:
    """Positions of the nodes, each after its parent, else as they stand."""
    children: list[list[int]] = [[] for _ in parent]
    for node, above in enumerate(parent):
        if above >= 0:
            children[above].append(node)
    ready, order = [parent.index(-1)], []
    while ready:
        node = heapq.heappop(ready)
        order.append(node)
        for child in children[node]:
            heapq.heappush(ready, child)
    if len(order) < len(parent):
        lost = min(set(range(len(parent))) - set(order))
        raise GraphFormatError(f"contains must be a tree, got a cycle at or above node {_id(rows[lost])!r}")
    return order


def _edges(rows: Sequence[_Row], position: Mapping[int | str, int]) -> tuple[list[_Edge], Counter[str]]:
    """Edges by position, and how many rows gave none, by reason."""
    edges: list[_Edge] = []
    unlinked: Counter[str] = Counter()
    contains: set[tuple[int, int]] = set()
    for row in rows:
        kind = _edge_kind(row)
        source, target = (position.get(_checked_id(_required(row, end))) for end in ("source", "target"))
        if source is None or target is None:
            unlinked["unknown id"] += 1
        elif kind == EdgeKind.CONTAINS and (source, target) in contains:
            unlinked["repeated"] += 1
        else:
            edges.append((kind, source, target, _confidence(row), _number(row, "line")))
            if kind == EdgeKind.CONTAINS:
                contains.add((source, target))
    return edges, unlinked


def _edge_kind(row: _Row) -> EdgeKind:
    name = str(_required(row, "edgeType")).upper()
    if name not in EdgeKind.__members__:
        raise GraphFormatError(f"edgeType must be one of {[kind.name for kind in EdgeKind]}, got {name!r}")
    return EdgeKind[name]


def _confidence(row: _Row) -> float:
    value = row.get("confidence", 1.0)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 1e-30 < value <= 1:
        raise GraphFormatError(f"confidence must be > 0 and <= 1, got {value!r}")
    return float(value)


def _id(row: _Row) -> int | str:
    return _checked_id(row["id"] if "id" in row else _required(row, "nodeId"))


def _checked_id(identity: Any) -> int | str:
    if not isinstance(identity, int | str) or isinstance(identity, bool):
        raise GraphFormatError(f"node id must be a number or text, got {identity!r}")
    return identity


def _kind(row: _Row) -> NodeKind:
    name = _required(row, "nodeType")
    if not isinstance(name, str) or name.upper() not in _KINDS:
        raise GraphFormatError(f"nodeType must be one of {sorted(_KINDS)}, got {name!r}")
    return _KINDS[name.upper()]


def _text(row: _Row, key: str) -> str:
    value = row.get(key)
    return "" if value is None else str(value)


def _number(row: _Row, *keys: str) -> int:
    """A line or count, 0 where there is none."""
    key = next((key for key in keys if row.get(key) is not None), "")
    value = row[key] if key else 0
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 31:
        raise GraphFormatError(f"{key} must be a number >= 0, got {value!r} in {_shown(row)}")
    return value


def _shown(row: _Row) -> str:
    return f"node {row.get('id', row.get('nodeId'))!r}" if "nodeType" in row else f"edge {dict(row)!r}"


def _required(row: Mapping[str, Any], key: str) -> Any:
    if key not in row:
        raise GraphFormatError(f"a code graph row must have {key!r}, got keys {sorted(row)}")
    return row[key]
