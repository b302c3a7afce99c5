import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from cgm.artifacts import Issue, Rewrite, Subgraph, to_row
from cgm.embedder import LsaConfig, LsaEmbedder
from cgm.errors import ConfigError
from cgm.protocols import Codebase
from retriever.stage import (
    BM25Config,
    BM25Retriever,
    DenseConfig,
    DenseRetriever,
    HybridConfig,
    HybridRetriever,
    NamesConfig,
    NamesRetriever,
)
from rewriter.stage import HeuristicConfig, HeuristicRewriter

LSA = LsaEmbedder(LsaConfig(dimensions=4, min_documents=1, max_share=1.0))
EVERY = {"bm25": 1.0, "dense": 0.3, "names": 0.1, "frame": 0.5, "path": 0.5, "name": 0.4}
RETRIEVERS = [
    BM25Retriever(BM25Config()),
    DenseRetriever(DenseConfig(), embedder=LSA),
    NamesRetriever(NamesConfig()),
    HybridRetriever(HybridConfig(weights=EVERY), embedder=LSA),
]
ISSUE = Issue("shop-1", "me/shop", "HEAD", "Cart.checkout ignores the discount\nThe total price is wrong.")


def with_vectors(codebase: Codebase) -> Codebase:
    return dataclasses.replace(codebase, dense=LSA.index(codebase))


def retrieve(retriever: Any, codebase: Codebase, issue: Issue = ISSUE) -> Subgraph:
    found: Subgraph = retriever.retrieve(issue, HeuristicRewriter(HeuristicConfig()).rewrite(issue), codebase)
    return found


@pytest.mark.parametrize("retriever", RETRIEVERS, ids=lambda retriever: type(retriever).__name__)
def test_every_option_finds_a_connected_subgraph_twice_the_same(retriever: Any, shop: Codebase) -> None:
    subgraph = retrieve(retriever, with_vectors(shop))
    nodes = {node.node for node in subgraph.nodes}
    assert subgraph.anchors
    assert {anchor.node for anchor in subgraph.anchors} <= nodes
    assert all(int(shop.graph.parent[node]) in nodes for node in nodes if node)
    assert {end for edge in subgraph.edges for end in (edge.source, edge.target)} <= nodes
    assert to_row(subgraph) == to_row(retrieve(retriever, with_vectors(shop)))


@pytest.mark.parametrize("retriever", RETRIEVERS, ids=lambda retriever: type(retriever).__name__)
def test_an_empty_rewrite_of_a_codebase_without_code_gives_the_root(
    retriever: Any, read_codebase: Callable[[Mapping[str, str]], Codebase]
) -> None:
    empty = with_vectors(read_codebase({"data.bin": ""}))
    subgraph = retriever.retrieve(ISSUE, Rewrite("shop-1"), empty)
    assert not subgraph.anchors
    assert [node.kind for node in subgraph.nodes] == ["REPO"]
    assert retrieve(retriever, empty).nodes[0].kind == "REPO"


def test_a_retriever_gives_out_what_it_found_and_not_what_it_was_given(shop: Codebase) -> None:
    subgraph = retrieve(RETRIEVERS[0], shop)
    assert {"shop/price.py"} <= {node.path for node in subgraph.nodes if node.kind == "FILE"}
    assert len(subgraph.nodes) > 1


def test_more_neighbours_than_documents_raise_no_error(shop: Codebase) -> None:
    retriever = DenseRetriever(DenseConfig(k=10_000), embedder=LSA)
    assert max(anchor.node for anchor in retrieve(retriever, with_vectors(shop)).anchors) < len(shop.graph)


def test_the_hybrid_says_which_rankers_found_an_anchor(shop: Codebase) -> None:
    subgraph = retrieve(RETRIEVERS[3], with_vectors(shop))
    best = next(anchor for anchor in subgraph.anchors if shop.graph.node_name[anchor.node] == "Cart.checkout")
    assert {"bm25", "name"} <= set(best.origins)
    assert len(best.evidence) == len(best.origins)
    assert all(0 < value <= 1 for value in best.evidence)


def test_tests_rank_below_source(shop: Codebase) -> None:
    subgraph = retrieve(RETRIEVERS[0], shop, dataclasses.replace(ISSUE, problem_statement="checkout"))
    functions = [node for node in subgraph.nodes if node.kind == "FUNCTION"]
    assert max(functions, key=lambda node: node.score).name == "Cart.checkout"


@pytest.mark.parametrize("graph", ["none", "contain_only", "shuffled"])
def test_a_control_changes_the_subgraph(graph: str, shop: Codebase) -> None:
    config = BM25Config(functions=1, classes=1, files=1)
    full = retrieve(BM25Retriever(config), shop)
    assert to_row(retrieve(BM25Retriever(dataclasses.replace(config, graph=graph)), shop)) != to_row(full)


def test_missing_vectors_are_named(shop: Codebase) -> None:
    with pytest.raises(ConfigError, match="needs vectors"):
        retrieve(RETRIEVERS[1], shop)
    with pytest.raises(ConfigError, match=r"retriever\.weights\.dense must be 0"):
        HybridRetriever(HybridConfig(weights=EVERY), embedder=None)


def test_vectors_are_asked_for_only_where_they_are_used() -> None:
    assert HybridRetriever(HybridConfig(weights=EVERY), embedder=LSA).needs_vectors
    assert not HybridRetriever(HybridConfig(weights={"bm25": 1.0}), embedder=None).needs_vectors


def test_an_unknown_field_is_refused(shop: Codebase) -> None:
    with pytest.raises(ConfigError, match=r"retriever\.fields must be among"):
        retrieve(BM25Retriever(BM25Config(fields={"nmae": 1.0})), shop)


@pytest.mark.parametrize(
    ("build", "key"),
    [
        (lambda: BM25Config(graph="half"), "graph"),
        (lambda: BM25Config(hops=3), "hops"),
        (lambda: BM25Config(queries=[]), "queries"),
        (lambda: BM25Config(queries=[0.0, 0.0]), "queries"),
        (lambda: BM25Config(k1=0.0), "k1"),
        (lambda: BM25Config(b=1.1), "b"),
        (lambda: BM25Config(damping=1.5), "damping"),
        (lambda: BM25Config(fields={"name": -1.0}), "fields"),
        (lambda: DenseConfig(k=0), "k"),
        (lambda: NamesConfig(cutoff=101), "cutoff"),
        (lambda: HybridConfig(weights={"bm52": 1.0}), "weights"),
        (lambda: HybridConfig(weights={}), "weights"),
        (lambda: HybridConfig(weights={"bm25": 0.0, "names": 0.0}), "weights"),
        (lambda: HybridConfig(weights={"bm25": 1.0, "names": float("nan")}), "weights"),
        (lambda: HybridConfig(k=0), "k"),
        (lambda: HybridConfig(top=0), "top"),
        (lambda: HybridConfig(cutoff=-1.0), "cutoff"),
        (lambda: HybridConfig(max_queries=0), "max_queries"),
    ],
)
def test_a_meaningless_setting_is_refused_by_its_key(build: Callable[[], object], key: str) -> None:
    with pytest.raises(ConfigError, match=rf"retriever\.{key}"):
        build()


def test_scores_are_finite(shop: Codebase) -> None:
    subgraph = retrieve(RETRIEVERS[3], with_vectors(shop))
    assert np.isfinite([node.score for node in subgraph.nodes]).all()
