import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from cgm.protocols import Codebase
from cgm.store import BlobCache, StageCache, fingerprint
from launch.codebase import CodebaseCache
from preprocessing.snapshot import Snapshot, open_snapshot
from preprocessing.stage import CodeGraphPreprocessor, PreprocessingConfig


class Counting(CodeGraphPreprocessor):
    """Counts how often it was asked."""

    asked = 0

    def preprocess(self, snapshot: Snapshot) -> Codebase:
        self.asked += 1
        return super().preprocess(snapshot)


@pytest.fixture
def repository(tmp_path: Path) -> tuple[Path, list[str]]:
    """Two commits of equal trees."""
    root = tmp_path / "repository"
    root.mkdir()
    (root / "a.py").write_text("def f():\n    return 1\n")

    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        return subprocess.check_output(["git", "-C", str(root), *identity, *arguments], text=True).strip()

    git("init", "-q")
    git("add", "-A")
    git("commit", "-q", "-m", "first")
    git("commit", "-q", "--allow-empty", "-m", "second")
    return root, [git("rev-parse", name) for name in ("HEAD~1", "HEAD")]


@pytest.fixture
def codebases(tmp_path: Path) -> Callable[..., tuple[CodebaseCache, Counting]]:
    def make(history_commits: int) -> tuple[CodebaseCache, Counting]:
        config = PreprocessingConfig(history_commits=history_commits)
        preprocessor = Counting(config, blobs=BlobCache(tmp_path / "blobs"))
        return CodebaseCache(StageCache(tmp_path / "stages"), preprocessor, None), preprocessor

    return make


Make = Callable[..., tuple[CodebaseCache, Counting]]


def test_equal_trees_of_two_commits_share_a_graph_but_no_history(
    repository: tuple[Path, list[str]], codebases: Make
) -> None:
    root, commits = repository
    snapshots = [open_snapshot(root, commit) for commit in commits]
    assert len({codebases(0)[0].inputs(snapshot) for snapshot in snapshots}) == 1
    cache, _ = codebases(9)
    keys = [fingerprint(*cache.inputs(snapshot)) for snapshot in snapshots]
    messages = []
    for snapshot, key in zip(snapshots, keys, strict=True):
        cache.build(snapshot, key)
    for snapshot, key in zip(snapshots, keys, strict=True):
        history = cache.load(snapshot, key).history
        assert history is not None
        messages.append(history.message)
    assert messages == [("first",), ("second", "first")]


def test_a_history_is_read_again_and_not_made_again(repository: tuple[Path, list[str]], codebases: Make) -> None:
    root, (_, second) = repository
    cache, preprocessor = codebases(9)
    built = cache.build(open_snapshot(root, second), "ab").history
    loaded = cache.load(open_snapshot(root, second), "ab").history
    assert preprocessor.asked == 1
    assert built is not None
    assert loaded is not None
    assert (loaded.commit_id, loaded.message, loaded.gaps) == (built.commit_id, built.message, built.gaps)
    assert loaded.touch_node.tolist() == built.touch_node.tolist()


def test_a_history_that_is_lost_is_made_again(
    repository: tuple[Path, list[str]], codebases: Make, tmp_path: Path
) -> None:
    root, (_, second) = repository
    cache, preprocessor = codebases(9)
    cache.build(open_snapshot(root, second), "ab")
    (lost,) = (tmp_path / "stages").rglob("*.history.npz")
    lost.write_bytes(b"damaged")
    assert cache.load(open_snapshot(root, second), "ab").history is not None
    assert preprocessor.asked == 2


def test_by_default_there_is_no_history(repository: tuple[Path, list[str]], codebases: Make, tmp_path: Path) -> None:
    root, (_, second) = repository
    cache, _ = codebases(PreprocessingConfig().history_commits)
    assert cache.build(open_snapshot(root, second), "ab").history is None
    assert cache.load(open_snapshot(root, second), "ab").history is None
    assert not list((tmp_path / "stages").rglob("*.history.npz"))
