"""Real git decides whether a diff applies."""

import subprocess
from pathlib import Path

import pytest

from cgm.errors import PatchError, StorageError
from reader.proof import apply_diff, prove

_DIFF = "--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-a\n+b\n"


def test_git_applies_a_diff_to_copies() -> None:
    assert apply_diff(_DIFF, {"x.py": "a\n", "y.py": "y\n"}) == {"x.py": "b\n", "y.py": "y\n"}


def test_a_diff_that_git_refuses_is_refused_with_gits_words() -> None:
    with pytest.raises(PatchError, match=r"git refuses the diff: .*x\.py"):
        apply_diff(_DIFF, {"x.py": "something else\n"})


def test_a_diff_that_leaves_the_folder_is_refused_by_git_too() -> None:
    diff = _DIFF.replace("x.py", "../outside.py")
    with pytest.raises(PatchError, match="git refuses"):
        apply_diff(diff, {"x.py": "a\n"})


def test_a_diff_that_means_something_else_is_refused() -> None:
    with pytest.raises(PatchError, match="another way"):
        prove(_DIFF, {"x.py": "a\n"}, {"x.py": "c\n"})


def test_a_temporary_folder_inside_a_repository_is_no_part_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / ".git"))
    prove(_DIFF, {"x.py": "a\n"}, {"x.py": "b\n"})
    assert [path.name for path in tmp_path.iterdir()] == [".git"]


def test_git_that_is_not_there_is_an_error_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(PatchError, match="git apply could not run"):
        apply_diff(_DIFF, {"x.py": "a\n"})


def test_no_place_for_the_copies_is_a_storage_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(StorageError, match="cannot make a temporary folder"):
        apply_diff(_DIFF, {"x.py": "a\n"})
