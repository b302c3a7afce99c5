import hashlib
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cgm.errors import RepositoryError
from preprocessing.snapshot import Snapshot, open_snapshot

Commit = Callable[[dict[str, Any]], tuple[Path, str]]
Git = Callable[..., str]


def contents(snapshot: Snapshot) -> dict[str, bytes]:
    paths = [entry.path for entry in snapshot.files]
    return dict(zip(paths, snapshot.read_bytes(paths), strict=True))


def test_a_commit_is_read_without_a_checkout(commit: Commit) -> None:
    root, first = commit({"a.py": "x = 1\n", "b/c.txt": "text"})
    commit({"a.py": "x = 2\n"})
    assert contents(open_snapshot(root, first)) == {"a.py": b"x = 1\n", "b/c.txt": b"text"}


def test_any_revision_names_a_commit(commit: Commit, git: Git) -> None:
    root, first = commit({"a.py": "1"})
    git(root, "tag", "-a", "-m", "x", "v1")
    commit({"a.py": "2"})
    assert {open_snapshot(root, name).identity for name in (first, first[:8], "v1", "HEAD~1", "main~1")} == {
        open_snapshot(root, first).identity
    }


def test_without_a_commit_a_repository_is_read_as_it_lies_on_disk(commit: Commit) -> None:
    root, _ = commit({"kept.py": "1", "dirty.py": "1", "gone.py": "1", ".gitignore": "ignored.py\n"})
    (root / "dirty.py").write_text("2")
    (root / "gone.py").unlink()
    (root / "untracked.py").write_text("3")
    (root / "ignored.py").write_text("4")
    snapshot = open_snapshot(root)
    assert set(contents(snapshot)) == {".gitignore", "kept.py", "dirty.py", "untracked.py"}
    assert snapshot.read("dirty.py") == "2"
    assert snapshot.skipped == {"deleted": 1}


def test_equal_content_has_one_identity_as_commit_working_tree_bare_and_folder(
    commit: Commit, git: Git, tmp_path: Path
) -> None:
    root, first = commit({"a.py": "x\n", "p/b.py": "y\n"})
    git(tmp_path, "clone", "-q", "--bare", str(root), "bare.git")
    git(root, "archive", "-o", str(tmp_path / "archive.tar"), first)
    (tmp_path / "plain").mkdir()
    os.system(f"tar -xf {tmp_path}/archive.tar -C {tmp_path}/plain")
    places = [(root, first), (root, ""), (tmp_path / "bare.git", ""), (tmp_path / "plain", "")]
    assert len({open_snapshot(*place).identity for place in places}) == 1


def test_other_content_has_another_identity(commit: Commit) -> None:
    root, first = commit({"a.py": "x\n"})
    _, second = commit({"a.py": "y\n"})
    _, third = commit({"a.py": "x\n", "b.py": ""})
    assert len({open_snapshot(root, one).identity for one in (first, second, third)}) == 3


def test_a_blob_id_is_gits_own(commit: Commit, git: Git) -> None:
    root, _ = commit({"a.py": "x\n"})
    assert open_snapshot(root).files[0].blob == git(root, "rev-parse", "HEAD:a.py")


def test_a_bare_repository_is_read_at_head(commit: Commit, git: Git, tmp_path: Path) -> None:
    root, _ = commit({"a.py": "x\n"})
    git(tmp_path, "clone", "-q", "--bare", str(root), "bare.git")
    snapshot = open_snapshot(tmp_path / "bare.git")
    assert (snapshot.name, contents(snapshot)) == ("bare", {"a.py": b"x\n"})


def test_a_shallow_clone_has_its_commit_and_no_older_one(commit: Commit, git: Git, tmp_path: Path) -> None:
    root, first = commit({"a.py": "1"})
    _, second = commit({"a.py": "2"})
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{root}", "shallow")
    assert open_snapshot(tmp_path / "shallow", second).read("a.py") == "2"
    with pytest.raises(RepositoryError, match="commit must exist"):
        open_snapshot(tmp_path / "shallow", first)


