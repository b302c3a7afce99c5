"""The command `cgm`: issues through the chain, into a run folder.

Knows the command line, exit codes, environment and clock. Exit codes: 0 every instance got through, 1 a refused setting
or input, or no instance got through, 2 some instances failed (failures.jsonl), 130 interrupted.
"""

import dataclasses
import logging
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from rich.console import Console

from cgm.store import write_json
from eval.localization import load_gold
from launch.arguments import PATHS
from launch.command import located, refuse, run_command
from launch.console import RunProgress, show_findings, show_graph, show_page, show_summary, show_written
from launch.dataset import Instance, load_instances
from launch.evaluation.judging import Judging
from launch.evaluation.settings import EvalConfig
from launch.exports import DEFAULT_EXPORTS, write_exports
from launch.pipeline import Outcome, Pipeline
from launch.runfolder import open_run, write_artifacts, write_failures, write_metrics, write_page, write_subgraph
from launch.runner import Report, run_instances
from launch.schema import RunConfig, run_config
from launch.summary import summarize_run

Job = Callable[[DictConfig, Path], int]
_log = logging.getLogger(__name__)
_GIB = 1 << 30
_FAILURES_SHOWN = 5


def main() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(run_command(run_job, "pipeline"))


def run_job(config: DictConfig, folder: Path) -> int:
    """Run one configuration into its folder; the exit code.

    Raises:
        CgmError: a setting or input is refused, or a file of ours cannot be written.
    """
    settings = run_config(config)
    settings = dataclasses.replace(settings, **located(vars(settings), PATHS))
    instances = load_instances(settings)
    gold = load_gold(Path(settings.gold)) if settings.gold else None
    pipeline = Pipeline(settings)
    judging = Judging(_evaluation(settings, folder)) if settings.backend.option.target else None
    open_run(folder, config)
    started = time.perf_counter()
    reports = _run(settings, pipeline, instances)
    summary = summarize_run(reports, time.perf_counter() - started)
    write = write_failures if settings.graph_alone else write_artifacts
    write(folder, [report.outcome for report in reports])
    metrics = write_metrics(folder, [report.outcome for report in reports], gold) if gold is not None else None
    if judging:
        found = judging.predictions(folder)
        summary["eval"] = found.summary
        write_failures(folder, [report.outcome for report in reports], found.failures)
    write_json(folder / "summary.json", summary)
    checked = bool(settings.check)
    _show([report.outcome for report in reports], summary, metrics, folder, checked=checked)
    if settings.repo and summary["completed"]:
        _write_to_look_at(settings, folder, reports[0].outcome, pipeline, instances[0])
    return _exit_code(summary)


def _evaluation(settings: RunConfig, folder: Path) -> EvalConfig:
    """How the patches of a run are judged, as `cgm-eval` would."""
    names = ("dataset", "repos", "ids", "limit", "gold", "table", "workers", "cache_dir", "backend", "llm")
    shared = {name: getattr(settings, name) for name in names}
    return EvalConfig(**shared, predictions=str(folder / "patches.jsonl"), run=str(folder), run_dir=str(folder))


def _run(settings: RunConfig, pipeline: Pipeline, instances: Sequence[Instance]) -> list[Report]:
    """Outcomes in the order of the dataset, the stage cache within its bounds before and after."""
    limit = int(settings.cache_gib * _GIB)
    pipeline.cache.prune(limit)
    reports: dict[str, Report] = {}
    with RunProgress(Console(stderr=True), len(instances)) as progress:
        for report in run_instances(settings, pipeline, instances, progress.stage):
            reports[report.outcome.instance_id] = report
            progress.done(report.outcome)
    pipeline.cache.prune(limit)
    return [reports[instance.issue.instance_id] for instance in instances]


def _show(
    outcomes: Sequence[Outcome],
    summary: dict[str, Any],
    metrics: dict[str, Any] | None,
    folder: Path,
    *,
    checked: bool,
) -> None:
    console = Console(highlight=False)
    if len(outcomes) == 1:
        show_findings(console, outcomes[0], checked=checked)
    if summary["completed"]:
        if len(outcomes) == 1 and list(outcomes[0].steps) == ["preprocessing"]:
            show_graph(console, outcomes[0].instance_id, summary)
        else:
            show_summary(console, summary, metrics)
        _log.info("%d completed, %d failed: %s", summary["completed"], summary["failed"], folder)
    for failure in [outcome.failure for outcome in outcomes if outcome.failure][:_FAILURES_SHOWN]:
        refuse(f"{failure.instance_id}: {failure.stage}: {failure.message}")


def _write_to_look_at(
    settings: RunConfig, folder: Path, outcome: Outcome, pipeline: Pipeline, instance: Instance
) -> None:
    """Write what a person opens after a run on a single repository."""
    console = Console(highlight=False)
    default = DEFAULT_EXPORTS if settings.graph_alone else ()
    exports = default if settings.export is None else settings.export
    if not exports and not outcome.ranking:
        return
    codebase = pipeline.codebase(instance)
    if outcome.ranking:
        assert outcome.subgraph
        write_subgraph(folder, outcome.subgraph, codebase)
        show_page(console, write_page(folder, instance.issue, outcome, codebase))
    for path in write_exports(folder, exports, codebase, settings.page, partial(pipeline.list_unlinked, instance)):
        show_written(console, path)


def _exit_code(summary: dict[str, Any]) -> int:
    if not summary["completed"]:
        return 1
    unjudged = summary.get("eval", {}).get("outcomes", {}).get("infrastructure", 0)
    return 2 if summary["failed"] or unjudged else 0
