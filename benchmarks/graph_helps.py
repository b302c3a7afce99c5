"""What the graph is worth to a Code Graph Model: training runs of one multirun, side by side.

    cgm-train -m +experiment=graph_helps data=DIR model.lm.path=MODEL run_dir=RUNS
    python benchmarks/graph_helps.py RUNS

Runs that differ in their seed alone are one line. The loss is that of the last evaluation, on repositories that no run
has learnt from, in nats for each answer token; a row's loss is its mean over seeds. Differences are paired by row, with
a 95 % bootstrap interval over rows.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from omegaconf import OmegaConf

from cgm.errors import DatasetError
from cgm.store import read_rows
from eval.report.tables import header, row
from eval.statistics import compare

FIRST = "text"


@dataclass(frozen=True)
class Trained:
    """One run: how it read the graph, and what became of each row."""

    reads: str
    seed: int
    rows: dict[str, dict[str, Any]]
    summary: dict[str, Any]


def read_run(folder: Path) -> Trained:
    """The run of a folder."""
    config = OmegaConf.load(folder / "config.yaml")
    reads = "text" if config.model.adapter.kind == "none" else f"graph, {config.model.graph.mask} mask"
    last = max((folder / "evaluations").glob("*.jsonl"))
    rows = {fields["example_id"]: fields for _, fields in read_rows(last)}
    return Trained(reads, config.seed, rows, json.loads((folder / "summary.json").read_text()))


def by_reading(runs: Sequence[Trained]) -> dict[str, list[Trained]]:
    """Runs by how they read, text first; all of them must have been tried on the same rows."""
    if len({frozenset(run.rows) for run in runs}) != 1:
        raise DatasetError("runs to compare must have been tried on the same rows")
    grouped: defaultdict[str, list[Trained]] = defaultdict(list)
    for run in sorted(runs, key=lambda run: (run.reads != FIRST, run.reads, run.seed)):
        grouped[run.reads].append(run)
    return dict(grouped)


def loss_of(run: Trained) -> float:
    """Mean loss of an answer token."""
    return sum(fields["loss"] for fields in run.rows.values()) / sum(fields["tokens"] for fields in run.rows.values())


def column(runs: Sequence[Trained], task: str = "") -> list[float]:
    """Each row's loss for an answer token, its mean over seeds."""
    names = sorted(name for name, fields in runs[0].rows.items() if task in ("", fields["task"]))
    return [mean(run.rows[name]["loss"] / run.rows[name]["tokens"] for run in runs) for name in names]


def tables(grouped: dict[str, list[Trained]]) -> Iterator[str]:
    """Lines of two tables: each way of reading, and the others against the first."""
    names = ["reads", "seeds", "loss", "answers right", "answer tokens learnt", "places read", "seconds"]
    yield from header(names)
    for reads, runs in grouped.items():
        losses = [loss_of(run) for run in runs]
        spread = f" +- {stdev(losses):.4f}" if len(losses) > 1 else ""
        right = mean(fields["right"] for run in runs for fields in run.rows.values())
        spent = [
            f"{mean(run.summary[name] for run in runs):,.0f}" for name in ("answer_tokens", "places", "wall_seconds")
        ]
        yield row([reads, str(len(runs)), f"{mean(losses):.4f}{spread}", f"{100 * right:.1f} %", *spent])
    first, *others = grouped
    yield ""
    yield from header([f"against {first}", "task", "rows", "difference in loss", "95 % interval", "lower", "higher"])
    tasks = sorted({fields["task"] for fields in grouped[first][0].rows.values()})
    for reads in others:
        for task in ("", *tasks) if len(tasks) > 1 else ("",):
            columns = column(grouped[first], task), column(grouped[reads], task)
            found = compare(*columns)
            cells = [f"{found.mean:+.4f}", f"{found.low:+.4f} to {found.high:+.4f}", str(found.lost), str(found.gained)]
            yield row([reads, task or "all", str(len(columns[0])), *cells])


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Training runs of one multirun, side by side.")
    parser.add_argument("runs", type=Path, help="the folder of a multirun")
    folder = parser.parse_args().runs
    runs = [read_run(path.parent) for path in sorted(folder.rglob("summary.json"))]
    for line in tables(by_reading(runs)):
        print(line)


if __name__ == "__main__":
    main()