def test_a_linked_worktree_is_a_repository(commit: Commit, git: Git, tmp_path: Path) -> None:
    root, first = commit({"a.py": "1"})
    commit({"a.py": "2"})
    git(root, "worktree", "add", "-q", str(tmp_path / "tree"), first)
    assert open_snapshot(tmp_path / "tree").read("a.py") == "1"
    assert open_snapshot(tmp_path / "tree", "main").read("a.py") == "2"


def test_a_submodule_is_counted_and_not_read(commit: Commit, git: Git, tmp_path: Path) -> None:
    root, _ = commit({"a.py": "1"})
    (tmp_path / "inner").mkdir()
    git(tmp_path / "inner", "init", "-q")
    git(tmp_path / "inner", "commit", "-q", "--allow-empty", "-m", "x")
    git(root, "submodule", "--quiet", "add", str(tmp_path / "inner"), "vendor")
    git(root, "commit", "-q", "-m", "submodule")
    for place in (open_snapshot(root, "HEAD"), open_snapshot(root)):
        assert [entry.path for entry in place.files] == [".gitmodules", "a.py"]
        assert place.skipped["submodule"] == 1


def test_a_symbolic_link_is_never_followed(commit: Commit, tmp_path: Path) -> None:
    root, _ = commit({"a.py": "1"})
    (tmp_path / "secret.py").write_text("secret")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "s.py").write_text("secret")
    (root / "link.py").symlink_to(tmp_path / "secret.py")
    (root / "links").symlink_to(tmp_path / "secrets")
    commit({})
    for snapshot in (open_snapshot(root), open_snapshot(root, "HEAD")):
        assert [entry.path for entry in snapshot.files] == ["a.py"]
        assert snapshot.skipped["symlink"] == 2


def test_a_plain_folder_skips_links_hidden_and_vendored_folders(folder: Callable[..., Path], tmp_path: Path) -> None:
    root = folder({"a.py": "1", ".venv/x.py": "", "node_modules/y.js": "", "p/__pycache__/z.pyc": "", "p/b.py": "2"})
    (root / "out").symlink_to(tmp_path)
    snapshot = open_snapshot(root)
    assert [entry.path for entry in snapshot.files] == ["a.py", "p/b.py"]
    assert snapshot.skipped == {"skipped folder": 3, "symlink": 1}


@pytest.mark.parametrize("kind", ["folder", "working tree"])
def test_files_are_left_out_of_a_snapshot_of_the_disk_and_counted(
    folder: Callable[..., Path], git: Git, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    root = folder({"a.py": "1", "issue.md": "2", "runs/log.txt": "3"})
    if kind == "working tree":
        git(root, "init", "-q")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "alias").symlink_to(root)
    for location in (root, tmp_path / "alias", Path("folder")):
        left_out = [Path("folder/issue.md"), root / "runs" / "log.txt", tmp_path / "elsewhere.md", root / "absent"]
        snapshot = open_snapshot(location, left_out=left_out)
        assert [entry.path for entry in snapshot.files] == ["a.py"]
        assert snapshot.skipped["left out"] == 2


def test_nothing_is_left_out_of_a_commit(commit: Commit) -> None:
    root, first = commit({"a.py": "1", "issue.md": "2"})
    snapshot = open_snapshot(root, first, left_out=[root / "issue.md"])
    assert set(contents(snapshot)) == {"a.py", "issue.md"}
    assert "left out" not in snapshot.skipped


def test_a_plain_folder_skips_folders_that_ignore_themselves(folder: Callable[..., Path]) -> None:
    root = folder(
        {
            "a.py": "1",
            "env/.gitignore": "# made by a tool\n\n*\n",
            "env/lib/x.py": "",
            "runs/.gitignore": "*",
            "runs/y.py": "",
            "p/.gitignore": "*.pyc\n*\n",
            "p/b.py": "2",
            "q/.gitignore": "*\n!c.py\n",
            "q/c.py": "3",
        }
    )
    (root / "p" / "d").mkdir()
    os.mkfifo(root / "p" / "d" / ".gitignore")
    snapshot = open_snapshot(root)
    assert [entry.path for entry in snapshot.files] == ["a.py", "p/.gitignore", "p/b.py", "q/.gitignore", "q/c.py"]
    assert snapshot.skipped == {"skipped folder": 2, "special file": 1}


