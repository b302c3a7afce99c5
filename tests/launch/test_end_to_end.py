"""The whole command with a language model: a real server in a thread speaks the OpenAI protocol, well and badly."""

import json
import re
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

KEY = "sk-very-secret"
STAGES = ("rewriter=llm", "reranker=llm", "reader=repair", "reader.samples=2")
ISSUE = """incr() of an expired key does not start again

When the item has expired, `Cache.incr` should count from `default` as if the key were missing:

    cache.set("hits", 10, expire=0.1)
    time.sleep(1)
    assert cache.incr("hits") == 1
"""
_LOOKUP = re.compile(r"    return (\{.*\})\[item\]")


class Server(ThreadingHTTPServer):
    """Answers every request of the chain; one whose prompt holds `trap` is answered as `trouble` says."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.trap, self.trouble = "", ""
        self.keys: set[str] = set()
        self.repairs = 0
        self.held = threading.Event()

    def answer(self, messages: list[dict[str, str]]) -> str:
        system, user = (message["content"] for message in messages[:2])
        if system.startswith("You read"):
            return json.dumps({"entities": ["price"], "keywords": ["KeyError"]})
        if system.startswith("You know"):
            return json.dumps({"queries": ["price looks an item up"]})
        if "choose the files" in system:
            return json.dumps({"files": ["shop/price.py", "shop/gone.py"]})
        if "outline of one source file" in system:
            return json.dumps({"score": 5 if "File shop/price.py" in user else 2})
        self.repairs += 1
        if self.trouble == "held" and self.repairs == 2:
            self.held.set()
            time.sleep(2)
        found = _LOOKUP.search(user)
        if not found:
            assert "max(prices)" in user
            return edit("cart.py", "    return max(prices)", "    return sum(prices)")
        return edit("shop/price.py", found[0], f"    return {found[1]}.get(item)")


def edit(path: str, old: str, new: str) -> str:
    return f"It is here.\n\n{path}\n<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        server = self.server
        server.keys.add(self.headers["Authorization"])
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        trapped = server.trap and server.trap in json.dumps(request["messages"])
        trouble = server.trouble if trapped else ""
        if trouble == "slow":
            time.sleep(1)
        text = "I am sorry." if trouble == "chatter" else server.answer(request["messages"])
        choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 100, "completion_tokens": 10}
        body = "<html>not a completion" if trouble == "garbage" else json.dumps({"choices": [choice], "usage": usage})
        self.send_response(503 if trouble == "refused" else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("MY_KEY", KEY)
    with Server() as running:
        threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield running
        running.shutdown()


@pytest.fixture
def trapped(cgm: Callable[..., int], pristine_shop: Any, home: Path, server: Server) -> Callable[[str], int]:
    """Run two instances, the first of which gives the server trouble."""

    def run(trouble: str) -> int:
        rows = [json.loads(line) for line in pristine_shop.dataset.read_text().splitlines()[:2]]
        rows[0]["problem_statement"] += "\nThe same with grapefruit.\n"
        (home / "trapped.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        server.trap, server.trouble = "grapefruit", trouble
        return cgm("dataset=trapped.jsonl", *pristine_shop.many[1:], *asking(server.server_port), "run_dir=run")

    return run


def written(folder: Path) -> dict[str, str]:
    """What a run found, by file: all of it but what it cost now."""
    return {path.name: path.read_text() for path in (*folder.glob("*.jsonl"), *folder.glob("metrics.json"))}


def asking(port: int) -> tuple[str, ...]:
    """Settings that ask a model behind `port` in every stage."""
    where = (f"llm.base_url=http://127.0.0.1:{port}/v1", "llm.key_variable=MY_KEY")
    patience = ("llm.timeout=0.3", "llm.retries=0")
    return ("llm=openai", "llm.model=some-70b", "llm.prompt_price=2.0", *where, *patience, *STAGES)


def test_a_recorded_run_comes_back_byte_by_byte_and_no_key_is_left_anywhere(
    cgm: Callable[..., int], pristine_shop: Any, home: Path, read: Callable[[str], Any], server: Server
) -> None:
    data = (*pristine_shop.many, f"gold={pristine_shop.gold}")
    assert cgm(*data, *asking(server.server_port), "llm.timeout=30", "record=answers.jsonl", "run_dir=live") == 0
    server.shutdown()
    for name in ("first", "second"):
        options = (*data, *STAGES, "llm=replay", "llm.path=answers.jsonl")
        assert cgm(*options, f"cache_dir=cache_{name}", f"run_dir={name}") == 0
    live = written(home / "live")
    assert live == written(home / "first") == written(home / "second")
    assert {"repairs.jsonl", "metrics.json"} <= set(live)
    patches = {row["instance_id"]: row["model_patch"] for row in read("live/patches.jsonl")}
    assert list(patches) == [f"acme__{repo}-{number}" for repo in ("shop", "store") for number in (0, 1)]
    assert all(re.search(r"^\+    return \{.*\}\.get\(item\)$", patch, re.MULTILINE) for patch in patches.values())
    assert read("live/summary.json")["stages"]["reader"]["usage"]["prompt_tokens"] > 0
    assert server.keys == {f"Bearer {KEY}"}
    assert not [path for path in home.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]


def test_a_run_killed_while_its_reader_waits_goes_on_to_the_same_bytes(
    cgm: Callable[..., int], spawned: Callable[..., Any], pristine_shop: Any, home: Path, server: Server
) -> None:
    data = (*pristine_shop.single, *asking(server.server_port), "llm.timeout=30")
    server.trouble = "held"
    process = spawned(*data, "cache_dir=kept", "run_dir=killed")
    assert server.held.wait(30)
    process.kill()
    process.wait()
    server.trouble = ""
    assert not (home / "killed" / "repairs.jsonl").exists()
    asked = server.repairs
    assert cgm(*data, "cache_dir=kept", "run_dir=resumed") == 0
    assert server.repairs == asked + 1  # the answer before the kill is not asked for again
    assert cgm(*data, "cache_dir=fresh", "run_dir=fresh") == 0
    assert written(home / "resumed") == written(home / "fresh")


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ("slow", "did not answer within 0.3 s (llm.timeout)"),
        ("refused", "refused the request with status 503"),
    ],
)
def test_an_instance_whose_model_fails_is_a_failure_and_the_rest_goes_on(
    trapped: Callable[[str], int], read: Callable[[str], Any], trouble: str, said: str
) -> None:
    assert trapped(trouble) == 2
    (failure,) = read("run/failures.jsonl")
    assert (failure["instance_id"], failure["stage"]) == ("acme__shop-0", "rewriter")
    assert failure["error"] == "ModelUnavailableError"
    assert said in failure["message"]
    assert [row["instance_id"] for row in read("run/patches.jsonl") if row["model_patch"]] == ["acme__shop-1"]


@pytest.mark.parametrize(
    ("trouble", "code", "failed"), [("chatter", 0, []), ("garbage", 2, [("reader", "AnswerError")])]
)
def test_answers_that_are_garbage_fall_back_on_the_rules_and_give_no_patch(
    trapped: Callable[[str], int], read: Callable[[str], Any], trouble: str, code: int, failed: list[tuple[str, str]]
) -> None:
    assert trapped(trouble) == code
    assert [(row["stage"], row["error"]) for row in read("run/failures.jsonl")] == failed
    origins = [
        row["origin"].startswith("heuristic, for the model's answer could") for row in read("run/rewrites.jsonl")
    ]
    assert origins == [True, False]
    assert [row["files"][0] for row in read("run/rankings.jsonl")] == ["shop/price.py"] * 2
    assert [row["instance_id"] for row in read("run/patches.jsonl") if row["model_patch"]] == ["acme__shop-1"]


def test_a_model_that_is_down_is_one_line_for_each_instance(
    cgm: Callable[..., int],
    pristine_shop: Any,
    read: Callable[[str], Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert cgm(*pristine_shop.many, *asking(port), "run_dir=run") == 1
    assert [(row["stage"], row["error"]) for row in read("run/failures.jsonl")] == [
        ("rewriter", "ModelUnavailableError")
    ] * 4
    lines = capsys.readouterr().err.splitlines()
    assert lines
    assert all(line.startswith("error: acme__s") and "cannot be reached" in line for line in lines)


def test_the_place_at_fault_in_a_published_package_comes_first(
    cgm: Callable[..., int], home: Path, read: Callable[[str], Any]
) -> None:
    with resources.as_file(resources.files("diskcache")) as installed:
        shutil.copytree(installed, home / "src" / "diskcache", ignore=shutil.ignore_patterns("__pycache__"))
    (home / "ISSUE.md").write_text(ISSUE)
    assert cgm("repo=src", "issue=ISSUE.md", "run_dir=run") == 0
    (ranking,) = read("run/rankings.jsonl")
    assert ranking["files"][0] == "diskcache/core.py"
    assert ranking["functions"][0] == "diskcache/core.py:Cache.incr"
    assert len(ranking["functions"]) >= 20
    assert "diskcache/core.py:Cache.incr" in (home / "run" / "subgraph.html").read_text()


@pytest.mark.slow
def test_a_backend_is_the_last_stage_and_says_what_the_tests_of_a_patch_say(
    cgm: Callable[..., int],
    read: Callable[[str], Any],
    server: Server,
    repositories: Path,
    offline_index: Path,
    cart: dict[str, Any],
) -> None:
    pytest.importorskip("swebench")
    assert offline_index.is_dir()
    gold = "diff --git a/cart.py b/cart.py\n--- a/cart.py\n+++ b/cart.py\n@@ -2 +2 @@\n-    a\n+    b\n"
    issue = {"problem_statement": "`total` of cart.py gives the largest price, not the sum of the prices"}
    Path("rows.jsonl").write_text(json.dumps({**cart, **issue, "patch": gold}) + "\n")
    model = ("llm=openai", "llm.model=m", f"llm.base_url=http://127.0.0.1:{server.server_port}/v1", "llm.key_variable=")
    data = ("dataset=rows.jsonl", f"repos={repositories}", "retriever=bm25", "reader=repair", "reader.samples=1")
    assert cgm(*data, *model, "backend=local", "run_dir=run") == 0
    assert [row["outcome"] for row in read("run/verdicts.jsonl")] == ["resolved"]
    assert read("run/summary.json")["eval"]["resolved"] == 1
    funnel = {row["name"]: row["hits"] for row in read("run/report.json")["funnel"]}
    assert funnel["gold files in subgraph"] == funnel["gold files in patch"] == funnel["resolved"] == 1
    assert read("run/failures.jsonl") == []


@pytest.mark.slow
def test_the_reader_tries_its_patches_on_the_issues_example_and_on_tests_of_the_base_commit(
    cgm: Callable[..., int],
    read: Callable[[str], Any],
    server: Server,
    repositories: Path,
    offline_index: Path,
    cart: dict[str, Any],
) -> None:
    pytest.importorskip("swebench")
    assert offline_index.is_dir()
    issue = "`total` of cart.py gives the largest price:\n```python\nimport cart\nassert cart.total([1, 2]) == 3\n```\n"
    row = {**cart, "problem_statement": f"{issue}ends with an AssertionError.", "patch": "the repair"}
    row["test_cmd"] = "python -c 'print(\"PASSED a::b\")'"
    Path("rows.jsonl").write_text(json.dumps(row) + "\n")
    model = ("llm=openai", "llm.model=m", f"llm.base_url=http://127.0.0.1:{server.server_port}/v1", "llm.key_variable=")
    tried = ("reader=repair", "reader.samples=3", "reader.examples=true", "reader.test_files=2")
    data = ("dataset=rows.jsonl", f"repos={repositories}", "retriever=bm25")
    assert cgm(*data, *model, *tried, "backend=local", "run_dir=run") == 0
    (repair,) = read("run/repairs.jsonl")
    assert (repair["passed"], [sample["status"] for sample in repair["samples"]]) == (True, ["chosen"])
    assert [row["outcome"] for row in read("run/verdicts.jsonl")] == ["resolved"]


@pytest.mark.parametrize("arguments", [("repo=.", "issue=I.md"), ("dataset=d.jsonl", "repos=.", "reader=none")])
def test_a_backend_without_patches_to_try_is_refused(
    cgm: Callable[..., int], capfd: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert cgm(*arguments, "backend=local", "run_dir=run") == 1
    assert "backend must be none without a dataset and a reader, got 'local'" in capfd.readouterr().err
