from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm.graph import ROOT, CodeGraph, EdgeKind, NodeKind
from cgm.protocols import Codebase
from retriever.expand import CONTROLS, Budget, controlled, expand


@st.composite
def graphs(draw: st.DrawFn) -> CodeGraph:
    """A random tree with random other edges."""
    size = draw(st.integers(1, 20))
    parents = [draw(st.integers(0, node - 1)) for node in range(1, size)]
    others = draw(st.lists(st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)), max_size=20))
    kinds = [0, *(draw(st.sampled_from([NodeKind.FILE, NodeKind.CLASS, NodeKind.FUNCTION])) for _ in parents)]
    count = len(parents) + len(others)
    return CodeGraph(
        node_kind=np.array(kinds, dtype=np.uint8),
        node_name=tuple(f"n{node}" for node in range(size)),
        node_path=("", *("a.py" for _ in parents)),
        node_start=np.ones(size, dtype=np.int32),
        node_end=np.ones(size, dtype=np.int32),
        edge_kind=np.array([EdgeKind.CONTAINS] * len(parents) + [EdgeKind.CALLS] * len(others), dtype=np.uint8),
        edge_source=np.array([*parents, *(source for source, _ in others)], dtype=np.int32),
        edge_target=np.array([*range(1, size), *(target for _, target in others)], dtype=np.int32),
        edge_confidence=np.ones(count, dtype=np.float32),
        edge_line=np.zeros(count, dtype=np.int32),
    )


@given(graphs(), st.data())
def test_the_subgraph_is_connected_up_to_the_root_and_within_its_budget(graph: CodeGraph, data: st.DataObject) -> None:
    scores = data.draw(st.dictionaries(st.integers(0, len(graph) - 1), st.floats(0.01, 1), max_size=8))
    budget = Budget(hops=data.draw(st.integers(0, 2)), nodes=data.draw(st.integers(1, 25)))
    nodes = expand(controlled(graph, data.draw(st.sampled_from(CONTROLS)), 0), scores, budget)
    assert ROOT in nodes
    assert len(nodes) <= budget.nodes
    assert all(int(graph.parent[node]) in nodes for node in nodes if node != ROOT)
    assert all(np.isfinite(score) for score in nodes.values())
    assert all(one < other for one, other in pairwise(nodes))


def labels(shop: Codebase, control: str, hops: int) -> set[str]:
    start = next(node for node in range(len(shop.graph)) if shop.graph.node_name[node] == "Cart.checkout")
    nodes = expand(controlled(shop.graph, control, 1), {start: 1.0}, Budget(hops, 100))
    return {shop.graph.label(node) for node in nodes}


def test_one_hop_follows_calls(shop: Codebase) -> None:
    assert "shop/price.py:total" in labels(shop, "full", 1)
    assert "shop/price.py:discounted" not in labels(shop, "full", 1)


def test_no_neighbour_scores_above_an_anchor(shop: Codebase) -> None:
    node = {shop.graph.label(node): node for node in range(len(shop.graph))}
    anchors = {node["shop/cart.py:Cart.checkout"]: 9.0, node["shop/base.py:Store.persist"]: 1.0}
    nodes = expand(shop.graph, anchors, Budget(1, 100))
    assert 0 < nodes[node["shop/price.py:total"]] <= 1.0


def test_no_hop_leaves_the_path_to_the_root(shop: Codebase) -> None:
    assert labels(shop, "none", 0) == {"", "shop", "shop/cart.py", "shop/cart.py:Cart", "shop/cart.py:Cart.checkout"}


def test_contain_only_follows_no_calls(shop: Codebase) -> None:
    assert "shop/price.py:total" not in labels(shop, "contain_only", 1)


def test_shuffled_edges_keep_kinds_sources_and_containment(shop: Codebase) -> None:
    shuffled = controlled(shop.graph, "shuffled", 1)
    contains = shop.graph.edge_kind == EdgeKind.CONTAINS
    assert (shuffled.edge_target[contains] == shop.graph.edge_target[contains]).all()
    assert sorted(shuffled.edge_target.tolist()) == sorted(shop.graph.edge_target.tolist())
    assert (shuffled.edge_target != shop.graph.edge_target).any()


@pytest.mark.parametrize("control", CONTROLS)
def test_the_same_input_gives_the_same_subgraph(shop: Codebase, control: str) -> None:
    assert labels(shop, control, 2) == labels(shop, control, 2)
