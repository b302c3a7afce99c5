"""A repository at one commit, or a folder as it lies on disk, as a list of files and their bytes.

Knows files, blob ids and identity. Does not know git's plumbing (`preprocessing.git`) nor what a file says.
A blob id is git's own, so that equal content has one id wherever it comes from.
"""

import hashlib
import os
import stat
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from cgm.errors import RepositoryError
from preprocessing.git import Git, GitObjects, TreeEntry

_REGULAR = frozenset({0o100644, 0o100755, 0o100664})
_SYMLINK = 0o120000
_GITLINK = 0o160000
_UNSAFE_PARTS = frozenset({"", ".", "..", ".git"})  # git never makes them, but a hostile tree object may hold them
_CHUNK = 1 << 20
_SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules", "venv", "site-packages", "__pypackages__"})
_MOST_IGNORE_BYTES = 4096  # of a .gitignore that is looked into


@dataclass(frozen=True)
class FileEntry:
    """One regular file: path with forward slashes, git blob id, size in bytes, git mode."""

    path: str
    blob: str
    size: int
    mode: int


class Reader(Protocol):
    """Where the bytes of a snapshot's files come from."""

    def read(self, entries: Iterable[FileEntry]) -> Iterator[bytes]:
        """Yield the content of each file, in order."""


@dataclass(frozen=True)
class Origin:
    """The commit, by its full id, that a snapshot is, or that its working tree stands on."""

    git: Git
    commit: str


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A repository's files; `files` are sorted by path, `skipped` counts what is no file, by reason.

    Without git, or before the first commit, there is no `origin`. `is_commit` tells a commit from a working tree.
    """

    name: str
    files: tuple[FileEntry, ...]
    reader: Reader
    skipped: Mapping[str, int] = field(default_factory=dict)
    origin: Origin | None = None
    is_commit: bool = False

    @cached_property
    def identity(self) -> str:
        """A digest of all paths and contents: equal trees have equal identities."""
        digest = hashlib.sha256()
        for entry in self.files:
            digest.update(os.fsencode(entry.path) + b"\0" + entry.blob.encode() + b"\0")
        return digest.hexdigest()[:32]

    @cached_property
    def by_path(self) -> dict[str, FileEntry]:
        """Every file by its path."""
        return {entry.path: entry for entry in self.files}

    def read_bytes(self, paths: Sequence[str]) -> Iterator[bytes]:
        """Yield the content of several files, in order.

        Raises:
            RepositoryError: the snapshot has no such file, or it cannot be read.
        """
        missing = [path for path in paths if path not in self.by_path]
        if missing:
            raise RepositoryError(f"{self.name} has no file {missing[0]!r}")
        return self.reader.read([self.by_path[path] for path in paths])

    def read(self, path: str) -> str:
        """The file's text, undecodable bytes replaced. Raises as `read_bytes`."""
        return next(self.read_bytes([path])).decode("utf-8", "replace")


@dataclass(frozen=True)
class FolderReader:
    """Reads files below a folder; no link is followed, not even one that took the place of a folder since."""

    root: Path

    def read(self, entries: Iterable[FileEntry]) -> Iterator[bytes]:
        """Yield the content of each file as it is now."""
        for entry in entries:
            try:
                with _open_below(self.root, entry.path) as stream:
                    yield stream.read()
            except OSError as error:
                raise RepositoryError(f"cannot read {entry.path!r}: {error.strerror or error}") from error


@dataclass(frozen=True)
class ObjectReader:
    """Reads blobs from a git object store."""

    objects: GitObjects

    def read(self, entries: Iterable[FileEntry]) -> Iterator[bytes]:
        """Yield the content of each blob."""
        return self.objects.read([entry.blob for entry in entries])


def open_snapshot(location: Path, commit: str = "", *, left_out: Collection[Path] = ()) -> Snapshot:
    """Open a repository at a commit or, without one, as its working tree lies on disk.

    `location` is a git directory (bare or not, a worktree, shallow) or a plain folder. Without a commit a bare
    repository is read at HEAD. `left_out` are files, absolute or relative to the current folder, that are no part of
    the repository where it is read from disk; a commit holds what it holds.

    Raises:
        RepositoryError: the folder is missing, empty or damaged, or the commit unknown.
    """
    if not location.exists():
        raise RepositoryError(f"repository must exist, got {str(location)!r}")
    if not location.is_dir():
        raise RepositoryError(f"repository must be a folder, got {str(location)!r}")
    git = Git(location)
    kind = git.kind()
    if commit and kind == "folder":
        raise RepositoryError(f"a commit needs a git repository, got the plain folder {str(location)!r}")
    if commit or kind == "bare":
        snapshot = _commit_snapshot(git, commit or "HEAD")
    else:
        paths = git.working_files() if kind == "worktree" else None
        snapshot = _disk_snapshot(location, paths, _below(location, left_out))
        if kind == "worktree" and (head := git.head()):
            snapshot = replace(snapshot, origin=Origin(git, head))
    if not snapshot.files:
        raise RepositoryError(f"repository must hold files, got none in {str(location)!r}")
    return snapshot


def _name(location: Path) -> str:
    absolute = location.absolute()
    if absolute.name == ".git":
        absolute = absolute.parent
    return Path(os.path.normpath(absolute)).name.removesuffix(".git") or "repository"


