import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cgm.store import read_rows, write_rows
from launch.command import run_command
from launch.run import run_job

_ROOT = Path(__file__).parents[2]
_CART = '''"""Baskets."""

from shop.price import total


class Cart:
    """What a customer is about to buy."""

    def __init__(self):
        self.items = []

    def add(self, item, count=1):
        self.items.extend([item] * count)

    def checkout(self):
        return total(self.items) + self.shipping()

    def shipping(self):
        return 0 if len(self.items) > {threshold} else 5
'''
_PRICE = '''"""Prices."""


def total(items):
    return sum(price(item) for item in items)


def price(item):
    return {{"apple": 1, "pear": {pear}}}[item]
'''
_ISSUE = """price() raises KeyError for unknown items

`price("plum")` should say which item has no price:

    File "shop/price.py", line 9, in price
    KeyError: 'plum'
"""
_CODE = "from launch.run import main; main()"


@dataclass(frozen=True)
class Shop:
    """A folder with git repositories of a small package, and a dataset about their commits."""

    root: Path

    @property
    def repos(self) -> Path:
        return self.root / "repos"

    @property
    def repo(self) -> Path:
        return self.repos / "acme__shop"

    @property
    def dataset(self) -> Path:
        return self.root / "dataset.jsonl"

    @property
    def gold(self) -> Path:
        return self.root / "gold.jsonl"

    @property
    def issue(self) -> Path:
        return self.root / "ISSUE.md"

    @property
    def many(self) -> tuple[str, ...]:
        return f"dataset={self.dataset}", f"repos={self.repos}", "retriever=bm25"

    @property
    def single(self) -> tuple[str, ...]:
        return f"repo={self.repo}", f"issue={self.issue}", "retriever=bm25"

    def commits(self, repo: Path) -> list[str]:
        return git(repo, "rev-list", "--reverse", "HEAD").split()


def git(repo: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false")
    command = ["git", "-C", str(repo), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def write_package(folder: Path, step: int) -> None:
    package = folder / "shop"
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").write_text("")
    (package / "cart.py").write_text(_CART.format(threshold=10 + step))
    (package / "price.py").write_text(_PRICE.format(pear=2 + step))
    (folder / "README.md").write_text("# A shop\n")


def write_dataset(shop: Shop) -> None:
    rows = [
        {
            "instance_id": f"{repo.name}-{number}",
            "repo": repo.name.replace("__", "/"),
            "base_commit": commit,
            "problem_statement": _ISSUE,
            "patch": "the answer",
        }
        for repo in sorted(shop.repos.iterdir())
        for number, commit in enumerate(shop.commits(repo))
    ]
    write_rows(shop.dataset, rows)
    gold = {"files": ["shop/price.py"], "functions": ["shop/price.py:price"]}
    write_rows(shop.gold, ({"instance_id": row["instance_id"], **gold} for row in rows))


def make_shop(root: Path, commits: int = 2) -> Shop:
    shop = Shop(root)
    for name in ("acme__shop", "acme__store"):
        repo = shop.repos / name
        for step in range(commits):
            write_package(repo, step)
            if not step:
                git(repo, "init", "-q")
            git(repo, "add", ".")
            git(repo, "commit", "-q", "-m", f"step {step}")
    shop.issue.write_text(_ISSUE)
    write_dataset(shop)
    return shop


@pytest.fixture(scope="session")
def pristine_shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return make_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def cgm(home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run the command in this process, with `home` as its working folder."""

    def run(*arguments: str) -> int:
        assert Path.cwd() == home
        monkeypatch.setattr(sys, "argv", ["cgm", *arguments])
        monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
        return run_command(run_job, "pipeline")

    return run


@pytest.fixture
def read(home: Path) -> Callable[[str], Any]:
    """Read a JSON or JSON-lines file below the home folder."""

    def read_any(name: str) -> Any:
        path = home / name
        return [row for _, row in read_rows(path)] if path.suffix == ".jsonl" else json.loads(path.read_text())

    return read_any


@pytest.fixture
def spawned(home: Path) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Start `cgm` in a process of its own, and end it with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, limit: Callable[[], None] | None = None) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", _CODE, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=home,
            env={**os.environ, "PYTHONPATH": str(_ROOT)},
            preexec_fn=limit,  # noqa: PLW1509 - no thread runs here
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def many_commits(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return make_shop(tmp_path_factory.mktemp("many"), commits=12)
