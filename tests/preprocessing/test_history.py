import stat
import struct
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cgm.errors import ConfigError
from cgm.graph import CodeGraph
from cgm.history import History
from preprocessing.history import HistoryLimits, read_history
from preprocessing.snapshot import open_snapshot
from preprocessing.stage import build_graph

Commit = Callable[[dict[str, Any]], tuple[Path, str]]
Git = Callable[..., str]

FIRST = "def one():\n    a = 1\n    b = 2\n    return a + b\n\n\ndef two():\n    c = 3\n    d = 4\n    return c + d\n"
SECOND = FIRST.replace("c = 3", "c = 5")
THIRD = SECOND.replace("b = 2", "b = 6")


class Past:
    """A history with its graph, asked by labels."""

    def __init__(self, root: Path, commit: str = "", **limits: Any) -> None:
        self.graph: CodeGraph = build_graph(root, commit)
        found = read_history(open_snapshot(root, commit), self.graph, replace(HistoryLimits(), **limits))
        assert found is not None
        self.history: History = found
        self.node = {self.graph.label(node): node for node in range(len(self.graph))}

    def commits(self, label: str) -> list[str]:
        return [self.history.commit_id[touch.commit] for touch in self.history.touches(self.node[label])]

    def neighbours(self, label: str) -> dict[str, int]:
        rows = self.history.neighbours(self.node[label])
        return {self.graph.label(row.node): row.commits for row in rows}


@pytest.fixture
def three(commit: Commit) -> tuple[Path, list[str]]:
    """A file in three versions: made, function two edited, function one edited."""
    rows = [commit({"a.py": text}) for text in (FIRST, SECOND, THIRD)]
    return rows[0][0], [name for _, name in rows]


def test_a_file_and_its_functions_have_the_commits_that_touched_them(three: tuple[Path, list[str]]) -> None:
    root, (first, second, third) = three
    past = Past(root, third)
    assert past.commits("a.py") == [third, second, first]
    assert past.commits("a.py:one") == [third, first]
    assert past.commits("a.py:two") == [second, first]
    assert past.history.touches(past.node["a.py:one"]) == [(0, 1, 1), (2, 4, 0)]
    assert past.history.complete


def test_nothing_after_the_commit_is_seen(three: tuple[Path, list[str]]) -> None:
    root, (first, second, _) = three
    past = Past(root, second)
    assert past.history.commit_id == (second, first)
    assert past.commits("a.py:one") == [first]


def test_commits_say_when_they_were_made_and_why(commit: Commit, git: Git) -> None:
    root, _ = commit({"a.py": FIRST, "b.txt": ""})
    git(root, "commit", "-q", "--amend", "-m", "subject\n\nbody \u00fc", "--date", "@1000000000 +0100")
    history = Past(root).history
    assert (history.message, history.subject(0)) == (("subject\n\nbody \u00fc",), "subject")
    assert (history.author_time.tolist(), history.commit_files.tolist()) == ([1_000_000_000], [2])
    assert history.commit_time[0] > 1_000_000_000


def test_a_plain_folder_has_no_history(folder: Callable[..., Path]) -> None:
    root = folder({"a.py": FIRST})
    assert read_history(open_snapshot(root), build_graph(root)) is None


def test_a_repository_without_a_commit_has_no_history(git: Git, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "a.py").write_text(FIRST)
    assert read_history(open_snapshot(tmp_path), build_graph(tmp_path)) is None


def test_renames_are_followed_with_and_without_edits(three: tuple[Path, list[str]], commit: Commit, git: Git) -> None:
    root, (first, second, third) = three
    git(root, "mv", "a.py", "b.py")
    _, moved = commit({})
    git(root, "mv", "b.py", "c.py")
    _, edited = commit({"c.py": THIRD.replace("d = 4", "d = 7")})
    past = Past(root)
    assert past.commits("c.py") == [edited, moved, third, second, first]
    assert past.commits("c.py:one") == [third, first]
    assert past.commits("c.py:two") == [edited, second, first]


def test_a_file_that_is_there_again_begins_there(commit: Commit) -> None:
    root, _ = commit({"a.py": FIRST, "b.py": "x = 1\n"})
    (root / "a.py").unlink()
    commit({})
    _, again = commit({"a.py": FIRST})
    assert Past(root).commits("a.py:one") == Past(root).commits("a.py") == [again]


def test_a_working_tree_has_the_past_of_its_commit(three: tuple[Path, list[str]]) -> None:
    root, (first, second, third) = three
    (root / "a.py").write_text("import os\nimport sys\n\n\n" + THIRD.replace("return c + d", "return d"))
    (root / "new.py").write_text(FIRST)
    past = Past(root)
    assert past.commits("a.py:one") == [third, first]
    assert past.commits("a.py:two") == [second, first]
    assert past.commits("new.py") == past.commits("new.py:one") == []


