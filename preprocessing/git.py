"""Git's plumbing, read-only: what kind of repository, a commit's tree, the working tree's names, blobs.

Knows the commands and their output. Does not know what a snapshot is. A repository is not trusted: no hook, monitor,
filter or network access of its configuration runs, and nothing is written into it.
"""

import os
import subprocess
import threading
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cgm.errors import RepositoryError

# few enough ids that writing them never blocks while git waits to write a blob
_BATCH = 64
_SETTINGS = (
    "safe.directory=*",
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.untrackedCache=false",
    "core.commitGraph=false",
)


@dataclass(frozen=True)
class TreeEntry:
    """One line of `git ls-tree -l`; a gitlink has size 0, a blob that the repository lacks (a partial clone) -1."""

    path: str
    oid: str
    size: int
    mode: int


@dataclass(frozen=True)
class Git:
    """Git commands run in one folder."""

    location: Path

    def kind(self) -> str:
        """What lies at the location: worktree, bare, or folder where git does not govern it."""
        found = self._run("rev-parse", "--is-inside-git-dir", "--is-bare-repository", check=False)
        if found.returncode:
            return self._kind_without_git(found)
        if b"true" in found.stdout:
            return "bare"
        top = os.fsdecode(self._run("rev-parse", "--show-toplevel").stdout.rstrip(b"\n"))
        if Path(top).resolve() == self.location.resolve() or self._run("ls-files", "-z").stdout:
            return "worktree"
        return "folder"

    def tree(self, commit: str) -> Iterator[TreeEntry]:
        """Every leaf of a commit's tree.

        Raises:
            RepositoryError: the commit is unknown, or its tree is damaged.
        """
        oid = self.commit_id(commit)
        for line in self._run("ls-tree", "-r", "-z", "-l", oid).stdout.split(b"\0"):
            if line:
                head, _, path = line.partition(b"\t")
                mode, _, blob, size = head.split()
                yield TreeEntry(os.fsdecode(path), blob.decode(), _size(size), int(mode, 8))

    def head(self) -> str:
        """The full id of the commit at HEAD; empty where there is none."""
        return self._run("rev-parse", "--verify", "--quiet", "HEAD^{commit}", check=False).stdout.decode().strip()

    def roots(self, commit: str) -> list[str]:
        """The ids of the commits without parents that a commit's history begins with, sorted. Raises as `commit_id`."""
        listed = self._run("rev-list", "--max-parents=0", self.commit_id(commit), "--").stdout
        return sorted(listed.decode().split())

    def origin_url(self) -> str:
        """Where the repository says that it was cloned from; empty where it does not."""
        found = self._run("config", "--get", "remote.origin.url", check=False)
        return found.stdout.decode("utf-8", "replace").strip()

    def prefix(self) -> str:
        """Where the location lies below the top of the working tree; empty at the top, and in a git directory."""
        return os.fsdecode(self._run("rev-parse", "--show-prefix").stdout.rstrip(b"\n"))

    def working_files(self) -> list[str]:
        """Paths tracked, or untracked and not ignored, sorted; some may be deleted, or be submodules."""
        listed = self._run("ls-files", "-z", "--cached", "--others", "--exclude-standard").stdout
        return sorted({os.fsdecode(path.rstrip(b"/")) for path in listed.split(b"\0") if path})

    def start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start a command with both ends piped."""
        pipe = subprocess.PIPE
        return subprocess.Popen(  # noqa: S603 (a list, no shell)
            self._command(*arguments), env=_environment(), stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL
        )

    def commit_id(self, commit: str) -> str:
        """The full id of the commit that a revision names.

        Raises:
            RepositoryError: there is none.
        """
        if commit.startswith("-"):
            raise RepositoryError(f"a commit must not start with '-', got {commit!r}")
        found = self._run("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}", check=False)
        if found.returncode and commit == "HEAD":
            raise RepositoryError(f"repository must have a commit, got none in {str(self.location)!r}")
        if found.returncode:
            raise RepositoryError(f"commit must exist in {str(self.location)!r}, got {commit!r}")
        return found.stdout.decode().strip()

    def _kind_without_git(self, found: "subprocess.CompletedProcess[bytes]") -> str:
        if (self.location / ".git").exists() and b"not a git repository" not in found.stderr:
            raise RepositoryError(_message(self.location, found.stderr))
        return "folder"

    def _command(self, *arguments: str) -> list[str]:
        settings = [part for setting in _SETTINGS for part in ("-c", setting)]
        return ["git", "-C", str(self.location), *settings, *arguments]

    def _run(self, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[bytes]":
        try:
            done = subprocess.run(  # noqa: S603 (a list, no shell)
                self._command(*arguments), env=_environment(), capture_output=True, check=False
            )
        except FileNotFoundError as error:
            raise RepositoryError("git must be installed and on PATH") from error
        if check and done.returncode:
            raise RepositoryError(_message(self.location, done.stderr))
        return done


@dataclass(eq=False)
class GitObjects:
    """Blobs of a repository through one `git cat-file --batch`, started when first needed; safe for threads."""

    git: Git
    _process: "subprocess.Popen[bytes] | None" = None
    _owner: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self, oids: Sequence[str]) -> Iterator[bytes]:
        """Yield the content of each blob, in order.

        Raises:
            RepositoryError: a blob is missing or damaged.
        """
        for first in range(0, len(oids), _BATCH):
            with self._lock:
                blobs = self._read_batch(oids[first : first + _BATCH])
            yield from blobs

    def _read_batch(self, oids: Sequence[str]) -> list[bytes]:
        process = self._running()
        assert process.stdin is not None
        try:
            process.stdin.write("".join(f"{oid}\n" for oid in oids).encode())
            process.stdin.flush()
            return [self._read_one(process, oid) for oid in oids]
        except BrokenPipeError as error:
            raise RepositoryError(f"{self.git.location} is damaged: git stopped reading objects") from error

    def _read_one(self, process: "subprocess.Popen[bytes]", oid: str) -> bytes:
        assert process.stdout is not None
        header = process.stdout.readline().split()
        if len(header) != 3:
            self._process = None
            raise RepositoryError(f"{self.git.location} is damaged: object {oid} cannot be read")
        content = process.stdout.read(int(header[2]))
        process.stdout.read(1)
        return content

    def _running(self) -> "subprocess.Popen[bytes]":
        # a forked child must not share its parent's pipe
        if self._process is None or self._owner != os.getpid():
            self._process = self.git.start("cat-file", "--batch")
            self._owner = os.getpid()
            weakref.finalize(self, _stop, self._process, self._owner)
        return self._process


def _size(column: bytes) -> int:
    if column.isdigit():
        return int(column)
    return -1 if column == b"BAD" else 0


def _stop(process: "subprocess.Popen[bytes]", owner: int) -> None:
    if owner != os.getpid():
        return
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
    process.wait()


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | {
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "none",  # for versions that fetch all the same
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_GRAFT_FILE": os.devnull,
        "LC_ALL": "C",
    }


def _message(location: Path, stderr: bytes) -> str:
    lines = stderr.decode("utf-8", "replace").strip().splitlines()
    return f"git cannot read {str(location)!r}: {lines[-1] if lines else 'no reason given'}"
