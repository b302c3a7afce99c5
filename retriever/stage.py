"""The Retriever: from the Rewriter's words to anchor nodes and the connected subgraph around them.

Knows which rankers there are and how each reads a `Rewrite`. How they score is in `text`, `dense`, `names`, `mentions`
and `bridges`; how scores become anchors in `fusion`; how anchors become a subgraph in `expand`.

Legend: N nodes.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from math import inf

import numpy as np
from numpy.typing import NDArray

from cgm.artifacts import Issue, Rewrite, Subgraph
from cgm.errors import ConfigError, require
from cgm.graph import NodeKind, subgraph_edges, subgraph_nodes
from cgm.protocols import Codebase, Embedder
from retriever import dense, names
from retriever.bridges import bridged_files
from retriever.expand import CONTROLS, Budget, controlled, expand
from retriever.fusion import (
    Limits,
    choose,
    fold_nested,
    fuse,
    gather,
    is_source,
    normalised,
    within_files,
)
from retriever.lexical import Weighting
from retriever.mentions import mention_scores
from retriever.text import match_text, weigh_terms

Scores = NDArray[np.float32]
Evidence = dict[str, Scores]


def _require_positive(config: "SelectionConfig", *names: str) -> None:
    for name in names:
        require(getattr(config, name) >= 1, f"retriever.{name} must be >= 1", getattr(config, name))


def _require_cutoff(cutoff: float) -> None:
    require(0 <= cutoff <= 100, "retriever.cutoff must lie in [0, 100]", cutoff)


def _require_weights(key: str, weights: Collection[float]) -> None:
    good = all(0 <= weight < inf for weight in weights) and any(weight > 0 for weight in weights)
    require(good, f"retriever.{key} must be weights >= 0, at least one > 0", weights)


@dataclass
class SelectionConfig:
    """How scores become anchors and anchors a subgraph."""

    functions: int = 200
    classes: int = 30
    files: int = 60
    max_nodes: int = 700
    hops: int = 1
    graph: str = "full"  # or a control: none, contain_only, shuffled
    seed: int = 0
    file_decay: float = 0.3  # each next function of a file adds this share of the one before
    trust_in_file: float = 0.15  # of a file's score that lifts its functions
    tests: float = 0.3  # what the score of tests, documentation and foreign copies is multiplied by

    def __post_init__(self) -> None:
        _require_positive(self, "functions", "classes", "files", "max_nodes")
        require(0 <= self.hops <= 2, "retriever.hops must lie in 0 to 2", self.hops)
        require(self.graph in CONTROLS, f"retriever.graph must be one of {', '.join(CONTROLS)}", self.graph)
        for name in ("file_decay", "trust_in_file", "tests"):
            require(0 <= getattr(self, name) <= 1, f"retriever.{name} must lie in [0, 1]", getattr(self, name))


@dataclass
class BM25Config(SelectionConfig):
    """Fielded BM25; `queries` weighs the Rewriter's queries by position, further ones as the last.

    What a term weighs in all queries together counts to the power of `damping`: 1 in full, 0 all terms the same.
    """

    k1: float = 1.2
    b: float = 0.4
    damping: float = 0.5
    queries: list[float] = field(default_factory=lambda: [2.0, 1.0, 0.5, 0.3])
    fields: dict[str, float] = field(
        default_factory=lambda: {
            "path": 2.0,
            "name": 5.0,
            "signature": 1.0,
            "docstring": 1.0,
            "strings": 1.0,
            "comments": 1.0,
            "body": 1.0,
        }
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        require(0 <= self.damping <= 1, "retriever.damping must lie in [0, 1]", self.damping)
        _require_weights("queries", self.queries)
        Weighting(self.k1, self.b, self.fields)


def _weighting(config: BM25Config) -> Weighting:
    return Weighting(config.k1, config.b, config.fields)


class BM25Retriever:
    """Ranks functions, classes and files by the words they share with the issue."""

    needs_vectors = False

    def __init__(self, config: BM25Config) -> None:
        self.config = config

    def retrieve(self, issue: Issue, rewrite: Rewrite, codebase: Codebase) -> Subgraph:
        """Find anchors by text and the subgraph around them."""
        query = weigh_terms(rewrite.queries, self.config.queries, self.config.damping)
        evidence = {"bm25": match_text(codebase, query, _weighting(self.config)).bm25(query)}
        return select(issue, codebase, evidence, {}, self.config)


@dataclass
class DenseConfig(SelectionConfig):
    """Nearest neighbours by embedding: `k` documents for each of the first `max_queries` queries."""

    k: int = 200
    max_queries: int = 5

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_positive(self, "k", "max_queries")


class DenseRetriever:
    """Ranks by the inner product of vectors."""

    needs_vectors = True

    def __init__(self, config: DenseConfig, *, embedder: Embedder) -> None:
        self.config = config
        self.embedder = embedder

    def retrieve(self, issue: Issue, rewrite: Rewrite, codebase: Codebase) -> Subgraph:
        """Find anchors by meaning and the subgraph around them.

        Raises:
            ConfigError: the codebase has no vectors.
        """
        scores = dense_scores(self.embedder, rewrite.queries[: self.config.max_queries], codebase, self.config.k)
        return select(issue, codebase, {"dense": scores}, {}, self.config)


@dataclass
class NamesConfig(SelectionConfig):
    """Fuzzy matching of names as CGM does: the best `top` for each entity and keyword, of at least `cutoff` of 100."""

    top: int = 3
    cutoff: float = 80.0
    max_queries: int = 30

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_positive(self, "top", "max_queries")
        _require_cutoff(self.cutoff)


class NamesRetriever:
    """Ranks by likeness of names."""

    needs_vectors = False

    def __init__(self, config: NamesConfig) -> None:
        self.config = config

    def retrieve(self, issue: Issue, rewrite: Rewrite, codebase: Codebase) -> Subgraph:
        """Find anchors by name and the subgraph around them."""
        config = self.config
        scores = names.name_scores(
            codebase.graph, rewrite, names.Matching(config.top, config.cutoff, config.max_queries)
        )
        return select(issue, codebase, {"names": scores}, {}, config)


@dataclass
class HybridConfig(BM25Config):
    """All rankers together, each with its weight; one of weight 0 is not asked.

    Fuzzy names and LSA vectors have none by default: on the development issues they gain nothing over text and exact
    mentions, and cost more time than all others together (benchmarks/README.md).
    """

    weights: dict[str, float] = field(
        default_factory=lambda: {
            "bm25": 1.0,
            "title": 0.25,
            "coverage": 0.5,
            "test": 0.1,
            "dense": 0.0,
            "names": 0.0,
            "frame": 0.5,
            "path": 0.5,
            "name": 0.8,
        }
    )
    k: int = 200
    top: int = 3
    cutoff: float = 90.0
    max_queries: int = 10

    def __post_init__(self) -> None:
        super().__post_init__()
        known = {"bm25", "title", "coverage", "test", "dense", "names", "frame", "path", "name"}
        unknown = sorted(set(self.weights) - known)
        require(not unknown, f"retriever.weights must name rankers among {', '.join(sorted(known))}", unknown)
        _require_weights("weights", list(self.weights.values()))
        _require_positive(self, "k", "top", "max_queries")
        _require_cutoff(self.cutoff)


class HybridRetriever:
    """Fuses text, names, exact mentions and meaning, then expands along the graph."""

    def __init__(self, config: HybridConfig, *, embedder: Embedder | None) -> None:
        self.config = config
        self.embedder = embedder
        if self._weight("dense") and embedder is None:
            raise ConfigError("retriever.weights.dense must be 0 without an embedder, got embedder=none")

    @property
    def needs_vectors(self) -> bool:
        """Whether the dense ranker has a weight."""
        return self._weight("dense") > 0

    def retrieve(self, issue: Issue, rewrite: Rewrite, codebase: Codebase) -> Subgraph:
        """Find anchors by all rankers and the subgraph around them.

        Raises:
            ConfigError: the dense ranker has a weight and the codebase no vectors.
        """
        return select(issue, codebase, self._evidence(rewrite, codebase), self.config.weights, self.config)

    def _weight(self, ranker: str) -> float:
        return self.config.weights.get(ranker, 0.0)

    def _textual(self, rewrite: Rewrite, codebase: Codebase) -> Evidence:
        config = self.config
        query = weigh_terms(rewrite.queries, config.queries, config.damping)
        text = match_text(codebase, query, _weighting(config))
        scores = text.bm25(query)
        found: dict[str, Callable[[], Scores]] = {
            "bm25": lambda: scores,
            "title": lambda: text.bm25(weigh_terms(rewrite.queries[:1], config.queries, config.damping)),
            "coverage": text.coverage,
            "test": lambda: bridged_files(codebase.graph, scores),
        }
        return {name: score() for name, score in found.items() if self._weight(name)}

    def _evidence(self, rewrite: Rewrite, codebase: Codebase) -> Evidence:
        config = self.config
        evidence = self._textual(rewrite, codebase)
        if self._weight("dense") and self.embedder is not None:
            evidence["dense"] = dense_scores(self.embedder, rewrite.queries[:2], codebase, config.k)
        if self._weight("names"):
            matching = names.Matching(config.top, config.cutoff, config.max_queries)
            evidence["names"] = names.name_scores(codebase.graph, rewrite, matching)
        mentions = mention_scores(codebase.graph, rewrite.entities)
        return evidence | {name: scores for name, scores in mentions.items() if self._weight(name)}


def dense_scores(embedder: Embedder, queries: tuple[str, ...], codebase: Codebase, k: int) -> Scores:
    """Normalised similarity of the `k` nearest documents of each query, shape (N)."""
    if codebase.dense is None:
        raise ConfigError("retriever needs vectors: set embedder=OPTION, got a codebase without them")
    scores = np.zeros(len(codebase.graph), dtype=np.float32)
    if queries and len(codebase.dense.nodes):
        vectors = embedder.embed_queries(queries, codebase)
        scores[codebase.dense.nodes] = dense.nearest(codebase.dense.vectors, vectors, k)
    return normalised(scores)


def select(
    issue: Issue, codebase: Codebase, evidence: Evidence, weights: Mapping[str, float], config: SelectionConfig
) -> Subgraph:
    """Fuse evidence into anchors and expand them; without weights every ranker counts 1."""
    graph = codebase.graph
    fused = fold_nested(graph, fuse(evidence, weights or dict.fromkeys(evidence, 1.0)))
    fused = np.where(is_source(graph), fused, config.tests * fused)
    gathered = gather(graph, fused, config.file_decay)
    lifted = within_files(graph, fused, gathered, config.trust_in_file)
    files = (graph.node_kind == NodeKind.FILE) | (graph.node_kind == NodeKind.TEXTFILE)
    scores = np.where(files, gathered, lifted).astype(np.float32)
    anchors = choose(graph, scores, evidence, Limits(config.functions, config.classes, config.files))
    seen = controlled(graph, config.graph, config.seed)
    hops = 0 if config.graph == "none" else config.hops
    nodes = expand(seen, {anchor.node: anchor.score for anchor in anchors}, Budget(hops, config.max_nodes))
    return Subgraph(
        instance_id=issue.instance_id,
        anchors=tuple(anchor for anchor in anchors if anchor.node in nodes),
        nodes=subgraph_nodes(graph, {node: round(score, 4) for node, score in nodes.items()}),
        edges=subgraph_edges(seen, nodes),
    )
