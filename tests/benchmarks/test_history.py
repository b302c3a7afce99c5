from pathlib import Path

import history
import pytest
from meter import time_call

from preprocessing.history import HistoryLimits, read_history
from preprocessing.snapshot import open_snapshot
from preprocessing.stage import build_graph


def make(root: Path, commits: int) -> Path:
    history.make_repository(root / "made.git", commits)
    return root / "made.git"


def test_a_made_history_has_merges_and_renames_and_is_that_of_git(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    location = make(tmp_path, 600)
    raw = history.git(location, "log", "--format=%p", "--raw", "-M", "main")
    assert sum(len(line.split()) == 2 and len(line) < 40 for line in raw.splitlines()) > 50
    assert "R09" in raw or "R100" in raw
    history.check(location, "main", 600)
    said = capsys.readouterr().out
    assert said.startswith(f"{history.SAMPLED} of {history.SAMPLED} functions have the same commits")
    assert said.endswith(" 0 here alone, 0 of git alone\n")


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [1.0, 4.0])
def test_fifty_thousand_commits_are_read_in_time(tmp_path: Path, seconds: float) -> None:
    location = make(tmp_path, 50_000)
    snapshot, graph = open_snapshot(location, "main"), build_graph(location, "main")
    found, cost = time_call(lambda: read_history(snapshot, graph, HistoryLimits(commits=50_000, seconds=seconds)))
    assert cost.wall < 2 * seconds + 3  # what comes after reading, on a busy machine
    assert found.gaps["out of time"] == 1
    assert len(found) > 100 * seconds
