import subprocess
from pathlib import Path

import pytest

from cgm.errors import PatchError, RepositoryError
from eval.swebench.checkout import apply, apply_loosely, enclose, git_directory, lay_out, links, put_back, read_file

CHANGE = "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-one\n+two\n"


@pytest.fixture
def git(tmp_path: Path) -> Path:
    work = tmp_path / "shop__cart"
    (work / "tests").mkdir(parents=True)
    (work / "a.py").write_text("one\n")
    (work / "tests" / "test_a.py").write_text("truth\n")
    (work / "link").symlink_to("a.py")
    for command in (["init", "-q"], ["add", "-A"], ["-c", "user.name=n", "-c", "user.email=e", "commit", "-qm", "m"]):
        subprocess.run(["git", *command], cwd=work, check=True)
    return work / ".git"


@pytest.fixture
def tree(tmp_path: Path, git: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    assert lay_out(git, "HEAD", folder) == []
    return folder


def test_a_commit_is_laid_out_without_touching_the_git_directory(tmp_path: Path, git: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in git.rglob("*")}
    folder = tmp_path / "tree"
    folder.mkdir()
    lay_out(git, "HEAD", folder)
    assert {path.name for path in folder.iterdir()} == {"a.py", "tests", "link"}
    assert {path: path.stat().st_mtime_ns for path in git.rglob("*")} == before


def test_objects_that_a_git_directory_lacks_are_named(tmp_path: Path, git: Path) -> None:
    blob = subprocess.run(["git", "--git-dir", git, "rev-parse", "HEAD:a.py"], capture_output=True, check=True)
    name = blob.stdout.decode().strip()
    (git / "objects" / name[:2] / name[2:]).unlink()
    folder = tmp_path / "tree"
    folder.mkdir()
    missing = lay_out(git, "HEAD", folder)
    assert len(missing) == 1
    assert "a.py" in missing[0]
    assert (folder / "tests" / "test_a.py").is_file()


def test_a_commit_that_is_not_there_is_an_error(tmp_path: Path, git: Path) -> None:
    with pytest.raises(RepositoryError, match="cannot read commit"):
        lay_out(git, "f" * 40, tmp_path)


def test_a_file_is_read_at_a_commit(git: Path) -> None:
    assert read_file(git, "HEAD", "a.py") == "one\n"
    assert read_file(git, "HEAD", "b.py") is None


def test_links_are_listed(git: Path) -> None:
    assert links(git, "HEAD") == ("link",)


def test_git_directories_are_found_bare_and_with_a_work_tree(tmp_path: Path, git: Path) -> None:
    assert git_directory(tmp_path, "shop/cart") == git
    git.rename(tmp_path / "shop__bare.git")
    assert git_directory(tmp_path, "shop/bare") == tmp_path / "shop__bare.git"
    with pytest.raises(RepositoryError, match="no git directory of shop/none"):
        git_directory(tmp_path, "shop/none")


def test_a_diff_is_applied_below_another_repository(tmp_path: Path, tree: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    apply(tree, CHANGE.rstrip("\n"))
    assert (tree / "a.py").read_text() == "two\n"


@pytest.mark.parametrize(
    "diff",
    [
        CHANGE.replace("-one", "-three"),
        CHANGE.replace("a.py", "../a.py"),
        CHANGE.replace("a.py", ".git/config"),
        CHANGE.replace("a.py", "link"),
        "no diff",
    ],
)
def test_a_diff_that_does_not_fit_or_leaves_the_folder_changes_nothing(tree: Path, diff: str) -> None:
    with pytest.raises(PatchError, match="git apply"):
        apply(tree, diff)
    assert (tree / "a.py").read_text() == "one\n"


def test_a_diff_that_nearly_fits_is_applied_loosely(tree: Path) -> None:
    (tree / "a.py").write_text("zero\none\n")
    nearly = "--- a/a.py\n+++ b/a.py\n@@ -7,2 +7,2 @@\n other\n-one\n+two\n"
    with pytest.raises(PatchError):
        apply(tree, nearly)
    apply_loosely(tree, nearly)
    assert (tree / "a.py").read_text() == "zero\ntwo\n"
    assert {path.name for path in tree.iterdir()} == {"a.py", "tests", "link"}


@pytest.mark.parametrize("name", ["../a.py", "link", "none.py"])
def test_nothing_is_applied_loosely_out_of_the_folder_or_through_a_link(tree: Path, name: str) -> None:
    (tree.parent / "a.py").write_text("one\n")
    with pytest.raises(PatchError, match=r"^patch: "):
        apply_loosely(tree, CHANGE.replace("a.py", name))
    assert (tree / "a.py").read_text() == (tree.parent / "a.py").read_text() == "one\n"


def test_a_folder_becomes_a_repository_of_one_commit_under_its_own_hash(git: Path, tree: Path) -> None:
    def ask(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=tree, check=True, capture_output=True, text=True).stdout.strip()

    subprocess.run(["git", "--git-dir", git, "tag", "v3"], check=True)
    who = ["-c", "user.name=n", "-c", "user.email=e"]
    subprocess.run(["git", "--git-dir", git, *who, "commit", "-q", "--allow-empty", "-m", "later"], check=True)
    commit = subprocess.run(["git", "--git-dir", git, "rev-parse", "v3"], check=True, capture_output=True, text=True)
    enclose(git, commit.stdout.strip(), tree, "v0")
    assert ask("rev-parse", "HEAD") == commit.stdout.strip()
    assert ask("rev-list", "--all", "--count") == "1"
    assert (ask("describe", "--tags"), ask("status", "--short", "--untracked-files=no")) == ("v3", "")
    (tree / "a.py").write_text("two\n")
    ask("checkout", commit.stdout.strip(), "--", "a.py")
    assert (tree / "a.py").read_text() == "one\n"


def test_files_are_put_back_and_new_ones_removed(git: Path, tree: Path) -> None:
    (tree / "tests" / "test_a.py").write_text("lie\n")
    (tree / "tests" / "test_b.py").write_text("lie\n")
    put_back(git, "HEAD", tree, ["tests/test_a.py", "tests/test_b.py", "tests/none.py"])
    assert (tree / "tests" / "test_a.py").read_text() == "truth\n"
    assert not (tree / "tests" / "test_b.py").exists()


def test_putting_back_follows_no_link_out_of_the_folder(tmp_path: Path, git: Path, tree: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    for name in ("test_a.py", "test_b.py"):
        (outside / name).write_text("mine\n")
    (tree / "tests" / "test_a.py").unlink()
    (tree / "tests").rmdir()
    (tree / "tests").symlink_to(outside)
    put_back(git, "HEAD", tree, ["tests/test_b.py", "tests/test_a.py"])
    assert {path.read_text() for path in outside.iterdir()} == {"mine\n"}
    assert (tree / "tests" / "test_a.py").read_text() == "truth\n"
