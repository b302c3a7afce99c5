"""Rows of instances in SWE-bench's format, as JSON lines.

Knows which fields every row must have, and how some rows are chosen. Does not know what the fields mean to a backend
(`eval.swebench.specification`).
"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from cgm.errors import ConfigError, DatasetError, StorageError
from cgm.store import read_bytes, read_rows
from eval.swebench.backend import Row

_TEXTS = ("instance_id", "repo", "base_commit", "test_patch")
_TESTS = ("FAIL_TO_PASS", "PASS_TO_PASS")


def load_rows(path: Path) -> list[Row]:
    """Read a dataset, in its order.

    Raises:
        DatasetError: it cannot be read, a row lacks a field, or two rows are of one instance.
    """
    found: dict[str, Row] = {}
    try:
        for number, row in read_rows(path):
            _check(row, f"{path}:{number}")
            if row["instance_id"] in found:
                raise DatasetError(f"{path}:{number}: instance_id must be unique, got {row['instance_id']!r} twice")
            found[row["instance_id"]] = row
    except StorageError as error:
        raise DatasetError(str(error)) from error
    return list(found.values())


def choose_rows(rows: Sequence[Row], only: Collection[str] | None, exclude: Collection[str], limit: int) -> list[Row]:
    """The rows to run: of those named in `only` (None: of all) the first `limit` (0: all) that are not excluded.

    Raises:
        DatasetError: an instance of `only` is not in the dataset, or none is left.
    """
    unknown = sorted(set(only or ()) - {row["instance_id"] for row in rows})
    if unknown:
        raise DatasetError(f"every id must be in the dataset, got {', '.join(unknown[:3])}")
    chosen = [row for row in rows if only is None or row["instance_id"] in only]
    chosen = [row for row in chosen if row["instance_id"] not in exclude]
    if not chosen:
        raise DatasetError("a dataset must have at least one row to run, got none")
    return chosen[:limit] if limit else chosen


def read_names(setting: str, path: Path) -> set[str]:
    """The instances that a file names, the first word of each line; a line may go on with the reason.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        lines = read_bytes(path).decode("utf-8", "replace").splitlines()
    except StorageError as error:
        raise ConfigError(f"{setting} must be a readable file: {error}") from error
    return {line.split()[0] for line in lines if line.strip() and not line.startswith("#")}


def _check(row: Mapping[str, Any], where: str) -> None:
    missing = [name for name in (*_TEXTS, *_TESTS) if name not in row]
    if missing:
        raise DatasetError(f"{where}: a row must have {', '.join((*_TEXTS, *_TESTS))}, got no {', '.join(missing)}")
    for name in _TEXTS:
        if not isinstance(row[name], str) or not row[name]:
            raise DatasetError(f"{where}: {name} must be a text that is not empty, got {row[name]!r}")
    if ".." in row["repo"].split("/"):
        raise DatasetError(f"{where}: repo must be owner/name, got {row['repo']!r}")
