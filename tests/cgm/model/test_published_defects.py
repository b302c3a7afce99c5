"""The defects of the published code that concern the model, each by name.

Source: ANCHORS.md, section 2; what holds in general is tested beside each module.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cgm.errors import GraphFormatError
from cgm.model.config import CodeGraphConfig, GraphConfig
from cgm.model.links import link_chunks, visible_pairs
from cgm.protocols import Message
from cgm.text_graph import TextGraph

ANSWER = "return sum(self.items)"
Make = Callable[..., Any]
Turns = tuple[Message, ...]


def test_adjacency_has_self_loops() -> None:
    pairs = visible_pairs(link_chunks([(0, 0, 1)], np.array([1, 1, 1])), GraphConfig())
    assert {(node, node) for node in range(3)} <= set(zip(*pairs.tolist(), strict=True))


def test_an_edge_to_an_unknown_node_is_not_dropped_silently() -> None:
    with pytest.raises(GraphFormatError, match="an edge must be"):
        TextGraph(("a", "b"), ((0, 0, 7),))


def test_adjacency_is_sparse() -> None:
    nodes = 50_000
    edges = [(0, 0, node) for node in range(nodes)]
    assert visible_pairs(link_chunks(edges, np.ones(nodes, dtype=np.int64)), GraphConfig()).nbytes < 100 * nodes


def test_a_switch_is_a_truth_value_and_no_tuple() -> None:
    config = CodeGraphConfig()
    switches = {**vars(config.trained), **vars(config.graph), **vars(config.encoder)}
    assert {type(value) for value in switches.values()} <= {bool, int, str, float}
    assert {type(value) for value in vars(config.trained).values()} == {bool}


def test_the_forward_pass_runs_and_the_loss_falls(make: Make, question: Turns, graph: TextGraph) -> None:
    torch = pytest.importorskip("torch", reason="the extra code-graph-model is not installed")
    from cgm.model.batch import collate

    loaded = make()
    batch = collate([[loaded.samples.build(question, graph, ANSWER)]])
    optimizer = torch.optim.AdamW(loaded.model.parameters(), lr=0.01)
    losses = []
    for _ in range(8):
        loss = loaded.model.train()(batch).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2


def test_the_answers_end_of_turn_is_trained_as_its_token_and_not_as_a_text(
    make: Make, question: Turns, graph: TextGraph
) -> None:
    from cgm.model.batch import IGNORED, collate

    loaded = make()
    labels = collate([[loaded.samples.build(question, graph, ANSWER)]]).label_BT[0]
    learnt = labels[labels != IGNORED].tolist()
    tokenizer = loaded.samples.chat.tokenizer
    assert learnt[-1] == tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert tokenizer.decode(learnt) == f"{ANSWER}<|im_end|>"


def test_the_chunks_of_a_batch_share_encoder_calls(make: Make, question: Turns, graph: TextGraph) -> None:
    from cgm.model.batch import collate

    loaded = make(encoder="hf")
    calls: list[int] = []
    loaded.model.encoder.model.register_forward_hook(lambda _model, _inputs, said: calls.append(len(said[0])))
    batch = collate([[loaded.samples.build(question, graph, ANSWER)] for _ in range(2)])
    loaded.model(batch)
    assert len(calls) == 1
    assert calls[0] == len(batch.chunk_CK) < len(batch.chunk_M)


def test_a_batch_may_hold_more_than_one_row(make: Make, question: Turns, graph: TextGraph) -> None:
    from cgm.model.batch import collate

    loaded = make()
    samples = [loaded.samples.build(question, graph, ANSWER), loaded.samples.build(question[1:], None, "pass")]
    both = loaded.model(collate([[sample] for sample in samples]))
    alone = [loaded.model(collate([[sample]])) for sample in samples]
    total = sum(one.loss.item() * one.tokens.item() for one in alone)
    assert both.loss.item() * both.tokens.item() == pytest.approx(total, rel=1e-4)


def test_no_model_file_is_forked_for_the_mask(make: Make) -> None:
    for family in ("qwen2", "llama"):
        assert type(make(family).model.lm).__module__.startswith("transformers.models.")
