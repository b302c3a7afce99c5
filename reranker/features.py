"""Readable features of the files and functions in a subgraph, and their linear combination.

Knows what may speak for a place: how the Retriever found it, whom it is linked to, the error message that it defines,
whether it is the project's own source. Does not know how places are found, nor any model.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cgm.artifacts import Anchor, Rewrite, Subgraph, SubgraphNode
from cgm.errors import RepositoryError
from cgm.protocols import Codebase
from cgm.text import STOP_WORDS, split_lines, terms

Features = dict[str, float]

_LITERAL = re.compile(r"\"([^\"\n]{6,300})\"|'([^'\n]{6,300})'")
_PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[a-z.\d]*[a-z]|\{[^{}]*\}|\\n")
_FRAGMENT = 8  # characters; a shorter piece of a message is in many
_READ_FUNCTIONS = 80  # candidates whose text is searched for the messages
_NEIGHBOUR_EDGES = ("CALLS", "EXTENDS", "REFERENCES")
_FOREIGN = re.compile(
    r"(^|/)(tests?|testing|test_\w+|docs?|examples?|benchmarks?|galleries|gallery|tutorials|extern|_?vendored|vendor)/"
    r"|(^|/)(test_[^/]*|conftest)\.py$|_tests?\.py$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Scene:
    """A subgraph with its lookups: anchors and nodes by graph index, each node's linked nodes strongest first."""

    codebase: Codebase
    rewrite: Rewrite
    nodes: Mapping[int, SubgraphNode]
    anchors: Mapping[int, Anchor]
    links: Mapping[int, Sequence[tuple[float, int, str]]]
    messages: Mapping[int, tuple[float, str]]
    title: frozenset[str]  # terms of the first query
    file_of: Mapping[str, int]
    best_in_file: Mapping[str, Sequence[float]] = field(default_factory=dict)


def make_scene(rewrite: Rewrite, subgraph: Subgraph, codebase: Codebase) -> Scene:
    """Prepare the lookups once for all candidates."""
    nodes = {node.node: node for node in subgraph.nodes}
    return Scene(
        codebase=codebase,
        rewrite=rewrite,
        nodes=nodes,
        anchors={anchor.node: anchor for anchor in subgraph.anchors},
        links=_links(subgraph, nodes),
        messages=_defined_messages(rewrite, subgraph, codebase),
        title=frozenset(term for term in terms(next(iter(rewrite.queries), "")) if term not in STOP_WORDS),
        file_of={node.path: node.node for node in subgraph.nodes if node.kind in ("FILE", "TEXTFILE")},
        best_in_file=_best_in_file(subgraph),
    )


def evidence(scene: Scene, node: int) -> Features:
    """What each ranker of the Retriever found on a node."""
    anchor = scene.anchors.get(node)
    return dict(zip(anchor.origins, anchor.evidence, strict=False)) if anchor else {}


def function_features(scene: Scene, node: SubgraphNode) -> Features:
    """What speaks for a function."""
    found = evidence(scene, node.node)
    file_node = scene.file_of.get(node.path, -1)
    parent = scene.nodes.get(int(scene.codebase.graph.parent[node.node]))
    of_class = parent if parent and parent.kind == "CLASS" else None
    last = node.name.rpartition(".")[2]
    return {name: found.get(name, 0.0) for name in ("bm25", "dense", "names", "frame", "path", "name")} | {
        "score": node.score,
        "file_score": scene.nodes[file_node].score if file_node in scene.nodes else 0.0,
        "file_path": evidence(scene, file_node).get("path", 0.0),
        "class_score": of_class.score if of_class else 0.0,
        "class_name": evidence(scene, of_class.node).get("name", 0.0) if of_class else 0.0,
        "message": scene.messages.get(node.node, (0.0, ""))[0],
        "title": _covered(last, scene.title),
        "neighbour": scene.links[node.node][0][0] if scene.links.get(node.node) else 0.0,
        "private": float(last.startswith("_") and not last.endswith("__")),
        "foreign": is_foreign(node.path),
    }


