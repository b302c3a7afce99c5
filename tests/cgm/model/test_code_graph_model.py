"""What the model promises of its rows: who reaches whom, what is learnt, and that layout changes nothing."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cgm.errors import ConfigError
from cgm.model.config import LoraConfig, TrainedParts
from cgm.protocols import Message
from cgm.text_graph import TextGraph

torch = pytest.importorskip("torch", reason="the extra code-graph-model is not installed")
ANSWER = "return sum(self.items)"
Make = Callable[..., Any]
Turns = tuple[Message, ...]


def batch_of(loaded: Any, *rows: Any) -> Any:
    from cgm.model.batch import collate

    return collate([row if isinstance(row, list) else [row] for row in rows], loaded.samples.chat.padding)


def every_logit(loaded: Any, batch: Any) -> Any:
    with torch.no_grad():
        return loaded.model.logits(batch, torch.arange(batch.text_BT.shape[1]))


@pytest.mark.parametrize("family", ["qwen2", "llama"])
def test_text_alone_is_what_the_stock_model_says(make: Make, family: str, question: Turns) -> None:
    loaded = make(family, adapter="none")
    batch = batch_of(loaded, loaded.samples.build(question, None, ANSWER))
    with torch.no_grad():
        stock = loaded.model.lm(input_ids=batch.text_BT).logits
    torch.testing.assert_close(every_logit(loaded, batch), stock, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("encoder", ["lm", "hf"])
@pytest.mark.parametrize("adapter", ["mlp", "sage"])
def test_gradients_reach_encoder_adapter_and_language_model(
    make: Make, encoder: str, adapter: str, question: Turns, graph: TextGraph
) -> None:
    loaded = make(encoder=encoder, adapter=adapter, trained=TrainedParts(encoder=True, adapter=True, lm=True))
    model = loaded.model.train()
    model(batch_of(loaded, loaded.samples.build(question, graph, ANSWER))).loss.backward()
    for name, part in model.parts().items():
        reached = [key for key, weights in part.named_parameters() if weights.grad is not None and weights.grad.any()]
        assert reached or (name, encoder) == ("encoder", "lm")


@pytest.mark.parametrize("trained", ["encoder", "adapter", "lm"])
def test_nothing_that_is_frozen_gets_a_gradient(make: Make, trained: str, question: Turns, graph: TextGraph) -> None:
    parts = TrainedParts(**{name: name == trained for name in ("encoder", "adapter", "lm")})
    loaded = make(encoder="hf", trained=parts)
    loaded.model(batch_of(loaded, loaded.samples.build(question, graph, ANSWER))).loss.backward()
    reached = {name.partition(".")[0] for name, weights in loaded.model.named_parameters() if weights.grad is not None}
    assert reached == {trained}


def test_of_a_part_with_low_rank_updates_they_alone_are_trained(make: Make, question: Turns, graph: TextGraph) -> None:
    loaded = make(lm_lora=LoraConfig(rank=4, dropout=0.0))
    loaded.model(batch_of(loaded, loaded.samples.build(question, graph, ANSWER))).loss.backward()
    reached = [name for name, weights in loaded.model.named_parameters() if weights.grad is not None]
    assert any("lora_" in name for name in reached)
    assert all("lora_" in name or name.startswith("adapter.") for name in reached)


@pytest.mark.parametrize("mask", ["adjacency", "full", "flat"])
def test_no_answer_token_reaches_a_node_token_or_the_prompt(
    make: Make, mask: str, question: Turns, graph: TextGraph
) -> None:
    loaded = make(mask=mask)
    sample = loaded.samples.build(question, graph, ANSWER)
    other = replace(sample, answer=tuple(reversed(sample.answer)))
    before = len(sample) - len(sample.answer)
    one, two = (every_logit(loaded, batch_of(loaded, item)) for item in (sample, other))
    assert torch.equal(one[:, :before], two[:, :before])
    assert not torch.allclose(one[:, before:], two[:, before:])


def test_a_node_token_sees_the_prompt_and_the_prompt_sees_it(make: Make, question: Turns, graph: TextGraph) -> None:
    loaded = make()
    sample = loaded.samples.build(question, graph)
    nodes = len(sample.chunks)
    embedded = loaded.model.embed(batch_of(loaded, sample)).detach().requires_grad_()
    loaded.model.embed = lambda _: embedded
    said = loaded.model.logits(batch_of(loaded, sample), torch.arange(len(sample)))
    (to_last,) = torch.autograd.grad(said[0, nodes - 1].sum(), embedded, retain_graph=True)
    assert to_last[0, nodes:].any(-1).all()
    (to_first,) = torch.autograd.grad(said[0, nodes].sum(), embedded)
    assert to_first[0, :nodes].any(-1).all()


def test_the_loss_is_that_of_the_answer_and_its_true_end_of_turn(make: Make, question: Turns, graph: TextGraph) -> None:
    loaded = make()
    sample = loaded.samples.build(question, graph, ANSWER)
    batch = batch_of(loaded, sample)
    said = loaded.model(batch)
    first = len(sample) - len(sample.answer)
    likely = every_logit(loaded, batch)[0, first - 1 : -1].log_softmax(-1)
    wanted = -likely[torch.arange(len(sample.answer)), list(sample.answer)].mean()
    torch.testing.assert_close(said.loss, wanted)
    assert said.tokens.item() == len(sample.answer)
    assert sample.answer[-1] == loaded.samples.chat.tokenizer.convert_tokens_to_ids("<|im_end|>")


@pytest.mark.parametrize("encoder", ["lm", "hf"])
@pytest.mark.parametrize("adapter", ["mlp", "sage"])
def test_the_parts_may_have_precisions_of_their_own(
    make: Make, encoder: str, adapter: str, question: Turns, graph: TextGraph
) -> None:
    loaded = make(encoder=encoder, adapter=adapter)
    batch = batch_of(loaded, loaded.samples.build(question, graph, ANSWER))
    exact = loaded.model(batch).loss.item()
    loaded.model.lm.to(torch.bfloat16)
    assert loaded.model(batch).loss.item() == pytest.approx(exact, rel=0.05)
    loaded.model.adapter.to(torch.bfloat16)
    assert loaded.model(batch).loss.item() == pytest.approx(exact, rel=0.05)


def test_a_batch_without_an_answer_has_no_loss(make: Make, question: Turns, graph: TextGraph) -> None:
    loaded = make()
    said = loaded.model(batch_of(loaded, loaded.samples.build(question, graph)))
    assert (said.loss.item(), said.tokens.item()) == (0.0, 0)


@pytest.mark.parametrize("adapter", ["mlp", "gat"])
@pytest.mark.parametrize("mask", ["adjacency", "full"])
def test_permuting_nodes_changes_nothing_with_shared_positions(
    make: Make, adapter: str, mask: str, question: Turns, graph: TextGraph
) -> None:
    loaded = make(adapter=adapter, mask=mask, positions="shared")
    order = [2, 0, 3, 1]  # the old place of each new one
    place = {old: new for new, old in enumerate(order)}
    permuted = TextGraph(
        tuple(graph.texts[old] for old in order),
        tuple((kind, place[source], place[target]) for kind, source, target in graph.edges),
        tuple(place[anchor] for anchor in graph.anchors),
    )
    losses = [
        loaded.model(batch_of(loaded, loaded.samples.build(question, one, ANSWER))).loss.item()
        for one in (graph, permuted)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_in_list_order_a_permutation_is_another_question(make: Make, question: Turns, graph: TextGraph) -> None:
    loaded = make(positions="list")
    turned = TextGraph(graph.texts[::-1], tuple((kind, 3 - one, 3 - two) for kind, one, two in graph.edges), (1,))
    losses = [
        loaded.model(batch_of(loaded, loaded.samples.build(question, one, ANSWER))).loss.item()
        for one in (graph, turned)
    ]
    assert losses[0] != pytest.approx(losses[1], rel=1e-5)


def samples_of(loaded: Any, question: Turns, graph: TextGraph) -> list[Any]:
    small = TextGraph(graph.texts[:1])
    return [
        loaded.samples.build(question, graph, ANSWER),
        loaded.samples.build(question[1:], small, "x = 1"),
        loaded.samples.build(question, None, "pass"),
    ]


@pytest.mark.parametrize("family", ["qwen2", "llama"])
@pytest.mark.parametrize("encoder", ["lm", "hf"])
@pytest.mark.parametrize("adapter", ["mlp", "gat"])
def test_a_batch_of_several_equals_each_by_itself(
    make: Make, family: str, encoder: str, adapter: str, question: Turns, graph: TextGraph
) -> None:
    loaded = make(family, encoder=encoder, adapter=adapter)
    samples = samples_of(loaded, question, graph)
    together = every_logit(loaded, batch_of(loaded, *samples))
    for row, sample in enumerate(samples):
        alone = every_logit(loaded, batch_of(loaded, sample))
        torch.testing.assert_close(together[row, : len(sample)], alone[0], atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_several_graphs_packed_in_a_row_do_not_see_each_other(
    make: Make, attention: str, question: Turns, graph: TextGraph
) -> None:
    loaded = make(attention=attention)
    samples = samples_of(loaded, question, graph)
    packed = every_logit(loaded, batch_of(loaded, samples))[0]
    ends = np.cumsum([len(sample) for sample in samples])
    for sample, end in zip(samples, ends.tolist(), strict=True):
        alone = every_logit(loaded, batch_of(loaded, sample))[0]
        torch.testing.assert_close(packed[end - len(sample) : end], alone, atol=1e-4, rtol=1e-3)


def test_the_loss_of_steps_that_share_a_divisor_is_that_of_one_batch(
    make: Make, question: Turns, graph: TextGraph
) -> None:
    loaded = make()
    samples = samples_of(loaded, question, graph)
    whole = loaded.model(batch_of(loaded, *samples))
    steps = [loaded.model(batch_of(loaded, sample), loss_tokens=whole.tokens) for sample in samples]
    assert sum(step.loss.item() for step in steps) == pytest.approx(whole.loss.item(), rel=1e-5)
    assert sum(step.tokens.item() for step in steps) == whole.tokens.item()


def test_training_uses_every_part_also_where_no_graph_is(make: Make, question: Turns) -> None:
    loaded = make(encoder="hf", adapter="sage", trained=TrainedParts(encoder=True))
    model = loaded.model.train()
    model(batch_of(loaded, loaded.samples.build(question, None, ANSWER))).loss.backward()
    missing = {name.partition(".")[0] for name, weights in model.named_parameters() if weights.grad is None}
    assert missing == set()


def test_gradient_checkpointing_changes_no_gradient(make: Make, question: Turns, graph: TextGraph) -> None:
    def gradients(loaded: Any) -> list[Any]:
        loaded.model.train()
        loaded.model(batch_of(loaded, loaded.samples.build(question, graph, ANSWER))).loss.backward()
        return [weights.grad for weights in loaded.model.parameters() if weights.grad is not None]

    plain, spared = make(), make()
    spared.model.lm.activation_checkpointing_enable()
    for one, two in zip(gradients(plain), gradients(spared), strict=True):
        torch.testing.assert_close(one, two)


def test_flash_attention_is_refused_when_it_is_switched_on_later(make: Make, question: Turns, graph: TextGraph) -> None:
    loaded = make()
    loaded.model.lm.config._attn_implementation = "flash_attention_2"
    with pytest.raises(ConfigError, match=r"model\.lm\.attention must be one of sdpa, .* got 'flash_attention_2'"):
        loaded.model(batch_of(loaded, loaded.samples.build(question, graph, ANSWER)))


def test_a_decoder_that_attends_within_a_window_is_refused() -> None:
    import transformers

    from cgm.model.code_graph_model import CodeGraphModel

    sizes = {"vocab_size": 8, "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 2}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 2, "sliding_window": 4}
    windowed = transformers.Qwen2Config(**sizes, **heads, use_sliding_window=True, max_window_layers=1)
    with pytest.raises(ConfigError, match="full attention in every layer, got sliding_attention"):
        CodeGraphModel(transformers.Qwen2ForCausalLM(windowed), None, None, "flat")
    with pytest.raises(ConfigError, match="full attention in every layer, got sliding_attention"):
        CodeGraphModel(
            transformers.MistralForCausalLM(transformers.MistralConfig(**sizes, **heads)), None, None, "flat"
        )


def test_the_losses_of_rows_are_those_of_the_batch(make: Make, question: tuple[Message, ...], graph: TextGraph) -> None:
    from cgm.model.batch import collate

    loaded = make()
    rows = [[loaded.samples.build(question, graph, answer)] for answer in ("pass", "return sum(items)")]
    with torch.no_grad():
        both, alone = loaded.model(collate(rows)), [loaded.model(collate([row])) for row in rows]
    torch.testing.assert_close(both.loss_B.sum(), both.loss * both.tokens)
    torch.testing.assert_close(both.loss_B, torch.stack([one.loss * one.tokens for one in alone]))
    assert both.tokens_B.tolist() == [int(one.tokens) for one in alone]
    assert both.right_B.tolist() == [False, False]
    assert loaded.model.train()(collate(rows)).right_B is None
