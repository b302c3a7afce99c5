import json
import subprocess
from pathlib import Path

import pytest
import speed
from meter import run_apart

from preprocessing.snapshot import open_snapshot

_GIT = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repos" / "a__b"
    root.mkdir(parents=True)
    source = "def f(x):\n    '''Say.'''\n    return x\n" * 40
    for number in range(3):
        (root / f"m{number}.py").write_text(f"import m0\n{source}m0.f({number})\n")
        for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "change"]):
            subprocess.run(["git", "-C", str(root), *_GIT, *command], check=True)
    return root


def test_a_call_in_a_process_of_its_own_gives_its_result(repository: Path) -> None:
    found = run_apart(speed.cold_graph, str(repository), "HEAD")
    assert found["nodes"] > 100
    assert found["cost"]["mib"] > 1


def test_an_edited_snapshot_differs_in_one_file(repository: Path) -> None:
    base = open_snapshot(repository, "HEAD")
    path, *_ = speed.edited_paths(base)
    for comment in (False, True):
        edited = speed.edit(base, path, comment=comment)
        assert [one for one, other in zip(base.files, edited.files, strict=True) if one != other] == [
            base.by_path[path]
        ]
        assert ("added_by_the_benchmark" in edited.read(path)) is not comment


@pytest.mark.slow
def test_every_figure_is_printed(repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = subprocess.run(["git", "-C", str(repository), "log", "--format=%H"], capture_output=True, check=True)
    rows = [{"repo": "a/b", "base_commit": commit} for commit in shown.stdout.decode().split()]
    dataset = tmp_path / "dev.jsonl"
    dataset.write_text("".join(json.dumps(row) + "\n" for row in rows))
    commits = speed.base_commits(dataset, repository, "a/b")
    speed.report(dataset, repository.parent, "a/b", commits[0])
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 10
    assert all("s CPU" in line for line in said[1:])
