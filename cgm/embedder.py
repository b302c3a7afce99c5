"""Embedders: documents and queries as unit vectors of one space.

`lsa` is fitted on the repository itself and needs no weights; `sentence_transformer` runs a neural model in the
process; `openai` asks any server with an OpenAI-compatible embeddings endpoint. Knows models and their caches. Does not
know how vectors are searched (`retriever.dense`).

Legend: D documents, V terms, K dimensions, Q queries.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from cgm.encoding import encodable
from cgm.errors import AnswerError, ModelUnavailableError, require
from cgm.graph import CodeGraph
from cgm.keys import read_key, without_key
from cgm.protocols import BlobStore, Codebase, DenseIndex, LexicalIndex
from cgm.text import STOP_WORDS, node_text, split_lines, terms

Vectors = NDArray[np.float32]
_PUBLIC = "https://api.openai.com/v1"


@dataclass
class LsaConfig:
    """Size of the space, the terms it is made of, and the seed of the randomised decomposition."""

    dimensions: int = 128
    min_documents: int = 2  # a term in fewer says nothing about others
    max_share: float = 0.3  # of the documents; a term in more says nothing at all
    max_terms: int = 30_000
    seed: int = 0

    def __post_init__(self) -> None:
        require(self.dimensions >= 1, "embedder.dimensions must be >= 1", self.dimensions)
        require(self.min_documents >= 1, "embedder.min_documents must be >= 1", self.min_documents)
        require(0 < self.max_share <= 1, "embedder.max_share must lie in (0, 1]", self.max_share)
        require(self.max_terms >= 1, "embedder.max_terms must be >= 1", self.max_terms)


class LsaEmbedder:
    """Latent semantic analysis of the codebase's own words; the same repository always gives the same vectors."""

    def __init__(self, config: LsaConfig) -> None:
        self.config = config

    @property
    def name(self) -> str:
        """The model's identity, as it enters cache keys."""
        return f"lsa-{self.config.dimensions}"

    def index(self, codebase: Codebase) -> DenseIndex:
        """Embed every document of the codebase's lexical index."""
        from sklearn.utils.extmath import randomized_svd

        counts = _counts(codebase.lexical)
        kept = self._kept_terms(counts)
        weights = _idf(counts[:, kept])
        tfidf = _weighed(counts[:, kept], weights)
        rank = min(self.config.dimensions, min(tfidf.shape, default=0))
        if rank < 1:
            return DenseIndex(codebase.lexical.nodes, np.zeros((counts.shape[0], 1), np.float32), _empty_state())
        _, _, components = randomized_svd(tfidf, rank, n_iter=2, n_oversamples=8, random_state=self.config.seed)
        projection = components.T.astype(np.float32)
        state = {"terms": kept.astype(np.int32), "idf": weights, "projection": projection}
        return DenseIndex(codebase.lexical.nodes, _unit(tfidf @ projection), state)

    def embed_queries(self, queries: Sequence[str], codebase: Codebase) -> Vectors:
        """Embed queries, shape (Q, K), by folding their words into the space."""
        dense = codebase.dense
        assert dense is not None
        columns = {int(term): column for column, term in enumerate(dense.state["terms"].tolist())}
        rows = [_query_row(query, codebase.lexical.vocabulary, columns) for query in queries]
        counts = _from_rows(rows, len(columns))
        return _unit(_weighed(counts, dense.state["idf"]) @ dense.state["projection"])

    def _kept_terms(self, counts: csr_matrix) -> NDArray[np.int64]:
        found = np.bincount(counts.indices, minlength=counts.shape[1])
        usable = np.flatnonzero(
            (found >= self.config.min_documents) & (found <= max(self.config.max_share * counts.shape[0], 1))
        )
        most = usable[np.argsort(-found[usable], kind="stable")[: self.config.max_terms]]
        return np.sort(most)


def _counts(lexical: LexicalIndex) -> csr_matrix:
    """Term counts over all fields, shape (D, V)."""
    shape = (len(lexical.vocabulary), len(lexical.nodes))
    total = csr_matrix(shape, dtype=np.float32)
    for indptr, documents, counts in zip(lexical.indptr, lexical.documents, lexical.counts, strict=True):
        total = total + csr_matrix((counts.astype(np.float32), documents, indptr), shape=shape)
    return total.T.tocsr()


def _idf(counts: csr_matrix) -> Vectors:
    found = np.bincount(counts.indices, minlength=counts.shape[1])
    return np.asarray(np.log((1 + counts.shape[0]) / (1 + found)), dtype=np.float32)


