"""Chat models: any OpenAI-compatible server, or a GGUF file in this process.

The only module that reaches a language model. Knows how a request becomes each backend's own, and how it fails. Does
not know what is asked, where a local model's file comes from (`cgm.weights`), nor older answers (`cgm.recorded`).
"""

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cgm.errors import AnswerError, ModelUnavailableError, require
from cgm.keys import read_key, without_key
from cgm.protocols import Answer, AnswerForm, Message, Sampling, as_text
from cgm.weights import DEFAULT_MODEL, converted, fetch_hub, fetch_model, first_line

_PUBLIC = "https://api.openai.com/v1"
_TOKENIZED = 8192  # tokens at which the local backend cuts a prompt off and says nothing
_CHARACTERS = 4  # of a token, where a server does not count them
_KINDS = ("json_schema", "regex", "grammar")
# what each server calls a constraint, beside the response_format that all of them take for a JSON schema
_DIALECTS: dict[str, dict[str, tuple[str, ...]]] = {
    "openai": {},
    "vllm": {"regex": ("structured_outputs", "regex"), "grammar": ("structured_outputs", "grammar")},
    "guided": {"regex": ("guided_regex",), "grammar": ("guided_grammar",)},
    "sglang": {"regex": ("regex",), "grammar": ("ebnf",)},
    "none": {},
}


@dataclass
class OpenAIConfig:
    """Settings of `OpenAILLM`; prices are US dollars per million tokens."""

    model: str = ""
    base_url: str = _PUBLIC
    key_variable: str = "OPENAI_API_KEY"  # the environment variable that holds the key; empty: the server needs none
    timeout: float = 120.0  # seconds
    retries: int = 4  # after 429, 5xx and broken connections, with growing pauses
    dialect: str = "openai"  # how constraints are worded: openai, vllm, guided (older vLLM), sglang, none
    prompt_price: float = 0.0
    completion_price: float = 0.0

    def __post_init__(self) -> None:
        require(self.timeout > 0, "llm.timeout must be > 0", self.timeout)
        require(self.retries >= 0, "llm.retries must be >= 0", self.retries)
        require(self.dialect in _DIALECTS, f"llm.dialect must be one of {', '.join(_DIALECTS)}", self.dialect)
        for name in ("prompt_price", "completion_price"):
            require(getattr(self, name) >= 0, f"llm.{name} must be >= 0", getattr(self, name))
        known = self.base_url.startswith(("http://", "https://"))
        require(known, "llm.base_url must start with http:// or https://", self.base_url)


class OpenAILLM:
    """A model behind an OpenAI-compatible server. A constraint that the dialect has no words for is left out."""

    graph_nodes = 0

    def __init__(self, config: OpenAIConfig) -> None:
        # it takes half a second to load, which only a run that asks a server pays for
        from openai import OpenAI

        require(bool(config.model), "llm.model must name the server's model", config.model)
        self.config = config
        self._key = read_key("llm", config.key_variable)
        self._client = OpenAI(
            api_key=self._key or "none", base_url=config.base_url, timeout=config.timeout, max_retries=config.retries
        )

    @property
    def name(self) -> str:
        """The model, and the server unless it is the public one."""
        server = self.config.base_url.partition("://")[2].rstrip("/")
        return self.config.model if self.config.base_url == _PUBLIC else f"{self.config.model}@{server}"

    def generate(
        self, messages: Sequence[Message], sampling: Sampling, form: AnswerForm | None = None
    ) -> Sequence[Answer]:
        """Ask the server, again where it gives fewer answers at once than wanted. Raises as `LLM.generate`."""
        _check(sampling, form)
        answers: list[Answer] = []
        while len(answers) < sampling.count:
            missing = dataclasses.replace(
                sampling, count=sampling.count - len(answers), seed=sampling.seed + len(answers)
            )
            answers += self._read(self._ask(_request(self.config, messages, missing, form)), messages)
        return answers[: sampling.count]

    def _ask(self, request: Mapping[str, Any]) -> str:
        import openai

        config = self.config
        try:
            return self._client.chat.completions.with_raw_response.create(**request).text
        except openai.APITimeoutError as error:
            rule = f"did not answer within {config.timeout:g} s (llm.timeout)"
            raise ModelUnavailableError(f"{config.base_url} {rule}") from error
        except openai.APIStatusError as error:
            rule = f"refused the request with status {error.status_code}"
            raise ModelUnavailableError(f"{config.base_url} {rule}: {without_key(error.message, self._key)}") from error
        except openai.OpenAIError as error:
            reason = without_key(error.__cause__ or error, self._key)
            raise ModelUnavailableError(f"{config.base_url} cannot be reached: {reason}") from error

    def _read(self, reply: str, messages: Sequence[Message]) -> list[Answer]:
        config = self.config
        try:
            row = json.loads(reply)
            read = [_choice(choice) for choice in row["choices"]]
            usage = row.get("usage") or {}
            spent = (usage.get("prompt_tokens"), usage.get("completion_tokens"))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            shown = without_key(reply, self._key)[:80]
            raise AnswerError(f"{config.base_url} must answer with a chat completion, got {shown!r}") from error
        if not read:
            raise AnswerError(f"{config.base_url} must answer with at least one choice, got none")
        return _priced(read, _spent(spent, messages, read), config)


