"""The card of a training set: what is in it, where it is from, what was left out and why, as JSON and as Markdown.

Knows counts and sizes, no clock: the same set has the same card. Does not know how rows are made.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from cgm.train.example import NOISE, SPLITS, TASKS, Example
from eval.report.tables import header, row
from launch.training_data.harvest import Crop
from launch.training_data.lessons import SECRETS
from launch.training_data.training_set import TrainingSet

_CHARACTERS_PER_TOKEN = 3.5  # of code, with the tokenizers of current code models
_TASKS_ARE = {
    "subgraph_reconstruction": "from nodes of the graph to their code, which stands in the graph and not in the prompt",
    "issue_fix": "from a commit's message, or the issue that it resolves, to its change in the Reader's own form",
    "graph_query": "questions that the graph answers, computed from its sure edges",
    "api": "from a docstring, which the graph does not show, to the place and signature that it describes",
    "unit_test": "from a function to a test of it in the repository; the graph shows no tests",
    "readme_summary": "from code to its README's opening or a module's docstring; the graph shows neither",
}


def make_card(
    found: TrainingSet,
    crops: Sequence[Crop],
    refused: Mapping[str, str],
    files: Mapping[str, Any],
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """Everything the card says; `refused` are repositories with the reason why they gave no rows."""
    rows = [one for part in SPLITS for one in found.rows[part]]
    return {
        "files": dict(files),
        "rows": len(rows),
        "tasks": {task: _task(task, rows, found) for task in TASKS},
        "repositories": {crop.source.name: _repository(crop, rows, found) for crop in crops},
        "refused": dict(sorted(refused.items())),
        "duplicates": {task: dict(sorted(counts.items())) for task, counts in found.duplicates.items() if counts},
        "secrets": {task: sum(crop.counts.get(task, Counter())[SECRETS] for crop in crops) for task in TASKS},
        "outcomes": {task: _outcomes(task, crops) for task in TASKS},
        "settings": dict(settings),
    }


def _task(task: str, rows: Sequence[Example], found: TrainingSet) -> dict[str, Any]:
    own = [one for one in rows if one.task == task]
    sizes: dict[str, Callable[[Example], int]] = {
        "prompt_tokens": lambda one: _tokens(one.system + one.prompt),
        "answer_tokens": lambda one: _tokens(one.answer),
        "graph_tokens": lambda one: sum(map(_tokens, one.graph.texts)),
        "graph_nodes": lambda one: len(one.graph.texts),
        "graph_edges": lambda one: len(one.graph.edges),
    }
    return {
        "rows": {part: sum(one.task == task for one in found.rows[part]) for part in SPLITS},
        "noise": {kind or "none": sum(one.noise == kind for one in own) for kind in NOISE}
        if task == "issue_fix"
        else {},
        "wording": dict(sorted(Counter(one.wording for one in own).items())),
        "sizes": {name: _spread([measure(one) for one in own]) for name, measure in sizes.items()},
    }


def _tokens(text: str) -> int:
    return round(len(text) / _CHARACTERS_PER_TOKEN)


def _spread(values: Sequence[int]) -> dict[str, int]:
    if not values:
        return {}
    quantiles = np.percentile(values, (50, 90, 100), method="nearest").astype(int).tolist()
    return dict(zip(("median", "p90", "most"), quantiles, strict=True))


def _repository(crop: Crop, rows: Sequence[Example], found: TrainingSet) -> dict[str, Any]:
    source = crop.source
    counts = Counter(one.task for one in rows if one.repository == source.name)
    return {
        "commit": source.commit,
        "first_commits": list(source.roots),
        "licence": source.licence,
        "part": found.parts[source.name],
        "left_out_folders": list(source.left_out),
        "rows": {task: counts[task] for task in TASKS},
        "made": {task: crop.counts.get(task, Counter())["kept"] for task in TASKS},
    }


def _outcomes(task: str, crops: Sequence[Crop]) -> dict[str, int]:
    """What became of every question or commit, added up over the repositories."""
    total: Counter[str] = sum((crop.counts.get(task, Counter()) for crop in crops), Counter())
    return {reason: count for reason, count in sorted(total.items(), key=_most_first) if reason != SECRETS}


def _most_first(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def print_card(card: Mapping[str, Any]) -> str:
    """The card as Markdown."""
    return "\n".join(_lines(card)) + "\n"


def _lines(card: Mapping[str, Any]) -> Iterator[str]:
    yield from ("# Data card", "", f"{card['rows']} rows for training a Reader that reads code graphs.", "")
    yield from ("## Rows", "", *_rows_table(card), "", *(f"- {task}: {text}." for task, text in _TASKS_ARE.items()), "")
    yield from ("## Repositories", "", "A repository is in one part only.", "", *_repository_table(card), "")
    yield from ("## Refused repositories", "", *(f"- {name}: {why}" for name, why in card["refused"].items()), "")
    yield from ("## Sizes", "", "Tokens are estimated; median, 90th percentile, most.", "", *_size_table(card), "")
    yield from ("## Noise of issue_fix", "", *_noise(card), "")
    yield from ("## What became of every question and commit", "", *_outcome_lists(card))
    yield from ("## Duplicates dropped", "", *_duplicates(card), "")
    yield from ("## Secrets replaced in graphs", "", *(f"- {task}: {n}" for task, n in card["secrets"].items()), "")
    yield from ("## Files", "", *_files(card), "")
    yield from ("## Settings", "", *(f"- {name}: {value}" for name, value in card["settings"].items()))


def _rows_table(card: Mapping[str, Any]) -> Iterator[str]:
    yield from header(["task", *SPLITS])
    for task, about in card["tasks"].items():
        yield row([task, *(str(about["rows"][part]) for part in SPLITS)])


def _repository_table(card: Mapping[str, Any]) -> Iterator[str]:
    yield from header(["repository", "commit", "licence", "part", *TASKS])
    for name, about in card["repositories"].items():
        counts = (str(about["rows"][task]) for task in TASKS)
        yield row([name, about["commit"][:12], about["licence"] or "not known", about["part"], *counts])


def _size_table(card: Mapping[str, Any]) -> Iterator[str]:
    names = list(next(iter(card["tasks"].values()))["sizes"])
    yield from header(["task", *names])
    for task, about in card["tasks"].items():
        yield row([task, *(" / ".join(map(str, about["sizes"][name].values())) or "-" for name in names)])


def _noise(card: Mapping[str, Any]) -> Iterator[str]:
    kinds = card["tasks"]["issue_fix"]["noise"]
    total = max(sum(kinds.values()), 1)
    for kind, count in kinds.items():
        yield f"- {kind}: {count} ({100 * count / total:.1f} %)"


def _outcome_lists(card: Mapping[str, Any]) -> Iterator[str]:
    for task, outcomes in card["outcomes"].items():
        yield from (f"### {task}", "", *(f"- {reason}: {count}" for reason, count in outcomes.items()), "")


def _duplicates(card: Mapping[str, Any]) -> Iterator[str]:
    for task, counts in card["duplicates"].items():
        yield from (f"- {task}, {where}: {count}" for where, count in counts.items())


def _files(card: Mapping[str, Any]) -> Iterator[str]:
    for name, about in card["files"].items():
        yield f"- {name}: {about['rows']} rows, {about['bytes']} bytes, SHA-256 {about['sha256']}"
