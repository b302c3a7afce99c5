import json
from pathlib import Path

import graph_helps
import pytest
from omegaconf import OmegaConf

from cgm.errors import DatasetError
from cgm.store import write_rows


def _run(root: Path, kind: str, seed: int, losses: list[float]) -> Path:
    folder = root / f"{kind}_{seed}"
    row = {"task": "api", "tokens": 2, "right": False}
    rows = [{"example_id": str(place), "loss": loss, **row} for place, loss in enumerate(losses)]
    write_rows(folder / "evaluations" / "step_00000004.jsonl", rows)
    (folder / "summary.json").write_text(json.dumps({"answer_tokens": 9, "places": 90, "wall_seconds": 1.0}))
    config = {"seed": seed, "model": {"adapter": {"kind": kind}, "graph": {"mask": "adjacency"}}}
    (folder / "config.yaml").write_text(OmegaConf.to_yaml(OmegaConf.create(config)))
    return folder


def test_ways_to_read_are_compared_by_row_over_seeds(tmp_path: Path) -> None:
    folders = [_run(tmp_path, "mlp", seed, [2.0 - seed, 4.0]) for seed in (0, 1)]
    folders += [_run(tmp_path, "none", seed, [4.0, 6.0]) for seed in (0, 1)]
    grouped = graph_helps.by_reading([graph_helps.read_run(folder) for folder in folders])
    assert {reads: [run.seed for run in runs] for reads, runs in grouped.items()} == {
        "text": [0, 1],
        "graph, adjacency mask": [0, 1],
    }
    lines = list(graph_helps.tables(grouped))
    assert "| text | 2 | 2.5000 +- 0.0000 | 0.0 % | 9 | 90 | 1 |" in lines
    # the mean of 0.75 - 2 and 2 - 3
    assert lines[-1].startswith("| graph, adjacency mask | all | 2 | -1.1250 |")


def test_runs_that_were_tried_on_other_rows_are_refused(tmp_path: Path) -> None:
    runs = [graph_helps.read_run(_run(tmp_path, "none", 0, losses)) for losses in ([1.0], [1.0, 2.0])]
    with pytest.raises(DatasetError, match="tried on the same rows"):
        graph_helps.by_reading(runs)
