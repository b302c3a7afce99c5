"""Reports on a run of verdicts: Markdown, JSON, and a page.

Knows where a report's parts come from: rows, gold, a run folder of `cgm`, and the verdicts. Does not know how they are
counted (`eval.swebench.resolution`) or look (`eval.report.resolution_tables`, `eval.report.resolution_page`).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from cgm.artifacts import Gold, Issue
from cgm.store import write_text
from eval.report.resolution_page import resolution_page
from eval.report.resolution_tables import resolution_json, resolution_markdown
from eval.swebench.backend import Row
from eval.swebench.judge import Judged
from eval.swebench.resolution import Resolution, resolution, touched_paths
from launch.evaluation.trails import read_trails


def report_on(judged: Sequence[Judged], gold: Mapping[str, Gold] | None, run: Path | None) -> Resolution:
    """Report on verdicts, one for each instance; without gold its files are those of each row's own patch.

    Raises:
        DatasetError: a file of the run folder holds an instance twice.
        StorageError: a file of the run folder cannot be read.
    """
    rows = [item.case.row for item in judged]
    known = {row["instance_id"]: _gold(row) for row in rows if row.get("patch")} if gold is None else gold
    diffs = {item.case.name: item.diff or item.case.diff or "" for item in judged}
    trails = read_trails(map(_issue, rows), known, folder=run, diffs=diffs)
    return resolution(trails, {item.case.name: item.verdict for item in judged})


def write_reports(folder: Path, title: str, report: Resolution, judged: Sequence[Judged]) -> Path:
    """Write report.md, report.json and report.html; where the page lies. Raises as `cgm.store.write_text`."""
    page = folder / "report.html"
    write_text(folder / "report.md", f"# {title}\n\n{resolution_markdown(report)}")
    write_text(folder / "report.json", resolution_json(report))
    write_text(page, resolution_page(title, report, [item.verdict for item in judged]))
    return page


def _issue(row: Row) -> Issue:
    return Issue(row["instance_id"], row["repo"], row["base_commit"], str(row.get("problem_statement", "")))


def _gold(row: Row) -> Gold:
    return Gold(row["instance_id"], tuple(sorted(touched_paths(row["patch"]))), ())
