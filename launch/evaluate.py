"""The command `cgm-eval`: patches to verdicts, into a run folder.

Knows the command's tasks, exit codes and clock. Exit codes: 0 every instance has a verdict, 1 a refused setting or
input, 2 the infrastructure failed some instances (failures.jsonl), 130 interrupted.
"""

import dataclasses
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from rich.console import Console

from cgm.errors import ConfigError, DatasetError, require
from eval.backend import Backend, Row
from eval.judge import Case, Judge, Judged
from eval.localization import load_gold
from eval.predictions import Predictions, load_predictions
from eval.rows import choose_rows, load_rows, read_names
from eval.validity import validities
from launch.command import run_command
from launch.console import show_page
from launch.evaluation import EvalConfig, backend_services, eval_config, make_backend, make_judge, register_evaluation
from launch.progress import TrialProgress, show_validities, show_verdicts
from launch.reports import report_on, write_reports
from launch.runfolder import open_run
from launch.trials import run_cases
from launch.verdicts import (
    add_case,
    begin_cases,
    summarize_verdicts,
    write_summary,
    write_validities,
    write_verdicts,
)

_Task = Callable[[EvalConfig, Path, DictConfig], int]


def main() -> None:
    """Run the command line and leave with its exit code."""
    register_evaluation()
    # so that what runs is ended and cleaned up as after Ctrl-C
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(run_command(evaluate_job, "eval"))


def evaluate_job(config: DictConfig, folder: Path) -> int:
    """Run one configuration into its folder; the exit code.

    Raises:
        CgmError: a setting or input is refused, or a file of ours cannot be written.
    """
    settings = eval_config(config)
    return _TASKS[settings.task](settings, folder, config)


def judge_predictions(settings: EvalConfig, folder: Path, config: DictConfig) -> int:
    """Give every instance of the dataset a verdict on its prediction."""
    require(bool(settings.predictions), "predictions must be a file of patches", settings.predictions)
    rows = dataset_rows(settings)
    predictions = load_predictions(Path(settings.predictions), [row["instance_id"] for row in rows])
    run = _judge_cases(settings, folder, config, [_case(row, predictions) for row in rows])
    write_verdicts(folder, run.judged)
    gold = load_gold(Path(settings.gold)) if settings.gold else None
    report = report_on(run.judged, gold, _run_folder(settings))
    title = ", ".join(dict.fromkeys(found.model for found in predictions.found.values() if found.model))
    page = write_reports(folder, title or Path(settings.predictions).stem, report, run.judged)
    console = Console(highlight=False)
    show_verdicts(console, run.judged, run.summary, folder)
    show_page(console, page)
    return run.exit_code


def judge_gold(settings: EvalConfig, folder: Path, config: DictConfig) -> int:
    """Run every gold patch several times, and every base commit, to know which instances can be judged here."""
    trusted = dataclasses.replace(settings.trust, tests="keep", harness="keep")
    settings = dataclasses.replace(settings, trust=trusted)
    cases = [case for row in dataset_rows(settings) for case in _gold_cases(row, settings.turns)]
    run = _judge_cases(settings, folder, config, cases)
    write_verdicts(folder, [item for item in run.judged if not item.case.base and not item.case.turn])
    found = validities(run.judged)
    show_validities(Console(highlight=False), found, run.summary, write_validities(folder, found))
    return run.exit_code


def dataset_rows(settings: EvalConfig) -> list[Row]:
    """The rows that the settings choose.

    Raises:
        ConfigError: no dataset is given, or a file of ids cannot be read.
        DatasetError: the dataset is malformed.
    """
    if not settings.dataset:
        raise ConfigError("give predictions=FILE dataset=FILE.jsonl repos=DIR; cgm-eval --help says more")
    only = read_names("ids", Path(settings.ids)) if settings.ids else None
    exclude = read_names("exclude", Path(settings.exclude)) if settings.exclude else set[str]()
    return choose_rows(load_rows(Path(settings.dataset)), only, exclude, settings.limit)


@dataclass(frozen=True)
class _Run:
    """Cases with their verdicts, in order, and what they took."""

    judged: list[Judged]
    summary: dict[str, Any]

    @property
    def exit_code(self) -> int:
        return 2 if any(item.error for item in self.judged) else 0


def _judge_cases(settings: EvalConfig, folder: Path, config: DictConfig, cases: Sequence[Case]) -> _Run:
    cache_dir = Path(settings.cache_dir)
    backend = make_backend(settings.backend, backend_services(cache_dir, settings.repos, settings.table))
    judge = make_judge(settings.backend, backend, cache_dir=cache_dir, trust=settings.trust, retries=settings.retries)
    open_run(folder, config)
    started = time.perf_counter()
    judged = follow_cases(judge, backend, cases, settings.workers, folder)
    summary = summarize_verdicts(judged, time.perf_counter() - started)
    write_summary(folder, summary)
    return _Run(judged, summary)


def follow_cases(judge: Judge, backend: Backend, cases: Sequence[Case], workers: int, folder: Path) -> list[Judged]:
    """Judge cases under the eyes of whoever waits; each verdict is written down as it comes."""
    found: dict[str, Judged] = {}
    begin_cases(folder)
    with TrialProgress(Console(stderr=True), len(cases)) as progress:
        for judged in run_cases(judge, backend, cases, workers, progress.started):
            found[judged.case.title] = judged
            add_case(folder, judged)
            progress.done(judged)
    return [found[case.title] for case in cases]


def _run_folder(settings: EvalConfig) -> Path | None:
    """The run folder that the predictions come from, if it is one."""
    folder = Path(settings.run) if settings.run else Path(settings.predictions).parent
    found = (folder / "reasons.jsonl").exists()
    require(found or not settings.run, "run must be a run folder of cgm", settings.run)
    return folder if found else None


def _case(row: Row, predictions: Predictions) -> Case:
    name = row["instance_id"]
    unread = "the prediction's row is too large" if name in predictions.oversized else ""
    found = predictions.found.get(name)
    return Case(row, found.diff if found else None, unread=unread)


def _gold_cases(row: Row, turns: int) -> Iterator[Case]:
    if not isinstance(row.get("patch"), str):
        raise DatasetError(f"{row['instance_id']}: a row must have its gold patch as `patch`, got none")
    yield Case(row, None, base=True)
    yield from (Case(row, row["patch"], turn=turn) for turn in range(turns))


_TASKS: dict[str, _Task] = {"predictions": judge_predictions, "gold": judge_gold}
