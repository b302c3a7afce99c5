"""The run folder: everything that a run leaves behind.

Knows its files and their shapes. Artifacts stand in the order of the dataset and hold no times, so that the same run
gives the same bytes; times, tokens and memory are in summary.json alone.

    config.yaml        the resolved configuration
    environment.json   commit, versions of Python and packages; never the environment's variables
    rewrites.jsonl subgraphs.jsonl reasons.jsonl repairs.jsonl    the artifacts of the stages that ran
    rankings.jsonl     {"instance_id", "files", "functions"}, best first
    patches.jsonl      SWE-bench predictions
    failures.jsonl     what did not get through, with stage and reason
    graph.html nodes.jsonl edges.jsonl graph.cgm.json graph.graphml unlinked.jsonl    as `export` asks
    subgraph.html      what was found, as a page to open in a browser; for a single issue alone
    subgraph.txt       the code of the subgraph, best first, and its links, to paste into any chat; as subgraph.html
    metrics.json       localisation metrics, where gold is given; ranks.jsonl has them by instance
    verdicts.jsonl cases.jsonl logs report.*    where a backend ran the patches' tests (`launch.evaluation.verdicts`)
    summary.json       counts, times, tokens, memory
    .gitignore         keeps the folder out of git, and out of what a later run on the same repository reads
"""

import platform
import subprocess
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from cgm.artifacts import Failure, Gold, Issue, Patch, Ranking, Subgraph, to_row
from cgm.errors import ConfigError
from cgm.protocols import Codebase
from cgm.store import read_bytes, write_json, write_rows, write_text
from cgm.text import split_lines, subgraph_text
from eval.localization import locate, summarize
from eval.report.issue_page import subgraph_page
from launch.pipeline import Outcome

_CONFIG = "config.yaml"
# settings that change how a run goes, never what it finds
_INCIDENTAL = (
    *("cache_dir", "cache_gib", "export", "leaderboard", "page", "run_dir", "workers"),
    *("checkpoints", "deepspeed", "device", "sharding", "trackers"),  # of training
)
_TEXT_BUDGET = 40_000  # characters, some 10,000 tokens
_CHECKOUT = Path(__file__).parents[1]


def open_run(folder: Path, config: DictConfig) -> None:
    """Start a run folder, or go on with one that holds the same run.

    Raises:
        ConfigError: it holds another run.
        StorageError: it cannot be written.
    """
    path = folder / _CONFIG
    if path.exists():
        there = OmegaConf.create(read_bytes(path).decode())
        changed = _differences(OmegaConf.to_container(there), OmegaConf.to_container(config, resolve=True))
        if changed:
            raise ConfigError(f"run_dir must be new or hold the same run, got {folder} where {changed[0]} differs")
    ours = not folder.exists() or not any(folder.iterdir())
    write_text(path, OmegaConf.to_yaml(config, resolve=True))
    write_json(folder / "environment.json", _environment())
    if ours:  # in a folder of the user's it would hide more than this run
        write_text(folder / ".gitignore", "*\n")


def write_artifacts(folder: Path, outcomes: Sequence[Outcome]) -> None:
    """Write what the stages made, in the given order.

    Raises:
        StorageError: the disk is full or the folder cannot be written.
    """
    artifacts: dict[str, Sequence[Any]] = {
        "rewrites": [item.rewrite for item in outcomes if item.rewrite],
        "subgraphs": [item.subgraph for item in outcomes if item.subgraph],
        "reasons": [item.ranking for item in outcomes if item.ranking],
        "repairs": [item.patch for item in outcomes if item.patch],
    }
    for name, rows in artifacts.items():
        write_rows(folder / f"{name}.jsonl", map(to_row, rows))
    write_failures(folder, outcomes)
    write_rows(folder / "rankings.jsonl", (_ranking(item.ranking) for item in outcomes if item.ranking))
    write_rows(folder / "patches.jsonl", (_prediction(item.patch) for item in outcomes if item.patch))


def write_failures(folder: Path, outcomes: Sequence[Outcome], judged: Sequence[Failure] = ()) -> None:
    """Write what did not get through, and what could not be judged. Raises as `write_artifacts`."""
    failures = [item.failure for item in outcomes if item.failure]
    write_rows(folder / "failures.jsonl", map(to_row, [*failures, *judged]))


def write_page(folder: Path, issue: Issue, outcome: Outcome, codebase: Codebase) -> Path:
    """Write what was found for an issue, up to its ranking or further, as a page; where it lies.

    Raises:
        StorageError: the disk is full or the folder cannot be written.
    """
    assert outcome.rewrite and outcome.subgraph and outcome.ranking  # noqa: PT018 - the chain makes them in this order
    page = folder / "subgraph.html"
    write_text(page, subgraph_page(issue, outcome.rewrite, outcome.subgraph, outcome.ranking, outcome.patch, codebase))
    return page


def write_subgraph(folder: Path, subgraph: Subgraph, codebase: Codebase) -> None:
    """Write a subgraph as text for a language model.

    Raises:
        StorageError: the disk is full or the folder cannot be written.
    """

    def lines_of(path: str) -> list[str]:
        return split_lines(codebase.sources.read(path))

    write_text(folder / "subgraph.txt", subgraph_text(codebase.graph, subgraph, lines_of, _TEXT_BUDGET))


def write_metrics(folder: Path, outcomes: Sequence[Outcome], gold: dict[str, Gold]) -> dict[str, Any]:
    """Score the rankings of a run and write what came of it; instances without gold are counted, not scored."""
    known = [gold[item.instance_id] for item in outcomes if item.instance_id in gold]
    rankings = {item.instance_id: _ranking(item.ranking) for item in outcomes if item.ranking}
    found = locate(rankings, known)
    metrics: dict[str, Any] = {
        **summarize(found),
        "instances": len(outcomes),
        "without_gold": len(outcomes) - len(known),
        "without_gold_functions": len(known) - len(found),
        "without_ranking": sum(item.instance_id not in rankings for item in found),
    }
    write_rows(folder / "ranks.jsonl", map(to_row, found))
    write_json(folder / "metrics.json", metrics)
    return metrics


def _ranking(ranking: Ranking) -> dict[str, Any]:
    return {
        "instance_id": ranking.instance_id,
        "files": [item.label for item in ranking.files],
        "functions": [item.label for item in ranking.functions],
    }


def _prediction(patch: Patch) -> dict[str, str]:
    return {"instance_id": patch.instance_id, "model_name_or_path": patch.model, "model_patch": patch.diff}


def _differences(first: Any, second: Any, prefix: str = "") -> list[str]:
    if not isinstance(first, dict) or not isinstance(second, dict):
        return [] if first == second else [prefix]
    names = [name for name in {**first, **second} if prefix or name not in _INCIDENTAL]
    return [
        found
        for name in names
        for found in _differences(first.get(name), second.get(name), f"{prefix}.{name}".lstrip("."))
    ]


def _environment() -> dict[str, Any]:
    packages = {dist.metadata["Name"]: dist.version for dist in metadata.distributions()}
    return {
        "commit": _git("rev-parse", "HEAD"),
        "modified": bool(_git("status", "--porcelain", "--untracked-files=no")),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: packages[name] for name in sorted(packages, key=str.lower)},
    }


def _git(*arguments: str) -> str:
    """What git says of the checkout that this code runs from; empty where it is none."""
    if not (_CHECKOUT / ".git").exists():
        return ""
    command: Iterable[str] = ("git", "-C", str(_CHECKOUT), *arguments)
    try:
        done = subprocess.run([*command], capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    except OSError:
        return ""
    return done.stdout.strip()
