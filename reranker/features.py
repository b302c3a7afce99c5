"""Readable features of the files and functions in a subgraph, and their linear combination.

Knows what may speak for a place: how the Retriever found it, what it calls and what calls it, the error message that
it defines, whether it is the project's own source. Does not know how places are found, nor any model.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log

from cgm.artifacts import Anchor, Rewrite, Subgraph, SubgraphNode
from cgm.errors import RepositoryError
from cgm.protocols import Codebase
from cgm.text import STOP_WORDS, is_source_path, split_lines, terms
from reranker.surroundings import Surroundings, look_around

Features = dict[str, float]

_RANKERS = ("bm25", "title", "coverage", "test", "dense", "names", "frame", "path", "name")
_LITERAL = re.compile(r"\"([^\"\n]{6,300})\"|'([^'\n]{6,300})'")
_PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[a-z.\d]*[a-z]|\{[^{}]*\}|\\n")
_FRAGMENT = 8  # characters; a shorter piece of a message is in many
_READ_FUNCTIONS = 80  # candidates whose text is searched for the messages
_NEIGHBOUR_EDGES = ("CALLS", "EXTENDS", "REFERENCES")
_LEAST_SHARE = 1e-4  # of a file without a promising function


@dataclass(frozen=True)
class Scene:
    """A subgraph with its lookups, all by graph index but `file_of`, which is by path.

    `links` holds the linked nodes of each node, strongest first, as (strength, node, "CALLS out" or the like).
    """

    codebase: Codebase
    rewrite: Rewrite
    nodes: Mapping[int, SubgraphNode]
    evidence: Mapping[int, Features]
    links: Mapping[int, Sequence[tuple[float, int, str]]]
    messages: Mapping[int, tuple[float, str]]
    title: frozenset[str]  # terms of the first query
    code: frozenset[str]  # of all queries but the first two
    around: Surroundings
    highest: float  # score of a function, or 1
    file_of: Mapping[str, int]


def make_scene(rewrite: Rewrite, subgraph: Subgraph, codebase: Codebase) -> Scene:
    """Prepare the lookups once for all candidates."""
    nodes = {node.node: node for node in subgraph.nodes}
    evidence = _evidence(subgraph.anchors, nodes)
    return Scene(
        codebase=codebase,
        rewrite=rewrite,
        nodes=nodes,
        evidence=evidence,
        links=_links(subgraph, evidence),
        messages=_defined_messages(rewrite, subgraph, codebase),
        title=_words(rewrite.queries[:1]),
        code=_words(rewrite.queries[2:]),
        around=look_around(subgraph, nodes, evidence),
        highest=max((node.score for node in subgraph.nodes if node.kind == "FUNCTION"), default=0.0) or 1.0,
        file_of={node.path: node.node for node in subgraph.nodes if node.kind in ("FILE", "TEXTFILE")},
    )


def function_features(scene: Scene, node: SubgraphNode) -> Features:
    """What speaks for a function."""
    found = scene.evidence.get(node.node, {})
    around = scene.evidence.get(scene.file_of.get(node.path, -1), {})
    parent = scene.evidence.get(int(scene.codebase.graph.parent[node.node]), {})
    last = node.name.rpartition(".")[2]
    return {name: found.get(name, 0.0) for name in _RANKERS} | {
        "score": node.score,
        "fused": node.score / scene.highest,
        "file_bm25": around.get("bm25", 0.0),
        "class_name": parent.get("name", 0.0),
        "message": scene.messages.get(node.node, (0.0, ""))[0],
        "called": _strongest(scene, node.node, "in"),
        "calls": _strongest(scene, node.node, "out"),
        "constructor": float(last == "__init__"),
        "special": float(last.startswith("__")),
        "foreign": float(not is_source_path(node.path)),
    }


def file_features(scene: Scene, node: SubgraphNode, inside: Mapping[str, tuple[float, float]]) -> Features:
    """What speaks for a file; `inside` is what `summarize_functions` makes of the scores of all functions."""
    found = scene.evidence.get(node.node, {})
    folder, _, base = node.path.rpartition("/")
    stem = base.partition(".")[0]
    return {name: found.get(name, 0.0) for name in _RANKERS} | {
        "score": node.score,
        **inside_features(node.path, inside),
        "stem_in_title": 0.0 if stem == "__init__" else _covered(stem, scene.title),
        "folder_in_title": _covered(folder, scene.title),
        "folder_in_code": _covered(folder, scene.code),
        "importer": scene.around.importer.get(node.path, 0.0),
        "named_inside": scene.around.named.get(node.path, 0.0),
        "crowd": scene.around.crowd.get(node.path, 0.0),
        "package_init": float(stem == "__init__"),
        "foreign": float(not is_source_path(node.path)),
    }


def inside_features(path: str, inside: Mapping[str, tuple[float, float]]) -> Features:
    """What its functions say for a file: the best one's score, and the logarithm of their share of the softmax."""
    best, share = inside.get(path, (log(_LEAST_SHARE), _LEAST_SHARE))
    return {"best_function": best, "function_share": log(share)}


