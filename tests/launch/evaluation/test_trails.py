from pathlib import Path

import pytest

from cgm.artifacts import Gold, Issue, Patch, Ranking, Rewrite, Subgraph, Usage, to_row
from cgm.errors import ArtifactError, DatasetError
from cgm.store import write_rows
from eval.swebench.resolution import Trail
from launch.evaluation.trails import read_trails
from launch.pipeline import Outcome
from launch.runfolder import write_artifacts

_ISSUES = [Issue(name, "o/p", "c", "text") for name in ("b-2", "a-1")]
_GOLD = Gold("a-1", ("a.py",), ())
_SUBGRAPH, _RANKING = Subgraph("a-1", (), (), ()), Ranking("a-1", (), (), ("a.py",), ("a.py",))


def test_a_trail_holds_what_a_run_wrote_and_the_patch_that_was_graded(tmp_path: Path) -> None:
    patch = Patch("a-1", "model", "its own", usage=Usage(1, 0, 2, 3, 0.5))
    write_artifacts(tmp_path, [Outcome("a-1", Rewrite("a-1"), _SUBGRAPH, _RANKING, patch), Outcome("b-2")])
    assert read_trails(_ISSUES, {"a-1": _GOLD}, folder=tmp_path, diffs={"a-1": "graded"}) == [
        Trail("b-2", "o/p"),
        Trail("a-1", "o/p", _GOLD, _SUBGRAPH, _RANKING, "graded", patch.usage),
    ]


def test_predictions_from_elsewhere_have_no_run_behind_them(tmp_path: Path) -> None:
    for folder in (None, tmp_path):
        assert read_trails(_ISSUES[:1], {}, folder=folder, diffs={"b-2": "d"}) == [Trail("b-2", "o/p", diff="d")]


def test_a_folder_that_names_an_instance_twice_or_is_damaged_is_refused(tmp_path: Path) -> None:
    write_rows(tmp_path / "reasons.jsonl", [to_row(_RANKING)] * 2)
    with pytest.raises(DatasetError, match=r"reasons\.jsonl:2: instance_id must be unique, got 'a-1' twice"):
        read_trails(_ISSUES, {}, folder=tmp_path, diffs={})
    write_rows(tmp_path / "reasons.jsonl", [{"instance_id": "a-1"}])
    with pytest.raises(ArtifactError, match="missing"):
        read_trails(_ISSUES, {}, folder=tmp_path, diffs={})
