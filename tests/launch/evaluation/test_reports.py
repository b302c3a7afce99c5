import json
from pathlib import Path
from typing import Any

from cgm.artifacts import Gold, Issue, Patch, Ranking, Rewrite, Subgraph, SubgraphNode, Usage, Verdict
from eval.swebench.judge import Case, Judged
from launch.evaluation.reports import report_on, write_reports
from launch.pipeline import Outcome
from launch.runfolder import write_artifacts

DIFF = "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n"


def judged(name: str, outcome: str, diff: str = DIFF, **fields: Any) -> Judged:
    row = {"instance_id": name, "repo": "o/p", "base_commit": "b", "patch": DIFF, **fields}
    return Judged(Case(row, diff), Verdict(name, outcome, applied="clean"), diff)


def test_without_gold_the_files_are_those_of_the_true_patch() -> None:
    report = report_on(
        [judged("a-1", "resolved"), judged("a-2", "unresolved", DIFF.replace("a.py", "b.py"))], None, None
    )
    assert [(share.name, share.hits, share.n) for share in report.funnel] == [
        ("gold files in patch", 1, 2),
        ("applied", 2, 2),
        ("resolved", 1, 2),
    ]


def test_the_run_behind_the_predictions_tells_where_the_rest_was_lost(tmp_path: Path) -> None:
    subgraph = Subgraph("a-1", (), (SubgraphNode(1, "FUNCTION", "a.py", "f", 1, 2, 1.0),), ())
    patch = Patch("a-1", "m", "its own", usage=Usage(1, 0, 20, 3, 0.5))
    ranking = Ranking("a-1", (), (), ("a.py",), ())
    write_artifacts(tmp_path, [Outcome("a-1", Rewrite("a-1"), subgraph, ranking, patch)])
    report = report_on([judged("a-1", "resolved")], {"a-1": Gold("a-1", ("a.py",), ("a.py:f",))}, tmp_path)
    names = ["gold files in subgraph", "gold files in stage 1", "gold files in patch", "gold functions in patch"]
    assert [share.name for share in report.funnel] == [*names, "applied", "resolved"]
    assert all(share.hits == share.n == 1 for share in report.funnel)
    assert report.usage == patch.usage


def test_a_report_is_written_in_three_forms(tmp_path: Path) -> None:
    items = [judged("a-1", "resolved")]
    page = write_reports(tmp_path, "some model", report_on(items, None, None), items)
    assert "some model" in page.read_text()
    assert (tmp_path / "report.md").read_text().startswith("# some model\n\n1 of 1 resolved, 100.0 %")
    assert json.loads((tmp_path / "report.json").read_text())["resolved"]["hits"] == 1


def test_a_row_without_a_true_patch_has_no_gold() -> None:
    report = report_on([judged("a-1", "resolved", patch="")], None, None)
    assert report.funnel[0].n == 0
    assert Issue("a-1", "o/p", "b", "").repo == report.repositories[0].name
