import dataclasses
import json
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cgm.arrays import load_dense, save_dense
from cgm.embedder import (
    LsaConfig,
    LsaEmbedder,
    OpenAIEmbedder,
    OpenAIEmbedderConfig,
    SentenceTransformerConfig,
    SentenceTransformerEmbedder,
)
from cgm.errors import AnswerError, ConfigError, ModelUnavailableError
from cgm.protocols import BlobStore, Codebase, DenseIndex
from cgm.store import BlobCache

KEY = "sk-very-secret"
LSA = LsaEmbedder(LsaConfig(dimensions=4, min_documents=1, max_share=1.0))


class Embeddings(BaseHTTPRequestHandler):
    """A small embeddings endpoint: the vector of a text is its length and its count of a's."""

    asked: list[str] = []  # noqa: RUF012
    said: list[tuple[int, str]] = []  # noqa: RUF012 - said instead, once each

    def do_POST(self) -> None:
        texts = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["input"]
        self.asked.extend(texts)
        rows = [{"embedding": [len(text), text.count("a")], "index": number} for number, text in enumerate(texts)]
        vectors = json.dumps({"data": rows, "model": "tiny", "object": "list"})
        status, body = self.said.pop() if self.said else (200, vectors)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Should-Retry", "false")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep quiet."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("SHOP_KEY", KEY)
    Embeddings.asked.clear()
    Embeddings.said.clear()
    with HTTPServer(("127.0.0.1", 0), Embeddings) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}/v1"
        running.shutdown()
        thread.join()


