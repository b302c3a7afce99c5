"""Tiny models of three families with random weights, on disk as any model of a hub is."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cgm.model.config import AdapterConfig, CodeGraphConfig, EncoderConfig, GraphConfig, LMConfig
from cgm.protocols import Message
from cgm.text_graph import TextGraph

_CORPUS = ["def total(items): return sum(items)", "class Cart: pass", "FUNCTION shop/cart.py:Cart.total", "fix the bug"]
_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
_SIZES = {
    "vocab_size": 320,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 512,
    "initializer_range": 0.3,  # or every tiny model says the same of everything
}
QUESTION = (Message("system", "You repair code."), Message("user", "total() forgets an item"))
GRAPH = TextGraph(
    texts=(
        "FILE shop/cart.py\nimport price",
        "CLASS shop/cart.py:Cart\nclass Cart:",
        "FUNCTION shop/cart.py:Cart.total\ndef total(self): return sum(self.items[:-1])",
        "FUNCTION shop/price.py:price\ndef price(item): return item.price",
    ),
    edges=((0, 0, 1), (0, 1, 2), (2, 2, 3), (1, 0, 3)),
    anchors=(2,),
)


def _tokenizer() -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    specials = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        _CORPUS, trainers.BpeTrainer(vocab_size=300, special_tokens=specials, initial_alphabet=alphabet)
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|endoftext|>", pad_token="<|endoftext|>", model_max_length=512
    )
    fast.add_special_tokens({"additional_special_tokens": specials[1:]})
    fast.chat_template = _TEMPLATE
    return fast


def _model(family: str) -> Any:
    import torch
    import transformers

    torch.manual_seed(0)
    if family == "bert":
        return transformers.BertModel(transformers.BertConfig(**_SIZES))
    grouped = _SIZES | {"num_key_value_heads": 2}
    if family == "llama":
        return transformers.LlamaForCausalLM(transformers.LlamaConfig(**grouped, tie_word_embeddings=True))
    return transformers.Qwen2ForCausalLM(transformers.Qwen2Config(**grouped, tie_word_embeddings=True))


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Threads wait for each other longer than tiny models compute."""
    if importlib.util.find_spec("torch"):
        import torch

        torch.set_num_threads(1)


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """A folder for each family: qwen2, llama, bert."""
    root = tmp_path_factory.mktemp("hub")

    def folder(family: str) -> str:
        path: Path = root / family
        if not path.exists():
            _model(family).save_pretrained(path)
            _tokenizer().save_pretrained(path)
        return str(path)

    return folder


@pytest.fixture
def make(hub: Callable[[str], str]) -> Callable[..., Any]:
    """Build a small model; keywords are settings of the groups that they belong to."""
    pytest.importorskip("torch", reason="the extra code-graph-model is not installed")
    from cgm.model.checkpoint import build_model

    def build(family: str = "qwen2", *, encoder: str = "lm", adapter: str = "mlp", **settings: Any) -> Any:
        if adapter in ("gat", "sage"):  # its own imports warn, which only pytest's import takes calmly
            pytest.importorskip("torch_geometric", reason="the extra code-graph-model is not installed")
        graph = {name: settings.pop(name) for name in GraphConfig.__dataclass_fields__ if name in settings}
        chunk_tokens = settings.pop("chunk_tokens", 16)
        attention = settings.pop("attention", "sdpa")
        config = CodeGraphConfig(
            lm=LMConfig(path=hub(family), attention=attention, dtype="float32"),
            encoder=EncoderConfig(kind=encoder, path=hub("bert") if encoder == "hf" else "", chunk_tokens=chunk_tokens),
            adapter=AdapterConfig(kind=adapter, hidden=24),
            graph=GraphConfig(**graph),
            **settings,
        )
        import torch

        torch.manual_seed(1)
        loaded = build_model(config)
        loaded.model.eval()
        return loaded

    return build


@pytest.fixture
def question() -> tuple[Message, ...]:
    return QUESTION


@pytest.fixture
def graph() -> TextGraph:
    return GRAPH
