import sys
from pathlib import Path

import peers
import pytest


@pytest.fixture
def peer(tmp_path: Path) -> peers.Peer:
    """A peer without requirements, its interpreter in place."""
    python = tmp_path / "venvs" / "peer-locagent" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    return peers.Peer("LocAgent", "locagent", [])


def test_a_peer_that_fails_says_why_and_is_not_run_again(tmp_path: Path, peer: peers.Peer) -> None:
    out = tmp_path / "out.jsonl"
    reason = peers.run(peer, tmp_path, tmp_path / "absent", out, 60)
    assert reason.startswith("failed: FileNotFoundError")
    assert out.with_suffix(".failed").read_text() == reason
    assert peers.run(peer, tmp_path / "elsewhere", tmp_path, out, 60) == reason


def test_a_peer_that_takes_too_long_is_stopped(tmp_path: Path, peer: peers.Peer) -> None:
    assert peers.run(peer, tmp_path, tmp_path, tmp_path / "out.jsonl", 0.001) == "stopped after 0 s"


def test_a_graph_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    out.touch()
    assert peers.run(peers.Peer("any", "absent", []), tmp_path, tmp_path, out, 60) == ""