def file_features(scene: Scene, node: SubgraphNode) -> Features:
    """What speaks for a file."""
    found = evidence(scene, node.node)
    inside = scene.best_in_file.get(node.path, ())
    strengths = [scene.messages[one][0] for one in scene.messages if scene.nodes[one].path == node.path]
    return {name: found.get(name, 0.0) for name in ("bm25", "dense", "frame", "path", "name")} | {
        "score": node.score,
        "best_function": inside[0] if inside else 0.0,
        "functions": sum(inside[:3]) / 3,
        "message": max(strengths, default=0.0),
        "title": _covered(node.name.partition(".")[0], scene.title),
        "neighbour": scene.links[node.node][0][0] if scene.links.get(node.node) else 0.0,
        "foreign": is_foreign(node.path),
    }


def combine(features: Features, weights: Mapping[str, float]) -> float:
    """Linear combination; a feature without a weight counts nothing."""
    return sum(weights.get(name, 0.0) * value for name, value in features.items())


def is_foreign(path: str) -> float:
    """1 for tests, documentation, examples and copies of other projects, else 0."""
    return float(bool(_FOREIGN.search(path)))


def _links(subgraph: Subgraph, nodes: Mapping[int, SubgraphNode]) -> dict[int, list[tuple[float, int, str]]]:
    links: dict[int, list[tuple[float, int, str]]] = {}
    for edge in subgraph.edges:
        if edge.kind in _NEIGHBOUR_EDGES and edge.source != edge.target:
            links.setdefault(edge.source, []).append((nodes[edge.target].score, edge.target, f"{edge.kind} out"))
            links.setdefault(edge.target, []).append((nodes[edge.source].score, edge.source, f"{edge.kind} in"))
    return {node: sorted(found, key=lambda link: (-link[0], link[1])) for node, found in links.items()}


def _best_in_file(subgraph: Subgraph) -> dict[str, list[float]]:
    best: dict[str, list[float]] = {}
    for node in subgraph.nodes:
        if node.kind == "FUNCTION":
            best.setdefault(node.path, []).append(node.score)
    return {path: sorted(scores, reverse=True) for path, scores in best.items()}


def _covered(name: str, title: frozenset[str]) -> float:
    words = set(terms(name))
    return len(words & title) / len(words) if words else 0.0


def _defined_messages(rewrite: Rewrite, subgraph: Subgraph, codebase: Codebase) -> dict[int, tuple[float, str]]:
    """Functions that hold a piece of one of the issue's messages: how much of it, and the piece."""
    messages = [entity.text for entity in rewrite.entities if entity.kind == "message"]
    if not messages:
        return {}
    functions = [node for node in subgraph.nodes if node.kind == "FUNCTION"]
    functions.sort(key=lambda node: (-node.score, node.node))
    lines: dict[str, list[str]] = {}
    found: dict[int, tuple[float, str]] = {}
    for node in functions[:_READ_FUNCTIONS]:
        if node.path not in lines:
            lines[node.path] = _read(codebase, node.path)
        strength, piece = _longest_piece(lines[node.path][node.start - 1 : node.end], messages)
        if strength:
            found[node.node] = (strength, piece)
    return found


def _read(codebase: Codebase, path: str) -> list[str]:
    try:
        return split_lines(codebase.sources.read(path))
    except RepositoryError:
        return []


def _longest_piece(lines: Iterable[str], messages: Sequence[str]) -> tuple[float, str]:
    best = ""
    for line in lines:
        for double, single in _LITERAL.findall(line):
            for piece in _PLACEHOLDER.split(double or single):
                stripped = piece.strip()
                if len(best) < len(stripped) >= _FRAGMENT and " " in stripped and any(stripped in m for m in messages):
                    best = stripped
    return min(len(best) / 40, 1.0), best
