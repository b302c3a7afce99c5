"""The seams: what a stage is, what a model is, and what a stage may see of a repository.

Knows only shapes. Every implementation is an option found in `launch.schema`.

Legend: D documents, K dimensions of a vector, Q queries.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cgm.artifacts import Issue, Patch, Ranking, Rewrite, Subgraph
from cgm.graph import CodeGraph
from cgm.history import History
from cgm.text_graph import TextGraph


@dataclass(frozen=True)
class Message:
    """One turn of a chat; `role` is system, user or assistant.

    `graph` is for models that read graphs (`LLM.graph_nodes`); others take the text alone.
    """

    role: str
    content: str
    graph: TextGraph | None = None


def as_text(messages: Sequence[Message]) -> list[dict[str, str]]:
    """The turns as chat templates and servers take them: text alone."""
    return [{"role": message.role, "content": message.content} for message in messages]


@dataclass(frozen=True)
class Sampling:
    """How to decode: `count` independent answers of at most `max_tokens` tokens; temperature 0 is greedy."""

    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int = 1024
    count: int = 1
    seed: int = 0
    stop: tuple[str, ...] = ()


@dataclass(frozen=True)
class AnswerForm:
    """A constraint that every answer satisfies, by constrained decoding where the backend can.

    `kind` is json_schema (a JSON schema as text), regex, or grammar (EBNF as XGrammar and llguidance read it).
    """

    kind: str
    definition: str


@dataclass(frozen=True)
class Answer:
    """One answer with its cost; `finish` is stop or length; `cached` if no model was asked.

    The prompt's tokens are counted on the first answer of a request only. `cost` is in US dollars: what the answer
    cost when the model gave it, also where it is cached.
    """

    text: str
    prompt_tokens: int
    completion_tokens: int
    finish: str = "stop"
    cost: float = 0.0
    cached: bool = False


class LLM(Protocol):
    """A chat model."""

    @property
    def name(self) -> str:
        """The model's identity, as it enters cache keys and predictions."""

    @property
    def graph_nodes(self) -> int:
        """How many nodes of a graph it reads beside the text at most; 0 for a model that reads text alone."""

    def generate(
        self, messages: Sequence[Message], sampling: Sampling, form: AnswerForm | None = None
    ) -> Sequence[Answer]:
        """Return `sampling.count` answers.

        Raises:
            ModelUnavailableError: the model cannot be reached or loaded.
            AnswerError: its reply is not an answer.
        """


@dataclass(frozen=True, eq=False)
class LexicalIndex:
    """Term counts of D documents in F fields over a vocabulary of V terms, as postings.

    Document d is graph node `nodes[d]`. The postings of term t in field f are
    `documents[f][indptr[f][t]:indptr[f][t+1]]` with `counts[f]` beside them, ascending by document.
    """

    nodes: NDArray[np.int32]  # D
    vocabulary: Mapping[str, int]
    fields: tuple[str, ...]  # F
    indptr: tuple[NDArray[np.int64], ...]  # F of (V + 1)
    documents: tuple[NDArray[np.int32], ...]  # F of (postings)
    counts: tuple[NDArray[np.uint16], ...]  # F of (postings)


@dataclass(frozen=True, eq=False)
class DenseIndex:
    """Unit vectors of D documents, and whatever arrays the embedder needs to embed a query beside them."""

    nodes: NDArray[np.int32]  # D
    vectors: NDArray[np.float32]  # D, K
    state: Mapping[str, NDArray[Any]] = field(default_factory=dict)


class Sources(Protocol):
    """The text of a snapshot's files."""

    def read(self, path: str) -> str:
        """The file's text, undecodable bytes replaced.

        Raises:
            RepositoryError: the snapshot has no such file.
        """


@dataclass(frozen=True, eq=False)
class Codebase:
    """All that a stage may see of a repository at a commit.

    `dense` is there only where the Retriever asks for it, `history` where preprocessing reads it and there is git.
    """

    snapshot: str
    graph: CodeGraph
    lexical: LexicalIndex
    sources: Sources
    dense: DenseIndex | None = None
    history: History | None = None


class BlobStore(Protocol):
    """Bytes under keys; what cannot be kept or found counts as absent."""

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """What the store holds of `keys`."""

    def put_many(self, values: Mapping[str, bytes]) -> None:
        """Keep values."""


class Embedder(Protocol):
    """Turns documents and queries into unit vectors of one space."""

    @property
    def name(self) -> str:
        """The model's identity, as it enters cache keys."""

    def index(self, codebase: Codebase) -> DenseIndex:
        """Embed every document of the codebase's lexical index."""

    def embed_queries(self, queries: Sequence[str], codebase: Codebase) -> NDArray[np.float32]:
        """Embed queries, shape (Q, K), against `codebase.dense`."""


class Rewriter(Protocol):
    """Stage 1."""

    def rewrite(self, issue: Issue) -> Rewrite:
        """Put an issue in terms of code."""


class Retriever(Protocol):
    """Stage 2."""

    @property
    def needs_vectors(self) -> bool:
        """Whether `Codebase.dense` must be there."""

    def retrieve(self, issue: Issue, rewrite: Rewrite, codebase: Codebase) -> Subgraph:
        """Find anchors and the connected subgraph around them."""


class Reranker(Protocol):
    """Stage 3."""

    def rerank(self, issue: Issue, rewrite: Rewrite, subgraph: Subgraph, codebase: Codebase) -> Ranking:
        """Order the subgraph's files and functions by how likely the repair edits them."""


@dataclass(frozen=True)
class CheckResult:
    """Whether a changed repository passes a check, and the last lines that the check printed."""

    passed: bool
    output: str


class Check(Protocol):
    """Runs something, such as a reproduction script, on a repository whose files have been changed."""

    def run(self, changed: Mapping[str, str]) -> CheckResult:
        """Run on the repository with the files of `changed` (path to new text) in place of its own.

        Raises:
            SandboxError: it could not be run in isolation, or did not finish.
        """


@dataclass(frozen=True)
class SuiteResult:
    """Which tests passed, what those that failed said in a line each, and the last lines that were printed."""

    passed: frozenset[str]
    failed: Mapping[str, str] = field(default_factory=dict)
    output: str = ""


class Bench(Protocol):
    """Runs tests and code of an issue's repository at its base commit, with some files changed."""

    def test(self, issue: Issue, files: Sequence[str], changed: Mapping[str, str]) -> SuiteResult:
        """Run test files of the base commit; no test passes where they do not come to an end.

        Raises:
            ConfigError: the repository cannot be tried here.
            InputError: its row does not say how its tests run, or the repository is at fault.
            SandboxError: they could not be run in isolation.
            StorageError: there is no room.
        """

    def run(self, issue: Issue, code: str, changed: Mapping[str, str]) -> CheckResult:
        """Run Python code, which passes if it comes to its end without an error. Raises as `test`."""


class Reader(Protocol):
    """Stage 4."""

    def read(self, issue: Issue, subgraph: Subgraph, ranking: Ranking, codebase: Codebase) -> Patch:
        """Repair the code."""