def test_a_folder_that_a_repository_around_it_ignores_is_a_plain_folder(commit: Commit) -> None:
    root, _ = commit({".gitignore": "build/\n", "a.py": "1"})
    (root / "build").mkdir()
    (root / "build" / "b.py").write_text("2")
    assert [entry.path for entry in open_snapshot(root / "build").files] == ["b.py"]


def test_a_folder_inside_a_repository_is_read_alone(commit: Commit) -> None:
    root, first = commit({"a.py": "1", "sub/b.py": "2"})
    for snapshot in (open_snapshot(root / "sub"), open_snapshot(root / "sub", first)):
        assert contents(snapshot) == {"b.py": b"2"}


@pytest.mark.parametrize(
    "name", [b"new\nline.py", b"tab\there.py", b"\xff\xfe.py", "\u00fc \u4e2d.py".encode(), b'"q".py']
)
def test_odd_file_names_survive(commit: Commit, name: bytes) -> None:
    root, _ = commit({"a.py": "1"})
    path = os.fsdecode(name)
    (root / path).write_text("odd")
    _, second = commit({})
    for snapshot in (open_snapshot(root), open_snapshot(root, second)):
        assert snapshot.read(path) == "odd"


def test_undecodable_bytes_are_replaced(commit: Commit) -> None:
    root, first = commit({"a.py": b"x = '\xff'\n"})
    assert open_snapshot(root, first).read("a.py") == "x = '\N{REPLACEMENT CHARACTER}'\n"


def test_many_large_blobs_are_read_in_order(commit: Commit) -> None:
    generator = random.Random(0)
    files = {f"{number:03}.bin": generator.randbytes(generator.randrange(150_000)) for number in range(150)}
    root, first = commit(files)
    assert contents(open_snapshot(root, first)) == files


def test_a_file_of_50_megabytes_is_listed_with_gits_blob_id(folder: Callable[..., Path]) -> None:
    size = 50 << 20
    root = folder({"a.py": "1"})
    with (root / "big.bin").open("wb") as stream:
        stream.truncate(size)
    entry = open_snapshot(root).by_path["big.bin"]
    assert (entry.size, entry.blob) == (size, hashlib.sha1(b"blob %d\0" % size + bytes(size)).hexdigest())


def test_files_come_sorted_by_path(folder: Callable[..., Path]) -> None:
    root = folder({"b.py": "", "a/z.py": "", "a.py": "", "a-b.py": ""})
    assert [entry.path for entry in open_snapshot(root).files] == ["a-b.py", "a.py", "a/z.py", "b.py"]


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match=r"repository must exist, got .*nowhere"):
        open_snapshot(tmp_path / "nowhere")


def test_a_file_is_no_repository(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RepositoryError, match="repository must be a folder"):
        open_snapshot(tmp_path / "file")


@pytest.mark.parametrize("name", ["deadbeef", "no-such-branch", "--upload-pack=x", "HEAD:a.py", "a..b", "x\ny"])
def test_an_unknown_commit_is_refused(commit: Commit, name: str) -> None:
    root, _ = commit({"a.py": "1"})
    with pytest.raises(RepositoryError, match="commit must"):
        open_snapshot(root, name)


def test_a_commit_of_a_plain_folder_is_refused(folder: Callable[..., Path]) -> None:
    with pytest.raises(RepositoryError, match="a commit needs a git repository"):
        open_snapshot(folder({"a.py": ""}), "HEAD")


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="repository must hold files"):
        open_snapshot(tmp_path)


def test_a_repository_without_a_commit_is_refused(git: Git, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "bare")
    with pytest.raises(RepositoryError, match="repository must have a commit"):
        open_snapshot(tmp_path / "bare")