def test_a_folder_inside_a_repository_has_its_own_past(commit: Commit) -> None:
    root, first = commit({"sub/a.py": FIRST, "a.py": FIRST})
    _, second = commit({"sub/a.py": SECOND})
    commit({"a.py": THIRD})
    past = Past(root / "sub", "HEAD")
    assert past.commits("a.py:two") == [second, first]
    assert past.commits("a.py:one") == [first]


@pytest.mark.parametrize(
    "name", ["new\nline.py", "tab\t.py", "\udcff.py", "\u00fc.py", '"q".py', "a b.py", "end-\n.py"]
)
def test_odd_names_have_a_past(commit: Commit, name: str) -> None:
    root, first = commit({"a.py": "x\n"})
    (root / name).write_text(FIRST)
    _, second = commit({})
    (root / name).write_text(SECOND)
    _, third = commit({})
    past = Past(root, third)
    assert past.commits(f"{name}:two") == [third, second]
    assert past.commits("a.py") == [first]


def test_a_merge_brings_the_commits_of_both_sides(three: tuple[Path, list[str]], commit: Commit, git: Git) -> None:
    root, (first, second, third) = three
    git(root, "checkout", "-q", "-b", "side", second)
    _, side = commit({"a.py": SECOND.replace("d = 4", "d = 9")})
    git(root, "checkout", "-q", "main")
    git(root, "merge", "-q", "--no-edit", "side")
    past = Past(root)
    assert past.commits("a.py:one") == [third, first]
    assert past.commits("a.py:two") == [side, second, first]
    assert len(past.history) == 5
    position = past.history.commit_id.index(side)
    assert past.history.subject(past.history.commit_merge[position]) == "Merge branch 'side'"


def test_what_one_side_did_and_undid_is_no_past(three: tuple[Path, list[str]], commit: Commit, git: Git) -> None:
    root, (first, second, third) = three
    git(root, "checkout", "-q", "-b", "side")
    _, side = commit({"a.py": THIRD.replace("d = 4", "d = 9")})
    git(root, "checkout", "-q", "main")
    for text in (THIRD.replace("a = 1", "a = 7"), THIRD):
        commit({"a.py": text})
    git(root, "merge", "-q", "--no-edit", "side")
    past = Past(root)
    assert (past.commits("a.py:one"), past.commits("a.py:two")) == ([third, first], [side, second, first])
    assert past.commits("a.py") == git(root, "log", "--format=%H", "--", "a.py").split()


def test_a_merge_of_three_is_one_change_of_its_first_parent(commit: Commit, git: Git) -> None:
    root, first = commit({"a.py": FIRST})
    for name in ("x", "y"):
        git(root, "checkout", "-q", "-b", name, first)
        commit({f"{name}.py": FIRST})
    git(root, "checkout", "-q", "main")
    commit({"b.txt": "1"})
    git(root, "merge", "-q", "--no-edit", "x", "y")
    past = Past(root)
    assert past.commits("x.py:one") == past.commits("y.py:two") == [git(root, "rev-parse", "HEAD")]
    assert past.commits("a.py:one") == [first]


def test_what_changed_together_is_paired_with_how_often(commit: Commit) -> None:
    root, _ = commit({"a.py": FIRST, "b.py": FIRST.replace("one", "three"), "c.txt": "1"})
    commit({"a.py": SECOND, "c.txt": "2"})
    commit({"a.py": THIRD, "b.py": THIRD.replace("one", "three")})
    past = Past(root)
    assert past.neighbours("a.py") == {"b.py": 2, "c.txt": 2}
    assert past.neighbours("a.py:one") == {"b.py:three": 2, "b.py:two": 2, "a.py:two": 1}
    assert past.neighbours("c.txt") == {"a.py": 2, "b.py": 1}


def test_recent_and_small_commits_weigh_most(commit: Commit) -> None:
    root, _ = commit({"a.py": "1\n", "b.py": "1\n", "c.py": "1\n"})
    commit({"a.py": "2\n", "b.py": "2\n"})
    past = Past(root)
    weight = {past.graph.label(row.node): row.weight for row in past.history.neighbours(past.node["a.py"])}
    assert weight == pytest.approx({"b.py": 1.5, "c.py": 0.5}, rel=1e-4)


def test_large_commits_make_no_pairs(commit: Commit) -> None:
    root, _ = commit({f"{number}.py": f"x = {number}\n" for number in range(6)})
    assert Past(root, max_files=6).neighbours("0.py") == {f"{number}.py": 1 for number in range(1, 6)}
    assert Past(root, max_files=5).neighbours("0.py") == {}


