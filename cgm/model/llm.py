"""A Code Graph Model as a chat model, so that the Reader asks it like any other.

Knows how messages, and the graph beside one of them, become a row of the model and its answer text. Does not know
attention or encoders, and imports torch only when it is first asked.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cgm.errors import ConfigError, InputError, ModelUnavailableError, require
from cgm.model.folder import identify, read_settings
from cgm.protocols import Answer, AnswerForm, Message, Sampling
from cgm.text_graph import TextGraph
from cgm.weights import first_line

_EXTRA = "llm=code_graph_model needs torch and transformers: pip install 'r4-cgm[code-graph-model]'"


@dataclass
class CodeGraphLLMConfig:
    """Settings of `CodeGraphLLM`."""

    path: str = ""  # the folder of a trained model
    device: str = "auto"  # auto: a GPU where there is one
    graph_nodes: int = 256  # of the subgraph, best first; 0: text alone
    context_tokens: int = 8192  # of graph, prompt and answer together

    def __post_init__(self) -> None:
        require(self.graph_nodes >= 0, "llm.graph_nodes must be >= 0", self.graph_nodes)
        require(self.context_tokens >= 1, "llm.context_tokens must be >= 1", self.context_tokens)


class CodeGraphLLM:
    """A trained Code Graph Model in this process, loaded when it is first asked.

    It reads the graph that stands beside a message, and answers from the text alone where there is none. A constraint
    on the answer's form is left out.
    """

    def __init__(self, config: CodeGraphLLMConfig) -> None:
        require(bool(config.path), "llm.path must be the folder of a Code Graph Model", config.path)
        self.config = config
        self._folder = Path(config.path)
        self._loaded: Any = None

    @property
    def name(self) -> str:
        """The folder's name and the beginning of its weights' sha256."""
        return f"{self._folder.name}-{identify(self._folder)[:8]}"

    @property
    def graph_nodes(self) -> int:
        """How many nodes of a graph it reads; none if it was made for text alone."""
        return 0 if read_settings(self._folder).adapter.kind == "none" else self.config.graph_nodes

    def generate(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        form: AnswerForm | None = None,  # noqa: ARG002
    ) -> Sequence[Answer]:
        """Decode all answers as one batch. Raises as `LLM.generate`."""
        require(sampling.count >= 1, "sampling.count must be >= 1", sampling.count)
        loaded = self._load()
        sample = loaded.samples.build(messages, _graph(messages))
        if len(sample) + sampling.max_tokens > self.config.context_tokens:
            asked = f"{len(sample)} + {sampling.max_tokens}"
            raise ModelUnavailableError(
                f"{self.name}: graph, prompt and answer must fit in {self.config.context_tokens} tokens "
                f"(llm.context_tokens), got {asked}"
            )
        return self._decode(loaded, sample, sampling)

    def _decode(self, loaded: Any, sample: Any, sampling: Sampling) -> list[Answer]:
        from cgm.model.batch import collate
        from cgm.model.generation import Decoding, generate

        chat, model = loaded.samples.chat, loaded.model
        decoding = Decoding(
            chat.stops(model.lm.generation_config),
            sampling.max_tokens,
            sampling.temperature,
            sampling.top_p,
            sampling.count,
            sampling.seed,
        )
        batch = collate([[sample]], chat.padding).to(model.lm.device)
        (made,) = generate(model, batch, decoding, _complete(chat, sampling.stop))
        answers = []
        for index, one in enumerate(made):
            text = _cut(chat.text(one.tokens), sampling.stop)
            finish = "stop" if one.stopped else "length"
            answers.append(Answer(text, 0 if index else len(sample), len(one.tokens), finish))
        return answers

    def _load(self) -> Any:
        if self._loaded is None:
            try:
                from cgm.model.checkpoint import load_model
            except ImportError as error:
                raise ModelUnavailableError(f"{_EXTRA}: {first_line(error)}") from error
            self._loaded = load_model(self._folder, device=_device(self.config.device))
        return self._loaded


def _graph(messages: Sequence[Message]) -> TextGraph | None:
    """The graph beside the messages.

    Raises:
        InputError: there are several.
    """
    graphs = [message.graph for message in messages if message.graph is not None]
    if len(graphs) > 1:
        raise InputError(f"a model reads one graph at a time, got {len(graphs)}")
    return graphs[0] if graphs else None


def _complete(chat: Any, stop: Sequence[str]) -> Callable[[Sequence[int]], bool] | None:
    """Whether one of the texts that end an answer stands at the end of its tokens."""
    if not stop:
        return None
    # a character may take several tokens, and a token begin before the text
    tail = 4 * max(map(len, stop))
    return lambda tokens: any(text in chat.text(tokens[-tail:]) for text in stop)


def _cut(text: str, stop: Sequence[str]) -> str:
    return text[: min([at for at in map(text.find, stop) if at >= 0], default=len(text))]


def _device(wanted: str) -> str:
    import torch

    if wanted != "auto":
        try:
            return str(torch.device(wanted))
        except RuntimeError as error:
            raise ConfigError(f"llm.device must be a device of torch, got {wanted!r}") from error
    return "cuda" if torch.cuda.is_available() else "cpu"
