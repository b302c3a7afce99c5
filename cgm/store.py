"""Artifacts as files: JSON lines, the stage cache and the blob cache.

The only module that opens artifact files. Every write goes to a temporary neighbour and is renamed, so that no
reader ever sees half a file. No pickle anywhere.
"""

import fcntl
import hashlib
import io
import json
import logging
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import diskcache

from cgm.artifacts import Artifact, from_row, to_row
from cgm.errors import ArtifactError, StorageError

_log = logging.getLogger(__name__)
_Loaded = TypeVar("_Loaded")
_SKIPPED = 1 << 16  # bytes at a time of what is not kept


def fingerprint(*parts: Any) -> str:
    """Hash JSON-ready values into 32 hex digits; equal values give equal digits on every machine."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file's content in one step.

    Raises:
        StorageError: the disk is full or the folder cannot be written.
    """
    _replace(path, (content,))


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Replace a file's text in one step, without ever holding it whole. Raises as `write_bytes`."""
    _replace(path, (line.encode("utf-8", "surrogateescape") for line in lines))


def _replace(path: Path, pieces: Iterable[bytes]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.writelines(pieces)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror or error}") from error


@contextmanager
def scratch_folder(prefix: str) -> Iterator[Path]:
    """An empty folder among the temporary ones, its path without links, gone at the end.

    Raises:
        StorageError: there is no room for it, or no place.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix=prefix)).resolve()
    except OSError as error:
        raise StorageError(f"cannot make a temporary folder: {error}") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def read_bytes(path: Path) -> bytes:
    """Read a whole file.

    Raises:
        StorageError: it is missing or unreadable.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror or error}") from error


def read_head(path: Path, limit: int) -> bytes:
    """Read the first `limit` bytes of a file. Raises as `read_bytes`."""
    try:
        with path.open("rb") as stream:
            return stream.read(limit)
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror or error}") from error


def read_pieces(path: Path, limit: int) -> Iterator[tuple[bytes, bool]]:
    """Yield (line, whether it is complete); of a longer line its first `limit` bytes. Raises as `read_bytes`."""
    try:
        with path.open("rb") as stream:
            while line := stream.readline(limit):
                rest = b"" if line.endswith(b"\n") else stream.readline(_SKIPPED)
                yield line, not rest
                while rest and not rest.endswith(b"\n"):
                    rest = stream.readline(_SKIPPED)
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror or error}") from error


def write_text(path: Path, text: str) -> None:
    """Replace a file's text in one step. Raises as `write_bytes`."""
    write_bytes(path, text.encode("utf-8", "surrogateescape"))


def write_json(path: Path, value: Any) -> None:
    """Write one JSON value, indented. Raises as `write_bytes`."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=True) + "\n")


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write JSON lines. Raises as `write_bytes`."""
    write_lines(path, (json.dumps(row, ensure_ascii=True) + "\n" for row in rows))


def append_row(path: Path, row: Mapping[str, Any]) -> None:
    """Add one JSON line, whole or not at all, to a file that several processes may be adding to.

    Raises:
        StorageError: the disk is full or the file cannot be written.
    """
    line = json.dumps(row, ensure_ascii=True).encode() + b"\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab", buffering=0) as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            _extend(stream, line)
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror or error}") from error


def _extend(stream: io.FileIO, content: bytes) -> None:
    end = stream.seek(0, os.SEEK_END)
    try:
        while content:  # a disk that is nearly full takes a part, and says so only at the next try
            content = content[stream.write(content) :]
    except OSError:
        stream.truncate(end)
        raise


