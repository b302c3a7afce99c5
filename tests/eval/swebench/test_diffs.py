import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgm.errors import PatchError
from eval.swebench.diffs import print_diff, read_diff

_EDIT = """\
diff --git a/pkg/a.py b/pkg/a.py
--- a/pkg/a.py
+++ b/pkg/a.py
@@ -1,3 +1,3 @@ def f():
 one
-two
+TWO
 three
"""


def test_a_diff_in_the_form_of_git_is_printed_as_it_is() -> None:
    assert print_diff(read_diff(_EDIT)) == _EDIT


def test_what_git_itself_writes_survives(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(tmp_path), *arguments]
        return subprocess.run(command, check=True, capture_output=True).stdout.decode()

    git("init", "-q")
    for name in ("edit.py", "gone.py", "moved file.py", "run.py", "last.py", "caf\u00e9.py"):
        (tmp_path / name).write_text("".join(f"{name} {number}\n" for number in range(30)))
    git("add", "-A")
    git("commit", "-qm", "base")
    (tmp_path / "gone.py").unlink()
    (tmp_path / "moved file.py").rename(tmp_path / "new name.py")
    (tmp_path / "run.py").chmod(0o755)
    (tmp_path / "empty.py").touch()
    (tmp_path / "last.py").write_text("no line end")
    (tmp_path / "caf\u00e9.py").write_text("x\r\ny\r\n")
    for name in ("edit.py", "new name.py"):
        with (tmp_path / name).open("a") as stream:
            stream.write("more\n")
    git("add", "-A")
    tree, diff = git("write-tree"), git("diff", "--cached", "-M")
    git("reset", "-q", "--hard")
    (tmp_path / ".git" / "p.diff").write_bytes(print_diff(read_diff(diff)).encode())
    git("apply", "--index", ".git/p.diff")
    assert git("write-tree") == tree


def test_the_kinds_of_change_are_told_apart() -> None:
    edit, added, gone, moved, mode = read_diff(
        _EDIT
        + "diff --git a/n.py b/n.py\nnew file mode 100755\n--- /dev/null\n+++ b/n.py\n@@ -0,0 +1 @@\n+x\n"
        + "diff --git a/g.py b/g.py\ndeleted file mode 100644\n--- a/g.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"
        + "diff --git a/o.py b/p.py\nsimilarity index 100%\nrename from o.py\nrename to p.py\n"
        + "diff --git a/m.py b/m.py\nold mode 100644\nnew mode 100755\n"
    )
    assert (edit.old, edit.new) == ("pkg/a.py", "pkg/a.py")
    assert (added.old, added.new, added.modes) == (None, "n.py", {"new file mode": "100755"})
    assert (gone.old, gone.new) == ("g.py", None)
    assert (moved.move, moved.paths) == ("rename", ("o.py", "p.py"))
    assert mode.modes == {"old mode": "100644", "new mode": "100755"}


def test_the_lines_that_are_touched_are_those_before_the_change() -> None:
    hunks = [
        "@@ -1,3 +1,2 @@\n a\n-b\n c\n",  # removes 2
        "@@ -10,2 +9,3 @@\n d\n+new\n e\n",  # inserts between 10 and 11
        "@@ -20,0 +20 @@\n+x\n",  # inserts after 20
        "@@ -30,3 +31,3 @@\n-f\n+F\n+G\n-g\n h\n\\ No newline at end of file\n",  # replaces 30 and 31
    ]
    (change,) = read_diff(f"--- a/x\n+++ b/x\n{''.join(hunks)}")
    assert change.touched == [2, 10, 11, 20, 21, 30, 31]


def test_a_plain_diff_is_read_like_one_of_git() -> None:
    plain = _EDIT.partition("\n")[2].replace("a.py\n", "a.py\t2024-01-01 00:00:00\n", 2)
    assert print_diff(read_diff(plain)) == _EDIT


def test_a_new_file_without_a_mode_is_a_regular_one() -> None:
    for header in ("", "diff --git a/n.py b/n.py\n"):
        (change,) = read_diff(f"{header}--- /dev/null\n+++ b/n.py\n@@ -0,0 +1 @@\n+x\n")
        assert (change.paths, change.modes) == (("n.py",), {"new file mode": "100644"})


