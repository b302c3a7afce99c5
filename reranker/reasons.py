"""Why a place is ranked, in a sentence that a person understands.

Knows how each feature is said. Does not know how much it counts (`reranker.stage`).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cgm.artifacts import SubgraphNode
from cgm.protocols import LexicalIndex
from reranker.features import Features, Scene

_SHOWN_TERMS = 3
_NAMED = 0.2  # evidence below this is no reason
_VERBS = {
    "CALLS out": "calls",
    "CALLS in": "called by",
    "EXTENDS out": "extends",
    "EXTENDS in": "extended by",
    "REFERENCES out": "uses",
    "REFERENCES in": "used by",
}


def matched_terms(index: LexicalIndex, keywords: Sequence[str]) -> dict[int, list[str]]:
    """The keywords that each graph node's document holds, the rarest first."""
    found: dict[int, list[str]] = defaultdict(list)
    documents = {word: _documents(index, word) for word in dict.fromkeys(keywords) if word in index.vocabulary}
    for word, rows in sorted(documents.items(), key=lambda item: (len(item[1]), item[0])):
        if len(rows) <= max(len(index.nodes) // 20, 5):
            for node in index.nodes[rows].tolist():
                found[node].append(word)
    return dict(found)


def reason(scene: Scene, node: SubgraphNode, features: Features, words: Mapping[int, Sequence[str]]) -> str:
    """Say what speaks for a node, the surest first."""
    said = [*_exact(features, scene, node), *_by_text(node, words), *_by_links(scene, node), *_around(features)]
    return "; ".join(said[:3]) or "near the places found"


def _exact(features: Features, scene: Scene, node: SubgraphNode) -> list[str]:
    said = []
    if features.get("frame", 0) >= _NAMED:
        said.append("named in the traceback or linked")
    if features.get("message", 0) > 0 and scene.messages.get(node.node):
        said.append(f"defines the error message {scene.messages[node.node][1]!r}")
    if features.get("path", 0) >= _NAMED:
        said.append("its path is mentioned")
    if features.get("name", 0) >= _NAMED:
        said.append("mentioned by name")
    elif features.get("class_name", 0) >= _NAMED:
        said.append("its class is mentioned by name")
    return said


def _by_text(node: SubgraphNode, words: Mapping[int, Sequence[str]]) -> list[str]:
    found = words.get(node.node, ())
    return [f"text match on: {', '.join(found[:_SHOWN_TERMS])}"] if found else []


def _by_links(scene: Scene, node: SubgraphNode) -> list[str]:
    for _, other, direction in scene.links.get(node.node, ()):
        if other in scene.evidence and scene.nodes[other].kind != "FILE":
            return [f"{_VERBS[direction]} {scene.nodes[other].name}"]
    return []


def _around(features: Features) -> list[str]:
    said = {
        "test": "its tests read like the issue",
        "named_inside": "holds what is mentioned by name",
        "importer": "imported by files that match",
    }
    return [sentence for name, sentence in said.items() if features.get(name, 0) >= _NAMED]


def _documents(index: LexicalIndex, word: str) -> NDArray[np.int32]:
    term = index.vocabulary[word]
    pairs = zip(index.indptr, index.documents, strict=True)
    return np.unique(np.concatenate([documents[indptr[term] : indptr[term + 1]] for indptr, documents in pairs]))
