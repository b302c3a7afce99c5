"""What a language model's patches are like, short of running tests: read, applied, and in the right place.

    python benchmarks/patches.py gold dataset=lite_dev.jsonl repos=repos/ > gold.jsonl
    python benchmarks/patches.py table dataset.jsonl gold.jsonl RUN...
    python benchmarks/patches.py candidates RUN FOLDER

The first prints where the gold patch of each row edits, by the code graph of its base commit: files, and functions that
are there. The second prints a row for each run folder of `cgm`; `verdicts.jsonl` in it says what was resolved. The
third writes what the answers of a run would make of the code, each repair once, as predictions for `cgm-eval`: the
first of every issue into 1.jsonl, and so on.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from omegaconf import DictConfig

from cgm.artifacts import Gold, Issue, Patch, Sample, Verdict, from_row
from cgm.graph import CodeGraph, NodeKind
from cgm.store import read_rows, write_rows
from eval.localization import load_gold
from eval.swebench.diffs import read_diff
from eval.swebench.resolution import Trail, touched_functions, touched_paths
from launch.arguments import PATHS
from launch.command import located, run_command
from launch.dataset import load_instances
from launch.evaluation.trails import read_trails
from launch.pipeline import Pipeline
from launch.schema import run_config

COLUMNS = (
    *("run", "issues", "answers", "edits found", "valid Python", "change code", "patches", "gold file"),
    *("gold function", "in any answer", "resolved", "prompt tokens", "answer tokens"),
)
_INVALID = "is not valid Python"
_IDLE = ("change nothing", "changes only comments")


def gold_job(config: DictConfig, _: Path) -> int:
    """Print the gold locations of every row."""
    settings = replace(run_config(config), stages=["preprocessing"])
    settings = replace(settings, **located(vars(settings), PATHS))
    pipeline = Pipeline(settings)
    diffs = {row["instance_id"]: row["patch"] for _, row in read_rows(Path(settings.dataset))}
    for instance in load_instances(settings):
        name = instance.issue.instance_id
        graph = pipeline.codebase(instance).graph
        functions = edited_functions(graph, diffs[name])
        print(json.dumps({"instance_id": name, "files": edited_files(diffs[name]), "functions": functions}), flush=True)
    return 0


def edited_files(diff: str) -> list[str]:
    """The files of a diff that are there before it."""
    return sorted({change.old for change in read_diff(diff) if change.old})


def edited_functions(graph: CodeGraph, diff: str) -> list[str]:
    """The innermost functions whose lines a diff removes, replaces or stands between."""
    functions = graph.nodes_of_kind(NodeKind.FUNCTION).tolist()
    found = set()
    for change in read_diff(diff):
        own = [node for node in functions if graph.node_path[node] == change.old]
        for line in change.touched:
            around = [node for node in own if graph.node_start[node] <= line <= graph.node_end[node]]
            if around:
                found.add(graph.label(min(around, key=lambda node: graph.node_end[node] - graph.node_start[node])))
    return sorted(found)


def kind_of(sample: Sample) -> str:
    """How far an answer came: unread, invalid, idle, or change."""
    if sample.status != "refused":
        return "change"
    if _INVALID in sample.error:
        return "invalid"
    return "idle" if any(words in sample.error for words in _IDLE) else "unread"


def row_of(name: str, patches: Sequence[Patch], trails: Sequence[Trail], verdicts: Mapping[str, Verdict]) -> list[str]:
    """The figures of one run: shares of its answers, then of its issues."""
    kinds = Counter(kind_of(sample) for patch in patches for sample in patch.samples)
    answers = sum(kinds.values())
    found = answers - kinds["unread"]
    shares = (found, found - kinds["invalid"], kinds["change"])
    usage = [sum(getattr(patch.usage, field) for patch in patches) for field in ("prompt_tokens", "completion_tokens")]
    resolved = sum(verdict.outcome == "resolved" for verdict in verdicts.values())
    return [
        *(name, str(len(trails)), str(answers), *(f"{share} ({percent(share, answers)})" for share in shares)),
        str(sum(bool(trail.diff) for trail in trails)),
        str(sum(_edits_file(trail) for trail in trails)),
        str(sum(_edits_function(trail) for trail in trails)),
        str(sum(any(map(_edits_function, _answers(*pair))) for pair in zip(trails, patches, strict=True))),
        str(resolved) if verdicts else "",
        *map(str, usage),
    ]


def percent(part: int, whole: int) -> str:
    """A share as people read it."""
    return f"{100 * part / whole:.0f} %" if whole else "-"


def _edits_file(trail: Trail) -> bool:
    return bool(trail.gold and touched_paths(trail.diff) & set(trail.gold.files))


def _edits_function(trail: Trail) -> bool:
    return bool(trail.gold and touched_functions(trail) & set(trail.gold.functions))


def _answers(trail: Trail, patch: Patch) -> Iterator[Trail]:
    """The trail as it would be with each answer taken."""
    return (replace(trail, diff=sample.diff) for sample in patch.samples if sample.diff)


def table(dataset: Path, gold: Mapping[str, Gold], runs: Sequence[Path]) -> Iterator[list[str]]:
    """A row for each run."""
    issues = {row["instance_id"]: Issue(row["instance_id"], row["repo"], "", "") for _, row in read_rows(dataset)}
    for run in runs:
        patches = [from_row(Patch, row) for _, row in read_rows(run / "repairs.jsonl")]
        diffs = {patch.instance_id: patch.diff for patch in patches}
        trails = read_trails([issues[patch.instance_id] for patch in patches], gold, folder=run, diffs=diffs)
        yield row_of(run.name, patches, trails, _verdicts(run / "verdicts.jsonl"))


def _verdicts(path: Path) -> dict[str, Verdict]:
    rows = read_rows(path) if path.exists() else ()
    return {row["instance_id"]: from_row(Verdict, row) for _, row in rows}


def candidates(run: Path, folder: Path) -> None:
    """Write the different repairs of a run as predictions, one of each issue in a file."""
    columns: list[list[dict[str, str]]] = []
    for _, row in read_rows(run / "repairs.jsonl"):
        patch = from_row(Patch, row)
        for at, diff in enumerate(dict.fromkeys(sample.diff for sample in patch.samples if sample.diff)):
            if at == len(columns):
                columns.append([])
            named = {"instance_id": patch.instance_id, "model_name_or_path": patch.model, "model_patch": diff}
            columns[at].append(named)
    for number, rows in enumerate(columns, 1):
        write_rows(folder / f"{number}.jsonl", rows)


def main(arguments: Sequence[str]) -> int:
    """Run one of the three commands."""
    if arguments[:1] == ["gold"]:
        sys.argv = [sys.argv[0], *arguments[1:]]
        return run_command(gold_job, "pipeline")
    if arguments[:1] == ["candidates"]:
        candidates(*map(Path, arguments[1:]))
        return 0
    dataset, gold, *runs = map(Path, arguments[1:])
    for cells in (COLUMNS, ["---"] * len(COLUMNS), *table(dataset, load_gold(gold), runs)):
        print(f"| {' | '.join(cells)} |")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
