"""How well rankings name the places that the gold patch edits.

Knows gold files and the shape of metrics.json. Does not know how a ranking was made. An instance whose gold has no
function is left out at both levels, as in the published tables; one without a ranking counts as a miss.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cgm.artifacts import Gold, from_row
from cgm.errors import ArtifactError, DatasetError, StorageError
from cgm.store import read_rows
from eval.metrics import CUTOFFS, Ranks, measure, ranks

LEVELS = tuple(CUTOFFS)
_OVERVIEW = (*(f"strict@{k}" for k in sorted({k for cutoffs in CUTOFFS.values() for k in cutoffs})), "MRR")
OVERVIEW_HEADER = ("level", "n", *_OVERVIEW)


@dataclass(frozen=True)
class Found:
    """Where the gold files and functions of one instance stand in its ranking."""

    instance_id: str
    files: Ranks
    functions: Ranks


def load_gold(path: Path) -> dict[str, Gold]:
    """Read gold locations, by instance.

    Raises:
        DatasetError: the file cannot be read, or a row is malformed or repeats an instance.
    """
    gold: dict[str, Gold] = {}
    try:
        for number, row in read_rows(path):
            item = _gold(row, f"{path}:{number}")
            if item.instance_id in gold:
                raise DatasetError(f"{path}:{number}: instance_id must be unique, got {item.instance_id!r} twice")
            gold[item.instance_id] = item
    except StorageError as error:
        raise DatasetError(str(error)) from error
    return gold


def locate(rankings: Mapping[str, Mapping[str, Sequence[str]]], gold: Collection[Gold]) -> list[Found]:
    """Find the gold of each instance that has gold functions; rankings are `files` and `functions` by instance."""
    nothing: dict[str, Sequence[str]] = dict.fromkeys(LEVELS, ())
    return [
        Found(item.instance_id, ranks(ranked["files"], item.files), ranks(ranked["functions"], item.functions))
        for item in gold
        if item.functions
        for ranked in (rankings.get(item.instance_id, nothing),)
    ]


def values(found: Sequence[Found]) -> dict[str, dict[str, list[float]]]:
    """Each metric's value for each instance, by level and metric, in the order of `found`."""
    table: dict[str, dict[str, list[float]]] = {level: {} for level in LEVELS}
    for item in found:
        for level in LEVELS:
            for name, value in measure(getattr(item, level), CUTOFFS[level]).items():
                table[level].setdefault(name, []).append(value)
    return table


def summarize(found: Sequence[Found]) -> dict[str, dict[str, float]]:
    """The mean of each metric by level, with the number `n` of instances behind it."""
    return {
        level: {"n": len(found)} | {name: sum(column) / len(column) for name, column in columns.items()}
        for level, columns in values(found).items()
    }


def _gold(row: Mapping[str, Any], where: str) -> Gold:
    fields = ("instance_id", "files", "functions")
    missing = [name for name in fields if name not in row]
    if missing:
        raise DatasetError(f"{where}: a gold row must have {', '.join(fields)}, got no {', '.join(missing)}")
    try:
        gold = from_row(Gold, {name: row[name] for name in fields})
    except ArtifactError as error:
        raise DatasetError(f"{where}: {error}") from error
    if gold.functions and not gold.files:
        raise DatasetError(f"{where}: a gold row with functions must have their files, got none")
    return gold


def overview_rows(metrics: Mapping[str, Mapping[str, float]]) -> Iterator[tuple[str, ...]]:
    """Write what `summarize` gives as cells under OVERVIEW_HEADER: strict Acc@k and MRR in percent, a row a level."""
    for level in LEVELS:
        means = metrics[level]
        cells = (f"{100 * means[name]:.1f}" if name in means else "" for name in _OVERVIEW)
        yield level, str(means["n"]), *cells
