"""Other programs that build a graph of Python code: how they are installed and run.

Knows their requirements and the adapters that run inside their interpreters. Does not know scores. Those that are not
on the package index are taken from a folder of checkouts, where they are cloned if they are not there yet.
"""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from packages import make_venv

_HARNESS = Path(__file__).parent / "adapters" / "harness.py"


@dataclass(frozen=True)
class Peer:
    """A program at a version: its adapter, its requirements, its repository and commit where it is not on the index.

    `has_places` where its edges lead from one definition to another.
    """

    name: str
    adapter: str
    requirements: Sequence[str]
    repository: str = ""
    commit: str = ""
    python: str = sys.executable
    has_places: bool = True


_LOCAGENT = ("networkx==3.5", "matplotlib==3.10.6")
_LOCAGENT_AT = ("gersteinlab/LocAgent", "a5e28dd996f2affbf5812089ce4576678ff3e2b5")
_CODE_GRAPH_RAG = (
    "loguru tree-sitter==0.25.2 tree-sitter-python==0.25.0 typer pydantic-settings python-dotenv tiktoken toml rich "
    "prompt-toolkit watchdog diff-match-patch click protobuf defusedxml pathspec pygments pydantic-ai"
)
_REPOGRAPH = "tree-sitter==0.21.3 tree-sitter-languages==1.10.2 grep-ast==0.3.2 networkx==3.2.1 pygments==2.18.0 tqdm"
PEERS = (
    Peer("LocAgent", "locagent", _LOCAGENT, *_LOCAGENT_AT),
    Peer("LocAgent, global", "locagent_global", _LOCAGENT, *_LOCAGENT_AT),
    Peer(
        "code-graph-rag",
        "code_graph_rag",
        _CODE_GRAPH_RAG.split(),
        "vitali87/code-graph-rag",
        "fe3f5abdbe3fe123a664a2fdbd138a649e8ec486",
        "python3.12",
    ),
    Peer("PyCG", "pycg_all", ["pycg==0.0.7", "setuptools<81"]),
    Peer(
        "RepoGraph, mended",
        "repograph",
        _REPOGRAPH.split(),
        "ozyyshr/RepoGraph",
        "2a8e2d60a96ed98bfd8e96f7426b584ec780bd7f",
        has_places=False,
    ),
)


def prepare(peer: Peer, work: Path) -> tuple[Path, Path]:
    """The peer's interpreter and its checkout, made where they are not there yet."""
    venv, sources = work / "venvs" / f"peer-{peer.adapter}", work / "peers" / peer.repository.rpartition("/")[2]
    if not venv.exists():
        make_venv(venv, peer.requirements, peer.python)
    if peer.repository and not sources.exists():
        git = ["git", "clone", "--quiet", f"https://github.com/{peer.repository}", str(sources)]
        subprocess.run(git, check=True)  # noqa: S603
        subprocess.run(["git", "-C", str(sources), "checkout", "--quiet", peer.commit], check=True)  # noqa: S603, S607
    return venv / "bin" / "python", sources


def run(peer: Peer, work: Path, root: Path, out: Path, seconds: float) -> str:
    """Write a peer's graph of a checkout to `out`; say why where there is none. What is known is not done again."""
    failed = out.with_suffix(".failed")
    if out.exists() or failed.exists():
        return failed.read_text(encoding="utf-8") if failed.exists() else ""
    python, sources = prepare(peer, work)
    out.parent.mkdir(parents=True, exist_ok=True)
    command = [str(python), str(_HARNESS), peer.adapter, str(sources), str(root), str(out)]
    reason = ""
    try:
        done = subprocess.run(command, check=False, capture_output=True, timeout=seconds)  # noqa: S603
    except subprocess.TimeoutExpired:
        reason = f"stopped after {seconds:.0f} s"
    else:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        reason = "" if out.exists() else f"failed: {last[0] if last else done.returncode}"
    if reason:
        failed.write_text(reason, encoding="utf-8")
    return reason
