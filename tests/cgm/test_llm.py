"""Chat models against a real server in a thread that speaks the OpenAI protocol, well and badly."""

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from cgm.errors import AnswerError, ConfigError, ModelUnavailableError
from cgm.llm import LocalConfig, LocalLLM, OpenAIConfig, OpenAILLM
from cgm.protocols import AnswerForm, Message, Sampling

KEY = "sk-very-secret"
ASK = (Message("system", "Be brief."), Message("user", "Say hello."))


class Server(ThreadingHTTPServer):
    """Plays `script`, one step for each request and the last one for ever: a status, or a reply's body."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: list[Any] = []
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        self.server.keys.append(self.headers["Authorization"])
        self.server.requests.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        script = self.server.script
        step = script.pop(0) if len(script) > 1 else script[0]
        if isinstance(step, float):
            time.sleep(step)
            step = completion("late")
        status, body = (
            (step, {"error": {"message": f"no, {KEY}\nsecond line"}}) if isinstance(step, int) else (200, step)
        )
        content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Retry-After-Ms", "1")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("MY_KEY", KEY)
    with Server() as running:
        threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield running
        running.shutdown()


def completion(*texts: str | None, finish: str = "stop", **usage: int) -> dict[str, Any]:
    choices = [{"message": {"role": "assistant", "content": text}, "finish_reason": finish} for text in texts]
    return {"id": "1", "object": "chat.completion", "choices": choices} | ({"usage": usage} if usage else {})


def model(server: Server, **settings: Any) -> OpenAILLM:
    values: dict[str, Any] = {"model": "m", "base_url": server.url, "key_variable": "MY_KEY", "retries": 2} | settings
    return OpenAILLM(OpenAIConfig(**values))


def test_an_answer_has_its_tokens_and_its_cost(server: Server) -> None:
    server.script = [completion("hello", prompt_tokens=1_000_000, completion_tokens=500_000)]
    (answer,) = model(server, prompt_price=2.0, completion_price=8.0).generate(ASK, Sampling())
    assert (answer.text, answer.finish, answer.cached) == ("hello", "stop", False)
    assert (answer.prompt_tokens, answer.completion_tokens, answer.cost) == (1_000_000, 500_000, 6.0)


def test_the_request_says_how_to_sample(server: Server) -> None:
    server.script = [completion("a", "b")]
    model(server).generate(ASK, Sampling(temperature=0.7, top_p=0.9, max_tokens=5, count=2, seed=3, stop=("END",)))
    (request,) = server.requests
    assert request["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Say hello."},
    ]
    wanted = {"model": "m", "temperature": 0.7, "top_p": 0.9, "max_tokens": 5, "n": 2, "seed": 3, "stop": ["END"]}
    assert wanted.items() <= request.items()
    assert server.keys == [f"Bearer {KEY}"]


def test_the_tokens_of_several_answers_add_up_and_the_prompt_counts_once(server: Server) -> None:
    server.script = [completion("aaaa" * 9, "b", "cc", prompt_tokens=7, completion_tokens=20)]
    answers = model(server).generate(ASK, Sampling(count=3))
    assert sum(answer.completion_tokens for answer in answers) == 20
    assert [answer.prompt_tokens for answer in answers] == [7, 0, 0]


def test_a_server_that_gives_one_answer_at_a_time_is_asked_again_with_another_seed(server: Server) -> None:
    server.script = [completion("a"), completion("b"), completion("c")]
    answers = model(server).generate(ASK, Sampling(count=3, seed=10))
    assert [answer.text for answer in answers] == ["a", "b", "c"]
    assert [(request["n"], request["seed"]) for request in server.requests] == [(3, 10), (2, 11), (1, 12)]


def test_tokens_that_a_server_does_not_count_are_estimated(server: Server) -> None:
    server.script = [completion("x" * 40)]
    (answer,) = model(server).generate(ASK, Sampling())
    assert answer.prompt_tokens > 0
    assert answer.completion_tokens == 11


def test_an_answer_cut_off_before_its_text_is_empty(server: Server) -> None:
    server.script = [completion(None, finish="length")]
    (answer,) = model(server).generate(ASK, Sampling())
    assert (answer.text, answer.finish) == ("", "length")


@pytest.mark.parametrize(
    ("dialect", "kind", "expected"),
    [
        ("openai", "json_schema", {"response_format": {"type": "json_schema"}}),
        ("vllm", "regex", {"structured_outputs": {"regex": "{}"}}),
        ("vllm", "grammar", {"structured_outputs": {"grammar": "{}"}}),
        ("guided", "regex", {"guided_regex": "{}"}),
        ("guided", "grammar", {"guided_grammar": "{}"}),
        ("sglang", "grammar", {"ebnf": "{}"}),
    ],
)
def test_a_constraint_is_worded_as_the_server_wants_it(
    server: Server, dialect: str, kind: str, expected: dict[str, Any]
) -> None:
    server.script = [completion("a")]
    model(server, dialect=dialect).generate(ASK, Sampling(), AnswerForm(kind, "{}"))
    request = server.requests[0]
    if kind == "json_schema":
        request["response_format"].pop("json_schema")
    assert expected.items() <= request.items()


@pytest.mark.parametrize(("dialect", "kind"), [("openai", "grammar"), ("none", "json_schema")])
def test_a_constraint_that_the_server_has_no_words_for_is_left_out(server: Server, dialect: str, kind: str) -> None:
    server.script = [completion("a")]
    model(server, dialect=dialect).generate(ASK, Sampling(), AnswerForm(kind, "{}"))
    assert set(server.requests[0]) == {"model", "messages", "temperature", "top_p", "max_tokens", "n", "seed"}


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(server: Server, status: int) -> None:
    server.script = [status, status, completion("at last")]
    assert model(server).generate(ASK, Sampling())[0].text == "at last"


@pytest.mark.parametrize(("status", "requests"), [(429, 3), (500, 3), (400, 1), (401, 1)])
def test_a_server_that_keeps_refusing_is_an_error_of_one_line_without_the_key(
    server: Server, status: int, requests: int
) -> None:
    server.script = [status]
    with pytest.raises(ModelUnavailableError) as caught:
        model(server).generate(ASK, Sampling())
    message = str(caught.value)
    assert f"{server.url} refused the request with status {status}" in message
    assert "<key>" in message
    assert KEY not in message
    assert "\n" not in message
    assert len(server.requests) == requests


def test_a_server_that_is_too_slow_is_named_with_the_rule(server: Server) -> None:
    server.script = [2.0]
    with pytest.raises(ModelUnavailableError, match=r"127\.0\.0\.1.* did not answer within 0\.1 s \(llm\.timeout\)"):
        model(server, timeout=0.1, retries=0).generate(ASK, Sampling())


def test_a_server_that_is_down_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        down = OpenAILLM(OpenAIConfig(model="m", base_url=url, key_variable="MY_KEY", retries=0))
        with pytest.raises(ModelUnavailableError, match=f"{url} cannot be reached"):
            down.generate(ASK, Sampling())


@pytest.mark.parametrize(
    "reply",
    [
        "<html>busy</html>",
        "[]",
        "null",
        "{}",
        {"choices": []},
        {"choices": [1]},
        {"choices": [{"message": None}]},
        completion(None),
        completion("a") | {"usage": 3},
    ],
    ids=str,
)
def test_garbage_is_no_answer(server: Server, reply: Any) -> None:
    server.script = [reply]
    with pytest.raises(AnswerError, match=r"127\.0\.0\.1.* must answer with "):
        model(server).generate(ASK, Sampling())


def test_the_key_is_in_nothing_that_can_be_printed(server: Server) -> None:
    llm = model(server)
    assert KEY not in repr(llm) + repr(llm.config) + llm.name


def test_a_key_that_is_not_set_is_refused_by_the_name_of_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MY_KEY", raising=False)
    with pytest.raises(ConfigError, match=r"llm\.key_variable must name .* got 'MY_KEY'"):
        OpenAILLM(OpenAIConfig(model="m", key_variable="MY_KEY"))


def test_a_server_without_keys_needs_no_variable(server: Server) -> None:
    server.script = [completion("a")]
    assert model(server, key_variable="").generate(ASK, Sampling())[0].text == "a"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"timeout": 0.0}, "llm.timeout must be > 0, got 0.0"),
        ({"retries": -1}, "llm.retries must be >= 0, got -1"),
        ({"dialect": "klingon"}, "llm.dialect must be one of openai, vllm, guided, sglang, none, got 'klingon'"),
        ({"prompt_price": -1.0}, "llm.prompt_price must be >= 0, got -1.0"),
        ({"base_url": "localhost:8000"}, "llm.base_url must start with http:// or https://, got 'localhost:8000'"),
    ],
)
def test_a_meaningless_setting_of_a_server_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        OpenAIConfig(**settings)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"precision": "int1"}, "llm.precision must be f32, bf16 or f16, got 'int1'"),
        ({"context_tokens": 0}, "llm.context_tokens must be from 1 to 8192, got 0"),
        ({"context_tokens": 8193}, "llm.context_tokens must be from 1 to 8192, got 8193"),
        ({"cache_gib": 0.0}, "llm.cache_gib must be > 0, got 0.0"),
        ({"repo": "a/b"}, "llm.repo and llm.file must be given together, got 'a/b'"),
    ],
)
def test_a_meaningless_setting_of_a_local_model_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        LocalConfig(**settings)
    assert str(caught.value) == message


def test_the_same_model_of_two_servers_has_two_names(server: Server) -> None:
    assert model(server).name == f"m@127.0.0.1:{server.server_port}/v1"
    assert model(server, base_url=OpenAIConfig.base_url).name == "m"


def test_a_local_model_is_named_after_its_file(tmp_path: Path) -> None:
    assert LocalLLM(LocalConfig(), models=tmp_path).name == "qwen2.5-coder-1.5b-instruct-q4_k_m"
    assert LocalLLM(LocalConfig(path="models/small.gguf"), models=tmp_path).name == "small"


def test_a_missing_model_file_is_named(tmp_path: Path) -> None:
    llm = LocalLLM(LocalConfig(path=str(tmp_path / "no.gguf")), models=tmp_path)
    with pytest.raises(ModelUnavailableError, match=r"llm\.path must be a GGUF file, got '.*no\.gguf'"):
        llm.generate(ASK, Sampling())


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"this is no model", "must be a GGUF file"), (b"GGUF" + bytes(50), "cannot be loaded as a model: ")],
)
def test_a_file_that_is_no_model_is_refused_and_leaves_nothing_half_made(
    tmp_path: Path, content: bytes, message: str
) -> None:
    pytest.importorskip("openvino_genai", reason="the extra `local` is not installed")
    path = tmp_path / "bad.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelUnavailableError, match=rf"bad\.gguf {message}"):
        LocalLLM(LocalConfig(path=str(path)), models=tmp_path / "models").generate(ASK, Sampling())
    assert not [entry for entry in (tmp_path / "models").rglob("*") if entry.suffix != ".lock"]


@pytest.mark.parametrize(("folder", "used"), [("", "models"), ("chosen", "chosen")])
def test_models_are_kept_where_the_settings_say_or_else_where_the_run_keeps_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, used: str
) -> None:
    pytest.importorskip("openvino_genai", reason="the extra `local` is not installed")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))
    Path("bad.gguf").write_bytes(b"GGUF" + bytes(50))
    llm = LocalLLM(LocalConfig(path="bad.gguf", folder=folder), models=Path("models"))
    with pytest.raises(ModelUnavailableError):
        llm.generate(ASK, Sampling())
    assert {path.name for path in tmp_path.iterdir()} == {"bad.gguf", used}


def _weights() -> LocalConfig:
    folder = os.environ.get("R4_TEST_MODELS", "")
    if not folder and "R4_TEST_DOWNLOAD" not in os.environ:
        pytest.skip("set R4_TEST_MODELS to a folder of models, or R4_TEST_DOWNLOAD=1 to download one")
    return LocalConfig(folder=folder)


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> LocalLLM:
    pytest.importorskip("openvino_genai", reason="the extra `local` is not installed")
    return LocalLLM(_weights(), models=tmp_path_factory.mktemp("models"))


@pytest.mark.slow
def test_a_local_model_answers(local: LocalLLM) -> None:
    (answer,) = local.generate(
        [Message("user", "What is 2 + 2? Answer with the number alone.")], Sampling(max_tokens=8)
    )
    assert "4" in answer.text
    assert answer.finish == "stop"
    assert answer.prompt_tokens > 10


@pytest.mark.slow
def test_every_answer_of_a_local_model_satisfies_the_form(local: LocalLLM) -> None:
    form = AnswerForm("grammar", 'root ::= ("cat" | "dog") " is " [0-9]{1,2}')
    answers = local.generate(ASK, Sampling(temperature=1.0, count=4, max_tokens=20), form)
    assert all(answer.text[:3] in ("cat", "dog") and answer.text[7:].isdigit() for answer in answers)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_answers(local: LocalLLM) -> None:
    sampling = Sampling(temperature=1.0, count=2, max_tokens=12, seed=5)
    first, second = (local.generate(ASK, sampling) for _ in range(2))
    assert [answer.text for answer in first] == [answer.text for answer in second]


@pytest.mark.slow
def test_an_answer_of_a_local_model_that_is_cut_off_says_so(local: LocalLLM) -> None:
    (answer,) = local.generate([Message("user", "Count to 100.")], Sampling(max_tokens=5))
    assert (answer.finish, answer.completion_tokens) == ("length", 5)


@pytest.mark.slow
def test_a_form_that_is_no_grammar_is_refused_and_the_model_goes_on(local: LocalLLM) -> None:
    with pytest.raises(ModelUnavailableError, match="refused the request: EBNF"):
        local.generate(ASK, Sampling(max_tokens=5), AnswerForm("grammar", "root ::= nothing"))
    assert local.generate(ASK, Sampling(max_tokens=5))[0].text


@pytest.mark.slow
def test_a_prompt_beyond_the_context_is_refused(local: LocalLLM) -> None:
    with pytest.raises(ModelUnavailableError, match=r"must fit in 8192 tokens \(llm\.context_tokens\)"):
        local.generate([Message("user", "word " * 20_000)], Sampling(max_tokens=1))
