"""What an issue names exactly, found in the graph: paths, traceback frames, dotted names, inherited members.

Knows how names in text lead to nodes. Does not know how much a mention counts against other evidence (`fusion`).
A name that many nodes bear says less: its strength is shared among them.

Legend: N nodes.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cgm.artifacts import Entity
from cgm.graph import CodeGraph, EdgeKind, NodeKind

Scores = NDArray[np.float32]

_NAMED_KINDS = (NodeKind.CLASS, NodeKind.FUNCTION, NodeKind.ATTRIBUTE)
_TOO_COMMON = 60  # nodes; a name that more of them bear says nothing
_SOURCE_SUFFIXES = (".py", ".pyi", ".pyx")


@dataclass(frozen=True, eq=False)
class NameTable:
    """Nodes by the last part of their name, files by their base name, modules by their last part."""

    nodes: dict[str, list[int]]
    files: dict[str, list[int]]
    modules: dict[str, list[int]]


@lru_cache(maxsize=2)
def name_table(graph: CodeGraph) -> NameTable:
    """Index a graph's names once."""
    nodes: dict[str, list[int]] = defaultdict(list)
    files: dict[str, list[int]] = defaultdict(list)
    modules: dict[str, list[int]] = defaultdict(list)
    for node in graph.nodes_of_kind(*_NAMED_KINDS).tolist():
        nodes[graph.node_name[node].rpartition(".")[2]].append(node)
    for path, node in graph.file_of_path.items():
        files[path.rpartition("/")[2]].append(node)
        if path.endswith(_SOURCE_SUFFIXES):
            modules[_module(path).rpartition("/")[2]].append(node)
    return NameTable(dict(nodes), dict(files), dict(modules))


def mention_scores(graph: CodeGraph, entities: Iterable[Entity]) -> dict[str, Scores]:
    """How strongly each node is named, in [0, 1], shape (N), for frames, paths and names apart."""
    found = {kind: np.zeros(len(graph), dtype=np.float32) for kind in ("frame", "path", "name")}
    for entity in entities:
        if entity.kind in found:
            for node, strength in resolve(graph, entity):
                found[entity.kind][node] = max(found[entity.kind][node], strength)
    return found


def resolve(graph: CodeGraph, entity: Entity) -> Iterator[tuple[int, float]]:
    """Yield the nodes that an entity names, each with a strength in (0, 1]."""
    finders = {"frame": _frame_nodes, "path": _path_nodes, "name": _name_nodes}
    for node, strength in finders[entity.kind](graph, entity.text):
        yield node, strength * entity.weight


def _frame_nodes(graph: CodeGraph, text: str) -> Iterator[tuple[int, float]]:
    path, line, function = [*text.rsplit(":", 2), "", ""][:3]
    for file_node, strength in _path_nodes(graph, path):
        yield file_node, strength
        inside = _functions_in(graph, file_node, function) if function else []
        number = int(line) if line.isdigit() else 0
        if inside:
            yield min(inside, key=lambda node: _distance(graph, node, number)), strength
        elif number and not function:
            yield from ((node, strength) for node in _innermost(graph, file_node, number))


def _path_nodes(graph: CodeGraph, path: str) -> list[tuple[int, float]]:
    """The files that share the longest end of the path."""
    parts = path.strip("./").split("/")
    candidates = name_table(graph).files.get(parts[-1], [])
    shared = [(_shared_end(parts, graph.node_path[node].split("/")), node) for node in candidates]
    longest = max((length for length, _ in shared), default=0)
    best = [node for length, node in shared if length == longest]
    # a lone base name where the text gives folders that do not fit is weak
    fit = 1.0 if longest == len(parts) or longest > 1 else 0.4
    return [] if len(best) > _TOO_COMMON else [(node, fit / len(best)) for node in best]


