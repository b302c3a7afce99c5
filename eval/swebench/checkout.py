"""Files of one commit of a git directory, laid out in a folder and patched there by git itself.

Knows git's plumbing. Writes nothing into the git directory, asks no remote for what it lacks, and lets git do every
write below the folder, since git refuses to follow links out of it. Does not know what the files are for.
"""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from cgm.errors import PatchError, RepositoryError

_SECONDS = 600
# a partial clone would otherwise fetch each file that it lacks
_QUIET = ("-c", "remote.origin.promisor=false", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")


def git_directory(repositories: Path, repo: str) -> Path:
    """Where a repository `owner/name` lies below a folder of git directories.

    Raises:
        RepositoryError: it is not there.
    """
    stem = repositories / repo.replace("/", "__")
    for path in (stem, Path(f"{stem}.git"), stem / ".git"):
        if (path / "HEAD").is_file():
            return path.resolve()
    raise RepositoryError(f"no git directory of {repo} in {repositories}")


def read_file(git: Path, commit: str, path: str) -> str | None:
    """The text of a file at a commit; None where it has none."""
    done = _git(["show", f"{commit}:{path}"], git=git)
    return done.stdout.decode("utf-8", "replace") if not done.returncode else None


def links(git: Path, commit: str) -> tuple[str, ...]:
    """The symbolic links and submodules of a commit.

    Raises:
        RepositoryError: the commit is not there.
    """
    done = _git(["ls-tree", "-r", "-z", commit], git=git)
    if done.returncode:
        raise RepositoryError(f"{git.name}: cannot read commit {commit}: {_said(done)}")
    rows = (row.split(b"\t", 1) for row in done.stdout.split(b"\0") if row.startswith((b"120000", b"160000")))
    return tuple(path.decode("utf-8", "surrogateescape") for _, path in rows)


def lay_out(git: Path, commit: str, folder: Path) -> list[str]:
    """Write all files of a commit into an empty folder and give back what git could not write, a line each.

    Raises:
        RepositoryError: the commit is not there.
    """
    index = {"GIT_INDEX_FILE": str(folder.parent / f"{folder.name}.index")}
    try:
        done = _git(["read-tree", commit], git=git, env=index)
        if done.returncode:
            raise RepositoryError(f"{git.name}: cannot read commit {commit}: {_said(done)}")
        done = _git([f"--work-tree={folder}", "checkout-index", "--all", "--force"], git=git, env=index)
        return [line for line in _said(done, lines=1 << 20).splitlines() if line.startswith("error")]
    finally:
        Path(index["GIT_INDEX_FILE"]).unlink(missing_ok=True)


def found_repository(git: Path, commit: str, folder: Path, otherwise: str) -> None:
    """Make the files in a folder a repository of one commit that bears the nearest tag, which versions are made from.

    Raises:
        RepositoryError: git cannot write it.
    """
    tag = _nearest_tag(git, commit) or otherwise
    who = ["-c", "user.name=r4", "-c", "user.email=r4@localhost", "-c", "commit.gpgsign=false"]
    for step in (["init", "-q", "--template="], ["add", "-A"], [*who, "commit", "-qm", tag], ["tag", tag]):
        _must(_git(step, cwd=folder), folder)


def enclose(git: Path, commit: str, folder: Path, otherwise: str) -> None:
    """Make the files of a commit, laid out in a folder, a repository that holds this commit alone, under its own hash.

    It bears the nearest tag, which versions are made from, or `otherwise`. What the git directory lacks it lacks too.

    Raises:
        RepositoryError: git cannot write it.
    """
    listed = _git(["rev-list", "--objects", "--no-walk", "--missing=allow-any", commit], git=git)
    names = "".join(f"{line[:40]}\n" for line in listed.stdout.decode("utf-8", "replace").splitlines())
    _must(listed, folder)
    _must(_git(["init", "-q", "--template=", "--initial-branch=main"], cwd=folder), folder)
    pack = folder / ".git" / "objects" / "pack" / "pack"
    _must(_git(["pack-objects", "-q", str(pack)], git=git, text=names), folder)
    # its parents are not there
    (folder / ".git" / "shallow").write_text(f"{commit}\n", encoding="ascii")
    tag = _nearest_tag(git, commit) or otherwise
    for step in (["update-ref", "refs/heads/main", commit], ["read-tree", commit], ["tag", tag, commit]):
        _must(_git(step, cwd=folder), folder)


def put_back(git: Path, commit: str, folder: Path, paths: Sequence[str]) -> None:
    """Give files the content that they had at a commit, and remove those that it has not.

    Raises:
        RepositoryError: git cannot write them.
    """
    index = {"GIT_INDEX_FILE": str(folder.parent / f"{folder.name}.index")}
    work = [f"--work-tree={folder}", "--literal-pathspecs"]
    try:
        steps = [["read-tree", commit]]
        for path in paths:
            if _git(["cat-file", "-e", f"{commit}:{path}"], git=git).returncode:
                _remove(folder, path)
            else:
                steps.append([*work, "checkout", "-q", "-f", commit, "--", path])
        for step in steps:
            done = _git(step, git=git, env=index, cwd=folder)
            if done.returncode:
                raise RepositoryError(f"{git.name}: cannot restore {', '.join(paths)}: {_said(done)}")
    finally:
        Path(index["GIT_INDEX_FILE"]).unlink(missing_ok=True)


def apply(folder: Path, diff: str) -> None:
    """Apply a unified diff to a folder's files, exactly and whole.

    Raises:
        PatchError: git refuses it.
    """
    # without a repository of its own git would look for one above the folder, and skip every file that is not in it
    ceiling = {"GIT_CEILING_DIRECTORIES": str(folder.parent)}
    text = diff if diff.endswith("\n") else diff + "\n"
    done = _git(["apply", "--whitespace=nowarn", "-"], cwd=folder, env=ceiling, text=text)
    if done.returncode:
        raise PatchError(f"git apply: {_said(done)}")


def apply_loosely(folder: Path, diff: str) -> None:
    """Apply a unified diff with GNU patch where it nearly fits, as the official harness does in the end.

    Only for diffs that were screened, since patch guards a folder less than git does. What fails leaves a part behind.

    Raises:
        PatchError: patch refuses it, or there is none.
    """
    words = ["patch", "--batch", "--forward", "--fuzz=5", "-p1", "--unified", "--no-backup-if-mismatch"]
    try:
        done = subprocess.run(  # noqa: S603 - patch with arguments of ours
            words, input=diff.encode(), cwd=folder, capture_output=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PatchError(f"patch failed: {error}") from error
    if done.returncode:
        raise PatchError(f"patch: {' '.join(done.stdout.decode('utf-8', 'replace').split())[-300:]}")


def _nearest_tag(git: Path, commit: str) -> str:
    near = _git(["describe", "--tags", "--abbrev=0", commit], git=git)
    return "" if near.returncode else near.stdout.decode("utf-8", "replace").strip()


def _must(done: subprocess.CompletedProcess[bytes], folder: Path) -> None:
    """Refuse a step of making a repository that failed."""
    if done.returncode:
        raise RepositoryError(f"{' '.join(done.args[-2:])} in {folder} failed: {_said(done)}")


def _remove(folder: Path, path: str) -> None:
    """Remove a file unless a link stands on the way to it."""
    target = folder / path
    if target.parent.resolve() == target.parent and not target.is_dir():
        target.unlink(missing_ok=True)


def _git(
    arguments: Sequence[str],
    *,
    git: Path | None = None,
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
    text: str = "",
) -> subprocess.CompletedProcess[bytes]:
    place = [f"--git-dir={git}"] if git else []
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    clean |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        return subprocess.run(  # noqa: S603 - git with arguments of ours
            ["git", *_QUIET, *place, *arguments],  # noqa: S607 - the git of the user's own PATH
            input=text.encode("utf-8", "surrogateescape"),
            env=clean | (env or {}),
            cwd=cwd,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RepositoryError(f"git {arguments[0]} failed: {error}") from error


def _said(done: subprocess.CompletedProcess[bytes], lines: int = 3) -> str:
    return "\n".join(done.stderr.decode("utf-8", "replace").strip().splitlines()[-lines:])
