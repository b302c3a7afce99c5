from pathlib import Path
from typing import Any

import pytest

from cgm.artifacts import Verdict
from cgm.store import read_rows
from eval.swebench.judge import Case, Judged
from eval.swebench.validity import Validity
from launch.evaluation.verdicts import (
    add_case,
    begin_cases,
    plain_name,
    summarize_verdicts,
    write_validities,
    write_verdicts,
)


def _judged(name: str, outcome: str, **fields: Any) -> Judged:
    return Judged(
        Case({"instance_id": name}, "", turn=fields.pop("turn", 0)), Verdict(name, outcome, **fields), "d", "l"
    )


def test_cases_are_written_as_they_come_with_patch_and_log(tmp_path: Path) -> None:
    begin_cases(tmp_path)
    add_case(tmp_path, _judged("a-1", "resolved", turn=2))
    assert [row["case"] for _, row in read_rows(tmp_path / "cases.jsonl")] == ["a-1.2"]
    assert (tmp_path / "logs" / "a-1.2" / "patch.diff").read_text() == "d"
    assert (tmp_path / "logs" / "a-1.2" / "test_output.txt").read_text() == "l"
    begin_cases(tmp_path)
    assert list(read_rows(tmp_path / "cases.jsonl")) == []


def test_verdicts_stand_in_the_order_given(tmp_path: Path) -> None:
    write_verdicts(tmp_path, [_judged("b", "resolved"), _judged("a", "empty")])
    assert [row["instance_id"] for _, row in read_rows(tmp_path / "verdicts.jsonl")] == ["b", "a"]


def test_only_what_can_be_judged_counts(tmp_path: Path) -> None:
    assert tmp_path.exists()
    judged = [_judged("a", "resolved", seconds=2.0, attempts=2), _judged("b", "infrastructure"), _judged("c", "empty")]
    summary = summarize_verdicts(judged, 3.0)
    assert (summary["instances"], summary["judged"], summary["resolved"], summary["retried"]) == (3, 2, 1, 1)
    assert list(summary["outcomes"]) == ["resolved", "empty", "infrastructure"]
    assert (summary["wall_seconds"], summary["test_seconds"]) == (3.0, 2.0)


def test_what_cannot_be_judged_is_listed_for_later_runs(tmp_path: Path) -> None:
    found = [
        Validity("a", ("resolved",), "unresolved", ""),
        Validity("b", ("empty",), "unresolved", "gold fails: empty"),
    ]
    assert write_validities(tmp_path, found).read_text() == "b  gold fails: empty\n"
    assert len(list(read_rows(tmp_path / "gold.jsonl"))) == 2


@pytest.mark.parametrize(
    ("name", "plain"), [("a__b-1", "a__b-1"), ("../../up", "_.._up"), ("...", "_"), ("a/b c", "a_b_c")]
)
def test_a_name_is_one_part_of_a_path(name: str, plain: str) -> None:
    assert plain_name(name) == plain