def _name_nodes(graph: CodeGraph, name: str) -> Iterator[tuple[int, float]]:
    parts = [part for part in name.split(".") if part]
    if not parts:
        return
    table = name_table(graph)
    candidates = table.nodes.get(parts[-1], [])
    inherited = [] if len(parts) < 2 else _inherited(graph, parts[-2], parts[-1])
    fits = [(_qualifier_fit(graph, node, parts[:-1]), node) for node in candidates]
    longest = max((length for length, _ in fits), default=0)
    best = [node for length, node in fits if length == longest]
    if inherited and not longest:
        yield from ((node, 0.8 / len(inherited)) for node in inherited)
    elif best and len(best) <= _TOO_COMMON:
        yield from ((node, _share(len(best))) for node in best)
    if not best:
        yield from _module_nodes(graph, parts)


def _module_nodes(graph: CodeGraph, parts: Sequence[str]) -> Iterator[tuple[int, float]]:
    """Modules that a dotted name starts with or is."""
    if len(parts) < 2:
        return
    candidates = name_table(graph).modules.get(parts[-1], [])
    fitting = [node for node in candidates if _ends_with(_module(graph.node_path[node]).split("/"), parts)]
    yield from ((node, 0.5 / len(fitting)) for node in fitting)


def _inherited(graph: CodeGraph, class_name: str, member: str) -> list[int]:
    """Members of that name in the classes that a class of that name extends, nearest first."""
    frontier = [node for node in name_table(graph).nodes.get(class_name, []) if graph.node_kind[node] == NodeKind.CLASS]
    seen = set(frontier)
    while frontier:
        found = [child for node in frontier for child in graph.children[node] if _last(graph, child) == member]
        if found:
            return found
        bases = [base for node in frontier for base in _bases(graph).get(node, ())]
        frontier = [base for base in dict.fromkeys(bases) if base not in seen]
        seen.update(frontier)
    return []


@lru_cache(maxsize=2)
def _bases(graph: CodeGraph) -> dict[int, list[int]]:
    extends = graph.edge_kind == EdgeKind.EXTENDS
    bases: dict[int, list[int]] = defaultdict(list)
    for source, target in zip(graph.edge_source[extends].tolist(), graph.edge_target[extends].tolist(), strict=True):
        bases[source].append(target)
    return dict(bases)


def _qualifier_fit(graph: CodeGraph, node: int, qualifier: Sequence[str]) -> int:
    """How many parts of the qualifier the node's own class and module agree with, from the right."""
    place = [*_module(graph.node_path[node]).split("/"), *graph.node_name[node].split(".")[:-1]]
    if _shared_end(qualifier, place):
        return _shared_end(qualifier, place)
    return int(bool(qualifier) and qualifier[0] in place and qualifier[-1] in place)


def _functions_in(graph: CodeGraph, file_node: int, function: str) -> list[int]:
    path = graph.node_path[file_node]
    candidates = name_table(graph).nodes.get(function, [])
    return [node for node in candidates if graph.node_path[node] == path]


def _innermost(graph: CodeGraph, file_node: int, line: int) -> Iterator[int]:
    node = file_node
    while True:
        inside = [
            child
            for child in graph.children[node]
            if graph.node_kind[child] in (NodeKind.CLASS, NodeKind.FUNCTION) and _distance(graph, child, line) == 0
        ]
        if not inside:
            return
        node = inside[0]
        yield node


def _distance(graph: CodeGraph, node: int, line: int) -> int:
    return int(max(graph.node_start[node] - line, line - graph.node_end[node], 0))


def _share(count: int) -> float:
    return float(count**-0.5)


def _last(graph: CodeGraph, node: int) -> str:
    return graph.node_name[node].rpartition(".")[2]


def _module(path: str) -> str:
    return path.rpartition(".")[0].removesuffix("/__init__")


def _ends_with(longer: Sequence[str], shorter: Sequence[str]) -> bool:
    return list(longer[-len(shorter) :]) == list(shorter)


def _shared_end(left: Sequence[str], right: Sequence[str]) -> int:
    length = 0
    for one, other in zip(reversed(left), reversed(right), strict=False):
        if one != other:
            break
        length += 1
    return length