def _request(
    config: OpenAIConfig, messages: Sequence[Message], sampling: Sampling, form: AnswerForm | None
) -> dict[str, Any]:
    request: dict[str, Any] = {
        "model": config.model,
        "messages": as_text(messages),
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": sampling.max_tokens,
        "n": sampling.count,
        "seed": sampling.seed,
    }
    if sampling.stop:
        request["stop"] = list(sampling.stop)
    return request | (_constraint(config.dialect, form) if form else {})


def _constraint(dialect: str, form: AnswerForm) -> dict[str, Any]:
    if form.kind == "json_schema" and dialect != "none":
        schema = {"name": "answer", "schema": json.loads(form.definition)}
        return {"response_format": {"type": "json_schema", "json_schema": schema}}
    value: Any = form.definition
    keys = _DIALECTS[dialect].get(form.kind, ())
    for key in reversed(keys):
        value = {key: value}
    return {"extra_body": value} if keys else {}


def _choice(choice: Mapping[str, Any]) -> tuple[str, str]:
    """(text, finish) of one choice; no text is an answer only where the length was used up before any."""
    finish = "length" if choice.get("finish_reason") == "length" else "stop"
    text = choice["message"]["content"]
    if text is None and finish == "length":
        text = ""
    if not isinstance(text, str):
        raise TypeError("a choice has no text")
    return text, finish


