"""Answers that were given before: recorded in a file to be replayed, or kept so that no model is asked twice.

Knows how requests are told apart. Does not know how a model is reached (`cgm.llm`).
"""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cgm.artifacts import from_row, to_row
from cgm.errors import ArtifactError, ModelUnavailableError, require
from cgm.protocols import LLM, Answer, AnswerForm, Message, Sampling, as_text
from cgm.store import BlobCache, append_row, fingerprint, read_rows


@dataclass
class ReplayConfig:
    """Settings of `ReplayLLM`."""

    path: str = ""  # JSON lines that `RecordingLLM` wrote


class ReplayLLM:
    """Answers as they were recorded, and nothing else. The test double of a chat model."""

    def __init__(self, config: ReplayConfig) -> None:
        require(bool(config.path), "llm.path must be a file of recorded answers", config.path)
        self.config = config
        self._name, self._graph_nodes, self._recorded = _read_recording(Path(config.path))

    @property
    def name(self) -> str:
        """The name of the model that was recorded."""
        return self._name

    @property
    def graph_nodes(self) -> int:
        """The nodes that the recorded model read."""
        return self._graph_nodes

    def generate(
        self, messages: Sequence[Message], sampling: Sampling, form: AnswerForm | None = None
    ) -> Sequence[Answer]:
        """Look the request up.

        Raises:
            ModelUnavailableError: it was not recorded.
        """
        key = request_key(self._name, messages, sampling, form)
        if key not in self._recorded:
            raise ModelUnavailableError(f"{self.config.path} must hold the answer to every request, got none for {key}")
        return [_as_cached(answer) for answer in self._recorded[key]]


class RecordingLLM:
    """Asks a model and appends its answers to a file that `ReplayLLM` reads."""

    def __init__(self, llm: LLM, path: Path) -> None:
        self._llm = llm
        self._path = path

    @property
    def name(self) -> str:
        """The name of the model within."""
        return self._llm.name

    @property
    def graph_nodes(self) -> int:
        """The nodes that the model within reads."""
        return self._llm.graph_nodes

    def generate(
        self, messages: Sequence[Message], sampling: Sampling, form: AnswerForm | None = None
    ) -> Sequence[Answer]:
        """Ask the model within. Raises as it does, and StorageError where the file cannot be written."""
        answers = self._llm.generate(messages, sampling, form)
        key = request_key(self.name, messages, sampling, form)
        row = {"key": key, "model": self.name, "answers": [to_row(answer) for answer in answers]}
        append_row(self._path, row | ({"graph_nodes": self.graph_nodes} if self.graph_nodes else {}))
        return answers


class CachedLLM:
    """Asks a model only what it was not asked before.

    `identity` holds what tells two models of the same name apart, such as the settings that shape their answers.
    """

    def __init__(self, llm: LLM, *, answers: BlobCache, identity: str = "") -> None:
        self._llm = llm
        self._answers = answers
        self._identity = identity

    @property
    def name(self) -> str:
        """The name of the model within."""
        return self._llm.name

    @property
    def graph_nodes(self) -> int:
        """The nodes that the model within reads."""
        return self._llm.graph_nodes

    def generate(
        self, messages: Sequence[Message], sampling: Sampling, form: AnswerForm | None = None
    ) -> Sequence[Answer]:
        """Answer from the cache, or ask the model within and keep what it says. Raises as it does."""
        key = fingerprint(self._identity, request_key(self.name, messages, sampling, form))
        kept = _kept(self._answers.get(key))
        if kept:
            return [_as_cached(answer) for answer in kept]
        answers = self._llm.generate(messages, sampling, form)
        self._answers.put(key, json.dumps([to_row(answer) for answer in answers]).encode())
        return answers


def request_key(model: str, messages: Sequence[Message], sampling: Sampling, form: AnswerForm | None) -> str:
    """Hash a request, so that equal requests to the same model have equal keys."""
    graphs = [dataclasses.asdict(message.graph) for message in messages if message.graph]
    turns = as_text(messages) + graphs
    return fingerprint(model, turns, dataclasses.asdict(sampling), dataclasses.asdict(form) if form else None)


def _as_cached(answer: Answer) -> Answer:
    return dataclasses.replace(answer, cached=True)


def _answers(rows: Any) -> list[Answer]:
    return [from_row(Answer, row) for row in rows]


def _kept(entry: bytes | None) -> list[Answer]:
    """The answers of a cache entry; none where it is absent or damaged."""
    try:
        return _answers(json.loads(entry)) if entry else []
    except (ValueError, TypeError, ArtifactError):
        return []


def _read_recording(path: Path) -> tuple[str, int, dict[str, list[Answer]]]:
    """The model's name, the nodes of a graph that it read, and its answers by request."""
    recorded: dict[str, list[Answer]] = {}
    names: set[tuple[str, int]] = set()
    for number, row in read_rows(path):
        try:
            recorded.setdefault(row["key"], _answers(row["answers"]))
            names.add((row["model"], row.get("graph_nodes", 0)))
        except (KeyError, TypeError) as error:
            raise ArtifactError(f"{path}:{number}: a recorded answer must have key, model and answers") from error
    if len(names) > 1:
        raise ArtifactError(f"{path}: must record one model, got {', '.join(sorted(name for name, _ in names))}")
    return *next(iter(names), ("replay", 0)), recorded
