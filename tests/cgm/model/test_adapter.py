from collections.abc import Callable
from typing import Any

import pytest

from cgm.model.config import AdapterConfig
from cgm.model.links import LINK_KINDS

torch = pytest.importorskip("torch", reason="the extra code-graph-model is not installed")
LINKS = torch.tensor([[0, 1, 2], [1, 2, 3]])
KINDS = torch.tensor([0, 2, 2])


def adapter(kind: str, **settings: Any) -> Any:
    from cgm.model.adapter import make_adapter

    if kind in ("gat", "sage"):
        pytest.importorskip("torch_geometric", reason="the extra code-graph-model is not installed")
    torch.manual_seed(0)
    return make_adapter(AdapterConfig(kind=kind, hidden=12, **settings), 8, 16)


@pytest.fixture
def vectors() -> Any:
    return torch.randn(5, 8, generator=torch.Generator().manual_seed(3))


def test_the_mlp_is_two_linear_layers_with_gelu_between(vectors: Any) -> None:
    made = adapter("mlp")
    hidden = torch.nn.functional.gelu(vectors @ made.inner.weight.T + made.inner.bias)
    torch.testing.assert_close(made(vectors, LINKS, KINDS), hidden @ made.outer.weight.T + made.outer.bias)


def test_text_alone_needs_no_adapter() -> None:
    assert adapter("none") is None


@pytest.mark.parametrize("kind", ["gat", "sage"])
def test_a_message_goes_as_far_as_there_are_layers_and_against_the_link_too(kind: str, vectors: Any) -> None:
    made = adapter(kind, layers=2)
    before = made(vectors, LINKS, KINDS)
    changed = vectors.clone()
    changed[0, 0] += 1
    moved = (made(changed, LINKS, KINDS) - before).abs().amax(1) > 1e-6
    assert moved.tolist() == [True, True, True, False, False]
    changed = vectors.clone()
    changed[3, 0] += 1
    moved = (made(changed, LINKS, KINDS) - before).abs().amax(1) > 1e-6
    assert moved.tolist() == [False, True, True, True, False]


@pytest.mark.parametrize("kind", ["gat", "sage"])
def test_the_kind_and_the_direction_of_a_link_matter(kind: str, vectors: Any) -> None:
    made = adapter(kind)
    before = made(vectors, LINKS, KINDS)
    assert not torch.allclose(made(vectors, LINKS, torch.tensor([1, 2, 2])), before)
    assert not torch.allclose(made(vectors, LINKS.flip(0), KINDS), before)


@pytest.mark.parametrize("kind", ["gat", "sage"])
def test_every_weight_of_every_kind_of_link_takes_part_in_each_step(kind: str, vectors: Any) -> None:
    made = adapter(kind)
    made(vectors, LINKS, KINDS).sum().backward()
    unused = [name for name, parameter in made.named_parameters() if parameter.grad is None]
    assert unused == []
    assert len(made.layers[0].convs) == 2 * LINK_KINDS


@pytest.mark.parametrize("kind", ["mlp", "gat", "sage"])
def test_no_nodes_are_no_tokens(kind: str) -> None:
    none = torch.zeros((2, 0), dtype=torch.int64)
    assert adapter(kind)(torch.zeros(0, 8), none, none[0]).shape == (0, 16)


@pytest.mark.parametrize("kind", ["mlp", "sage"])
def test_an_untrained_adapters_tokens_are_about_as_long_as_words(hub: Callable[[str], str], kind: str) -> None:
    from transformers import AutoModelForCausalLM

    from cgm.model.adapter import make_adapter, match_length

    lm = AutoModelForCausalLM.from_pretrained(hub("qwen2"))
    made = adapter(kind) and make_adapter(AdapterConfig(kind=kind, hidden=64), 8, 32)
    assert made is not None
    match_length(made, lm, 8)
    words = lm.get_input_embeddings().weight.norm(dim=1).mean()
    tokens = getattr(made, "mlp", made)(torch.randn(200, 8), LINKS, KINDS).norm(dim=1).mean()
    assert 0.5 < tokens / words < 2
