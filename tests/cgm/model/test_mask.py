"""The mask against a naive double loop over all places, for hundreds of random batches."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgm.errors import ConfigError
from cgm.model.config import GraphConfig
from cgm.model.links import link_chunks, token_positions, visible_pairs
from cgm.model.sample import Sample

torch = pytest.importorskip("torch", reason="the extra code-graph-model is not installed")


@st.composite
def samples(draw: st.DrawFn, config: GraphConfig) -> Sample:
    chunks = draw(st.lists(st.integers(1, 2), max_size=4))
    ends = st.integers(0, max(len(chunks) - 1, 0))
    edges = draw(st.lists(st.tuples(st.integers(0, 5), ends, ends), max_size=6)) if chunks else []
    links = link_chunks(edges, np.array(chunks, dtype=np.int64))
    return Sample(
        chunks=tuple((token,) for token in range(links.count)),
        links=links,
        pairs=visible_pairs(links, config),
        positions=token_positions(links, [], config.positions),
        prompt=tuple(range(draw(st.integers(1, 3)))),
        answer=tuple(range(draw(st.integers(0, 3)))),
    )


@st.composite
def rows(draw: st.DrawFn) -> tuple[GraphConfig, list[list[Sample]]]:
    config = GraphConfig(
        mask=draw(st.sampled_from(["adjacency", "flat", "full"])),
        directed=draw(st.booleans()),
        self_loops=draw(st.booleans()),
        hops=draw(st.integers(1, 2)),
    )
    return config, draw(st.lists(st.lists(samples(config), min_size=1, max_size=2), min_size=1, max_size=3))


def roles(row: Sequence[Sample]) -> list[tuple[int, str, int]]:
    """(sample, role, number within the role) of each place."""
    return [
        place
        for number, sample in enumerate(row)
        for role, tokens in (("node", sample.chunks), ("prompt", sample.prompt), ("answer", sample.answer))
        for place in ((number, role, index) for index in range(len(tokens)))
    ]


def sees(row: Sequence[Sample], q: int, k: int, config: GraphConfig) -> bool:
    """Whether place q of a row sees place k, by the rules as one would say them."""
    places = roles(row)
    if q >= len(places) or k >= len(places):
        return q == k
    (one, from_role, seeing), (other, to_role, seen) = places[q], places[k]
    if one != other:
        return False
    if config.mask == "flat":
        return k <= q
    if from_role == "node":
        linked = (seeing, seen) in set(zip(*row[one].pairs.tolist(), strict=True))
        return {"node": linked or config.mask == "full", "prompt": True, "answer": False}[to_role]
    return to_role == "node" or k <= q


@settings(max_examples=200, deadline=None)
@given(drawn=rows())
def test_the_mask_is_that_of_a_naive_double_loop(drawn: tuple[GraphConfig, list[list[Sample]]]) -> None:
    from cgm.model.batch import collate
    from cgm.model.mask import dense_mask

    config, filled = drawn
    mask = dense_mask(collate(filled), config.mask).tolist()
    width = range(len(mask[0]))
    assert mask == [[[sees(row, q, k, config) for k in width] for q in width] for row in filled]


@settings(max_examples=40, deadline=None)
@given(drawn=rows())
def test_the_mask_for_flex_attention_is_the_same(drawn: tuple[GraphConfig, list[list[Sample]]]) -> None:
    from torch.nn.attention.flex_attention import create_mask

    from cgm.model.batch import collate
    from cgm.model.mask import block_mask, dense_mask

    config, filled = drawn
    batch = collate(filled)
    places = batch.segment_BT.shape[1]
    blocks = block_mask(batch, config.mask)
    same = create_mask(blocks.mask_mod, len(filled), 1, places, places, device="cpu")[:, 0]
    assert torch.equal(same, dense_mask(batch, config.mask))


@settings(max_examples=100, deadline=None)
@given(drawn=rows())
def test_no_node_token_sees_an_answer_and_nobody_sees_nothing(drawn: tuple[GraphConfig, list[list[Sample]]]) -> None:
    from cgm.model.batch import ANSWER, NODE, collate
    from cgm.model.mask import dense_mask

    config, filled = drawn
    batch = collate(filled)
    mask = dense_mask(batch, config.mask)
    leaks = mask & (batch.role_BT == NODE)[:, :, None] & (batch.role_BT == ANSWER)[:, None, :]
    assert not leaks.any()
    assert config.mask == "adjacency" or mask.any(-1).all()


def whole(edges: Sequence[tuple[int, int, int]], nodes: int, config: GraphConfig) -> Sample:
    links = link_chunks(edges, np.ones(nodes, dtype=np.int64))
    pairs, positions = visible_pairs(links, config), token_positions(links, [], "list")
    return Sample(tuple((node,) for node in range(nodes)), links, pairs, positions, (1, 2), (3,))


def test_a_row_of_text_alone_is_causal_to_the_bit() -> None:
    from cgm.model.batch import collate
    from cgm.model.mask import dense_mask

    batch = collate([[whole([], 0, GraphConfig())]])
    assert torch.equal(dense_mask(batch, "adjacency")[0], torch.ones(3, 3, dtype=torch.bool).tril())


def test_a_kernel_of_additive_masks_gets_one() -> None:
    from cgm.model.batch import collate
    from cgm.model.mask import build_mask

    batch = collate([[whole([(0, 0, 1)], 2, GraphConfig())]])
    boolean, additive = (build_mask(batch, "adjacency", kernel, torch.float16) for kernel in ("sdpa", "eager"))
    assert boolean.dtype == torch.bool
    assert torch.equal(additive == 0, boolean)
    assert additive.min() == torch.finfo(torch.float16).min


@pytest.mark.parametrize("kernel", ["flash_attention_2", "flash_attention_3"])
def test_a_kernel_that_takes_no_graph_is_refused(kernel: str) -> None:
    from cgm.model.batch import collate
    from cgm.model.mask import build_mask

    batch = collate([[whole([], 1, GraphConfig())]])
    with pytest.raises(ConfigError, match=f"must be one of sdpa, flex_attention, eager.*got '{kernel}'"):
        build_mask(batch, "adjacency", kernel, torch.float32)


def test_a_mask_of_thousands_of_nodes_spends_time_on_edges_alone() -> None:
    nodes = 4000
    edges = [(0, node, (node * 7) % nodes) for node in range(nodes)]
    pairs: Any = visible_pairs(link_chunks(edges, np.ones(nodes, dtype=np.int64)), GraphConfig())
    assert pairs.shape[1] <= 3 * nodes
