"""What a run cost and what became of its instances, added up for summary.json.

Knows outcomes. Does not know files or screens.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from cgm.artifacts import Usage, to_row
from launch.pipeline import Outcome, Step
from launch.runner import Report


def summarize_run(reports: Sequence[Report], seconds: float) -> dict[str, Any]:
    """Counts, seconds and usage by stage, memory, nodes and edges by kind; seconds are summed over processes."""
    outcomes = [report.outcome for report in reports]
    failures = [outcome.failure for outcome in outcomes if outcome.failure]
    peaks: dict[int, float] = {}
    for report in reports:
        peaks[report.process] = max(peaks.get(report.process, 0.0), report.peak_mib)
    return {
        "instances": len(outcomes),
        "completed": len(outcomes) - len(failures),
        "failed": len(failures),
        "failures": dict(sorted(Counter(f"{item.stage}: {item.error}" for item in failures).items())),
        "patches": sum(bool(outcome.patch and outcome.patch.diff) for outcome in outcomes),
        "proven": sum(bool(outcome.patch and outcome.patch.passed) for outcome in outcomes),
        "wall_seconds": round(seconds, 3),
        "peak_memory_mib": {"largest_process": round(max(peaks.values()), 1), "sum": round(sum(peaks.values()), 1)},
        "stages": _stages(outcomes),
        "graph": _counts(outcomes),
    }


def _stages(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    names = list(dict.fromkeys(name for outcome in outcomes for name in outcome.steps))
    failed = Counter(outcome.failure.stage for outcome in outcomes if outcome.failure)
    return {
        name: _stage([outcome.steps[name] for outcome in outcomes if name in outcome.steps], failed[name])
        for name in names
    }


def _stage(steps: Sequence[Step], failed: int) -> dict[str, Any]:
    cached = sum(step.cached for step in steps)
    return {
        "computed": len(steps) - cached - failed,
        "cached": cached,
        "failed": failed,
        "seconds": round(sum(step.seconds for step in steps), 3),
        "seconds_saved": round(sum(step.seconds_saved for step in steps), 3),
        "usage": to_row(_total(step.usage for step in steps)),
        "usage_saved": to_row(_total(step.usage_saved for step in steps)),
    }


def _total(usages: Iterable[Usage]) -> Usage:
    return sum(usages, Usage())


def _counts(outcomes: Sequence[Outcome]) -> dict[str, dict[str, int]]:
    """Nodes, edges and unlinked references by kind, summed over the instances."""
    table: dict[str, dict[str, int]] = {}
    for count in (count for outcome in outcomes for count in outcome.counts):
        kinds = table.setdefault(count.what, {})
        kinds[count.kind] = kinds.get(count.kind, 0) + count.number
    return table
