import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cgm.errors import RepositoryError
from preprocessing.git import Git, GitObjects

Commit = Callable[[dict[str, Any]], tuple[Path, str]]


def test_kinds_of_places_are_told_apart(commit: Commit, git: Callable[..., str], tmp_path: Path) -> None:
    root, _ = commit({"a.py": "1"})
    git(tmp_path, "clone", "-q", "--bare", str(root), "bare.git")
    (tmp_path / "plain").mkdir()
    kinds = [Git(place).kind() for place in (root, root / ".git", tmp_path / "bare.git", tmp_path / "plain")]
    assert kinds == ["worktree", "bare", "bare", "folder"]


def test_the_callers_git_variables_do_not_leak(commit: Commit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, first = commit({"a.py": "1"})
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    assert [entry.path for entry in Git(root).tree(first)] == ["a.py"]
    assert Git(root).working_files() == ["a.py"]


def test_a_repository_of_another_owner_is_read(commit: Commit, monkeypatch: pytest.MonkeyPatch) -> None:
    root, first = commit({"a.py": "1"})
    # git's own switch to pretend that somebody else owns the folder; passed on here, since GIT_* is dropped
    monkeypatch.setattr(
        "preprocessing.git._environment", lambda: {**os.environ, "GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"}
    )
    assert [entry.path for entry in Git(root).tree(first)] == ["a.py"]


def test_no_program_that_the_repository_names_is_run(commit: Commit, git: Callable[..., str], tmp_path: Path) -> None:
    root, first = commit({"a.py": "1", ".gitattributes": "*.py filter=evil diff=evil\n"})
    program = tmp_path / "evil.sh"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\ncat\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    for key in ("core.fsmonitor", "filter.evil.clean", "filter.evil.smudge", "diff.evil.textconv", "core.pager"):
        git(root, "config", key, str(program))
    (root / "a.py").write_text("dirty")
    (tmp_path / "ran").unlink(missing_ok=True)
    tree = list(Git(root).tree(first))
    Git(root).working_files()
    list(GitObjects(Git(root)).read([entry.oid for entry in tree]))
    assert not (tmp_path / "ran").exists()


def test_reading_writes_nothing_into_the_repository(commit: Commit) -> None:
    root, first = commit({"a.py": "1"})
    (root / "a.py").touch()
    before = {path: path.stat().st_mtime_ns for path in sorted(root.rglob("*"))}
    Git(root).kind()
    Git(root).working_files()
    list(Git(root).tree(first))
    assert {path: path.stat().st_mtime_ns for path in sorted(root.rglob("*"))} == before


def test_a_damaged_repository_is_one_clear_line(commit: Commit) -> None:
    root, first = commit({"a.py": "1"})
    damaged = root / ".git" / "objects" / first[:2] / first[2:]
    damaged.unlink()
    damaged.write_bytes(b"broken")
    with pytest.raises(RepositoryError) as caught:
        list(Git(root).tree(first))
    assert "\n" not in str(caught.value)


def test_a_broken_configuration_is_not_taken_for_a_plain_folder(commit: Commit) -> None:
    root, _ = commit({"a.py": "1"})
    (root / ".git" / "config").write_text("[core\n")
    with pytest.raises(RepositoryError, match="git cannot read"):
        Git(root).kind()


def test_after_a_missing_object_the_others_can_still_be_read(commit: Commit) -> None:
    root, first = commit({"a.py": "1"})
    objects = GitObjects(Git(root))
    with pytest.raises(RepositoryError, match="cannot be read"):
        list(objects.read(["0" * 40]))
    assert list(objects.read([entry.oid for entry in Git(root).tree(first)])) == [b"1"]


def test_a_history_begins_with_its_roots(commit: Callable[..., tuple[Path, str]], git: Callable[..., str]) -> None:
    root, first = commit({"a": "1"})
    _, newest = commit({"a": "2"})
    assert Git(root).roots("HEAD") == [first]
    git(root, "checkout", "-q", "--orphan", "other")
    _, other = commit({"b": "1"})
    git(root, "merge", "-q", "--allow-unrelated-histories", "-m", "m", newest)
    assert Git(root).roots("HEAD") == sorted([first, other])


def test_a_clone_says_where_it_is_from(commit: Callable[..., tuple[Path, str]], git: Callable[..., str]) -> None:
    root, _ = commit({"a": "1"})
    assert Git(root).origin_url() == ""
    git(root, "remote", "add", "origin", "https://example.org/a/b.git")
    assert Git(root).origin_url() == "https://example.org/a/b.git"
