"""The part of a run folder that holds verdicts.

Knows its files and their shapes; verdicts stand in the order of the dataset.

    verdicts.jsonl     a verdict for each instance
    cases.jsonl        every verdict as it came, in which an instance may have several: of task=gold every turn
    gold.jsonl         of task=gold: what became of each instance's gold patch and base commit
    exclude.txt        of task=gold: the instances that cannot be judged, with reasons, for the setting `exclude`
    failures.jsonl     what the infrastructure failed, with the kind of error and the message
    logs/INSTANCE/     test_output.txt, and patch.diff as it was applied
    report.md report.json report.html    what was resolved, and where the rest was lost
    summary.json       counts, times
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cgm.artifacts import OUTCOMES, to_row
from cgm.store import append_row, write_lines, write_rows, write_text
from eval.swebench.judge import Judged
from eval.swebench.validity import Validity, exclusion_lines

VERDICTS = "verdicts.jsonl"
_CASES = "cases.jsonl"


def begin_cases(folder: Path) -> None:
    """Start the list of cases, which then grows one by one. Raises as `cgm.store.write_rows`."""
    write_rows(folder / _CASES, ())


def add_case(folder: Path, judged: Judged) -> None:
    """Add a verdict as it comes, with what it was reached by. Raises as `cgm.store.write_text`."""
    append_row(folder / _CASES, {"case": judged.case.title, **to_row(judged.verdict)})
    place = folder / "logs" / plain_name(judged.case.title)
    if judged.log:
        write_text(place / "test_output.txt", judged.log)
    if judged.diff:
        write_text(place / "patch.diff", judged.diff)


def write_verdicts(folder: Path, judged: Sequence[Judged]) -> None:
    """Write all verdicts in order. Raises as `cgm.store.write_rows`."""
    write_rows(folder / VERDICTS, (to_row(item.verdict) for item in judged))


def write_validities(folder: Path, found: Sequence[Validity]) -> Path:
    """Write which instances can be judged; where those that cannot are listed. Raises as `cgm.store.write_rows`."""
    write_rows(folder / "gold.jsonl", map(to_row, found))
    path = folder / "exclude.txt"
    write_lines(path, (f"{line}\n" for line in exclusion_lines(found)))
    return path


def summarize_verdicts(judged: Sequence[Judged], seconds: float) -> dict[str, Any]:
    """Counts and seconds; `judged` are the verdicts that say something of the patch."""
    outcomes = Counter(item.verdict.outcome for item in judged)
    fresh = [item.verdict for item in judged if not item.cached]
    return {
        "instances": len(judged),
        "judged": len(judged) - outcomes["infrastructure"],
        "resolved": outcomes["resolved"],
        "outcomes": {name: outcomes[name] for name in OUTCOMES if outcomes[name]},
        "cached": sum(item.cached for item in judged),
        "retried": sum(verdict.attempts > 1 for verdict in fresh),
        "wall_seconds": round(seconds, 3),
        "test_seconds": round(sum(verdict.seconds for verdict in fresh), 3),
    }


def plain_name(name: str) -> str:
    """A name as one part of a path, whatever a dataset calls its instances."""
    plain = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in name)
    return plain.lstrip(".") or "_"