def test_an_inner_function_counts_for_the_one_around_it(commit: Commit) -> None:
    source = "def outer():\n    def inner():\n        return 1\n\n    return inner\n\n\ndef other():\n    return 1\n"
    root, _ = commit({"a.py": source})
    commit({"a.py": source.replace("return 1", "return 2")})
    past = Past(root)
    assert past.neighbours("a.py:outer") == {"a.py:other": 2}
    assert past.neighbours("a.py:outer.inner") == {}
    assert len(past.commits("a.py:outer.inner")) == 2


def test_a_limit_of_commits_is_said(three: tuple[Path, list[str]]) -> None:
    root, (_, second, third) = three
    past = Past(root, commits=2)
    assert past.history.commit_id == (third, second)
    assert past.history.gaps == {"older commit": 1}
    assert not past.history.complete


def test_the_end_of_time_is_said(three: tuple[Path, list[str]]) -> None:
    history = Past(three[0], seconds=1e-9).history
    assert (len(history), history.gaps["out of time"]) == (0, 1)


def test_a_shallow_clone_gives_what_it_has(three: tuple[Path, list[str]], git: Git, tmp_path: Path) -> None:
    root, (_, _, third) = three
    git(tmp_path, "clone", "-q", "--bare", "--depth", "2", f"file://{root}", "shallow")
    past = Past(tmp_path / "shallow", third)
    assert past.history.commit_id == (third,)
    assert past.history.gaps == {"shallow clone": 1}
    assert past.commits("a.py:one") == past.commits("a.py") == [third]
    assert past.commits("a.py:two") == []


def test_a_partial_clone_fetches_nothing_and_says_what_it_lacks(
    three: tuple[Path, list[str]], git: Git, tmp_path: Path
) -> None:
    root, (first, second, third) = three
    git(root, "config", "uploadpack.allowFilter", "true")
    git(root, "config", "uploadpack.allowAnySHA1InWant", "true")
    clone = tmp_path / "partial"
    git(tmp_path, "clone", "-q", "--filter=blob:none", f"file://{root}", "partial")
    before = sorted(clone.rglob("*.pack"))
    past = Past(clone, third)
    assert past.commits("a.py") == [third, second, first]
    assert past.commits("a.py:one") == []
    assert past.history.gaps == {"commit without lines": 3, "unknown lines": 1}
    assert sorted(clone.rglob("*.pack")) == before


