"""HumanEval as a run: a model is asked, its answers are run as they come, and the run folder says what became of them.

Knows the run folder's files. Does not know the tasks or how answers are run (`eval.humaneval`).

    samples.jsonl    every answer with its kind: passed, or the error that it met
    summary.json     pass@k with intervals, kinds of errors, tokens, cost, seconds
"""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table as Grid

from cgm.artifacts import Usage, to_row
from cgm.errors import DatasetError, require
from cgm.protocols import Sampling
from cgm.store import append_row, write_json, write_rows
from eval.humaneval import HumanEvalConfig, Task, Tried, ask, kinds_of, load_tasks, scores, try_answer
from eval.sandbox import Limits, Sandbox
from eval.swebench.rows import read_names
from launch.evaluation.progress import TrialProgress
from launch.evaluation.settings import EvalConfig
from launch.meter import MeteredLLM
from launch.pipeline import metered_llm

_SAMPLES = "samples.jsonl"


class Functions:
    """The tasks, whoever answers them, and a sandbox, ready.

    Raises:
        ConfigError: a setting makes no sense, or the tasks are not installed.
        DatasetError: a task that is asked for does not exist.
        SandboxError: programs cannot be isolated here.
    """

    def __init__(self, settings: EvalConfig) -> None:
        self._config, self._workers, self._tasks = settings.humaneval, settings.workers, _tasks(settings)
        self._llm = metered_llm(settings.llm, Path(settings.cache_dir), "")
        asked = self._config.answers == "model"
        require(not asked or self._llm is not None, "llm must be a model, or humaneval.answers canonical", "none")
        isolation = getattr(settings.backend.config, "isolation", "auto")
        limits = Limits(seconds=self._config.seconds, memory_mb=self._config.memory_mb)
        self._sandbox = Sandbox(isolation, limits)

    def run(self, folder: Path) -> dict[str, Any]:
        """Ask and try every task into a run folder; what came of it.

        Raises:
            ModelError: the model does not answer.
            SandboxError: a program could not be run in isolation.
            StorageError: the run folder cannot be written.
        """
        started, tried = time.perf_counter(), list[Tried]()
        write_rows(folder / _SAMPLES, ())
        with TrialProgress(Console(stderr=True), len(self._tasks) * self._config.samples) as progress:
            for item in self._tried(progress):
                append_row(folder / _SAMPLES, to_row(item))
                tried.append(item)
        summary = self._summary(tried, time.perf_counter() - started)
        write_json(folder / "summary.json", summary)
        show_functions(Console(highlight=False), summary, folder)
        return summary

    def _tried(self, progress: TrialProgress) -> Iterator[Tried]:
        with ThreadPoolExecutor(self._workers) as pool:
            for task in self._tasks:
                progress.started(task.task_id)
                attempts = partial(try_answer, task, sandbox=self._sandbox)
                answers = _answers(task, self._config, self._llm)
                for item in pool.map(attempts, range(len(answers)), answers):
                    progress.counted(item.kind)
                    yield item
                progress.ended(task.task_id)

    def _summary(self, tried: Sequence[Tried], seconds: float) -> dict[str, Any]:
        return {
            "tasks": len(self._tasks),
            "samples": len(tried),
            "answers": self._llm.name if self._llm and self._config.answers == "model" else self._config.answers,
            **scores(tried, self._config.k),
            "kinds": kinds_of(tried),
            "usage": to_row(self._llm.take() if self._llm else Usage()),
            "wall_seconds": round(seconds, 3),
        }


def show_functions(console: Console, summary: dict[str, Any], folder: Path) -> None:
    """Print pass@k, what the answers met, and where the run folder lies."""
    table = Grid("kind", box=None, header_style="bold")
    table.add_column("answers", justify="right")
    for kind, number in summary["kinds"].items():
        table.add_row(kind, str(number))
    console.print(table)
    for name in (name for name in summary if name.startswith("pass@")):
        score = summary[name]
        bounds = f"95 % interval {100 * score['low']:.1f} to {100 * score['high']:.1f}"
        console.print(f"{name} {100 * score['mean']:.1f} % of {score['tasks']} tasks, {bounds}", style="bold")
    console.print(str(folder), soft_wrap=True, markup=False)


def _tasks(settings: EvalConfig) -> list[Task]:
    tasks = load_tasks()
    only = read_names("ids", Path(settings.ids)) if settings.ids else {task.task_id for task in tasks}
    unknown = sorted(only - {task.task_id for task in tasks})
    if unknown:
        raise DatasetError(f"{settings.ids}: every id must be a task of HumanEval, got {', '.join(unknown[:3])}")
    chosen = [task for task in tasks if task.task_id in only]
    return chosen[: settings.limit] if settings.limit else chosen


def _answers(task: Task, config: HumanEvalConfig, llm: MeteredLLM | None) -> list[str]:
    if config.answers == "canonical":
        return [task.canonical_solution] * config.samples
    if config.answers == "empty" or llm is None:
        return [""] * config.samples
    sampling = Sampling(config.temperature, config.top_p, config.max_tokens, config.samples, config.seed)
    return [answer.text for answer in llm.generate(ask(task), sampling)]