def summarize_functions(paths: Sequence[str], scores: Sequence[float]) -> dict[str, tuple[float, float]]:
    """For each path its best function's score, less the best of all, and its share of the softmax over functions."""
    top = max(scores, default=0.0)
    total = sum(exp(score - top) for score in scores)
    by_path: dict[str, list[float]] = {}
    for path, score in zip(paths, scores, strict=True):
        by_path.setdefault(path, []).append(score - top)
    return {path: (max(found), max(sum(map(exp, found)) / total, _LEAST_SHARE)) for path, found in by_path.items()}


def combine(features: Features, weights: Mapping[str, float]) -> float:
    """Linear combination; a feature without a weight counts nothing."""
    return sum(weights.get(name, 0.0) * value for name, value in features.items())


def _evidence(anchors: Sequence[Anchor], nodes: Mapping[int, SubgraphNode]) -> dict[int, Features]:
    """What each ranker found on each anchor; where none of them reads text, the Retriever's score stands for it."""
    evidence = {anchor.node: dict(zip(anchor.origins, anchor.evidence, strict=True)) for anchor in anchors}
    if any("bm25" in found for found in evidence.values()):
        return evidence
    highest: dict[str, float] = {}
    for anchor in anchors:
        highest[nodes[anchor.node].kind] = max(anchor.score, highest.get(nodes[anchor.node].kind, 0.0))
    for anchor in anchors:
        evidence[anchor.node]["bm25"] = anchor.score / (highest[nodes[anchor.node].kind] or 1.0)
    return evidence


def _strength(evidence: Features) -> float:
    """How surely a place is meant, whatever its neighbours say."""
    return evidence.get("bm25", 0.0) + 0.5 * evidence.get("name", 0.0) + 0.5 * evidence.get("frame", 0.0)


def _strongest(scene: Scene, node: int, direction: str) -> float:
    return next((strength for strength, _, way in scene.links.get(node, ()) if way.endswith(direction)), 0.0)


def _links(subgraph: Subgraph, evidence: Mapping[int, Features]) -> dict[int, list[tuple[float, int, str]]]:
    links: dict[int, list[tuple[float, int, str]]] = {}
    strengths = {node: _strength(found) for node, found in evidence.items()}
    for edge in subgraph.edges:
        if edge.kind in _NEIGHBOUR_EDGES and edge.source != edge.target:
            out = (strengths.get(edge.target, 0.0), edge.target, f"{edge.kind} out")
            links.setdefault(edge.source, []).append(out)
            back = (strengths.get(edge.source, 0.0), edge.source, f"{edge.kind} in")
            links.setdefault(edge.target, []).append(back)
    return {node: sorted(found, key=lambda link: (-link[0], link[1])) for node, found in links.items()}


def _words(queries: Sequence[str]) -> frozenset[str]:
    return frozenset(term for query in queries for term in terms(query) if term not in STOP_WORDS)


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
