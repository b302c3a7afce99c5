"""The commits of a history that become repairs.

Knows how they are drawn, and counts every commit that is not. Does not know what is asked about them.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from cgm.errors import DatasetError
from cgm.store import read_rows
from cgm.train.messages import issues_named, report_of
from cgm.train.tasks.draft import shuffled
from launch.training_data.repairs import TASK, Repair, with_noise
from launch.training_data.settings import CorpusConfig
from preprocessing.ancestry.walk import CommitHead, Deadline
from preprocessing.commits import EditReader, SourceEdit, past_commits
from preprocessing.git import Git

Issues = Mapping[int, str]
_Report = tuple[str, str]


def choose_repairs(
    git: Git, commit: str, issues: Issues, settings: CorpusConfig, deadline: Deadline
) -> tuple[list[Repair], Counter[str]]:
    """Draw repairs from the ancestors of a commit (a full id), oldest first, and count the other commits by reason.

    Neighbours in history share most of their graphs, hence the order. `issues` are texts by number, which stand for
    the message of a commit that says it resolves one.
    """
    heads, counts = past_commits(git, commit, settings.history_commits, deadline)
    reports = dict(_reports(heads, issues, counts))
    asked = shuffled([head for head in heads if head.id in reports], settings.seed, lambda head: head.id)
    edits = EditReader(git, settings.edited_files, deadline).read(asked)
    found = _draw(edits, settings.most(TASK), counts)
    counts["not asked, as there are enough"] = len(heads) - len(found) - _others(counts)
    place = {head.id: position for position, head in enumerate(heads)}
    repairs = [Repair(edit, *reports[edit.commit]) for edit in found]
    return with_noise(sorted(repairs, key=lambda one: -place[one.edit.commit]), settings), +counts


def read_issues(path: Path) -> dict[str, dict[int, str]]:
    """Texts of issues by repository, in lower case, and number, from JSON lines of `repo`, `number` and `text`.

    Raises:
        DatasetError: a row lacks a field, or has another type in it.
        StorageError: the file cannot be read.
    """
    issues: dict[str, dict[int, str]] = {}
    for number, row in read_rows(path):
        for name, kind in (("repo", str), ("number", int), ("text", str)):
            if not isinstance(row.get(name), kind):
                raise DatasetError(f"{path}:{number}: {name} must be {kind.__name__}, got {row.get(name)!r}")
        issues.setdefault(row["repo"].lower(), {})[row["number"]] = row["text"]
    return issues


def _reports(heads: Sequence[CommitHead], issues: Issues, counts: Counter[str]) -> Iterator[tuple[str, _Report]]:
    """What each commit is asked for by, and where the words are from."""
    for head in heads:
        issue = next((issues[number] for number in issues_named(head.message) if number in issues), "").strip()
        text, reason = (issue, "") if issue else report_of(head.message)
        if reason:
            counts[reason] += 1
        else:
            yield head.id, (text, "issue" if issue else "commit message")


def _draw(edits: Iterator[tuple[CommitHead, SourceEdit | str]], most: int, counts: Counter[str]) -> list[SourceEdit]:
    found: list[SourceEdit] = []
    while len(found) < most and (row := next(edits, None)):
        if isinstance(row[1], str):
            counts[row[1]] += 1
        else:
            found.append(row[1])
    return found


def _others(counts: Counter[str]) -> int:
    """The commits that were seen and counted; those beyond the limit were not seen."""
    return sum(number for reason, number in counts.items() if reason != "older commit")
