"""Diffs that mean harm, each by name, and what real git does with those that pass."""

import os
import subprocess
import tempfile
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgm.errors import ConfigError
from eval.swebench.untrusted import TrustConfig, screen, touched_files

_HUNK = "@@ -1 +1 @@\n-a\n+b\n"
_KEEP = TrustConfig(tests="keep", harness="keep")


def _edit(path: str, hunk: str = _HUNK) -> str:
    return f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n{hunk}"


def _new(path: str, mode: str = "100644", text: str = "x") -> str:
    names = f"--- /dev/null\n+++ b/{path}\n"
    return f"diff --git a/{path} b/{path}\nnew file mode {mode}\n{names}@@ -0,0 +1 @@\n+{text}\n"


def test_an_honest_diff_passes_unchanged() -> None:
    screened = screen(_edit("pkg/a.py"), TrustConfig())
    assert (screened.outcome, screened.diff, screened.paths) == ("", _edit("pkg/a.py"), ("pkg/a.py",))


@pytest.mark.parametrize("diff", ["", " \n\n"])
def test_an_empty_patch_has_an_outcome_of_its_own(diff: str) -> None:
    assert screen(diff, TrustConfig()).outcome == "empty"


@pytest.mark.parametrize("diff", ["I could not find the bug.", _edit("a.py", "@@ -1,5 +1 @@\n-a\n+b\n+c\n")])
def test_what_git_cannot_read_does_not_apply(diff: str) -> None:
    assert screen(diff, TrustConfig()).outcome == "does_not_apply"


@pytest.mark.parametrize(
    "path",
    [
        "../outside.py",
        "pkg/../../outside.py",
        "./a.py",
        "/etc/passwd",
        "pkg//a.py",
        ".git/hooks/pre-commit",
        ".GIT/config",
        "sub/.Git/config",
        "git~1/config",
        ".git./config",
        ".g\u200cit/config",
        "C:/x.py",
        "a\\..\\b.py",
        "a.py:stream",
        " a.py",
        "x" * 1001,
        "a\u2028b.py",
    ],
)
def test_a_path_that_leaves_the_repository_is_refused(path: str) -> None:
    for diff in (_edit(path), _new(path)):
        screened = screen(diff, _KEEP)
        assert (screened.outcome, screened.diff) == ("refused", "")
        assert "must lie in the repository" in screened.message


@pytest.mark.parametrize("escaped", ["\\056\\056/x", "\\056git/config", "a\\nb", "a\\tb", 'a\\"b', "a\\\\b", "\\001"])
def test_a_path_hidden_in_octal_escapes_is_refused(escaped: str) -> None:
    screened = screen(f'--- "a/{escaped}"\n+++ "b/{escaped}"\n{_HUNK}', _KEEP)
    assert (screened.outcome, screened.diff) == ("refused", "")


@pytest.mark.parametrize("move", ["rename", "copy"])
@pytest.mark.parametrize(("source", "target"), [("a.py", "../b.py"), ("../../etc/passwd", "b.py"), ("a.py", ".git/x")])
def test_a_rename_or_copy_out_or_in_is_refused(move: str, source: str, target: str) -> None:
    diff = f"diff --git a/a.py b/b.py\n{move} from {source}\n{move} to {target}\n"
    assert screen(diff, _KEEP).outcome == "refused"


@pytest.mark.parametrize("mode", ["120000", "160000", "040000", "104755", "100666"])
def test_a_change_to_a_link_a_submodule_or_an_odd_mode_is_refused(mode: str) -> None:
    for diff in (
        _new("link", mode, "/etc"),
        f"diff --git a/a.py b/a.py\nold mode 100644\nnew mode {mode}\n",
        f"diff --git a/a.py b/a.py\nindex 1234567..89abcde {mode}\n--- a/a.py\n+++ b/a.py\n{_HUNK}",
    ):
        screened = screen(diff, _KEEP)
        assert (screened.outcome, mode in screened.message) == ("refused", True)


def test_a_link_or_submodule_of_the_base_commit_is_left_alone() -> None:
    for path in ("docs/link", "docs/link/file.py", "docs/LINK"):
        assert screen(_edit(path), _KEEP, links=("docs/link",)).outcome == "refused"
    assert not screen(_edit("docs/linked"), _KEEP, links=("docs/link",)).outcome


@pytest.mark.parametrize("body", ["GIT binary patch\nliteral 3\nKcmZ\n", "Binary files a/x.png and b/x.png differ\n"])
def test_a_binary_patch_is_refused(body: str) -> None:
    screened = screen(f"diff --git a/x.png b/x.png\nindex 1..2 100644\n{body}", _KEEP)
    assert (screened.outcome, "binary" in screened.message) == ("refused", True)


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
def test_a_diff_that_is_no_text_is_refused(text: str) -> None:
    assert screen(_new("a.py", text=text), _KEEP).outcome == "refused"


