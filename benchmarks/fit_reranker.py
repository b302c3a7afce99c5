"""Fit the weights of the heuristic Reranker, and say how well they do on repositories that they were not fitted on.

    python benchmarks/fit_reranker.py dataset=dev.jsonl repos=repos/ gold=gold.jsonl

Takes every setting of `cgm`; what the stages before the Reranker made is taken from their cache where it is there. The
loss is that of a listwise softmax: all probability on the gold places, equally. Prints metrics with the repository of
each issue left out of the fit, then the weights fitted on all of them, as `reranker/weights.py` holds them.

Legend: C candidates of one issue, W features.
"""

import dataclasses
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from omegaconf import DictConfig
from scipy.optimize import minimize

from cgm.artifacts import Gold, SubgraphNode
from eval.localization import load_gold, locate, summarize
from launch.command import default_cache, run_command
from launch.dataset import Instance, load_instances
from launch.pipeline import Chain, Pipeline
from launch.schema import STAGES, run_config
from reranker.features import (
    Features,
    Scene,
    file_features,
    function_features,
    inside_features,
    make_scene,
    summarize_functions,
)
from reranker.weights import FILE_WEIGHTS, FUNCTION_WEIGHTS

Matrix = NDArray[np.float64]
PENALTY = 0.003  # of the squared weights; 0.001 and 0.01 give the same within a point


@dataclass(frozen=True)
class Candidates:
    """The files or the functions of one issue: labels as rankings have them, paths, and features."""

    labels: Sequence[str]
    paths: Sequence[str]
    features: Matrix  # C, W


@dataclass(frozen=True)
class Case:
    """What may be ranked for one issue, and what should come first."""

    repo: str
    gold: Gold
    functions: Candidates
    files: Candidates


@dataclass(frozen=True)
class Weights:
    """A weight for each feature, in the order of `FUNCTION_WEIGHTS` and `FILE_WEIGHTS`."""

    functions: Matrix
    files: Matrix


def job(config: DictConfig, _: Path) -> int:
    """Fit on all cases of a configuration and print what came of it."""
    settings = dataclasses.replace(run_config(config), stages=list(STAGES[:3]))
    settings = dataclasses.replace(settings, cache_dir=settings.cache_dir or str(default_cache()))
    gold = load_gold(Path(settings.gold))
    pipeline = Pipeline(settings)
    instances = [one for one in load_instances(settings) if gold[one.issue.instance_id].functions]
    cases = [read_case(pipeline, one, gold[one.issue.instance_id]) for one in instances]
    rankings: dict[str, dict[str, list[str]]] = {}
    for repo in sorted({case.repo for case in cases}):
        weights = fit([case for case in cases if case.repo != repo])
        rankings |= {case.gold.instance_id: rank(case, weights) for case in cases if case.repo == repo}
    print_metrics("each repository left out", rankings, cases)
    weights = fit(cases)
    print_metrics("fitted on all", {case.gold.instance_id: rank(case, weights) for case in cases}, cases)
    for title, names, column in (
        ("FUNCTION_WEIGHTS", FUNCTION_WEIGHTS, weights.functions),
        ("FILE_WEIGHTS", FILE_WEIGHTS, weights.files),
    ):
        print(title, {name: round(float(weight), 2) for name, weight in zip(names, column, strict=True)})
    return 0


def read_case(pipeline: Pipeline, instance: Instance, gold: Gold) -> Case:
    """Run an issue up to the Retriever and read off the features of its functions."""
    chain = Chain(pipeline, instance)
    chain.run(lambda _instance, _stage: None)
    codebase, outcome = chain.codebase(), chain.close()
    assert outcome.rewrite is not None
    assert outcome.subgraph is not None
    scene = make_scene(outcome.rewrite, outcome.subgraph, codebase)
    functions = [node for node in scene.nodes.values() if node.kind == "FUNCTION"]
    files = [node for node in scene.nodes.values() if node.kind in ("FILE", "TEXTFILE")]
    logging.getLogger(__name__).info("%s: %d functions, %d files", gold.instance_id, len(functions), len(files))
    return Case(
        instance.issue.repo,
        gold,
        candidates(scene, functions, [function_features(scene, node) for node in functions], FUNCTION_WEIGHTS),
        candidates(scene, files, [file_features(scene, node, {}) for node in files], FILE_WEIGHTS),
    )