def _spent(
    counted: tuple[Any, Any], messages: Sequence[Message], read: Sequence[tuple[str, str]]
) -> tuple[int, list[int]]:
    """Tokens of the prompt and of each answer; estimated from the text where the server counts none."""
    prompt, completion = counted
    if not isinstance(prompt, int):
        prompt = sum(len(message.content) for message in messages) // _CHARACTERS
    lengths = [len(text) // _CHARACTERS + 1 for text, _ in read]
    if not isinstance(completion, int):
        return prompt, lengths
    shares = [completion * length // sum(lengths) for length in lengths]
    shares[0] += completion - sum(shares)
    return prompt, shares


def _priced(read: Sequence[tuple[str, str]], spent: tuple[int, Sequence[int]], config: OpenAIConfig) -> list[Answer]:
    answers = []
    for index, ((text, finish), tokens) in enumerate(zip(read, spent[1], strict=True)):
        prompt = 0 if index else spent[0]
        cost = (prompt * config.prompt_price + tokens * config.completion_price) / 1e6
        answers.append(Answer(text, prompt, tokens, finish, cost))
    return answers


@dataclass
class LocalConfig:
    """Settings of `LocalLLM`."""

    path: str = ""  # a GGUF file; empty: `file` of `repo`, or without a repo a model of 1.5 B parameters
    repo: str = ""  # of the model hub, with `file`
    file: str = ""
    folder: str = ""  # where models are kept; empty: models in the run's cache_dir
    precision: str = "f32"  # of activations: f32 answers faster on a CPU, bf16 reads prompts faster where it has AMX
    context_tokens: int = _TOKENIZED  # of prompt and answer together
    cache_gib: float = 2.0  # memory for what was read before, so that a prompt is read once for many answers
    threads: int = 0  # 0: as the backend sees fit; fewer than there are cores where other work keeps some of them busy

    def __post_init__(self) -> None:
        require(self.threads >= 0, "llm.threads must be >= 0", self.threads)
        require(self.precision in ("f32", "bf16", "f16"), "llm.precision must be f32, bf16 or f16", self.precision)
        fits = 1 <= self.context_tokens <= _TOKENIZED
        require(fits, f"llm.context_tokens must be from 1 to {_TOKENIZED}", self.context_tokens)
        require(self.cache_gib > 0, "llm.cache_gib must be > 0", self.cache_gib)
        require(bool(self.repo) == bool(self.file), "llm.repo and llm.file must be given together", self.repo)


class LocalLLM:
    """A GGUF model in this process, loaded when it is first asked.

    `models` is where models are kept unless the settings say so. The first load of a file rewrites it in OpenVINO's own
    format beside them, which later loads in seconds.
    """

    graph_nodes = 0

    def __init__(self, config: LocalConfig, *, models: Path) -> None:
        self.config = config
        self._folder = Path(config.folder) if config.folder else models
        self._pipeline: Any = None

    @property
    def name(self) -> str:
        """The stem of the model's file."""
        config = self.config
        return Path(config.path or config.file or f"{DEFAULT_MODEL.name}.gguf").stem

    def generate(
        self, messages: Sequence[Message], sampling: Sampling, form: AnswerForm | None = None
    ) -> Sequence[Answer]:
        """Decode all answers as one batch. Raises as `LLM.generate`."""
        _check(sampling, form)
        self._load()
        tokenizer = self._pipeline.get_tokenizer()
        prompt = self._encode(tokenizer, messages, sampling)
        answers: list[Answer] = []
        for result in self._decode(prompt, sampling, form):
            tokens = result.m_generation_ids[0]
            finish = "length" if result.finish_reasons[0].name == "LENGTH" else "stop"
            read = 0 if answers else prompt.shape[1]
            answers.append(Answer(tokenizer.decode(tokens), read, len(tokens), finish))
        return answers

    def _encode(self, tokenizer: Any, messages: Sequence[Message], sampling: Sampling) -> Any:
        import openvino_genai

        history = openvino_genai.ChatHistory(as_text(messages))
        text = tokenizer.apply_chat_template(history, add_generation_prompt=True)
        tokens = tokenizer.encode(text, add_special_tokens=False).input_ids
        if tokens.shape[1] + sampling.max_tokens > self.config.context_tokens:
            asked = f"{tokens.shape[1]} + {sampling.max_tokens}"
            raise ModelUnavailableError(
                f"{self.name}: prompt and answer must fit in {self.config.context_tokens} tokens "
                f"(llm.context_tokens), got {asked}"
            )
        return tokens

    def _decode(self, prompt: Any, sampling: Sampling, form: AnswerForm | None) -> Any:
        settings = [_generation(sampling, form, index) for index in range(sampling.count)]
        try:
            if sampling.count > 1:  # or every answer would read the prompt by itself
                self._pipeline.generate([prompt], [_generation(Sampling(max_tokens=1), None, 0)])
            return self._pipeline.generate([prompt] * len(settings), settings)
        except RuntimeError as error:
            raise ModelUnavailableError(f"{self.name} refused the request: {_reason(error)}") from error

    def _load(self) -> None:
        if self._pipeline is not None:
            return
        path = self._find()
        try:
            self._pipeline = _open_model(converted(path, self._folder), self.config)
        except (RuntimeError, OSError, ValueError, IndexError) as error:  # the backend's own errors are all of these
            raise ModelUnavailableError(f"{path} cannot be loaded as a model: {_reason(error)}") from error

    def _find(self) -> Path:
        config = self.config
        if config.path:
            path = Path(config.path)
            if not path.is_file():
                raise ModelUnavailableError(f"llm.path must be a GGUF file, got {config.path!r}")
            return path
        return fetch_hub(config.repo, config.file) if config.repo else fetch_model(DEFAULT_MODEL, self._folder)


def _generation(sampling: Sampling, form: AnswerForm | None, index: int) -> Any:
    """The backend's settings of answer `index`; each has its own, as answers that share one share a grammar's state."""
    import openvino_genai

    settings = openvino_genai.GenerationConfig()
    settings.max_new_tokens = sampling.max_tokens
    settings.do_sample = sampling.temperature > 0
    if settings.do_sample:
        settings.temperature, settings.top_p = sampling.temperature, sampling.top_p
        settings.rng_seed = sampling.seed * 10_007 + index  # neighbouring seeds share no answers
    if sampling.stop:
        settings.stop_strings = set(sampling.stop)
    if form:
        settings.structured_output_config = openvino_genai.StructuredOutputConfig(**{form.kind: form.definition})
    return settings


def _open_model(folder: Path, config: LocalConfig) -> Any:
    import openvino_genai

    scheduler = openvino_genai.SchedulerConfig()
    scheduler.cache_size = max(1, round(config.cache_gib))
    scheduler.enable_prefix_caching = True
    settings: dict[str, str | int] = {"INFERENCE_PRECISION_HINT": config.precision}
    if config.threads:
        settings["INFERENCE_NUM_THREADS"] = config.threads
    return openvino_genai.ContinuousBatchingPipeline(str(folder), scheduler, "CPU", settings)


def _reason(error: Exception) -> str:
    """The backend's words, without the places in its own source that it puts before them."""
    return first_line(re.sub(r"^.*\.(?:cc|cpp|hpp):\d+:\s*", "", str(error).strip()))


def _check(sampling: Sampling, form: AnswerForm | None) -> None:
    require(sampling.count >= 1, "sampling.count must be >= 1", sampling.count)
    if form:
        require(form.kind in _KINDS, f"form.kind must be one of {', '.join(_KINDS)}", form.kind)