class Memory:
    """A blob store in memory."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        return {key: self.values[key] for key in keys if key in self.values}

    def put_many(self, values: Mapping[str, bytes]) -> None:
        self.values.update(values)


def test_vectors_are_of_unit_length_and_the_same_every_time(shop: Codebase) -> None:
    index = LSA.index(shop)
    assert index.vectors.shape == (len(shop.lexical.nodes), 4)
    assert index.vectors.dtype == np.float32
    lengths = np.linalg.norm(index.vectors, axis=1)
    assert ((np.abs(lengths - 1) < 1e-5) | (lengths == 0)).all()
    assert (LSA.index(shop).vectors == index.vectors).all()


def test_a_query_lies_nearest_to_what_it_describes(shop: Codebase) -> None:
    embedder = LsaEmbedder(LsaConfig(dimensions=12, min_documents=1, max_share=1.0))
    codebase = dataclasses.replace(shop, dense=embedder.index(shop))
    assert codebase.dense is not None
    query = embedder.embed_queries(["write a row to the database"], codebase)
    best = int(np.argmax(codebase.dense.vectors @ query[0]))
    assert shop.graph.label(int(shop.lexical.nodes[best])) == "shop/base.py:Store.persist"


def test_an_unknown_query_is_no_vector_and_no_error(shop: Codebase) -> None:
    codebase = dataclasses.replace(shop, dense=LSA.index(shop))
    assert not LSA.embed_queries(["zzz", ""], codebase).any()
    assert LSA.embed_queries([], codebase).shape == (0, 4)


def test_a_stored_index_embeds_the_same_queries(shop: Codebase, tmp_path: Path) -> None:
    index = LSA.index(shop)
    save_dense(tmp_path / "dense.npz", index)
    stored = dataclasses.replace(shop, dense=load_dense(tmp_path / "dense.npz"))
    fresh = dataclasses.replace(shop, dense=index)
    assert (LSA.embed_queries(["price"], stored) == LSA.embed_queries(["price"], fresh)).all()


def neural(server: str, blobs: BlobStore | None = None, **settings: Any) -> OpenAIEmbedder:
    values: dict[str, Any] = {"model": "tiny", "base_url": server, "key_variable": "SHOP_KEY"} | settings
    return OpenAIEmbedder(OpenAIEmbedderConfig(**values), blobs=blobs or Memory())


def test_vectors_of_a_server_are_asked_for_once(shop: Codebase, server: str) -> None:
    embedder = neural(server, batch_size=3)
    index = embedder.index(shop)
    asked = len(Embeddings.asked)
    assert index.vectors.shape == (len(shop.lexical.nodes), 2)
    np.testing.assert_allclose(np.linalg.norm(index.vectors, axis=1), 1, rtol=1e-5)
    assert (embedder.index(shop).vectors == index.vectors).all()
    assert len(Embeddings.asked) == asked == len(set(Embeddings.asked))


def test_a_kept_vector_is_not_asked_for_by_another_process(server: str, shop: Codebase, tmp_path: Path) -> None:
    config = OpenAIEmbedderConfig(model="tiny", base_url=server, key_variable="")
    first = OpenAIEmbedder(config, blobs=BlobCache(tmp_path)).embed_queries(["banana"], shop)
    second = OpenAIEmbedder(config, blobs=BlobCache(tmp_path)).embed_queries(["banana", "banana"], shop)
    assert (second == first).all()
    assert Embeddings.asked == ["banana"]


def test_the_same_model_of_two_servers_has_two_names_and_vectors_of_its_own(server: str, shop: Codebase) -> None:
    blobs = Memory()
    elsewhere = server.replace("/v1", "/v2")
    for url in (server, elsewhere, server):
        neural(url, blobs).embed_queries(["banana"], shop)
    assert Embeddings.asked == ["banana", "banana"]
    assert neural(server).name == f"tiny@{server.removeprefix('http://')}"
    assert neural(OpenAIEmbedderConfig.base_url).name == "tiny"


def test_a_server_that_is_down_is_named(shop: Codebase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_KEY", KEY)
    with pytest.raises(ModelUnavailableError, match=r"127\.0\.0\.1:9") as refused:
        neural("http://127.0.0.1:9/v1", timeout=2.0).embed_queries(["x"], shop)
    assert KEY not in str(refused.value)


@pytest.mark.parametrize("status", [400, 401, 500])
def test_a_refusal_is_one_line_without_the_key(server: str, shop: Codebase, status: int) -> None:
    Embeddings.said.append((status, json.dumps({"error": {"message": f"no, {KEY}\nsecond line"}})))
    with pytest.raises(ModelUnavailableError) as refused:
        neural(server).embed_queries(["x"], shop)
    message = str(refused.value)
    assert f"{server} gives no embeddings: " in message
    assert "<key>" in message
    assert KEY not in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "reply",
    [
        "<html>busy</html>",
        "null",
        "[]",
        "{}",
        '{"data": 3}',
        '{"data": [1]}',
        '{"data": []}',
        '{"data": [{"embedding": null}]}',
        '{"data": [{"embedding": "AAAA"}]}',
        '{"data": [{"embedding": [1, [2]]}]}',
        '{"data": [{"embedding": [1e300]}]}',
        '{"data": [{"embedding": [NaN]}]}',
        '{"data": [{"embedding": [1]}, {"embedding": [1]}]}',
        f'{{"{KEY}": 1}}',
    ],
)
def test_garbage_is_no_embedding(server: str, shop: Codebase, reply: str) -> None:
    Embeddings.said.append((200, reply))
    with pytest.raises(AnswerError, match=r"127\.0\.0\.1.* must answer with ") as refused:
        neural(server).embed_queries(["x"], shop)
    assert KEY not in str(refused.value)


def test_vectors_of_another_length_than_those_kept_are_refused(server: str, shop: Codebase) -> None:
    embedder = neural(server)
    embedder.embed_queries(["x"], shop)
    Embeddings.said.append((200, '{"data": [{"embedding": [1, 2, 3]}]}'))
    with pytest.raises(AnswerError, match="must give vectors of one length"):
        embedder.embed_queries(["x", "y"], shop)


def test_a_text_with_half_a_character_is_embedded(server: str, shop: Codebase) -> None:
    assert neural(server).embed_queries(["a\ud800", "caf\udce9.py"], shop).shape == (2, 2)
    assert neural(server).embed_queries([], shop).shape[0] == 0


def test_a_key_that_is_not_set_is_refused_by_the_name_of_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOP_KEY", raising=False)
    with pytest.raises(ConfigError, match=r"embedder\.key_variable must name .* got 'SHOP_KEY'"):
        neural("http://127.0.0.1:9/v1")


def test_a_missing_extra_is_named(shop: Codebase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    embedder = SentenceTransformerEmbedder(SentenceTransformerConfig(), blobs=Memory())
    with pytest.raises(ModelUnavailableError, match="MiniLM"):
        embedder.embed_queries(["x"], shop)


@pytest.mark.parametrize("values", [{"dimensions": 0}, {"min_documents": 0}, {"max_share": 0.0}, {"max_terms": 0}])
def test_a_meaningless_setting_is_refused_by_its_key(values: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=rf"embedder\.{next(iter(values))}"):
        LsaConfig(**values)  # type: ignore[arg-type]


def test_a_codebase_without_usable_terms_is_indexed(shop: Codebase) -> None:
    index = LsaEmbedder(LsaConfig(min_documents=1000)).index(shop)
    assert isinstance(index, DenseIndex)
    codebase = dataclasses.replace(shop, dense=index)
    assert LsaEmbedder(LsaConfig()).embed_queries(["cart"], codebase).shape == (1, index.vectors.shape[1])
