import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cgm.artifacts import Issue
from cgm.errors import StorageError
from launch.dataset import Instance
from launch.pipeline import Outcome, Pipeline
from launch.schema import Choice, NoSettings, Option, RunConfig, config_class, find_option

_CHAIN = {
    "preprocessing": "tree_sitter",
    "rewriter": "heuristic",
    "retriever": "dense",
    "reranker": "none",
    "reader": "none",
    "embedder": "lsa",
    "llm": "none",
}
_TEXT = "price() raises KeyError, see shop/price.py"


def _choice(group: str, name: str, **values: Any) -> Choice:
    option = find_option(group, name)
    return Choice(option, config_class(option)(**values))


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    choices = {group: _choice(group, name) for group, name in _CHAIN.items()}
    return RunConfig(cache_dir=str(tmp_path / "cache"), **choices)  # type: ignore[arg-type]


@pytest.fixture
def run(pristine_shop: Any) -> Callable[..., Outcome]:
    def once(config: RunConfig, text: str = _TEXT) -> Outcome:
        instance = Instance(Issue("a-1", "acme/shop", "HEAD", text), pristine_shop.repo)
        return Pipeline(config).run(instance, lambda *_: None)

    return once


def _cached(outcome: Outcome) -> dict[str, bool]:
    return {name: step.cached for name, step in outcome.steps.items()}


def _arrays(config: RunConfig) -> list[Path]:
    return list(Path(config.cache_dir).rglob("*.npz"))


def test_every_stage_leaves_its_artifact_and_its_seconds(config: RunConfig, run: Callable[..., Outcome]) -> None:
    outcome = run(config)
    assert outcome.failure is None
    assert outcome.rewrite
    assert outcome.subgraph
    assert outcome.ranking
    assert outcome.patch is None
    assert list(outcome.steps) == ["preprocessing", "rewriter", "embedder", "retriever", "reranker"]
    assert all(step.seconds > 0 for step in outcome.steps.values())


def test_a_second_run_computes_nothing_and_reads_no_arrays(config: RunConfig, run: Callable[..., Outcome]) -> None:
    first = run(config)
    for path in _arrays(config):
        path.unlink()
    second = run(config)
    assert set(_cached(second).values()) == {True}
    assert not _arrays(config)
    assert (second.ranking, second.counts) == (first.ranking, first.counts)
    assert second.steps["preprocessing"].seconds_saved > 0


@pytest.mark.parametrize("content", [b"damaged", None])
def test_arrays_that_are_lost_are_made_again(
    config: RunConfig, run: Callable[..., Outcome], content: bytes | None
) -> None:
    first = run(config)
    for path in _arrays(config):
        path.unlink()
        if content is not None:
            path.write_bytes(content)
    retriever = _choice("retriever", "dense", max_queries=1)
    second = run(dataclasses.replace(config, retriever=retriever))
    assert second.failure is None
    assert len(_arrays(config)) == 3
    assert second.rewrite == first.rewrite


@pytest.mark.parametrize(
    ("change", "computed"),
    [
        ({"reranker": _choice("reranker", "heuristic")}, {"reranker"}),
        ({"retriever": _choice("retriever", "bm25")}, {"retriever", "reranker"}),
        ({"embedder": _choice("embedder", "lsa", seed=5)}, {"embedder", "retriever", "reranker"}),
        ({"rewriter": _choice("rewriter", "heuristic", max_keywords=1)}, {"rewriter", "retriever", "reranker"}),
    ],
)
def test_a_changed_stage_is_computed_with_those_that_read_it(
    config: RunConfig, run: Callable[..., Outcome], change: dict[str, Choice], computed: set[str]
) -> None:
    run(config)
    steps = _cached(run(dataclasses.replace(config, **change)))  # type: ignore[arg-type]
    # a stage whose input came out the same as before is cached too
    assert {name for name, cached in steps.items() if not cached} <= computed
    assert {name for name, cached in steps.items() if not cached} >= set(change)
    assert steps["preprocessing"]


def test_a_failure_names_its_stage_and_keeps_what_came_before(config: RunConfig, run: Callable[..., Outcome]) -> None:
    outcome = run(config, text=" ")
    assert outcome.failure
    assert (outcome.failure.stage, outcome.failure.error) == ("preprocessing", "IssueError")
    assert outcome.rewrite is None


def test_a_cache_that_cannot_be_written_stops_the_run(
    config: RunConfig, run: Callable[..., Outcome], tmp_path: Path
) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be")
    with pytest.raises(StorageError, match="cannot write"):
        run(config)


def test_an_error_that_is_none_of_ours_is_not_caught(
    config: RunConfig, run: Callable[..., Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "faulty.py").write_text("class Faulty:\n    def rewrite(self, issue):\n        return 1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "faulty", raising=False)
    faulty = Choice(Option("rewriter", "faulty", "faulty:Faulty"), NoSettings())
    with pytest.raises(ZeroDivisionError):
        run(dataclasses.replace(config, rewriter=faulty))