def test_a_diff_of_100_mb_is_refused_without_being_read() -> None:
    diff = _new("a.py", text="x" * 100_000_000)
    tracemalloc.start()
    began = time.process_time()
    screened = screen(diff, TrustConfig())
    spent, peak = time.process_time() - began, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (screened.outcome, "at most 4096 KiB" in screened.message) == ("refused", True)
    assert spent < 0.05
    assert peak < 1 << 20


@pytest.mark.parametrize(
    "diff",
    [
        "diff --git a/x b/x\nindex " + ".." * 400_000 + " 1",
        "diff --git a/x b/x\n" + "new mode 100644\n" * 50_000,
        "diff --git a/x b/x\n" * 40_000,
        '--- "a/' + "\\" * 800_000 + f'"\n+++ b/x\n{_HUNK}',
        _edit("/".join(["x"] * 70_000)),
        f"--- a/x\n+++ b/x\n{_HUNK * 40_000}",
        "Binary files " * 60_000,
    ],
    ids=["index", "modes", "headers", "quotes", "folders", "hunks", "words"],
)
def test_a_diff_that_is_all_of_one_thing_is_judged_in_time_and_in_few_words(diff: str) -> None:
    began = time.process_time()
    screened = screen(diff, _KEEP, links=("link",))
    assert time.process_time() - began < 3
    assert len(screened.message) < 5000


def test_a_diff_of_too_many_files_is_refused() -> None:
    diff = "".join(_edit(f"{number}.py") for number in range(3))
    assert screen(diff, TrustConfig(max_files=2)).outcome == "refused"
    assert not screen(diff, TrustConfig(max_files=3)).outcome


def test_changes_to_the_tests_that_grade_are_dropped_refused_or_kept_as_asked() -> None:
    diff, tests = _edit("pkg/a.py") + _new("tests/test_a.py"), ("tests/test_a.py",)
    dropped = screen(diff, TrustConfig(), tests=tests)
    assert (dropped.diff, dropped.dropped) == (_edit("pkg/a.py"), tests)
    assert "left out, as they belong to the tests: tests/test_a.py" in dropped.message
    assert screen(diff, TrustConfig(tests="refuse"), tests=tests).outcome == "refused"
    assert screen(diff, TrustConfig(tests="keep"), tests=tests).diff == diff
    assert screen(diff, TrustConfig(), tests=("tests/test_b.py",)).diff == diff


@pytest.mark.parametrize(
    "path",
    [
        "conftest.py",
        "pkg/tests/conftest.py",
        "tox.ini",
        "setup.cfg",
        "pytest.ini",
        "pyproject.toml",
        "Conftest.py",
        "x.pth",
        "src/sitecustomize.py",
        ".gitattributes",
        "tests/runtests.py",
        "bin/test",
    ],
)
def test_changes_to_what_configures_a_test_run_are_dropped_refused_or_kept_as_asked(path: str) -> None:
    diff = _edit(path) + _edit("pkg/a.py")
    assert screen(diff, TrustConfig()).dropped == (path,)
    assert screen(diff, TrustConfig(harness="refuse")).outcome == "refused"
    assert screen(diff, TrustConfig(harness="keep")).diff == diff


def test_moving_a_test_away_counts_as_changing_it() -> None:
    diff = _edit("a.py") + "diff --git a/t.py b/u.py\nrename from t.py\nrename to u.py\n"
    assert screen(diff, TrustConfig(), tests=("t.py",)).dropped == ("t.py", "u.py")


def test_a_diff_of_nothing_but_tests_is_refused() -> None:
    assert screen(_edit("t.py"), TrustConfig(), tests=("t.py",)).outcome == "refused"


def test_a_harmful_change_is_refused_even_where_it_would_be_dropped() -> None:
    assert screen(_edit("a.py") + _new("x/conftest.py", "120000"), TrustConfig()).outcome == "refused"


def test_the_files_of_a_test_patch_are_found_by_every_name() -> None:
    moved = "diff --git a/t.py b/u.py\nsimilarity index 100%\nrename from t.py\nrename to u.py\n"
    assert touched_files(_edit("a.py") + moved) == ("a.py", "t.py", "u.py")


def test_the_hash_is_that_of_what_the_diff_does() -> None:
    first = screen(_edit("a.py"), TrustConfig())
    same = screen(f"Sure!\n{_edit('a.py').replace('--- ', 'index 1234567..89abcde 100644' + chr(10) + '--- ')}", _KEEP)
    other = screen(_edit("a.py", "@@ -1 +1 @@\n-a\n+c\n"), TrustConfig())
    assert first.hash == same.hash != other.hash


