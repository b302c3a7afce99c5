import json
from pathlib import Path

import pytest

from cgm.artifacts import Rewrite, Verdict
from cgm.errors import ConfigError
from cgm.store import read_rows
from eval.swebench.judge import Case, Judged
from launch.evaluation.reports import report_on
from launch.evaluation.submission import write_submission
from launch.pipeline import Outcome
from launch.runfolder import write_artifacts

ROW = {"instance_id": "a__b-1", "repo": "a/b", "base_commit": "c", "FAIL_TO_PASS": ["t"], "PASS_TO_PASS": []}


def _judged(name: str = "a__b-1") -> Judged:
    verdict = Verdict(name, "resolved", applied="clean", backend="local")
    return Judged(Case({**ROW, "instance_id": name}, "diff"), verdict, "diff\n", "1 passed")


def test_a_submission_holds_all_that_is_asked_for(tmp_path: Path) -> None:
    write_artifacts(tmp_path / "run", [Outcome("a__b-1", Rewrite("a__b-1", keywords=("w",)))])
    judged = [_judged()]
    write_submission(tmp_path / "out", "m", judged, report_on(judged, None, None), tmp_path / "run")
    files = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert files == {
        *("all_preds.jsonl", "metadata.yaml", "README.md", "results/results.json", "trajs/a__b-1.traj"),
        *(f"logs/a__b-1/{name}" for name in ("patch.diff", "report.json", "test_output.txt")),
    }
    assert [row["model_patch"] for _, row in read_rows(tmp_path / "out" / "all_preds.jsonl")] == ["diff"]
    assert json.loads((tmp_path / "out" / "trajs" / "a__b-1.traj").read_text())["rewriter"]["keywords"] == ["w"]


def test_an_instance_cannot_leave_the_folder(tmp_path: Path) -> None:
    judged = [_judged("../../up")]
    write_submission(tmp_path / "out" / "deep", "m", judged, report_on(judged, None, None), None)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["deep"]
    assert not (tmp_path / "out" / "deep" / "trajs").exists()


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(ConfigError, match="leaderboard must be a new folder or an empty one"):
        write_submission(tmp_path, "m", [_judged()], report_on([_judged()], None, None), None)
