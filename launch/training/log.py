"""What a training run leaves of its course, and what a person sees of it.

Knows clocks, bars, files and trackers. Does not know how anything is learnt. On all processes but the main one nothing
is shown or written.

    metrics.jsonl       a row for each step and each evaluation, without times: the same run gives the same bytes
    evaluations/step_N.jsonl    the loss of each row that was tried
"""

import dataclasses
import logging
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from cgm.artifacts import to_row
from cgm.store import append_row, read_rows, write_rows

_log = logging.getLogger(__name__)
_QUIET_SECONDS = 10.0
METRICS = "metrics.jsonl"


class TrainingLog(AbstractContextManager["TrainingLog"]):
    """The course of a run of `last` steps, from step `first` on; rows of later steps are of before it was stopped."""

    def __init__(self, folder: Path, parallel: Any, console: Console, first: int, last: int) -> None:
        self._folder = folder
        self._parallel = parallel
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        shown = console.is_terminal and parallel.is_main
        self._bar = Progress(*columns, console=console, transient=True, disable=not shown)
        self._task = self._bar.add_task("steps", total=last, completed=first)
        self._last = last
        self._began = self._told = time.perf_counter()
        self.places = 0
        if parallel.is_main:
            _forget_after(folder / METRICS, first)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    @property
    def seconds(self) -> float:
        """Since the run began or went on."""
        return time.perf_counter() - self._began

    def learnt(self, step: int, learnt: Any, rates: Mapping[str, float]) -> None:
        """Note a step."""
        if not self._parallel.is_main:
            return
        self.places += learnt.places
        values = {
            "loss": learnt.loss,
            "norm": learnt.norm,
            "answer_tokens": learnt.answer_tokens,
            "places": learnt.places,
            **{f"lr_{part}": rate for part, rate in rates.items()},
        }
        append_row(self._folder / METRICS, {"step": step, **values})
        speed = self.places / max(self.seconds, 1e-9)
        self._parallel.accelerator.log({f"train/{name}": value for name, value in values.items()}, step=step)
        self._parallel.accelerator.log({"train/tokens_per_second": speed}, step=step)
        told = f"loss {learnt.loss:.4f}, {speed:,.0f} tokens/s"
        self._bar.update(self._task, completed=step, description=told)
        if self._bar.disable and (time.perf_counter() - self._told > _QUIET_SECONDS or step == self._last):
            self._told = time.perf_counter()
            _log.info("step %d of %d: %s", step, self._last, told)

    def evaluated(self, progress: Any, scores: tuple[Any, ...]) -> None:
        """Note an evaluation."""
        from cgm.train.evaluation import mean, means_by_task

        if not self._parallel.is_main:
            return
        every = mean(scores)
        tasks = {task: dataclasses.asdict(found) for task, found in means_by_task(scores).items()}
        write_rows(self._folder / "evaluations" / f"step_{progress.step:08d}.jsonl", map(to_row, scores))
        row = {"step": progress.step, "evaluation": dataclasses.asdict(every), "tasks": tasks}
        append_row(self._folder / METRICS, row)
        values = {"eval/loss": every.loss, "eval/right": every.right}
        values |= {f"eval/{task}/loss": found["loss"] for task, found in tasks.items()}
        self._parallel.accelerator.log(values, step=progress.step)
        best = " (best)" if progress.stale == 0 else f" (best {progress.best:.4f})"
        _log.info("step %d: evaluation loss %.4f%s, %.1f %% right", progress.step, every.loss, best, 100 * every.right)


def _forget_after(path: Path, step: int) -> None:
    """Remove the rows of steps that are made again."""
    if path.exists():
        kept = [row for _, row in read_rows(path) if row["step"] <= step]
        write_rows(path, kept)
