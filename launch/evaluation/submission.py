"""A folder as SWE-bench's leaderboard takes it.

Knows its files and where their contents come from. Does not know their shapes (`eval.report.leaderboard`).

    all_preds.jsonl metadata.yaml README.md results/results.json
    logs/INSTANCE/{patch.diff,report.json,test_output.txt}
    trajs/INSTANCE.traj    what each stage of a run of `cgm` made, as JSON
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cgm.errors import ConfigError
from cgm.store import read_rows, write_json, write_rows, write_text
from eval.report.leaderboard import instance_report, metadata, prediction, readme, results
from eval.swebench.judge import Judged
from eval.swebench.resolution import Resolution
from launch.evaluation.verdicts import plain_name

_STAGES = {"rewriter": "rewrites", "retriever": "subgraphs", "reranker": "reasons", "reader": "repairs"}


def check_submission(folder: Path) -> None:
    """Refuse a folder that holds something.

    Raises:
        ConfigError: it does.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"leaderboard must be a new folder or an empty one, got {folder}")


def write_submission(folder: Path, model: str, judged: Sequence[Judged], report: Resolution, run: Path | None) -> None:
    """Write the folder; trajectories come from the run folder of `cgm`, if there is one.

    Raises:
        ConfigError: the folder holds something.
        StorageError: it cannot be written, or a file of the run cannot be read.
    """
    check_submission(folder)
    verdicts = [item.verdict for item in judged]
    write_rows(folder / "all_preds.jsonl", (prediction(item, model) for item in judged))
    write_text(folder / "metadata.yaml", metadata(model))
    write_text(folder / "README.md", readme(model, report, verdicts[0].backend))
    write_json(folder / "results" / "results.json", results(verdicts))
    for item in judged:
        _write_logs(folder / "logs" / plain_name(item.case.name), item)
    if run:
        _write_trajectories(folder / "trajs", run, [item.case.name for item in judged])


def _write_logs(folder: Path, judged: Judged) -> None:
    write_json(folder / "report.json", instance_report(judged.case.row, judged.verdict))
    write_text(folder / "patch.diff", judged.diff)
    write_text(folder / "test_output.txt", judged.log)


def _write_trajectories(folder: Path, run: Path, names: Sequence[str]) -> None:
    made: dict[str, dict[str, Any]] = {name: {} for name in names}
    for stage, file in _STAGES.items():
        path = run / f"{file}.jsonl"
        for _, row in read_rows(path) if path.exists() else ():
            if row.get("instance_id") in made:
                made[row["instance_id"]][stage] = row
    for name, stages in made.items():
        write_json(folder / f"{plain_name(name)}.traj", stages)