def candidates(
    scene: Scene, nodes: Sequence[SubgraphNode], features: Sequence[Features], names: Mapping[str, float]
) -> Candidates:
    """What a ranking calls some nodes, and those of their features that have a weight."""
    graph = scene.codebase.graph
    matrix = np.array([[row[name] for name in names] for row in features], dtype=np.float64)
    return Candidates(
        labels=[graph.label(int(graph.outermost_function[node.node])) for node in nodes],
        paths=[node.path for node in nodes],
        features=matrix.reshape(len(nodes), len(names)),
    )


def file_matrix(case: Case, function_weights: Matrix) -> Matrix:
    """Features of a case's files with those that rest on the scores of its functions, shape (C, W)."""
    scores = case.functions.features @ function_weights
    inside = summarize_functions(case.functions.paths, scores.tolist())
    features = case.files.features.copy()
    for column, name in enumerate(FILE_WEIGHTS):
        if name in inside_features("", inside):
            features[:, column] = [inside_features(path, inside)[name] for path in case.files.paths]
    return features


def fit(cases: Sequence[Case]) -> Weights:
    """Fit functions first, then files on top of them."""
    functions = fit_listwise(
        [(case.functions.features, is_gold(case.functions.labels, case.gold.functions)) for case in cases]
    )
    files = fit_listwise(
        [(file_matrix(case, functions), is_gold(case.files.labels, case.gold.files)) for case in cases]
    )
    return Weights(functions, files)


def is_gold(names: Sequence[str], gold: Sequence[str]) -> Matrix:
    """1 where a candidate is gold, else 0, shape (C)."""
    return np.array([float(name in gold) for name in names])


def fit_listwise(lists: Sequence[tuple[Matrix, Matrix]]) -> Matrix:
    """Minimise the cross-entropy between the softmax over each list and its gold, shape (W)."""
    kept = [(features, gold / gold.sum()) for features, gold in lists if gold.any()]

    def loss(weights: Matrix) -> tuple[float, Matrix]:
        total, gradient = PENALTY * float(weights @ weights), 2 * PENALTY * weights
        for features, target in kept:
            scores = features @ weights
            scores -= scores.max()
            log_share = scores - np.log(np.exp(scores).sum())
            total -= float(target @ log_share) / len(kept)
            gradient = gradient + features.T @ (np.exp(log_share) - target) / len(kept)
        return total, gradient

    start = np.zeros(kept[0][0].shape[1])
    found: Matrix = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 200}).x
    return found


def rank(case: Case, weights: Weights) -> dict[str, list[str]]:
    """Files and functions, best first."""
    return {
        "files": ordered(case.files.labels, file_matrix(case, weights.functions) @ weights.files),
        "functions": ordered(case.functions.labels, case.functions.features @ weights.functions),
    }


def ordered(names: Sequence[str], scores: Matrix) -> list[str]:
    """Distinct names, best first."""
    return list(dict.fromkeys(names[place] for place in np.argsort(-scores, kind="stable")))


def print_metrics(title: str, rankings: Mapping[str, Mapping[str, Sequence[str]]], cases: Sequence[Case]) -> None:
    """Print every metric in percent."""
    for level, row in summarize(locate(rankings, [case.gold for case in cases])).items():
        shown = ", ".join(f"{name} {100 * value:.1f}" for name, value in row.items() if name != "n")
        print(f"{title}: {level} (n={row['n']}): {shown}")


if __name__ == "__main__":
    sys.exit(run_command(job, "pipeline"))