@pytest.mark.parametrize("change", [{"max_kb": 0}, {"max_files": 0}, {"tests": "strip"}, {"harness": ""}])
def test_a_meaningless_setting_is_refused(change: dict[str, int | str]) -> None:
    with pytest.raises(ConfigError, match=next(iter(change))):
        TrustConfig(**change)  # type: ignore[arg-type]


def _world(root: Path) -> Path:
    """A folder with a secret, and in it a repository with a file, a folder, and links out of it."""
    repository = root / "repository"
    (repository / "pkg").mkdir(parents=True)
    (root / "outside").mkdir()
    for path in (root / "secret.py", root / "outside" / "a.py", repository / "a.py", repository / "pkg" / "a.py"):
        path.write_text("a\n")
    (repository / "link").symlink_to("../secret.py")
    (repository / "folder").symlink_to("../outside")
    subprocess.run(["git", "init", "-q", str(repository)], check=True)
    return repository


def _outside(root: Path) -> dict[str, tuple[bytes, int]]:
    """Every file that is not of the repository's working tree, and where links lead."""
    found = {}
    for folder, folders, names in os.walk(root):
        for path in (Path(folder, name) for name in [*folders, *names]):
            inside = "repository" in path.parts and ".git" not in path.parts
            if path.is_symlink():
                found[str(path)] = (os.fsencode(path.readlink()), 0)
            elif path.is_file() and not inside:
                found[str(path)] = (path.read_bytes(), path.stat().st_mode)
    return found


_GOOD = st.sampled_from(["a.py", "pkg/a.py", "new.py", "pkg/new/a b.py"])
_ODD = ["link", "link/x", "folder/a.py", "folder/new.py", "../secret.py", "../new.py", "pkg/../../secret.py", "/tmp/x"]
_ODDER = [".git/config", ".git/hooks/x", ".GIT/x", '"a\\056py"', "x/../a.py", "./a.py", "a.py\t", "a.py\r", "..", "pkg"]
_NAMES = st.one_of(_GOOD, _GOOD, _GOOD, st.sampled_from([*_ODD, *_ODDER, "\\a.py", "a\u200b.py"]))
_WORDS = st.sampled_from(
    [
        *("new file mode 100644", "new file mode 120000", "deleted file mode 100644", "old mode 100644", ""),
        *("new mode 120000", "new mode 100755", "index 1234567..7654321 120000", "GIT binary patch", "garbage"),
        *("Index: ../secret.py", "Prereq: a"),
    ]
)
_LINK = "\n\\ No newline at end of file\n"
_HUNKS = st.sampled_from(
    [
        *(_HUNK, _HUNK, "@@ -0,0 +1 @@\n+x\n", "@@ -1 +0,0 @@\n-a\n", "@@ -1 +1,2 @@\n a\n+../secret.py\n", ""),
        f"@@ -1 +1 @@\n-../secret.py{_LINK}+/etc{_LINK}",
        *("*** 1 ****\n! a\n--- 1 ----\n! b\n", "1c\nb\n.\nw ../secret.py\n"),
        f"{_HUNK}--- ../secret.py\n+++ ../secret.py\n",
        f"{_HUNK}*** ../secret.py\n--- ../secret.py\n***************\n*** 1 ****\n! a\n--- 1 ----\n! b\n",
    ]
)


@st.composite
def _section(draw: st.DrawFn) -> str:
    old = draw(_NAMES)
    new = draw(st.one_of(*[st.just(old)] * 4, _NAMES))
    both = (f"a/{old}", f"b/{new}")
    sides = draw(st.sampled_from([both, both, both, (old, new), ("/dev/null", both[1]), (both[0], "/dev/null")]))
    moves = [f"{word} from {old}\n{word} to {new}\n" for word in ("rename", "copy")]
    lines = [
        draw(st.sampled_from([f"diff --git a/{old} b/{new}\n", ""])),
        "".join(f"{word}\n" for word in draw(st.one_of(st.just([]), st.lists(_WORDS, max_size=2)))),
        draw(st.sampled_from(["", "", "", *moves])),
        f"--- {sides[0]}\n+++ {sides[1]}\n",
        draw(_HUNKS),
    ]
    return "".join(line for line in lines if draw(st.integers(0, 19)))


@settings(max_examples=100)
@given(st.lists(_section(), min_size=1, max_size=2).map("".join))
def test_no_accepted_diff_changes_anything_outside_its_repository(diff: str) -> None:
    screened = screen(diff, _KEEP, links=("link", "folder"))
    if screened.outcome:
        assert not screened.diff
        return
    for program in (["git", "apply", "-"], ["patch", "--batch", "--fuzz=5", "-p1", "-i", "-"]):
        with tempfile.TemporaryDirectory() as name:
            repository = _world(Path(name))
            before = _outside(Path(name))
            subprocess.run(program, cwd=repository, input=screened.diff.encode(), capture_output=True, check=False)
            assert _outside(Path(name)) == before
