"""Sparse links against what a reader would write first: loops over all pairs."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgm.graph import EdgeKind
from cgm.model.config import GraphConfig
from cgm.model.links import CHUNK, link_chunks, token_positions, visible_pairs

Graph = tuple[list[tuple[int, int, int]], list[int]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Edges, loops and repeated ones among them, and each node's chunks."""
    chunks = draw(st.lists(st.integers(0, 3), min_size=1, max_size=6))
    ends = st.integers(0, len(chunks) - 1)
    return draw(st.lists(st.tuples(st.sampled_from([int(kind) for kind in EdgeKind]), ends, ends), max_size=9)), chunks


def owners(chunks: list[int]) -> list[int]:
    return [node for node, count in enumerate(chunks) for _ in range(count)]


def sees_at_once(graph: Graph, seeing: int, seen: int, *, directed: bool) -> bool:
    """Whether a chunk sees another over one edge, or because both are of one node."""
    edges, chunks = graph
    one, other = owners(chunks)[seeing], owners(chunks)[seen]
    forward = any((source, target) == (one, other) for _, source, target in edges)
    backward = any((source, target) == (other, one) for _, source, target in edges)
    return one == other or forward or (backward and not directed)


def sees(graph: Graph, seeing: int, seen: int, config: GraphConfig) -> bool:
    """Whether a chunk sees another, step by step."""
    if seeing == seen:
        return config.self_loops
    reached = {seeing}
    for _ in range(config.hops):
        tokens = range(sum(graph[1]))
        reached |= {
            end for start in reached for end in tokens if sees_at_once(graph, start, end, directed=config.directed)
        }
    return seen in reached


@pytest.mark.parametrize("hops", [1, 2, 3])
@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("self_loops", [False, True])
@settings(max_examples=60, deadline=None)
@given(graph=graphs())
def test_pairs_are_those_of_a_naive_double_loop(graph: Graph, hops: int, directed: bool, self_loops: bool) -> None:
    config = GraphConfig(directed=directed, self_loops=self_loops, hops=hops)
    tokens = range(sum(graph[1]))
    wanted = [(one, other) for one in tokens for other in tokens if sees(graph, one, other, config)]
    links = link_chunks(graph[0], np.array(graph[1]))
    assert list(zip(*visible_pairs(links, config).tolist(), strict=True)) == wanted


@settings(max_examples=100, deadline=None)
@given(graph=graphs())
def test_every_edge_joins_all_chunks_of_its_ends_and_keeps_its_kind(graph: Graph) -> None:
    edges, chunks = graph
    of = owners(chunks)
    tokens = range(len(of))
    wanted = [
        (kind, one, other)
        for kind, source, target in edges
        for one in tokens
        for other in tokens
        if (of[one], of[other]) == (source, target)
    ]
    wanted += [(CHUNK, one, other) for one in tokens for other in tokens if of[one] == of[other] and one != other]
    links = link_chunks(edges, np.array(chunks))
    assert sorted(zip(links.kind.tolist(), links.source.tolist(), links.target.tolist(), strict=True)) == sorted(wanted)


@pytest.mark.parametrize("mask", ["flat", "full"])
def test_masks_that_ask_for_no_edges_have_no_pairs(mask: str) -> None:
    links = link_chunks([(0, 0, 1)], np.array([1, 1]))
    assert visible_pairs(links, GraphConfig(mask=mask)).shape == (2, 0)


@settings(max_examples=100, deadline=None)
@given(graph=graphs(), chosen=st.data())
def test_a_position_falls_with_each_step_from_the_nearest_anchor(graph: Graph, chosen: st.DataObject) -> None:
    links = link_chunks(graph[0], np.array(graph[1]))
    if not links.count:
        return
    anchors = chosen.draw(st.lists(st.integers(0, links.count - 1), min_size=1, max_size=2))
    walk = nx.Graph(list(zip(links.source.tolist(), links.target.tolist(), strict=True)))
    walk.add_nodes_from(range(links.count))
    steps = nx.multi_source_dijkstra_path_length(walk, set(anchors))
    positions = token_positions(links, anchors, "distance").tolist()
    top = max(positions)
    assert min(positions) == 0
    assert all(positions[token] == top - steps[token] for token in steps)
    assert all(positions[token] == 0 < top - max(steps.values()) for token in range(links.count) if token not in steps)


def test_positions_in_list_order_count_through_and_shared_ones_are_one() -> None:
    links = link_chunks([(0, 0, 1)], np.array([2, 1]))
    assert token_positions(links, [], "list").tolist() == [0, 1, 2]
    assert token_positions(links, [], "shared").tolist() == [0, 0, 0]


def test_without_an_anchor_the_first_token_stands_in() -> None:
    links = link_chunks([(0, 0, 1), (0, 1, 2)], np.array([1, 1, 1]))
    assert token_positions(links, [], "distance").tolist() == [2, 1, 0]


@pytest.mark.parametrize("kind", ["list", "shared", "distance"])
def test_no_graph_has_no_positions(kind: str) -> None:
    assert token_positions(link_chunks([], np.zeros(0, dtype=np.int64)), [], kind).tolist() == []
