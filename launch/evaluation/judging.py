"""A run of verdicts: everything refused that can be refused, then cases judged into a run folder, then reports.

Knows what each task judges. Does not know the command line (`launch.evaluate`).
"""

import dataclasses
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from cgm.artifacts import Failure
from cgm.errors import ConfigError, DatasetError, require
from eval.localization import load_gold
from eval.swebench.backend import Row
from eval.swebench.judge import Case, Judged
from eval.swebench.predictions import Prediction, Predictions, load_predictions
from eval.swebench.rows import choose_rows, load_rows, read_names
from eval.swebench.validity import validities
from launch.backends import backend_services, make_backend
from launch.console import show_page
from launch.evaluation.progress import TrialProgress, show_validities, show_verdicts
from launch.evaluation.reports import report_on, write_reports
from launch.evaluation.settings import EvalConfig, make_judge
from launch.evaluation.submission import check_submission, write_submission
from launch.evaluation.trials import run_cases
from launch.evaluation.verdicts import add_case, begin_cases, summarize_verdicts, write_validities, write_verdicts


@dataclass(frozen=True)
class Verdicts:
    """Cases with their verdicts, in order, and what they took."""

    judged: list[Judged]
    summary: dict[str, Any]

    @property
    def failures(self) -> list[Failure]:
        """What the infrastructure failed."""
        return [Failure(item.case.name, "eval", item.error, item.verdict.message) for item in self.judged if item.error]


class Judging:
    """Rows and a backend, ready.

    Raises:
        ConfigError: a setting makes no sense, or something that the backend needs is not installed.
        DatasetError: the dataset is malformed.
        SandboxError: the backend cannot run here.
    """

    def __init__(self, settings: EvalConfig) -> None:
        if settings.task == "gold":
            trusted = dataclasses.replace(settings.trust, tests="keep", harness="keep")
            settings = dataclasses.replace(settings, trust=trusted)
        if settings.leaderboard:
            check_submission(Path(settings.leaderboard))
        self._settings, self._rows = settings, chosen_rows(settings)
        cache_dir = Path(settings.cache_dir)
        self._backend = make_backend(settings.backend, backend_services(cache_dir, settings.repos, settings.table))
        self._judge = make_judge(
            settings.backend, self._backend, cache_dir=cache_dir, trust=settings.trust, retries=settings.retries
        )
        self._console = Console(highlight=False)

    def predictions(self, folder: Path) -> Verdicts:
        """Give every instance a verdict on its prediction, and report.

        Raises:
            DatasetError: the predictions are malformed.
            StorageError: the run folder cannot be written.
        """
        settings = self._settings
        require(bool(settings.predictions), "predictions must be a file of patches", settings.predictions)
        run = _run_folder(settings)
        gold = load_gold(Path(settings.gold)) if settings.gold else None
        predictions = load_predictions(Path(settings.predictions), [row["instance_id"] for row in self._rows])
        found = self._follow([_case(row, predictions) for row in self._rows], folder)
        write_verdicts(folder, found.judged)
        title = _models(predictions.found.values()) or Path(settings.predictions).stem
        report = report_on(found.judged, gold, run)
        page = write_reports(folder, title, report, found.judged)
        if settings.leaderboard:
            write_submission(Path(settings.leaderboard), title, found.judged, report, run)
        show_verdicts(self._console, found.judged, found.summary, folder)
        show_page(self._console, page)
        return found

    def gold(self, folder: Path) -> Verdicts:
        """Run every gold patch several times, and every base commit, to know which instances can be judged here.

        Raises:
            DatasetError: a row has no gold patch.
            StorageError: the run folder cannot be written.
        """
        found = self._follow([case for row in self._rows for case in _gold_cases(row, self._settings.turns)], folder)
        write_verdicts(folder, [item for item in found.judged if not item.case.base and not item.case.turn])
        valid = validities(found.judged)
        show_validities(self._console, valid, found.summary, write_validities(folder, valid))
        return found

    def _follow(self, cases: Sequence[Case], folder: Path) -> Verdicts:
        """Judge cases under the eyes of whoever waits; each verdict is written down as it comes."""
        started, found = time.perf_counter(), dict[str, Judged]()
        begin_cases(folder)
        with TrialProgress(Console(stderr=True), len(cases)) as progress:

            def announce(case: Case) -> None:
                progress.started(case.title)

            for judged in run_cases(self._judge, self._backend, cases, self._settings.workers, announce):
                found[judged.case.title] = judged
                add_case(folder, judged)
                progress.done(judged.case.title, judged.verdict.outcome)
        ordered = [found[case.title] for case in cases]
        return Verdicts(ordered, summarize_verdicts(ordered, time.perf_counter() - started))


def chosen_rows(settings: EvalConfig) -> list[Row]:
    """The rows of the dataset that the settings choose.

    Raises:
        ConfigError: no dataset is given, or a file of ids cannot be read.
        DatasetError: the dataset is malformed.
    """
    if not settings.dataset:
        raise ConfigError("give predictions=FILE dataset=FILE.jsonl repos=DIR; cgm-eval --help says more")
    only = read_names("ids", Path(settings.ids)) if settings.ids else None
    exclude = read_names("exclude", Path(settings.exclude)) if settings.exclude else set[str]()
    return choose_rows(load_rows(Path(settings.dataset)), only, exclude, settings.limit)


def _run_folder(settings: EvalConfig) -> Path | None:
    """The run folder that the predictions come from, if it is one."""
    folder = Path(settings.run) if settings.run else Path(settings.predictions).parent
    found = (folder / "reasons.jsonl").exists()
    require(found or not settings.run, "run must be a run folder of cgm", settings.run)
    return folder if found else None


def _models(predictions: Iterable[Prediction]) -> str:
    return ", ".join(dict.fromkeys(found.model for found in predictions if found.model))


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
