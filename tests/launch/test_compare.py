import json
import sys
from pathlib import Path

import pytest

from cgm.artifacts import Verdict, to_row
from cgm.errors import InputError
from cgm.store import write_rows
from eval.localization import Found
from launch.compare import compare_runs, main


def _run(folder: Path, *places: int | None) -> Path:
    found = (Found(f"a-{number}", (place,), (place, None)) for number, place in enumerate(places))
    write_rows(folder / "ranks.jsonl", map(to_row, found))
    return folder


def _cells(report: str, *starts: str) -> list[list[str]]:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in report.splitlines()]
    return [row for row in rows if row[: len(starts)] == list(starts)]


def test_one_run_is_shown_in_percent(tmp_path: Path) -> None:
    report = compare_runs([_run(tmp_path / "one", 1, 4, None, 1)])
    ((*_, files),) = [_cells(report, "one", "files")]
    assert files == ["one", "files", "4", "50.0", "50.0", "75.0", "75.0", "75.0", "56.2"]
    assert _cells(report, "one", "functions")[0][3:5] == ["0.0", ""]


def test_a_second_run_is_paired_with_the_first(tmp_path: Path) -> None:
    report = compare_runs([_run(tmp_path / "old", *[9] * 8), _run(tmp_path / "new", *[1] * 6, 9, 9)])
    (strict,) = _cells(report, "files", "strict@1")
    assert strict[2] == "+75.0"
    assert strict[4:] == ["6", "0", "0.0312"]
    assert _cells(report, "files", "MRR")[0][6] == ""
    assert _cells(report, "functions", "strict@1")[0][2:4] == ["+0.0", "+0.0 to +0.0"]


def test_only_shared_instances_are_paired(tmp_path: Path) -> None:
    report = compare_runs([_run(tmp_path / "old", 1, 1, 1), _run(tmp_path / "new", None)])
    assert "new against old, 1 instances (first 3, second 1)" in report


def test_a_multirun_stands_for_its_runs(tmp_path: Path) -> None:
    _run(tmp_path / "sweep" / "k=1", 1)
    _run(tmp_path / "sweep" / "k=2", 2)
    report = compare_runs([tmp_path / "sweep"])
    assert "k=2 against k=1" in report


def test_a_run_that_is_named_twice_is_one_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _run(tmp_path / "one", 1)
    monkeypatch.chdir(tmp_path)
    report = compare_runs([Path("one"), tmp_path / "one", Path("x/../one")])
    assert len(_cells(report, "one", "files")) == 1


def test_runs_below_a_slash_of_a_setting_are_found(tmp_path: Path) -> None:
    _run(tmp_path / "sweep" / "llm.model=Qwen" / "X", 1)
    _run(tmp_path / "sweep" / "llm.model=Qwen" / "Y", 2)
    assert "Y against X" in compare_runs([tmp_path / "sweep"])


def test_runs_of_one_name_are_told_apart(tmp_path: Path) -> None:
    report = compare_runs([_run(tmp_path / "a" / "run", 1), _run(tmp_path / "b" / "run", 1)])
    assert "b/run against a/run" in report


def test_a_folder_without_scores_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a run must have ranks.jsonl, which gold=FILE writes"):
        compare_runs([tmp_path])


def test_the_command_prints_the_report_or_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["cgm-compare", str(_run(tmp_path / "one", 1))])
    main()
    assert "| one | files | 1 | 100.0 |" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["cgm-compare", str(tmp_path / "none")])
    with pytest.raises(SystemExit, match=r"error: a run must have ranks.jsonl"):
        main()


def _verdicts(folder: Path, *outcomes: str) -> Path:
    found = (Verdict(f"a-{number}", outcome) for number, outcome in enumerate(outcomes))
    write_rows(folder / "verdicts.jsonl", map(to_row, found))
    return folder


def test_runs_with_verdicts_are_paired_by_what_they_resolved(tmp_path: Path) -> None:
    first = _verdicts(tmp_path / "old", "resolved", *["unresolved"] * 6, "infrastructure")
    second = _verdicts(tmp_path / "new", "unresolved", *["resolved"] * 6, "resolved")
    report = compare_runs([first, second])
    assert "new against old, 7 instances with verdicts on both" in report
    assert "| +71.4 | +14.3 to +100.0 | 6 | 1 | 0.125 |" in report
    assert "Lost (1): a-0" in report
    assert "Left out (1): a-7" in report


def test_one_run_with_verdicts_is_shown_with_its_interval(tmp_path: Path) -> None:
    report = compare_runs([_verdicts(tmp_path / "one", "resolved", "empty", "infrastructure")])
    assert report == "one: 1 of 2 resolved, 95 % interval 9.5 to 90.5\n"


def test_a_run_with_both_is_compared_by_both_and_one_with_neither_of_the_others_is_refused(tmp_path: Path) -> None:
    first, second = (_verdicts(_run(tmp_path / name, 1), "resolved") for name in ("old", "new"))
    report = compare_runs([first, second])
    assert "strict@1" in report
    assert "1 instances with verdicts on both" in report
    with pytest.raises(InputError, match=r"must all have ranks.jsonl, or all verdicts.jsonl"):
        compare_runs([_run(tmp_path / "ranked", 1), _verdicts(tmp_path / "judged", "resolved")])


def test_a_comparison_of_verdicts_is_written_in_three_forms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [_verdicts(tmp_path / name, *outcomes) for name, outcomes in (("old", ["empty"]), ("new", ["resolved"]))]
    monkeypatch.setattr(sys, "argv", ["cgm-compare", *map(str, runs), "--write", str(tmp_path / "out")])
    main()
    assert (tmp_path / "out" / "comparison.md").read_text() == capsys.readouterr().out
    (row,) = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert (row["runs"], row["gained"]) == (["old", "new"], ["a-0"])
    assert "Runs against old" in (tmp_path / "out" / "comparison.html").read_text()
