"""The rows of all repositories as one training set: parts, duplicates, files.

Knows what is dropped for being like another row, and counts it. Does not know how rows were made.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cgm.artifacts import to_row
from cgm.store import read_bytes, write_rows
from cgm.train.duplicates import near_duplicates
from cgm.train.example import SPLITS, TASKS, Example
from cgm.train.splits import SplitShares, split_repositories
from launch.training_data.harvest import Crop
from launch.training_data.settings import CorpusConfig

# answers of these are short and of one form: only the same question with the same answer is a duplicate
_SHORT = ("graph_query", "api")
_ORDER = ("test", "validation", "train")  # of two rows that are alike in different parts the one to train on goes


@dataclass(frozen=True)
class TrainingSet:
    """Rows by part, the part of each repository, and how many duplicates went, by task and where their like stands."""

    rows: dict[str, list[Example]]
    parts: dict[str, str]
    duplicates: dict[str, Counter[str]]


def assemble(crops: Sequence[Crop], settings: CorpusConfig) -> TrainingSet:
    """Put rows into parts by repository and drop those that are nearly the same as an earlier one.

    Raises:
        ConfigError: the shares of the parts contradict each other.
    """
    shares = SplitShares(settings.validation, settings.test, settings.fixed, settings.seed)
    parts = split_repositories({crop.source.name: crop.source.roots for crop in crops}, shares)
    rows = [row for crop in crops for row in crop.rows]
    rows.sort(key=lambda row: _ORDER.index(parts[row.repository]))
    kept: dict[str, list[Example]] = {part: [] for part in SPLITS}
    dropped: dict[str, Counter[str]] = {task: Counter() for task in TASKS}
    for task in TASKS:
        own = [row for row in rows if row.task == task]
        threshold = 1.0 if task in _SHORT else settings.duplicates
        like = near_duplicates([_content(row) for row in own], threshold)
        for row, first in zip(own, like.tolist(), strict=True):
            if first < 0:
                kept[parts[row.repository]].append(row)
            else:
                dropped[task][_where(row, own[first], parts)] += 1
    return TrainingSet({part: _in_order(kept[part]) for part in SPLITS}, parts, dropped)


def write_set(folder: Path, found: TrainingSet) -> dict[str, dict[str, Any]]:
    """Write a file for each part; their rows, bytes and SHA-256.

    Raises:
        StorageError: the disk is full or the folder cannot be written.
    """
    written = {}
    for part, rows in found.rows.items():
        path = folder / f"{part}.jsonl"
        write_rows(path, map(to_row, rows))
        content = read_bytes(path)
        digest = hashlib.sha256(content).hexdigest()
        written[path.name] = {"rows": len(rows), "bytes": len(content), "sha256": digest}
    return written


def _content(row: Example) -> str:
    return f"{row.prompt}\n{row.answer}" if row.task in _SHORT else row.answer


def _where(row: Example, first: Example, parts: dict[str, str]) -> str:
    if row.repository == first.repository:
        return "of the same repository"
    return "of another repository" if parts[row.repository] == parts[first.repository] else "of another part"


def _in_order(rows: Sequence[Example]) -> list[Example]:
    return sorted(rows, key=lambda row: (row.repository, TASKS.index(row.task), row.example_id))
