from collections.abc import Callable
from typing import Any

import pytest

from cgm.model.vectors import MemoryBlobs

torch = pytest.importorskip("torch", reason="the extra code-graph-model is not installed")
CHUNKS = [(5, 6, 7), (8,), (9, 10, 11, 12, 13), (14, 15), (8, 9)]


class Counted(torch.nn.Module):
    """An encoder that counts its calls and the chunks in them."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        self.config = model.config
        self.dtype = model.dtype
        self.calls: list[tuple[int, ...]] = []

    def forward(self, **inputs: Any) -> Any:
        self.calls.append(tuple(inputs["input_ids"].shape))
        return self.model(**inputs)


@pytest.fixture
def network(hub: Callable[[str], str]) -> Counted:
    from transformers import AutoModel

    return Counted(AutoModel.from_pretrained(hub("bert")).eval())


def padded(chunks: list[tuple[int, ...]]) -> tuple[Any, Any]:
    lengths = torch.tensor([len(chunk) for chunk in chunks])
    rows = [list(chunk) + [0] * (int(lengths.max()) - len(chunk)) for chunk in chunks]
    return torch.tensor(rows), lengths


def encoder(network: Counted, pooling: str = "mean", batch_tokens: int = 6, *, frozen: bool = True) -> Any:
    from cgm.model.encoder import TextEncoder

    made = TextEncoder(network, pooling, batch_tokens, MemoryBlobs(1 << 20))
    made.requires_grad_(not frozen)
    return made


@pytest.mark.parametrize("pooling", ["mean", "first", "last"])
@pytest.mark.parametrize("frozen", [True, False])
def test_chunks_encoded_together_are_as_encoded_one_by_one(network: Counted, pooling: str, frozen: bool) -> None:
    whole = encoder(network, pooling, frozen=frozen)(*padded(CHUNKS))
    alone = []
    for chunk in CHUNKS:
        tokens = network.model(torch.tensor([chunk])).last_hidden_state[0]
        alone.append({"mean": tokens.mean(0), "first": tokens[0], "last": tokens[-1]}[pooling])
    torch.testing.assert_close(whole, torch.stack(alone), atol=1e-5, rtol=1e-4)


def test_chunks_of_like_length_share_calls_that_are_no_larger_than_the_setting(network: Counted) -> None:
    encoder(network, batch_tokens=6)(*padded(CHUNKS))
    assert network.calls == [(3, 2), (1, 3), (1, 5)]


def test_a_frozen_encoder_is_asked_once_for_each_content(network: Counted) -> None:
    made = encoder(network)
    first = made(*padded(CHUNKS))
    network.calls.clear()
    again = made(*padded([*CHUNKS[::-1], (5, 6)]))
    assert torch.equal(again[:5], first.flip(0))
    assert network.calls == [(1, 2)]


def test_a_frozen_encoder_says_the_same_in_training(network: Counted) -> None:
    made = encoder(network).train()
    assert torch.equal(made(*padded(CHUNKS)), encoder(network)(*padded(CHUNKS)))


def test_changed_weights_forget_what_was_said_before(network: Counted) -> None:
    made = encoder(network)
    before = made(*padded(CHUNKS))
    with torch.no_grad():
        next(network.model.encoder.parameters()).add_(0.5)
    assert not torch.allclose(made(*padded(CHUNKS)), before)


def test_an_encoder_that_is_trained_remembers_nothing(network: Counted) -> None:
    made = encoder(network, frozen=False)
    made(*padded(CHUNKS))
    network.calls.clear()
    assert made(*padded(CHUNKS)).requires_grad
    assert len(network.calls) == 3


def test_no_chunks_give_no_vectors_and_one_idle_call(network: Counted) -> None:
    none = (torch.zeros((0, 0), dtype=torch.int64), torch.zeros(0, dtype=torch.int64))
    assert encoder(network, frozen=False)(*none).shape == (0, 32)
    assert network.calls == [(1, 1)]
    assert encoder(network)(*none).shape == (0, 32)


def test_the_language_models_own_embeddings_are_averaged_and_are_no_weights_of_the_encoders(
    hub: Callable[[str], str],
) -> None:
    from transformers import AutoModelForCausalLM

    from cgm.model.encoder import EmbeddingEncoder

    lm = AutoModelForCausalLM.from_pretrained(hub("llama"))
    made = EmbeddingEncoder(lm, 6)
    vectors = made(*padded(CHUNKS))
    table = lm.get_input_embeddings().weight
    wanted = torch.stack([table[list(chunk)].mean(0) for chunk in CHUNKS])
    torch.testing.assert_close(vectors, wanted, atol=1e-6, rtol=1e-5)
    assert list(made.parameters()) == []
    assert made.width == 32


def test_a_frozen_encoder_keeps_its_own_precision(network: Counted) -> None:
    exact = encoder(network)(*padded(CHUNKS))
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(encoder(network)(*padded(CHUNKS)), exact)