def _weighed(counts: csr_matrix, idf: Vectors) -> csr_matrix:
    """Logarithmic counts times idf, rows of unit length."""
    weighed = counts.copy()
    weighed.data = (1 + np.log(weighed.data)) * idf[weighed.indices]
    lengths = np.sqrt(np.asarray(weighed.multiply(weighed).sum(axis=1))).ravel()
    weighed.data /= np.repeat(np.maximum(lengths, 1e-9), np.diff(weighed.indptr)).astype(np.float32)
    return weighed


def _query_row(query: str, vocabulary: Any, columns: dict[int, int]) -> dict[int, int]:
    counts = Counter(term for term in terms(query) if term not in STOP_WORDS)
    numbered = ((vocabulary.get(term, -1), count) for term, count in counts.items())
    return {columns[number]: count for number, count in numbered if number in columns}


def _from_rows(rows: Sequence[dict[int, int]], width: int) -> csr_matrix:
    ends = np.cumsum([0, *map(len, rows)])
    indices = np.array([column for row in rows for column in row], dtype=np.int32)
    data = np.array([count for row in rows for count in row.values()], dtype=np.float32)
    return csr_matrix((data, indices, ends), shape=(len(rows), width))


def _unit(vectors: Any) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), dtype=np.float32)


def _empty_state() -> dict[str, NDArray[Any]]:
    return {
        "terms": np.zeros(0, dtype=np.int32),
        "idf": np.zeros(0, dtype=np.float32),
        "projection": np.zeros((0, 1), dtype=np.float32),
    }


@dataclass
class SentenceTransformerConfig:
    """A model of the sentence-transformers library; `query_prompt` stands before every query."""

    model: str = "sentence-transformers/all-MiniLM-L6-v2"
    batch_size: int = 64
    max_chars: int = 2000  # of a document
    query_prompt: str = ""
    device: str = "cpu"

    def __post_init__(self) -> None:
        _check_texts(self.batch_size, self.max_chars)


class SentenceTransformerEmbedder:
    """A neural embedder inside the process; vectors are kept by content in `blobs`."""

    def __init__(self, config: SentenceTransformerConfig, *, blobs: BlobStore) -> None:
        self.config = config
        self.texts = _TextEmbedder(self.name, config.batch_size, self._encode, blobs)

    @property
    def name(self) -> str:
        """The model's identity, as it enters cache keys."""
        return self.config.model

    def index(self, codebase: Codebase) -> DenseIndex:
        """Embed every document of the codebase's lexical index. Raises as `embed_queries`."""
        return self.texts.index(codebase, self.config.max_chars)

    def embed_queries(self, queries: Sequence[str], codebase: Codebase) -> Vectors:  # noqa: ARG002
        """Embed queries, shape (Q, K).

        Raises:
            ModelUnavailableError: the extra `neural` or the model's weights are absent.
        """
        return self.texts.embed([self.config.query_prompt + query for query in queries])

    @cached_property
    def _model(self) -> Any:
        try:
            from sentence_transformers import SentenceTransformer

            return SentenceTransformer(self.config.model, device=self.config.device)
        except (ImportError, OSError) as error:
            raise ModelUnavailableError(f"{self.config.model} cannot be loaded: {error}") from error

    def _encode(self, texts: Sequence[str]) -> Vectors:
        return np.asarray(self._model.encode(list(texts), batch_size=self.config.batch_size), dtype=np.float32)


@dataclass
class OpenAIEmbedderConfig:
    """Settings of `OpenAIEmbedder`."""

    model: str = "text-embedding-3-small"
    base_url: str = _PUBLIC
    key_variable: str = "OPENAI_API_KEY"  # the environment variable that holds the key; empty: the server needs none
    batch_size: int = 64
    max_chars: int = 6000  # of a document
    timeout: float = 60.0  # seconds

    def __post_init__(self) -> None:
        _check_texts(self.batch_size, self.max_chars)
        require(self.timeout > 0, "embedder.timeout must be > 0", self.timeout)
        known = self.base_url.startswith(("http://", "https://"))
        require(known, "embedder.base_url must start with http:// or https://", self.base_url)


