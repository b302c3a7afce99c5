import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from cgm.graph import CodeGraph, EdgeKind, NodeKind
from cgm.store import BlobCache
from preprocessing.parse import Reading
from preprocessing.python.parse import parse_python
from preprocessing.resolve import link

# the golden repository has tests of its own, which are data here
collect_ignore = ["golden"]

_IDENTITY = {
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}

Files = Mapping[str, str | bytes]


def write_files(root: Path, files: Files) -> Path:
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def run_git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), "-c", "protocol.file.allow=always", *arguments]
    done = subprocess.run(command, env={**os.environ, **_IDENTITY}, check=True, capture_output=True)
    return done.stdout.decode("utf-8", "surrogateescape").strip()


def commit_files(root: Path, files: Files, message: str = "change") -> str:
    if not (root / ".git").exists():
        root.mkdir(parents=True, exist_ok=True)
        run_git(root, "init", "-q", "-b", "main")
    write_files(root, files)
    run_git(root, "add", "-A")
    run_git(root, "commit", "-q", "--allow-empty", "-m", message)
    return run_git(root, "rev-parse", "HEAD")


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[Files], Path]:
    """Makes a plain folder."""
    return lambda files: write_files(tmp_path / "folder", files)


@pytest.fixture
def commit(tmp_path: Path) -> Callable[[Files], tuple[Path, str]]:
    """Commits files on top of what was there; gives the repository and the commit."""
    return lambda files: (tmp_path / "repository", commit_files(tmp_path / "repository", files))


@pytest.fixture
def git() -> Callable[..., str]:
    """Runs git in a folder."""
    return run_git


@pytest.fixture
def blobs(tmp_path: Path) -> BlobCache:
    return BlobCache(tmp_path / "blobs")


def edges_of(graph: CodeGraph, kind: EdgeKind) -> dict[tuple[str, str], float]:
    """Edges of a kind as labels, with their confidence."""
    return {
        (graph.label(source), graph.label(target)): round(confidence, 3)
        for edge, source, target, confidence, _ in graph.edges()
        if edge == kind
    }


@pytest.fixture
def described() -> Callable[[CodeGraph], dict[str, Any]]:
    """A graph as a person reads it: nodes with lines, edges other than containment by kind."""

    def describe(graph: CodeGraph) -> dict[str, Any]:
        lines = zip(graph.node_start, graph.node_end, strict=True)
        nodes = [
            f"{NodeKind(graph.node_kind[node]).name} {graph.label(node)} {start}-{end}"
            for node, (start, end) in enumerate(lines)
            if node
        ]
        edges = [
            f"{EdgeKind(kind).name} {graph.label(source)} -> {graph.label(target)} line {line} confidence {sure:.2f}"
            for kind, source, target, sure, line in graph.edges()
            if kind != EdgeKind.CONTAINS
        ]
        return {"nodes": nodes, "edges": edges, "unlinked": dict(graph.unlinked)}

    return describe


@pytest.fixture
def graph_of() -> Callable[[Mapping[str, str]], CodeGraph]:
    """Links Python files into a graph."""

    def build(files: Mapping[str, str]) -> CodeGraph:
        facts = [parse_python(source.encode()) for source in files.values()]
        return link("repository", list(files), facts).graph

    return build


@pytest.fixture
def project() -> Callable[[Mapping[str, str]], CodeGraph]:
    """Links files of any languages into a graph."""
    reading = Reading(10.0, 4096, (), skip_generated=True, max_mean_line_bytes=0)

    def build(files: Mapping[str, str]) -> CodeGraph:
        facts = [reading.read(path, source.encode()) for path, source in files.items()]
        return link("repository", list(files), facts).graph

    return build


@pytest.fixture
def edges() -> Callable[[CodeGraph, EdgeKind], dict[tuple[str, str], float]]:
    return edges_of


@pytest.fixture
def calls(graph_of: Callable[[Mapping[str, str]], CodeGraph]) -> Callable[..., dict[str, float]]:
    """Links files and gives the calls that leave one definition of `a.py`, `go` where none is named."""

    def build(source: str, caller: str = "go", files: Mapping[str, str] | None = None) -> dict[str, float]:
        files = {"a.py": source, **(files or {})}
        found = edges_of(graph_of(files), EdgeKind.CALLS)
        label = f"a.py:{caller}" if caller else "a.py"
        return {target.removeprefix("a.py:"): share for (source, target), share in found.items() if source == label}

    return build