def test_a_damaged_object_is_one_clear_line(commit: Commit, git: Git) -> None:
    root, first = commit({"a.py": "1", "b.py": "2"})
    snapshot = open_snapshot(root, first)
    blob = git(root, "rev-parse", "HEAD:a.py")
    (root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(RepositoryError, match="is damaged") as caught:
        contents(snapshot)
    assert "\n" not in str(caught.value)


def test_a_blob_that_a_partial_clone_lacks_is_counted_and_the_rest_is_read(commit: Commit, git: Git) -> None:
    root, first = commit({"a.py": "1", "large.dat": "2"})
    blob = git(root, "rev-parse", "HEAD:large.dat")
    (root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    snapshot = open_snapshot(root, first)
    assert contents(snapshot) == {"a.py": b"1"}
    assert snapshot.skipped == {"missing object": 1}


def test_a_file_that_is_not_there_is_refused(commit: Commit) -> None:
    root, first = commit({"a.py": "1"})
    with pytest.raises(RepositoryError, match=r"has no file 'b\.py'"):
        open_snapshot(root, first).read("b.py")


def test_a_file_swapped_for_a_link_after_listing_is_not_followed(folder: Callable[..., Path], tmp_path: Path) -> None:
    root = folder({"a.py": "1"})
    snapshot = open_snapshot(root)
    (tmp_path / "secret").write_text("secret")
    (root / "a.py").unlink()
    (root / "a.py").symlink_to(tmp_path / "secret")
    with pytest.raises(RepositoryError, match=r"cannot read 'a\.py'"):
        snapshot.read("a.py")


@pytest.mark.parametrize("path", ["conf/passwd", "conf/deep/er/passwd"])
def test_a_folder_swapped_for_a_link_out_of_the_repository_is_not_followed(
    commit: Commit, tmp_path: Path, path: str
) -> None:
    root, first = commit({"a.py": "1", path: "harmless"})
    listed_before = open_snapshot(root)
    (tmp_path / "outside").mkdir()
    (root / "conf").rename(tmp_path / "gone")
    secret = tmp_path / "outside" / Path(path).relative_to("conf")
    secret.parent.mkdir(parents=True, exist_ok=True)
    secret.write_text("secret")
    (root / "conf").symlink_to(tmp_path / "outside")
    snapshot = open_snapshot(root)
    assert [entry.path for entry in snapshot.files] == ["a.py"]
    assert snapshot.skipped["symlink"] >= 1
    with pytest.raises(RepositoryError, match=f"cannot read '{path}'"):
        listed_before.read(path)
    assert open_snapshot(root, first).read(path) == "harmless"


def test_a_repository_behind_a_link_is_read(commit: Commit, tmp_path: Path) -> None:
    root, _ = commit({"p/a.py": "1"})
    (tmp_path / "alias").symlink_to(root)
    assert contents(open_snapshot(tmp_path / "alias")) == {"p/a.py": b"1"}


def test_a_file_swapped_for_a_pipe_after_listing_is_refused_and_not_waited_for(folder: Callable[..., Path]) -> None:
    root = folder({"a.py": "1"})
    snapshot = open_snapshot(root)
    (root / "a.py").unlink()
    os.mkfifo(root / "a.py")
    with pytest.raises(RepositoryError, match=r"cannot read 'a\.py'.*no regular file"):
        snapshot.read("a.py")


def test_a_subfolder_that_cannot_be_read_is_counted(folder: Callable[..., Path]) -> None:
    root = folder({"a.py": "1"})
    name = "d" * 250
    inner = os.open(root, os.O_RDONLY)
    for _ in range(20):  # deeper than a path may be long, which no user may read
        os.mkdir(name, dir_fd=inner)
        outer, inner = inner, os.open(name, os.O_RDONLY, dir_fd=inner)
        os.close(outer)
    os.close(inner)
    snapshot = open_snapshot(root)
    assert [entry.path for entry in snapshot.files] == ["a.py"]
    assert snapshot.skipped["unreadable folder"] == 1