class OpenAIEmbedder:
    """An embeddings endpoint of an OpenAI-compatible server; vectors are kept by content in `blobs`."""

    def __init__(self, config: OpenAIEmbedderConfig, *, blobs: BlobStore) -> None:
        self.config = config
        self.texts = _TextEmbedder(self.name, config.batch_size, self._encode, blobs)
        self._key = read_key("embedder", config.key_variable)

    @property
    def name(self) -> str:
        """The model, and the server unless it is the public one."""
        server = self.config.base_url.partition("://")[2].rstrip("/")
        return self.config.model if self.config.base_url == _PUBLIC else f"{self.config.model}@{server}"

    def index(self, codebase: Codebase) -> DenseIndex:
        """Embed every document of the codebase's lexical index. Raises as `embed_queries`."""
        return self.texts.index(codebase, self.config.max_chars)

    def embed_queries(self, queries: Sequence[str], codebase: Codebase) -> Vectors:  # noqa: ARG002
        """Embed queries, shape (Q, K).

        Raises:
            ModelUnavailableError: the server cannot be reached or refuses.
            AnswerError: its reply is not one vector for each text.
        """
        return self.texts.embed([query[: self.config.max_chars] for query in queries])

    @cached_property
    def _client(self) -> Any:
        from openai import OpenAI

        # the client insists on a key, also for a server that needs none
        return OpenAI(api_key=self._key or "none", base_url=self.config.base_url, timeout=self.config.timeout)

    def _encode(self, texts: Sequence[str]) -> Vectors:
        from openai import OpenAIError

        create = self._client.embeddings.with_raw_response.create
        try:
            reply = create(model=self.config.model, input=list(texts), encoding_format="float").text
        except OpenAIError as error:
            reason = without_key(error, self._key)
            raise ModelUnavailableError(f"{self.config.base_url} gives no embeddings: {reason}") from error
        vectors = _read_vectors(reply)
        if vectors is None:
            shown = without_key(reply, self._key)[:80]
            raise AnswerError(f"{self.config.base_url} must answer with embeddings, got {shown!r}")
        if len(vectors) != len(texts):
            raise AnswerError(f"{self.config.base_url} must answer with {len(texts)} vectors, got {len(vectors)}")
        return vectors


def _read_vectors(reply: str) -> Vectors | None:
    """The vectors of a reply, None where they are not finite numbers of one length."""
    try:
        rows = [row["embedding"] for row in json.loads(reply)["data"]]
        with np.errstate(over="ignore"):  # infinite, and so refused below
            vectors = np.array(rows, dtype=np.float32)
    except (ValueError, TypeError, KeyError, OverflowError):
        return None
    return vectors if vectors.ndim == 2 and vectors.size and np.isfinite(vectors).all() else None


class _TextEmbedder:
    """Embeds texts in batches through `encode`, each distinct text once, and keeps the vectors by content."""

    def __init__(
        self, name: str, batch_size: int, encode: Callable[[Sequence[str]], Vectors], blobs: BlobStore
    ) -> None:
        self.name = name
        self.batch_size = batch_size
        self.encode = encode
        self.blobs = blobs

    def index(self, codebase: Codebase, max_chars: int) -> DenseIndex:
        return DenseIndex(codebase.lexical.nodes, self.embed(_document_texts(codebase, max_chars)))

    def embed(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, 1), dtype=np.float32)
        texts = [encodable(text) for text in texts]
        keys = [sha256(f"{self.name}\0{text}".encode()).hexdigest() for text in texts]
        known = dict(self.blobs.get_many(list(dict.fromkeys(keys))))
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        waiting = list(missing.items())
        for start in range(0, len(waiting), self.batch_size):
            batch = waiting[start : start + self.batch_size]
            vectors = _unit(self.encode([text for _, text in batch]))
            fresh = {key: vector.tobytes() for (key, _), vector in zip(batch, vectors, strict=True)}
            self.blobs.put_many(fresh)
            known |= fresh
        rows = [np.frombuffer(known[key], dtype=np.float32) for key in keys]
        if len({len(row) for row in rows}) > 1:
            raise AnswerError(f"{self.name} must give vectors of one length, also where some were kept from before")
        return np.stack(rows)


def _document_texts(codebase: Codebase, max_chars: int) -> list[str]:
    """Label and own text of every document."""
    lines: dict[str, list[str]] = {}
    texts: list[str] = []
    for node in codebase.lexical.nodes.tolist():
        path = codebase.graph.node_path[node]
        if path not in lines:
            lines = {path: split_lines(codebase.sources.read(path))}
        texts.append(_document_text(codebase.graph, node, lines[path])[:max_chars])
    return texts


def _document_text(graph: CodeGraph, node: int, lines: Sequence[str]) -> str:
    return f"{graph.label(node)}\n{node_text(graph, node, lines)}"


def _check_texts(batch_size: int, max_chars: int) -> None:
    require(batch_size >= 1, "embedder.batch_size must be >= 1", batch_size)
    require(max_chars >= 1, "embedder.max_chars must be >= 1", max_chars)