def test_a_missing_old_version_costs_that_commit_alone(three: tuple[Path, list[str]], git: Git, commit: Commit) -> None:
    root, (first, second, third) = three
    _, fourth = commit({"a.py": THIRD.replace("d = 4", "d = 8"), "b.py": FIRST})
    _, fifth = commit({"b.py": SECOND})
    blob = git(root, "rev-parse", f"{third}:a.py")
    (root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    past = Past(root, fifth)
    assert past.commits("a.py") == [fourth, third, second, first]
    assert past.commits("b.py:two") == [fifth, fourth]
    assert past.commits("a.py:two") == []
    assert past.history.gaps == {"commit without lines": 2, "unknown lines": 1}


def test_a_damaged_commit_ends_the_history(three: tuple[Path, list[str]]) -> None:
    root, (first, _, third) = three
    damaged = root / ".git" / "objects" / first[:2] / first[2:]
    damaged.unlink()
    damaged.write_bytes(b"broken")
    past = Past(root, third)
    assert past.history.commit_id == (third,)
    assert past.history.gaps["unreadable commit"] >= 1


def test_no_commit_that_is_no_ancestor_comes_in(three: tuple[Path, list[str]], commit: Commit, git: Git) -> None:
    root, (first, second, third) = three
    git(root, "checkout", "-q", "--orphan", "other")
    _, orphan = commit({"a.py": THIRD})
    git(root, "tag", "-a", "-m", "x", "later")
    git(root, "checkout", "-q", "-B", "main", third)
    commit({"a.py": FIRST})
    git(root, "reset", "-q", "--hard", "HEAD~1")  # its commit is left in the reflog alone
    assert Past(root, second).history.commit_id == (second, first)
    git(root, "replace", "--graft", second, first, orphan)
    (root / ".git" / "info").mkdir(exist_ok=True)
    (root / ".git" / "info" / "grafts").write_text(f"{second} {orphan}\n")
    assert orphan in git(root, "rev-list", second).split()
    assert Past(root, second).history.commit_id == (second, first)
    assert Past(root, second).commits("a.py:two") == [second, first]


def test_a_commit_graph_file_that_lies_is_not_believed(three: tuple[Path, list[str]], git: Git) -> None:
    root, (first, second, third) = three
    git(root, "commit-graph", "write", "--reachable")
    position = {name: number for number, name in enumerate(sorted((first, second, third)))}
    file = root / ".git" / "objects" / "info" / "commit-graph"
    content = bytearray(file.read_bytes())
    table = {bytes(content[8 + 12 * row : 12 + 12 * row]): 12 + 12 * row for row in range(content[6])}
    (data,) = struct.unpack_from(">Q", content, table[b"CDAT"])
    for child, parent in ((second, third), (third, first)):
        struct.pack_into(">I", content, data + 36 * position[child] + 20, position[parent])
    file.chmod(file.stat().st_mode | stat.S_IWUSR)
    file.write_bytes(content)
    assert third in git(root, "rev-list", second).split()
    assert Past(root, second).history.commit_id == (second, first)


def test_an_ancestor_that_claims_a_later_date_stays(commit: Commit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_COMMITTER_DATE", "@4000000000 +0000")
    monkeypatch.setenv("GIT_AUTHOR_DATE", "@4000000000 +0000")
    root, first = commit({"a.py": FIRST})
    monkeypatch.setenv("GIT_COMMITTER_DATE", "@1000000000 +0000")
    _, second = commit({"a.py": SECOND})
    past = Past(root, second)
    assert past.commits("a.py:two") == [second, first]
    assert past.history.commit_time.tolist() == [1_000_000_000, 4_000_000_000]
    assert np.isfinite(past.history.pair_weight).all()


def test_no_program_that_the_repository_names_is_run(three: tuple[Path, list[str]], git: Git, tmp_path: Path) -> None:
    root, (first, second, third) = three
    program = tmp_path / "evil.sh"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\ncat\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (root / ".gitattributes").write_text("*.py diff=evil filter=evil\n")
    for key in ("diff.external", "diff.evil.textconv", "diff.evil.command", "filter.evil.clean", "gpg.program"):
        git(root, "config", key, str(program))
    git(root, "config", "log.showSignature", "true")
    git(root, "config", "core.pager", str(program))
    (tmp_path / "ran").unlink(missing_ok=True)
    subprocess.run(["git", "-C", str(root), "diff", "HEAD~1"], capture_output=True, check=True)
    assert (tmp_path / "ran").exists()
    (tmp_path / "ran").unlink()
    assert Past(root, third).commits("a.py:two") == [second, first]
    assert Past(root).commits("a.py:two") == [second, first]
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (".gitattributes", "*.py -diff binary\n"),
        (".git/info/attributes", "*.py -diff\n"),
        (".mailmap", "b <b@example.org> a <a@example.org>\n"),
    ],
)
def test_what_the_repository_says_about_diffs_changes_nothing(
    three: tuple[Path, list[str]], git: Git, file: str, text: str
) -> None:
    root, (first, second, third) = three
    (root / ".git" / "info").mkdir(exist_ok=True)
    (root / file).write_text(text)
    for key, value in {
        "diff.renames": "false",
        "diff.noprefix": "true",
        "diff.relative": "true",
        "diff.context": "9",
        "diff.interHunkContext": "9",
        "diff.algorithm": "patience",
        "color.ui": "always",
        "core.abbrev": "4",
        "core.quotePath": "false",
        "i18n.logOutputEncoding": "utf-16",
    }.items():
        git(root, "config", key, value)
    past = Past(root, third)
    assert past.commits("a.py:one") == [third, first]
    assert past.commits("a.py:two") == [second, first]
    assert past.history.message == ("change",) * 3


def test_a_message_in_another_encoding_is_read_and_a_long_one_cut(commit: Commit, git: Git, tmp_path: Path) -> None:
    root, _ = commit({"a.py": FIRST})
    (tmp_path / "message").write_bytes("\u00fc ".encode("latin-1") + b"x" * 9000)
    git(root, "-c", "i18n.commitEncoding=latin-1", "commit", "-q", "--amend", "-F", str(tmp_path / "message"))
    (message,) = Past(root).history.message
    assert message.startswith("\u00fc xxx")
    assert len(message) == 2000


def test_reading_writes_nothing_into_the_repository(three: tuple[Path, list[str]]) -> None:
    root, _ = three
    before = {path: path.stat().st_mtime_ns for path in sorted(root.rglob("*"))}
    Past(root)
    assert {path: path.stat().st_mtime_ns for path in sorted(root.rglob("*"))} == before


@pytest.mark.parametrize("name", ["commits", "seconds", "half_life_days", "max_files", "neighbours"])
def test_a_limit_without_meaning_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} of a history must be"):
        replace(HistoryLimits(), **{name: 0})
