"""Predictions in SWE-bench's format: JSON lines, a JSON list, or a JSON object by instance.

Knows rows of `instance_id`, `model_name_or_path` and `model_patch`, and trusts none of them: a row of a hundred MB is
counted without being kept. Does not know what a patch may do (`eval.swebench.untrusted`). Names of models may hold
anything and are no part of any path.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cgm.errors import DatasetError, StorageError
from cgm.store import read_head, read_pieces

MAX_ROW_MB = 16  # a diff that is larger than this is refused, whatever the limit on diffs
_MAX_FILE_MB = 512  # of a list or an object, which are read whole
_FIELDS = ("instance_id", "model_name_or_path", "model_patch")
_HEAD_BYTES = 4096
_NAMED = re.compile(rb'"instance_id"\s*:\s*("(?:[^"\\]|\\.){1,500}")')


@dataclass(frozen=True)
class Prediction:
    """A patch that a model proposes, not yet looked at."""

    instance_id: str
    model: str
    diff: str


@dataclass(frozen=True)
class Predictions:
    """The predictions for the instances asked for, and what became of every other row.

    `found` is in the order of the file. `missing` are instances without a row, in the order asked for, `oversized`
    those whose row was too large to be kept, `unknown` the rows of other instances and `repeated` those that say the
    same again.
    """

    found: dict[str, Prediction]
    missing: tuple[str, ...] = ()
    oversized: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()


def load_predictions(path: Path, instances: Collection[str]) -> Predictions:
    """Read the predictions for some instances.

    Raises:
        DatasetError: the file cannot be read, a row is malformed, or two rows of an instance differ.
    """
    sorter = _Sorter(instances)
    try:
        for where, row in _rows(path):
            sorter.add(row, where)
    except StorageError as error:
        raise DatasetError(str(error)) from error
    return sorter.result()


class _Sorter:
    """Puts rows where they belong."""

    def __init__(self, instances: Collection[str]) -> None:
        self._wanted = dict.fromkeys(instances)
        self._found: dict[str, Prediction] = {}
        self._oversized: dict[str, None] = {}
        self._unknown: list[str] = []
        self._repeated: list[str] = []

    def add(self, row: Prediction | str, where: str) -> None:
        """Take a row, or the instance of one that is too large."""
        name = row if isinstance(row, str) else row.instance_id
        if name not in self._wanted:
            self._unknown.append(name)
        elif isinstance(row, str):
            self._require(name not in self._found, name, where)
            self._oversized[name] = None
        elif self._found.get(name) == row:
            self._repeated.append(name)
        else:
            self._require(name not in self._found and name not in self._oversized, name, where)
            self._found[name] = row

    def _require(self, holds: bool, name: str, where: str) -> None:
        if not holds:
            raise DatasetError(f"{where}: an instance must have one prediction, got two of {name!r} that differ")

    def result(self) -> Predictions:
        missing = [name for name in self._wanted if name not in self._found and name not in self._oversized]
        rest = (missing, self._oversized, self._unknown, self._repeated)
        return Predictions(self._found, *map(tuple, rest))


def _rows(path: Path) -> Iterator[tuple[str, Prediction | str]]:
    """(where it stands, the prediction or, of one that is too large, its instance)."""
    head = read_head(path, _HEAD_BYTES).lstrip()
    if head.startswith(b"[") or (head.startswith(b"{") and not _is_row(path)):
        yield from _whole(path)
        return
    for number, (line, complete) in enumerate(read_pieces(path, MAX_ROW_MB << 20), 1):
        where = f"{path}:{number}"
        if line.strip():
            yield where, _prediction(_parsed(line, where), where) if complete else _named(line, where)


def _is_row(path: Path) -> bool:
    """Whether the first line that is not blank is a row by itself, so that the file is JSON lines."""
    line, complete = next((piece for piece in read_pieces(path, MAX_ROW_MB << 20) if piece[0].strip()), (b"", True))
    try:
        return not complete or "instance_id" in json.loads(line)
    except (ValueError, RecursionError, TypeError):
        return False


def _whole(path: Path) -> Iterator[tuple[str, Prediction | str]]:
    content = read_head(path, (_MAX_FILE_MB << 20) + 1)
    if len(content) > _MAX_FILE_MB << 20:
        raise DatasetError(f"{path}: a file above {_MAX_FILE_MB} MB must be JSON lines")
    value = _parsed(content, str(path))
    if isinstance(value, dict) and "instance_id" in value:
        value = [value]
    rows = value.items() if isinstance(value, dict) else enumerate(value, 1)
    for key, row in rows:
        where = f"{path}: prediction {key}"
        yield where, _prediction(_with_name(row, key), where)


def _with_name(row: Any, key: str | int) -> Any:
    """A row of an object by instance, which may be the bare patch, as a row of its own."""
    if isinstance(key, int):
        return row
    if isinstance(row, str):
        return {"instance_id": key, "model_patch": row}
    return {"instance_id": key, **row} if isinstance(row, dict) else row


def _parsed(text: bytes, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{where}: not JSON: {error}") from error


def _prediction(row: Any, where: str) -> Prediction:
    if not isinstance(row, Mapping):
        raise DatasetError(f"{where}: a prediction must be an object, got {type(row).__name__}")
    if "model_patch" not in row:
        raise DatasetError(f"{where}: a prediction must have instance_id and model_patch, got no model_patch")
    return Prediction(*(_text(row, name, where) for name in _FIELDS))


def _text(row: Mapping[str, Any], name: str, where: str) -> str:
    """A field of a row; what a model found nothing for is null, and its name may be absent."""
    value = row.get(name)
    if value is None and name != "instance_id":
        return ""
    if not isinstance(value, str):
        raise DatasetError(f"{where}: {name} must be a text, got {str(value)[:80]}")
    return value


def _named(line: bytes, where: str) -> str:
    """The instance of a row that is too large to be read, if it is named near its beginning."""
    found = _NAMED.search(line[:_HEAD_BYTES])
    if found is None:
        raise DatasetError(f"{where}: a row above {MAX_ROW_MB} MB must name its instance first")
    return str(_parsed(found[1], where))
