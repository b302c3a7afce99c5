"""Any code graph; tiny models of three families, and a graph and a question for them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from cgm.details import DetailRows, NodeDetails, Parameter, encode_details
from cgm.graph import CodeGraph, EdgeKind, NodeKind
from cgm.model.config import AdapterConfig, CodeGraphConfig, EncoderConfig, GraphConfig, LMConfig
from cgm.protocols import Message
from cgm.text_graph import TextGraph

# any characters, controls and lone surrogates too
_TEXT = st.text(st.characters(), max_size=6)
_LINES = st.integers(0, 2**31 - 1)
_DETAILS = st.builds(
    NodeDetails,
    _TEXT,
    st.lists(st.builds(Parameter, _TEXT, _TEXT, _TEXT), max_size=2).map(tuple),
    _TEXT,
    st.lists(_TEXT, max_size=2).map(tuple),
    _TEXT,
)


@st.composite
def _code_graphs(draw: st.DrawFn) -> CodeGraph:
    size = draw(st.integers(1, 8))

    def column(values: st.SearchStrategy[int]) -> "np.ndarray[tuple[int], np.dtype[np.int32]]":
        return np.array(draw(st.lists(values, min_size=size, max_size=size)), dtype=np.int32)

    names = st.lists(_TEXT, min_size=size, max_size=size).map(tuple)
    ends, confidences = st.integers(0, size - 1), st.floats(2**-20, 1.0, width=32)
    kinds = st.sampled_from([kind for kind in EdgeKind if kind != EdgeKind.CONTAINS])
    edges = draw(st.lists(st.tuples(kinds, ends, ends, confidences, _LINES), max_size=6))
    edges += [(EdgeKind.CONTAINS, draw(st.integers(0, node - 1)), node, 1.0, 0) for node in range(1, size)]
    edges = draw(st.permutations(edges))
    details = [draw(_DETAILS) for _ in range(size)]
    return CodeGraph(
        node_kind=np.array([0, *(draw(st.integers(1, len(NodeKind) - 1)) for _ in range(1, size))], dtype=np.uint8),
        node_name=draw(names),
        node_path=draw(names),
        node_start=column(_LINES),
        node_end=column(_LINES),
        edge_kind=np.array([edge[0] for edge in edges], dtype=np.uint8),
        edge_source=np.array([edge[1] for edge in edges], dtype=np.int32),
        edge_target=np.array([edge[2] for edge in edges], dtype=np.int32),
        edge_confidence=np.array([edge[3] for edge in edges], dtype=np.float32),
        edge_line=np.array([edge[4] for edge in edges], dtype=np.int32),
        unlinked=draw(st.dictionaries(_TEXT, st.integers(1, 9), max_size=2)),
        node_complexity=column(_LINES),
        node_details=DetailRows("".join(map(encode_details, details)).encode("ascii")),
    )


@pytest.fixture(scope="session")
def code_graphs() -> st.SearchStrategy[CodeGraph]:
    """Any code graph, however odd its texts."""
    return _code_graphs()


@pytest.fixture(scope="session")
def content_of() -> Callable[[CodeGraph], dict[str, object]]:
    """All that a graph holds, as plain values."""

    def content(graph: CodeGraph) -> dict[str, object]:
        columns = {name: getattr(graph, name) for name in graph.__dataclass_fields__}
        plain = {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in columns.items()}
        return plain | {"node_details": [graph.details(node) for node in range(len(graph))]}

    return content


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
    if family == "wide":
        grouped |= {"hidden_size": 64, "intermediate_size": 64}
    return transformers.Qwen2ForCausalLM(transformers.Qwen2Config(**grouped, tie_word_embeddings=True))


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """A folder for each family of tiny models with random weights, as a hub has them: qwen2, llama, bert, wide."""
    torch = pytest.importorskip("torch", reason="the extra code-graph-model is not installed")
    torch.set_num_threads(1)  # threads wait for each other longer than tiny models compute
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
