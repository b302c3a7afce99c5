from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing.ancestry import walk as module
from preprocessing.ancestry.walk import CommitHead, Deadline, OutOfTimeError, descendants_first, merged_by, walk
from preprocessing.git import Git

Commit = Callable[[dict[str, Any]], tuple[Path, str]]


@st.composite
def graphs(draw: st.DrawFn) -> list[CommitHead]:
    """Ancestors of the first commit in an order that git may give, which need not be one of descent."""
    size = draw(st.integers(1, 12))
    parents: dict[int, set[int]] = {0: set()}
    for commit in range(1, size):
        for child in draw(st.sets(st.integers(0, commit - 1), min_size=1, max_size=3)):
            parents[child].add(commit)
        parents[commit] = set()
    order = [0, *draw(st.permutations(range(1, size)))]
    return [CommitHead(str(one), tuple(map(str, sorted(parents[one]))), 0, 0, "") for one in order]


@given(graphs())
def test_no_commit_stands_before_a_child(heads: list[CommitHead]) -> None:
    ordered = descendants_first(heads)
    position = {head.id: number for number, head in enumerate(ordered)}
    assert sorted(ordered) == sorted(heads)
    assert ordered[0].id == "0"
    assert all(position[head.id] < position[parent] for head in heads for parent in head.parents)


def test_a_commit_was_brought_in_by_the_innermost_merge() -> None:
    rows = {"M": "ab", "b": "cd", "d": "e", "a": "f", "c": "e", "e": "f", "f": ""}
    heads = [CommitHead(name, tuple(parents), 0, 0, "") for name, parents in rows.items()]
    merges = dict(zip(rows, merged_by(heads), strict=True))
    assert merges == {"M": -1, "a": -1, "f": -1, "b": 0, "c": 0, "d": 1, "e": 1}
    assert merged_by([]) == []


@given(graphs())
def test_every_commit_off_the_first_line_has_a_merge_that_descends_from_it(heads: list[CommitHead]) -> None:
    ordered = descendants_first(heads)
    for number, merge in enumerate(merged_by(ordered)):
        assert -1 <= merge < max(number, 1)
        assert merge == -1 or len(ordered[merge].parents) > 1


def test_parents_that_were_not_read_are_counted(commit: Commit) -> None:
    root, _ = commit({"a": "1"})
    _, second = commit({"a": "2"})
    heads, gaps = walk(Git(root), second, 1, 100, Deadline.after(60))
    assert ([head.id for head in heads], gaps["older commit"]) == ([second], 1)


def test_a_message_ends_at_the_length_asked_for(commit: Commit, git: Callable[..., str]) -> None:
    root, _ = commit({"a": "1"})
    git(root, "commit", "-q", "--amend", "-m", "\u00fc" * 50)
    heads, _ = walk(Git(root), git(root, "rev-parse", "HEAD"), 9, 10, Deadline.after(60))
    assert heads[0].message == "\u00fc" * 10


def test_more_than_anybody_can_use_is_not_read(commit: Commit, monkeypatch: pytest.MonkeyPatch) -> None:
    root, _ = commit({"a": "1"})
    _, second = commit({"a": "2"})
    monkeypatch.setattr(module, "_MOST_BYTES", 64)
    heads, gaps = walk(Git(root), second, 9, 10, Deadline.after(60))
    assert len(heads) <= 2
    assert gaps["unreadable commit"] == 1


def test_after_the_deadline_no_time_is_left() -> None:
    assert 0 < Deadline.after(60).left() <= 60
    with pytest.raises(OutOfTimeError):
        Deadline.after(0).left()


@pytest.mark.parametrize(("field", "value"), [(b"12", 12), (b"", 0), (b"-5", 0), (b"9" * 30, 0), (b"9" * 19, 1 << 62)])
def test_a_time_without_sense_is_none(field: bytes, value: int) -> None:
    assert module._seconds(field) == value
