from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cgm.errors import ConfigError
from preprocessing.ancestry.walk import CommitHead, Deadline
from preprocessing.commits import EditReader, SourceEdit, is_code, past_commits
from preprocessing.git import Git

Commit = Callable[..., tuple[Path, str]]
GitCommand = Callable[..., str]
ONE = "def one():\n    return 1\n"


def read(root: Path, files: int = 3, seconds: float = 60) -> list[tuple[CommitHead, SourceEdit | str]]:
    git = Git(root)
    heads, _ = past_commits(git, git.commit_id("HEAD"), 100, Deadline.after(60))
    return list(EditReader(git, files, Deadline.after(seconds)).read(heads))


def newest(root: Path, **limits: Any) -> SourceEdit | str:
    return read(root, **limits)[0][1]


def test_an_edit_has_the_texts_of_its_source_files_before_and_after(commit: Commit) -> None:
    root, parent = commit({"shop/a.py": ONE, "README.md": "a", "tests/test_a.py": "x = 1\n"})
    files = {"shop/a.py": ONE.replace("1", "2"), "README.md": "b", "tests/test_a.py": "x = 2\n"}
    _, child = commit(files)
    found = newest(root)
    assert found == SourceEdit(
        child,
        parent,
        "change",
        {"shop/a.py": ONE},
        {"shop/a.py": files["shop/a.py"]},
        ("README.md", "tests/test_a.py"),
    )


def test_the_first_commit_is_no_edit(commit: Commit) -> None:
    root, _ = commit({"a.py": ONE})
    assert newest(root) == "first commit"


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"README.md": "x"}, "no source file changed"),
        ({"setup.py": "x = 1\n"}, "no source file changed"),
        ({"new.py": ONE}, "a source file made, moved or dropped"),
        ({"a.py": "x = 1\n", "b.py": "x = 1\n", "c.py": "x = 1\n"}, "too many source files"),
        ({"a.py": b"x = '\xff'\n"}, "a file that is no UTF-8 text, or cannot be read"),
        ({"a.py": "x = 1\n" * 80_000}, "a file that is too large"),
        ({}, "unreadable or empty commit"),
    ],
)
def test_what_is_no_edit_says_why(commit: Commit, files: dict[str, Any], reason: str) -> None:
    commit({"a.py": ONE, "b.py": ONE, "c.py": ONE, "setup.py": ONE, "README.md": ""})
    root, _ = commit(files)
    assert newest(root, files=2) == reason


def test_a_merge_and_what_is_gone_are_no_edits(commit: Commit, git: GitCommand) -> None:
    root, _ = commit({"a.py": ONE, "b.py": ONE})
    git(root, "checkout", "-q", "-b", "side")
    commit({"a.py": ONE.replace("1", "2")})
    git(root, "checkout", "-q", "main")
    git(root, "rm", "-q", "b.py")
    commit({})
    git(root, "merge", "-q", "side", "-m", "merge")
    reasons = [edit for _, edit in read(root) if isinstance(edit, str)]
    assert sorted(reasons) == ["a source file made, moved or dropped", "first commit", "merge"]


def test_no_later_commit_is_seen(commit: Commit) -> None:
    root, first = commit({"a.py": ONE})
    commit({"a.py": "later = 1\n"})
    heads, _ = past_commits(Git(root), first, 100, Deadline.after(60))
    assert [head.id for head in heads] == [first]


def test_what_is_not_reached_in_time_is_counted(commit: Commit) -> None:
    commit({"a.py": ONE})
    root, _ = commit({"a.py": ONE.replace("1", "2")})
    assert [edit for _, edit in read(root, seconds=-1)] == ["out of time"] * 2


@pytest.mark.parametrize("path", ["shop/a.py", "src/a.go", "lib/a.rs"])
def test_source_with_a_grammar_is_code(path: str) -> None:
    assert is_code(path)


@pytest.mark.parametrize("path", ["tests/test_a.py", "docs/a.py", "a.md", "setup.py", "vendor/a.py"])
def test_anything_else_is_not(path: str) -> None:
    assert not is_code(path)


def test_an_edit_has_one_file_at_least(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="files of an edit must be >= 1, got 0"):
        EditReader(Git(tmp_path), 0, Deadline.after(1))
