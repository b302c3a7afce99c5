"""One repository's rows: which snapshots and commits are asked, and what is kept so that a stopped run goes on.

Knows the order of work, its limits and its counts. Does not know how a row is made (`launch.training_data.lessons`,
`launch.training_data.repairs`) nor what becomes of rows (`launch.training_data.training_set`).
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from cgm.errors import CgmError, StorageError
from cgm.protocols import Codebase
from cgm.store import StageCache, fingerprint
from cgm.train.example import Example
from cgm.train.held_out import held_out_folders, why_held_out
from cgm.train.licences import licence_files, name_licence
from cgm.train.tasks.draft import CodeText
from launch.training_data.candidates import Issues, choose_repairs
from launch.training_data.lessons import Origin, finish, snapshot_examples
from launch.training_data.repairs import TASK, Repair, draft_repair
from launch.training_data.settings import CorpusConfig, Stages
from preprocessing.ancestry.walk import Deadline, OutOfTimeError
from preprocessing.git import Git
from preprocessing.snapshot import Snapshot, open_snapshot

Counts = Counter[str]


@dataclass(frozen=True)
class Source:
    """A repository that rows may be made of, at its newest commit.

    `left_out` are its folders with copies of held-out repositories, which no row shows.
    """

    name: str
    location: Path
    commit: str
    roots: tuple[str, ...]
    licence: str
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class Lessons:
    """Rows that were made together."""

    rows: tuple[Example, ...]


@dataclass
class Crop:
    """All rows of a repository; what became of every question and commit, and seconds, by task."""

    source: Source
    rows: list[Example] = field(default_factory=list)
    counts: dict[str, Counts] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Workshop:
    """What all repositories are worked on with: `identity` is all that decides what rows say, `parts` keeps them."""

    settings: CorpusConfig
    stages: Stages
    identity: Sequence[Any]
    parts: StageCache
    issues: Mapping[str, Issues]


def open_source(name: str, location: Path, settings: CorpusConfig, held_out: Collection[str]) -> Source | str:
    """Look at a repository's newest commit; why no rows may be made of it, where that is so.

    Raises:
        RepositoryError: it cannot be read.
    """
    git = Git(location)
    commit = git.commit_id("HEAD")
    snapshot = open_snapshot(location, commit)
    roots, paths = git.roots(commit), snapshot.by_path.keys()
    if settings.refuse_held_out and (why := why_held_out(name, git.origin_url(), roots, paths, held_out)):
        return why
    licence = name_licence({path: snapshot.read(path) for path in licence_files(paths)})
    if settings.licences and licence not in settings.licences:
        return f"its licence is {licence or 'not known'}"
    left_out = held_out_folders(paths) if settings.refuse_held_out else []
    return Source(name, location, commit, tuple(roots), licence, tuple(left_out))


class Harvest:
    """One repository on its way, task by task and commit by commit."""

    def __init__(self, workshop: Workshop, source: Source) -> None:
        self._workshop = workshop
        self._settings = workshop.settings
        self._source = source
        self._crop = Crop(source)
        self._newest: CodeText | None = None

    def run(self) -> Crop:
        """Make a repository's rows.

        Raises:
            RepositoryError: its newest commit cannot be read.
            StorageError: a row cannot be kept.
        """
        for task in self._settings.tasks:
            started = time.perf_counter()
            self._crop.counts[task] = Counter()
            if self._settings.most(task):
                self._repairs() if task == TASK else self._questions(task)
            self._crop.seconds[task] = round(time.perf_counter() - started, 2)
        return self._crop

    def _questions(self, task: str) -> None:
        source = self._source
        origin = Origin(source.name, source.commit, source.commit, source.licence)

        def make(counts: Counts) -> list[Example]:
            return list(snapshot_examples(task, self._code(), origin, self._settings, counts))

        self._take(task, (), make)

    def _repairs(self) -> None:
        git, source = Git(self._source.location), self._source
        deadline = Deadline.after(self._settings.seconds)
        issues = self._workshop.issues.get(source.name.lower(), {})
        repairs, counts = choose_repairs(git, source.commit, issues, self._settings, deadline)
        self._crop.counts[TASK] += counts
        for number, repair in enumerate(repairs):
            try:
                deadline.left()
            except OutOfTimeError:
                self._crop.counts[TASK]["out of time"] += len(repairs) - number
                return
            parts = (repair.edit.commit, repair.noise, repair.report)
            self._take(TASK, parts, partial(self._repair, repair))

    def _take(self, task: str, parts: Sequence[str], make: Callable[[Counts], list[Example]]) -> None:
        """Add rows that were made before, or make and keep them, with their counts."""
        key = fingerprint(self._workshop.identity, self._source.name, self._source.commit, task, *parts)
        folder = self._source.name.replace("/", "__")
        counts: Counts = Counter()
        if found := self._workshop.parts.load(folder, key, Lessons):
            rows, counts = list(found[0].rows), Counter(found[1])
        else:
            rows = make(counts)
            self._workshop.parts.save(folder, key, Lessons(tuple(rows)), +counts)
        self._crop.rows += rows
        self._crop.counts[task].update(counts)

    def _repair(self, repair: Repair, counts: Counts) -> list[Example]:
        source, edit = self._source, repair.edit
        try:
            made = draft_repair(repair, self._codebase(edit.parent), self._workshop.stages, self._settings)
        except StorageError:
            raise
        except CgmError as error:
            made = type(error).__name__
        if isinstance(made, str):
            counts[made] += 1
            return []
        origin = Origin(source.name, edit.parent, edit.commit, source.licence)
        example, reason = finish(*made, origin, self._settings, counts)
        counts[reason or "kept"] += 1
        return [example] if example else []

    def _code(self) -> CodeText:
        if self._newest is None:
            self._newest = CodeText(self._codebase(self._source.commit), self._source.name)
        return self._newest

    def _codebase(self, commit: str) -> Codebase:
        snapshot = open_snapshot(self._source.location, commit)
        # an older commit may have copies where the newest has none
        folders = held_out_folders(snapshot.by_path) if self._settings.refuse_held_out else []
        return self._workshop.stages.preprocessor.preprocess(_without(snapshot, folders))


def _without(snapshot: Snapshot, folders: Sequence[str]) -> Snapshot:
    """A snapshot without some folders."""
    inside = tuple(f"{folder}/" for folder in folders)
    return replace(snapshot, files=tuple(one for one in snapshot.files if not one.path.startswith(inside)))
