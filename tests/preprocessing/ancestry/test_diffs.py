from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing.ancestry.diffs import Hunk, open_hunks, open_names, read_hunks, read_merged_hunks, read_names
from preprocessing.ancestry.walk import Deadline, GitStoppedError, OutOfTimeError
from preprocessing.git import Git

Commit = Callable[[dict[str, Any]], tuple[Path, str]]
_PATCH = (
    b"1111\ndiff --git a/a b/a\nindex aa..bb 100644\n--- a/a\n+++ b/a\n"
    b"@@ -1 +1,2 @@ def f():\n-index cc..dd\n+@@ -7 +7 @@\n+++ b/x\n"
    b"@@ -9,2 +10,0 @@\n-x\n-y\n"
    b"diff --git a/b b/b\nnew file mode 100644\nindex 00..ee\n--- /dev/null\n+++ b/b\n@@ -0,0 +1,3 @@\n+1\n+2\n+3\n"
)


def apply(text: Sequence[str], hunks: Sequence[Hunk], new: Sequence[str]) -> list[str]:
    """The new text from the old one: what no hunk covers is taken from the old."""
    result: list[str] = []
    position = 0
    for old, length, into, size in hunks:
        result += [*text[position:old], *new[into : into + size]]
        position = old + length
    return [*result, *text[position:]]


@given(st.lists(st.integers(1, len(_PATCH) - 1)))
def test_hunks_are_read_whatever_the_pieces(cuts: list[int]) -> None:
    bounds = [0, *sorted(cuts), len(_PATCH)]
    pieces = [_PATCH[start:end] for start, end in pairwise(bounds)]
    assert read_hunks(pieces) == {("aa", "bb"): [(0, 1, 0, 2), (8, 2, 10, 0)], ("00", "ee"): [(0, 0, 0, 3)]}


def test_a_very_long_line_is_passed_over() -> None:
    long = b"+" + b"x" * 100_000
    pieces = [
        b"index a..b\n@@ -1 +1 @@\n",
        *(long[at : at + 999] for at in range(0, len(long), 999)),
        b"\n@@ -5 +5 @@\n",
    ]
    assert read_hunks(pieces) == {("a", "b"): [(0, 1, 0, 1), (4, 1, 4, 1)]}


def test_names_tell_edits_renames_additions_and_removals(commit: Commit, git: Callable[..., str]) -> None:
    text = "".join(f"line {number}\n" for number in range(20))
    root, _ = commit({"edited": "1\n", "moved": text, "gone": "3\n"})
    git(root, "mv", "moved", "moved here")
    git(root, "rm", "-q", "gone")
    _, second = commit({"edited": "2\n", "added": "4\n"})
    names = open_names(Git(root), Deadline.after(60), renames=True)
    names.send([second])
    rows = {row.path: (row.source, row.is_gone) for row in read_names(names.answer())[second]}
    names.close()
    assert rows == {
        "edited": ("edited", False),
        "moved here": ("moved", False),
        "gone": ("", True),
        "added": ("", False),
    }


def test_a_file_in_place_of_a_link_begins_there(commit: Commit) -> None:
    root, _ = commit({"a": "1\n"})
    (root / "b").symlink_to("a")
    commit({})
    (root / "b").unlink()
    _, last = commit({"b": "1\n"})
    names = open_names(Git(root), Deadline.after(60), renames=True)
    names.send([last])
    assert [(row.path, row.source) for row in read_names(names.answer())[last]] == [("b", "")]
    names.close()


_LINES = st.lists(st.sampled_from(["a\n", "b\n", "-- a\n", "++ b\n", "@@@ -1 -1 +1 @@@\n", "\n"]), max_size=6)


def test_the_hunks_of_a_merge_lead_from_each_parent_to_it(commit: Commit, git: Callable[..., str]) -> None:
    root, _ = commit({"z": ""})

    @given(_LINES, _LINES, _LINES, st.booleans())
    def check(first: list[str], second: list[str], merged: list[str], ends: bool) -> None:
        texts = [[*text, "end" if ends else "end\n"] for text in (first, second, merged)]
        if texts[0] == texts[2] or texts[1] == texts[2]:
            return
        blobs, trees = [], []
        for text in texts:
            (root / "blob").write_text("".join(text))
            blobs.append(git(root, "hash-object", "-w", "blob"))
            git(root, "update-index", "--add", "--cacheinfo", f"100644,{blobs[-1]},f.py")
            trees.append(git(root, "write-tree"))
        one, other = (git(root, "commit-tree", "-m", "x", tree) for tree in trees[:2])
        merge = git(root, "commit-tree", "-m", "x", "-p", one, "-p", other, trees[2])
        process = open_hunks(Git(root), Deadline.after(60), [".py"], merges=True)
        process.send([f"{merge} {one} {other}"])
        found = read_merged_hunks(process.answer())
        process.close()
        for text, hunks in zip(texts[:2], found[tuple(blobs)], strict=True):
            assert apply(text, hunks, texts[2]) == texts[2]

    check()


def test_a_process_that_git_ended_starts_again(commit: Commit, git: Callable[..., str]) -> None:
    root, first = commit({"a.py": "1\n"})
    _, second = commit({"a.py": "2\n"})
    tree = git(root, "rev-parse", f"{second}^{{tree}}")
    (root / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    names = open_names(Git(root), Deadline.after(60), renames=True)
    names.send([second])
    with pytest.raises(GitStoppedError):
        list(names.answer())
    names.send([first])
    assert [row.path for row in read_names(names.answer())[first]] == ["a.py"]
    names.close()


def test_an_answer_is_not_waited_for_beyond_the_deadline(commit: Commit) -> None:
    root, first = commit({"a.py": "1\n"})
    names = open_names(Git(root), Deadline.after(0), renames=True)
    names.send([first])
    with pytest.raises(OutOfTimeError):
        list(names.answer())
    names.close()


def test_an_answer_has_a_largest_size(commit: Commit) -> None:
    root, first = commit({"a.py": "x = 1\n" * 1000})
    hunks = open_hunks(Git(root), Deadline.after(60), [".py"], merges=False)
    hunks.most_bytes = 100
    hunks.send([first])
    with pytest.raises(GitStoppedError):
        list(hunks.answer())
