from collections.abc import Callable
from typing import Any

import pytest

from cgm.errors import InputError
from cgm.protocols import Message
from cgm.text_graph import TextGraph

pytest.importorskip("torch", reason="the extra code-graph-model is not installed")
Make = Callable[..., Any]
Turns = tuple[Message, ...]


def test_each_node_is_cut_into_chunks_that_hold_all_of_its_tokens(
    make: Make, question: Turns, graph: TextGraph
) -> None:
    builder = make(chunk_tokens=8).samples
    cut = builder.chunk(graph.texts)
    for text, chunks in zip(graph.texts, cut, strict=True):
        assert all(len(chunk) <= 8 for chunk in chunks)
        assert builder.chat.text([token for chunk in chunks for token in chunk]) == text
    assert len(builder.build(question, graph).chunks) == sum(map(len, cut))


def test_an_encoders_chunks_have_its_own_marks_and_are_no_longer_than_it_takes(make: Make, graph: TextGraph) -> None:
    builder = make(encoder="hf", chunk_tokens=8).samples
    assert all(1 <= len(chunk) <= 8 for chunks in builder.chunk(graph.texts) for chunk in chunks)


@pytest.mark.parametrize("encoder", ["lm", "hf"])
def test_a_node_without_text_is_still_a_token(make: Make, encoder: str, question: Turns) -> None:
    builder = make(encoder=encoder).samples
    assert len(builder.build(question, TextGraph(("", "class Cart: pass"), ((0, 0, 1),))).chunks) >= 2


def test_what_does_not_fit_is_left_out_and_counted_anchors_last(make: Make, question: Turns, graph: TextGraph) -> None:
    whole = make(chunk_tokens=8).samples.build(question, graph)
    part = make(chunk_tokens=8, tokens=6).samples.build(question, graph)
    anchor = make(chunk_tokens=8).samples.chunk(graph.texts)[2]
    assert len(part.chunks) == 6
    assert part.left_out == len(whole.chunks) - 6
    assert set(anchor[:6]) <= set(part.chunks)
    assert part.links.count == 6


def test_a_long_node_leaves_room_for_others(make: Make, question: Turns) -> None:
    builder = make(chunk_tokens=4, node_tokens=3).samples
    assert len(builder.build(question, TextGraph(("class Cart: pass " * 20, "x"))).chunks) == 4


def test_a_model_of_text_alone_takes_no_graph(make: Make, question: Turns, graph: TextGraph) -> None:
    sample = make(adapter="none").samples.build(question, graph)
    assert (sample.chunks, sample.left_out, sample.first_text_position) == ((), 0, 0)


def test_text_stands_after_the_last_node_token(make: Make, question: Turns, graph: TextGraph) -> None:
    listed = make().samples.build(question, graph)
    shared = make(positions="shared").samples.build(question, graph)
    assert listed.first_text_position == len(listed.chunks)
    assert shared.first_text_position == 1


def test_a_question_without_turns_is_refused(make: Make) -> None:
    with pytest.raises(InputError, match="at least one turn"):
        make().samples.build(())
