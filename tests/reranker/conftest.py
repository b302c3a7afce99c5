"""The shop with an issue and what the Retriever finds for it."""

from dataclasses import dataclass

import pytest

from cgm.artifacts import Issue, Rewrite, Subgraph
from cgm.protocols import Codebase
from retriever.stage import HybridConfig, HybridRetriever
from rewriter.stage import HeuristicConfig, HeuristicRewriter

TEXT = (
    "Cart.checkout ignores the discount\nThe total price is wrong and I get\n"
    "ValueError: count must be a positive number, got 0\n"
)


@dataclass(frozen=True)
class Found:
    """What a Reranker is given."""

    issue: Issue
    rewrite: Rewrite
    subgraph: Subgraph
    codebase: Codebase


@pytest.fixture
def found(shop: Codebase) -> Found:
    """Run the stages before the Reranker on the shop."""
    issue = Issue("shop-1", "me/shop", "HEAD", TEXT)
    rewrite = HeuristicRewriter(HeuristicConfig()).rewrite(issue)
    retriever = HybridRetriever(HybridConfig(weights={"bm25": 1.0, "name": 0.4}), embedder=None)
    return Found(issue, rewrite, retriever.retrieve(issue, rewrite, shop), shop)
