"""Codebases of snapshots as arrays in the stage cache: built once, read again only where a stage needs them.

Knows the files of an entry. Does not know how graphs and vectors are made; an entry that is incomplete or damaged is
made again.
"""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Protocol

from cgm.arrays import (
    load_dense,
    load_graph,
    load_history,
    load_lexical,
    save_dense,
    save_graph,
    save_history,
    save_lexical,
)
from cgm.errors import StorageError
from cgm.graph import CodeGraph, NodeKind
from cgm.history import History
from cgm.protocols import Codebase, Embedder
from cgm.store import StageCache
from preprocessing.facts import TEXT
from preprocessing.languages import language_of
from preprocessing.snapshot import Snapshot


class Preprocessor(Protocol):
    """Stage 0."""

    def reads_history(self, snapshot: Snapshot) -> bool:
        """Whether the codebase of a snapshot has a history."""

    def preprocess(self, snapshot: Snapshot) -> Codebase:
        """Turn a snapshot into a graph, its lexical index and, where that is asked for, its history."""


@dataclass(frozen=True)
class Count:
    """How many nodes, edges, unlinked references, files or lines (`what`) of a kind a graph has.

    The kinds of files and lines are languages; texts without a grammar are `text`.
    """

    what: str
    kind: str
    number: int


@dataclass(frozen=True)
class Indexed:
    """What is known of a codebase without reading its arrays."""

    snapshot: str
    documents: int
    counts: tuple[Count, ...]


@dataclass(frozen=True)
class Embedded:
    """What is known of a codebase's vectors without reading them."""

    documents: int
    width: int


class CodebaseCache:
    """Codebases by the key of their preprocessing, vectors by the key of their embedding."""

    def __init__(self, cache: StageCache, preprocessor: Preprocessor, embedder: Embedder | None) -> None:
        self._cache = cache
        self._preprocessor = preprocessor
        self._embedder = embedder

    def inputs(self, snapshot: Snapshot) -> tuple[str, ...]:
        """What of a snapshot decides its codebase: equal trees have one graph, but not one history."""
        commit = snapshot.origin.commit if snapshot.origin and self._preprocessor.reads_history(snapshot) else ""
        return (snapshot.name, snapshot.identity, *filter(None, [commit]))

    def build(self, snapshot: Snapshot, key: str) -> Codebase:
        """Index a snapshot and keep it. Raises as the preprocessor and `cgm.store.write_bytes`."""
        codebase = self._preprocessor.preprocess(snapshot)
        save_graph(self._cache.path("preprocessing", key, ".graph.npz"), codebase.graph)
        save_lexical(self._cache.path("preprocessing", key, ".lexical.npz"), codebase.lexical)
        if codebase.history is not None:
            save_history(self._cache.path("preprocessing", key, ".history.npz"), codebase.history)
        return codebase

    def load(self, snapshot: Snapshot, key: str) -> Codebase:
        """Read a codebase that was built before, or build it again."""
        try:
            graph = load_graph(self._cache.path("preprocessing", key, ".graph.npz"))
            lexical = load_lexical(self._cache.path("preprocessing", key, ".lexical.npz"))
            history = self._load_history(snapshot, key)
        except StorageError:
            return self.build(snapshot, key)
        return Codebase(snapshot.identity, graph, lexical, snapshot, history=history)

    def _load_history(self, snapshot: Snapshot, key: str) -> History | None:
        if not self._preprocessor.reads_history(snapshot):
            return None
        return load_history(self._cache.path("preprocessing", key, ".history.npz"))

    def embed(self, codebase: Codebase, key: str) -> Codebase:
        """Embed a codebase's documents and keep the vectors. Raises as the embedder and `cgm.store.write_bytes`."""
        assert self._embedder is not None
        dense = self._embedder.index(codebase)
        save_dense(self._cache.path("embedder", key, ".npz"), dense)
        return replace(codebase, dense=dense)

    def load_vectors(self, codebase: Codebase, key: str) -> Codebase:
        """Read vectors that were made before, or make them again."""
        try:
            return replace(codebase, dense=load_dense(self._cache.path("embedder", key, ".npz")))
        except StorageError:
            return self.embed(codebase, key)


def describe(codebase: Codebase) -> Indexed:
    """Count what a codebase holds."""
    counts = {**codebase.graph.counts(), **_languages(codebase.graph)}
    rows = tuple(Count(what, kind, number) for what, kinds in counts.items() for kind, number in kinds.items())
    return Indexed(codebase.snapshot, len(codebase.lexical.nodes), rows)


def _languages(graph: CodeGraph) -> dict[str, dict[str, int]]:
    """Files and lines by language, most lines first."""
    files: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    for node in graph.nodes_of_kind(NodeKind.FILE, NodeKind.TEXTFILE).tolist():
        language = language_of(graph.node_path[node]) if graph.node_kind[node] == NodeKind.FILE else None
        name = language.name if language else TEXT
        files[name] += 1
        lines[name] += int(graph.node_end[node])
    order = [name for name, _ in lines.most_common()]
    return {"files": {name: files[name] for name in order}, "lines": {name: lines[name] for name in order}}