def test_text_around_the_files_means_nothing() -> None:
    assert print_diff(read_diff(f"Here is the fix:\n\n{_EDIT}\nThat is all.\n")) == _EDIT


def test_a_header_alone_changes_nothing() -> None:
    assert read_diff("diff --git a/a.py b/a.py\nindex 1..2 100644\n--- a/a.py\n+++ b/a.py\n") == []


def test_names_in_quotes_are_those_that_the_escapes_say() -> None:
    (change,) = read_diff('diff --git "a/caf\\303\\251.py" "b/caf\\303\\251.py"\nold mode 100644\nnew mode 100755\n')
    assert change.paths == ("caf\u00e9.py",)
    (hidden,) = read_diff('--- "a/\\056\\056/x"\n+++ "b/\\056\\056/x"\n@@ -1 +1 @@\n-a\n+b\n')
    assert hidden.paths == ("../x",)


def test_a_header_with_line_ends_of_windows_names_the_same_file() -> None:
    (change,) = read_diff(_EDIT.replace("\n", "\r\n"))
    assert change.paths == ("pkg/a.py",)
    assert change.hunks[1:] == [" one\r", "-two\r", "+TWO\r", " three\r"]


def test_a_blank_line_of_context_may_have_lost_its_sign_or_itself_at_the_end() -> None:
    (change,) = read_diff("--- a/x\n+++ b/x\n@@ -1,4 +1,4 @@\n-a\n+b\n\n")
    assert change.hunks[1:] == ["-a", "+b", " ", " ", " "]


@pytest.mark.parametrize(
    ("diff", "message"),
    [
        ("@@ -1 +1 @@\n-a\n+b\n", "a hunk must follow the names"),
        ("--- a/x\n+++ b/x\n@@ -1,9 +1,9 @@\n-a\n+b\n", "as long as it says"),
        ("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n-b\n", "as long as it says"),
        ("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n@@ -odd @@\n", "a hunk must follow"),
        ("--- a/x\n+++ b/y\n@@ -1 +1 @@\n-a\n+b\n", "must have one name, got x and y"),
        ("--- /dev/null\n+++ /dev/null\n@@ -1 +1 @@\n-a\n+b\n", "must have a file"),
        ("--- /etc/x\n+++ /etc/x\n@@ -1 +1 @@\n-a\n+b\n", "must have a folder before it"),
        ("diff --git x x\nold mode 100644\nnew mode 100755\n", "must have a folder before it"),
        ("diff --git a/x b/y\nold mode 100644\nnew mode 100755\n", "must name one file twice"),
        ("diff --git a/x b/y\nrename from x\n", "a rename must say from and to"),
        ("diff --git a/x b/x\nnew file mode 100644\n--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+b\n", "said to be new or gone"),
        ('--- "a/x\n+++ "b/x\n@@ -1 +1 @@\n-a\n+b\n', "must end with a quote"),
        ('--- "a/\\q"\n+++ "b/\\q"\n@@ -1 +1 @@\n-a\n+b\n', "must be UTF-8 in C's escapes"),
        ('--- "a/\\377"\n+++ "b/\\377"\n@@ -1 +1 @@\n-a\n+b\n', "must be UTF-8 in C's escapes"),
    ],
)
def test_a_malformed_diff_is_refused(diff: str, message: str) -> None:
    with pytest.raises(PatchError, match=message):
        read_diff(diff)


_LINES = st.sampled_from(
    [*_EDIT.split("\n"), "rename from x", "rename to ../y", "GIT binary patch", "--- /dev/null", ""]
)


@settings(max_examples=200)
@given(st.lists(st.one_of(_LINES, st.text(max_size=20)), max_size=30).map("\n".join))
def test_any_text_is_read_or_refused_and_prints_as_it_was_read(text: str) -> None:
    try:
        changes = read_diff(text)
    except PatchError:
        return
    if all(change.paths and not change.binary for change in changes) and not any(
        set(path) & set('"\\\t\r\n') or path != path.strip() for change in changes for path in change.paths
    ):
        again = read_diff(print_diff(changes))
        assert [(one.paths, one.move, one.hunks) for one in again] == [
            (one.paths, one.move, one.hunks) for one in changes
        ]