def _commit_snapshot(git: Git, commit: str) -> Snapshot:
    commit = git.commit_id(commit)
    skipped: Counter[str] = Counter()
    files: dict[str, FileEntry] = {}
    for entry in git.tree(commit):
        reason = _not_a_file(entry) or ("repeated path" if entry.path in files else "")
        if reason:
            skipped[reason] += 1
        else:
            files[entry.path] = FileEntry(entry.path, entry.oid, entry.size, entry.mode)
    ordered = sorted(files.values(), key=lambda entry: os.fsencode(entry.path))
    reader = ObjectReader(GitObjects(git))
    return Snapshot(
        _name(git.location), tuple(ordered), reader, dict(skipped), origin=Origin(git, commit), is_commit=True
    )


def _not_a_file(entry: TreeEntry) -> str:
    if entry.mode == _SYMLINK:
        return "symlink"
    if entry.mode == _GITLINK:
        return "submodule"
    if entry.size < 0:
        return "missing object"
    if _UNSAFE_PARTS.intersection(entry.path.lower().split("/")):
        return "unsafe path"
    return "" if entry.mode in _REGULAR else "special file"


def _below(root: Path, files: Iterable[Path]) -> frozenset[str]:
    """The paths within the root of those files that lie there, whatever links lead to either."""
    folder = root.resolve()
    resolved = (file.resolve() for file in files)
    return frozenset(file.relative_to(folder).as_posix() for file in resolved if file.is_relative_to(folder))


def _disk_snapshot(root: Path, paths: Iterable[str] | None, left_out: frozenset[str]) -> Snapshot:
    skipped: Counter[str] = Counter()
    files = []
    is_behind_link = cache(partial(_is_behind_link, root))
    for path in _walk(root, skipped) if paths is None else paths:
        if path in left_out:
            skipped["left out"] += 1
            continue
        try:
            entry = _disk_entry(root, path, is_behind_link)
        except OSError:
            skipped["unreadable"] += 1
            continue
        if isinstance(entry, FileEntry):
            files.append(entry)
        else:
            skipped[entry] += 1
    files.sort(key=lambda entry: os.fsencode(entry.path))
    return Snapshot(_name(root), tuple(files), FolderReader(root), dict(skipped))


def _walk(root: Path, skipped: Counter[str]) -> Iterator[str]:
    def count(_: OSError) -> None:
        skipped["unreadable folder"] += 1

    for folder, names, files in os.walk(root, onerror=count):
        kept = [name for name in names if not _is_skipped_folder(Path(folder, name))]
        skipped["skipped folder"] += len(names) - len(kept)
        relative = Path(folder).relative_to(root)
        # unlike Path.is_symlink, this does not raise where a path is too long
        links = [name for name in kept if os.path.islink(os.path.join(folder, name))]  # noqa: PTH114, PTH118
        names[:] = sorted(set(kept) - set(links))
        yield from ((relative / name).as_posix() for name in (*files, *links))


def _is_skipped_folder(folder: Path) -> bool:
    return folder.name.startswith(".") or folder.name in _SKIPPED_FOLDERS or _ignores_itself(folder)


def _ignores_itself(folder: Path) -> bool:
    """Whether git is told to ignore all of a folder from within, as virtual environments and caches do."""
    rules = folder / ".gitignore"
    try:
        status = rules.lstat()
        if folder.is_symlink() or not stat.S_ISREG(status.st_mode) or status.st_size > _MOST_IGNORE_BYTES:
            return False
        lines = [line.strip() for line in rules.read_bytes().splitlines()]
    except OSError:
        return False
    return [line for line in lines if line and not line.startswith(b"#")] == [b"*"]


def _is_behind_link(root: Path, folder: str) -> bool:
    """Whether a folder below the root, or one on the way to it, is a link; it may lead out of the repository."""
    below = PurePosixPath(folder)
    return any((root / one).is_symlink() for one in (below, *below.parents) if one.parts)


def _disk_entry(root: Path, path: str, is_behind_link: Callable[[str], bool]) -> FileEntry | str:
    """Stat and hash one file, or say why it is none."""
    if is_behind_link(path.rpartition("/")[0]):
        return "symlink"
    try:
        status = (root / path).lstat()
    except FileNotFoundError:
        return "deleted"
    if stat.S_ISLNK(status.st_mode):
        return "symlink"
    if stat.S_ISDIR(status.st_mode):
        return "submodule"
    if not stat.S_ISREG(status.st_mode):
        return "special file"
    mode = 0o100755 if status.st_mode & stat.S_IXUSR else 0o100644
    return FileEntry(path, _blob_id(root, path, status.st_size), status.st_size, mode)


def _open_below(root: Path, path: str) -> BinaryIO:
    """Open a regular file below the root one folder at a time, so that no link on the way is followed.

    Raises:
        OSError: there is no such file, or a link or a special file in its place.
    """
    *folders, name = PurePosixPath(path).parts
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in folders:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inner
        # without waiting for the writer of a pipe
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    finally:
        os.close(folder)
    stream = os.fdopen(file, "rb")
    if not stat.S_ISREG(os.fstat(file).st_mode):
        stream.close()
        raise OSError(f"{path!r} is no regular file")
    return stream


def _blob_id(root: Path, path: str, size: int) -> str:
    # git's object id, which names content and secures nothing
    digest = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    with _open_below(root, path) as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