def read_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number, object) of a JSON-lines file, blank lines skipped.

    Raises:
        StorageError: the file cannot be read.
        ArtifactError: a line is not a JSON object; the message has its number.
    """
    for number, line in enumerate(read_bytes(path).split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ArtifactError(f"{path}:{number}: not JSON: {error}") from error
        if not isinstance(row, dict):
            raise ArtifactError(f"{path}:{number}: a line must be a JSON object, got {type(row).__name__}")
        yield number, row


class StageCache:
    """Outputs of stages under `<root>/<stage>/<fingerprint>`; a damaged entry counts as absent."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, stage: str, key: str, suffix: str) -> Path:
        """Where an entry lies or would lie."""
        return self.root / stage / key[:2] / f"{key}{suffix}"

    def load(self, stage: str, key: str, kind: type[Artifact]) -> tuple[Artifact, dict[str, Any]] | None:
        """The cached artifact and what was recorded beside it, or None."""
        path = self.path(stage, key, ".json")
        if not path.exists():
            return None
        try:
            entry = json.loads(read_bytes(path))
            os.utime(path)
            return from_row(kind, entry["artifact"]), entry["record"]
        except (OSError, StorageError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def save(self, stage: str, key: str, artifact: Any, record: Mapping[str, Any]) -> None:
        """Keep an artifact with a record of what it cost. Raises as `write_bytes`."""
        entry = {"artifact": to_row(artifact), "record": dict(record)}
        write_text(self.path(stage, key, ".json"), json.dumps(entry, ensure_ascii=True))

    def prune(self, limit: int) -> int:
        """Drop the entries used longest ago until the rest fits into `limit` bytes; how many files were dropped."""
        files = list(_sizes_by_use(self.root))
        excess = sum(size for _, size, _ in files) - limit
        dropped = 0
        for _, size, path in sorted(files):
            if excess <= 0:
                break
            with suppress(OSError):
                path.unlink(missing_ok=True)
            excess -= size
            dropped += 1
        return dropped


def _sizes_by_use(root: Path) -> Iterator[tuple[int, int, Path]]:
    """(time of the last use in ns, bytes, path) of each file; another process may drop some meanwhile."""
    for folder, _, names in os.walk(root):
        for path in (Path(folder, name) for name in names):
            with suppress(OSError):
                status = path.stat()
                yield status.st_mtime_ns, status.st_size, path


class _BytesDisk(diskcache.Disk):  # type: ignore[misc]
    """Stores bytes under text and nothing else, so that a foreign entry can never be unpickled."""

    def store(self, value: Any, *arguments: Any, **options: Any) -> Any:
        if not isinstance(value, bytes):
            raise TypeError(f"a blob must be bytes, got {type(value).__name__}")
        return super().store(value, *arguments, **options)

    def fetch(self, mode: int, *arguments: Any) -> Any:
        if mode == diskcache.core.MODE_PICKLE:
            raise KeyError("a blob must be bytes")
        return super().fetch(mode, *arguments)


class BlobCache:
    """Bytes under keys in one folder, shared by processes, the least recently used dropped beyond `max_bytes`.

    It never fails: a damaged database is rebuilt, and what cannot be read or written counts as absent.
    """

    def __init__(self, root: Path, max_bytes: int = 4 << 30) -> None:
        self.root = root
        self.max_bytes = max_bytes
        self._cache: diskcache.Cache | None = None

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """What the cache holds of `keys`."""

        def read(cache: diskcache.Cache) -> dict[str, bytes]:
            with cache.transact(retry=True):
                found = ((key, _blob(cache, key)) for key in keys)
                return {key: value for key, value in found if value is not None}

        return self._attempt(read) or {}

    def put_many(self, values: Mapping[str, bytes]) -> None:
        """Keep values in one transaction."""

        def write(cache: diskcache.Cache) -> None:
            with cache.transact(retry=True):
                for key, value in values.items():
                    cache.set(key, value, retry=True)

        self._attempt(write)

    def get(self, key: str) -> bytes | None:
        """One value, or None."""
        return self.get_many([key]).get(key)

    def put(self, key: str, value: bytes) -> None:
        """Keep one value."""
        self.put_many({key: value})

    def close(self) -> None:
        """Close the database; the next use opens it again."""
        if self._cache is not None:
            self._cache.close()
            self._cache = None

    def _attempt(self, action: Callable[["diskcache.Cache"], _Loaded]) -> _Loaded | None:
        for _ in range(2):
            try:
                return action(self._open())
            except (sqlite3.OperationalError, diskcache.Timeout, OSError):
                return None
            except sqlite3.DatabaseError as error:
                _log.warning("the cache %s is damaged and begins anew: %s", self.root, error)
                self._rebuild()
        return None

    def _open(self) -> "diskcache.Cache":
        if self._cache is None:
            self._cache = diskcache.Cache(
                str(self.root),
                disk=_BytesDisk,
                disk_min_file_size=1 << 20,
                eviction_policy="least-recently-used",
                size_limit=self.max_bytes,
            )
        return self._cache

    def _rebuild(self) -> None:
        self.close()
        shutil.rmtree(self.root, ignore_errors=True)


def _blob(cache: "diskcache.Cache", key: str) -> bytes | None:
    """A value; one that is none of ours is dropped."""
    try:
        value = cache.get(key, retry=True)
    except (KeyError, ValueError, TypeError) as error:
        _log.warning("a damaged entry of the cache %s is dropped: %s", cache.directory, error)
        cache.delete(key, retry=True)
        return None
    return value if isinstance(value, bytes) else None
