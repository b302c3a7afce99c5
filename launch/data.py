"""The command `cgm-data`: git repositories to a training set, into a run folder.

Knows the command's files, exit codes and clock. Exit codes: 0 every repository gave rows or was refused, 1 a refused
setting or input, or no row, 2 some repositories failed (failures.jsonl), 130 interrupted.

    train.jsonl validation.jsonl test.jsonl    the rows (`cgm.train.example`)
    card.json card.md    what is in them; the same for the same set
    failures.jsonl       repositories that could not be read
    summary.json         seconds by repository and task, peak memory
    parts/               what a further run with the same settings need not make again
"""

import dataclasses
import logging
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from rich.console import Console
from rich.markdown import Markdown

from cgm.artifacts import Failure, to_row
from cgm.errors import CgmError, DatasetError, RepositoryError, StorageError
from cgm.store import StageCache, write_json, write_rows, write_text
from cgm.train.held_out import names_in
from launch.command import run_command
from launch.meter import peak_mib
from launch.runfolder import open_run
from launch.training_data.candidates import read_issues
from launch.training_data.card import make_card, print_card
from launch.training_data.harvest import Crop, Harvest, Source, Workshop, open_source
from launch.training_data.settings import CorpusConfig, corpus_config, make_stages, register_corpus, row_identity
from launch.training_data.training_set import assemble, write_set

_log = logging.getLogger(__name__)
_UNSAID = ("repos", "cache_dir", "run_dir", "issues", "held_out")  # of the settings: where things lie on one machine


@dataclass
class _Work:
    """What became of the repositories."""

    crops: list[Crop] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)


def main() -> None:
    """Run the command line and leave with its exit code."""
    register_corpus()
    sys.exit(run_command(make_set, "data"))


def make_set(config: DictConfig, folder: Path) -> int:
    """Run one configuration into its folder; the exit code.

    Raises:
        CgmError: a setting or input is refused, or a file of ours cannot be written.
    """
    settings = corpus_config(config)
    repositories = find_repositories(settings)
    workshop = Workshop(
        settings,
        make_stages(settings),
        row_identity(settings),
        StageCache(folder / "parts"),
        read_issues(Path(settings.issues)) if settings.issues else {},
    )
    held_out = names_in([Path(name) for name in settings.held_out])
    open_run(folder, config)
    started = time.perf_counter()
    work = _Work()
    for name, location in repositories:
        _work_on(name, location, workshop, held_out, work)
    rows = _write(folder, work, settings)
    _write_summary(folder, work, time.perf_counter() - started)
    if not rows:
        return 1
    return 2 if work.failures else 0


def find_repositories(settings: CorpusConfig) -> list[tuple[str, Path]]:
    """The repositories by name, in the order of their names.

    Raises:
        RepositoryError: the folder does not exist, or lacks a repository that is named.
        DatasetError: there is none.
    """
    root = Path(settings.repos)
    if not settings.repos or not root.is_dir():
        raise RepositoryError(f"repos must be a folder of <owner>__<name> git directories, got {settings.repos!r}")
    found = {path.name.replace("__", "/", 1): path for path in sorted(root.iterdir()) if "__" in path.name}
    missing = [name for name in settings.names if name not in found]
    if missing:
        raise RepositoryError(f"names must be repositories in {root}, got {', '.join(missing)}")
    if not found:
        raise DatasetError(f"repos must hold <owner>__<name> git directories, got none in {root}")
    return [(name, path) for name, path in found.items() if not settings.names or name in settings.names]


def _work_on(name: str, location: Path, workshop: Workshop, held_out: frozenset[str], work: _Work) -> None:
    started = time.perf_counter()
    try:
        source = open_source(name, location, workshop.settings, held_out)
        if not isinstance(source, Source):
            work.refused[name] = source
            _log.info("%s: refused: %s", name, source)
            return
        work.crops.append(Harvest(workshop, source).run())
    except StorageError:
        raise
    except CgmError as error:
        work.failures.append(Failure(name, "data", type(error).__name__, " ".join(str(error).split())))
        _log.error("%s: failed: %s", name, error)
        return
    _log.info("%s: %d rows in %.0f s", name, len(work.crops[-1].rows), time.perf_counter() - started)


def _write(folder: Path, work: _Work, settings: CorpusConfig) -> int:
    """Write the set with its card, and show the card; how many rows there are."""
    found = assemble(work.crops, settings)
    files = write_set(folder, found)
    card = make_card(found, work.crops, work.refused, files, _said(settings))
    write_json(folder / "card.json", card)
    write_text(folder / "card.md", print_card(card))
    write_rows(folder / "failures.jsonl", map(to_row, work.failures))
    Console(highlight=False).print(Markdown(print_card(card)))
    _log.info("%d rows: %s", card["rows"], folder)
    rows: int = card["rows"]
    return rows


def _said(settings: CorpusConfig) -> dict[str, Any]:
    """The settings that belong on the card."""
    values = {item.name: getattr(settings, item.name) for item in dataclasses.fields(settings)}
    return {
        name: value.option.name if hasattr(value, "option") else value
        for name, value in values.items()
        if name not in _UNSAID
    }


def _write_summary(folder: Path, work: _Work, seconds: float) -> None:
    summary = {
        "repositories": len(work.crops),
        "refused": len(work.refused),
        "failed": len(work.failures),
        "wall_seconds": round(seconds, 1),
        "peak_memory_mib": round(peak_mib(), 1),
        "seconds": {crop.source.name: crop.seconds for crop in work.crops},
    }
    write_json(folder / "summary.json", summary)
