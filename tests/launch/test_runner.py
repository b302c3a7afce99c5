import dataclasses
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm.artifacts import Issue
from cgm.errors import WorkerError
from launch.dataset import Instance
from launch.pipeline import Pipeline
from launch.runner import by_repository, next_instance, run_instances
from launch.schema import Choice, NoSettings, Option, RunConfig


def _instance(number: int, repo: str) -> Instance:
    return Instance(Issue(f"{repo}-{number}", repo, "c", "text"), Path(repo))


_INSTANCES = st.lists(st.sampled_from("abc")).map(lambda repos: [_instance(*pair) for pair in enumerate(repos)])


@given(_INSTANCES)
def test_repositories_stay_together_and_in_order(instances: list[Instance]) -> None:
    ordered = by_repository(instances)
    repos = [instance.issue.repo for instance in ordered]
    assert sorted(map(id, ordered)) == sorted(map(id, instances))
    assert len(dict.fromkeys(repos)) == sum(a != b for a, b in zip(repos, [None, *repos], strict=False))
    for repo in set(repos):
        assert [item for item in ordered if item.issue.repo == repo] == [
            item for item in instances if item.issue.repo == repo
        ]


def test_a_worker_takes_another_repository_than_those_in_work() -> None:
    waiting = [_instance(1, "a"), _instance(2, "a"), _instance(3, "b")]
    assert next_instance(waiting, []) is waiting[0]
    assert next_instance(waiting, [_instance(0, "a")]) is waiting[2]
    assert next_instance(waiting, [_instance(0, "a"), _instance(9, "b")]) is waiting[0]


# a stage that ends its process while it works on some instances: by a signal, or by an error of its own
_DOOMED = """
import os, signal

class Doomed:
    def __init__(self, *, blobs: object):
        pass

    def preprocess(self, snapshot):
        if snapshot.name == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        raise {error}("no such thing")
"""


def _doomed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: str) -> RunConfig:
    (tmp_path / "doomed.py").write_text(_DOOMED.format(error=error))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "doomed", raising=False)
    for name in ("killed", "broken"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.py").write_text("")
    nothing = {group: Choice(Option(group, "none"), NoSettings()) for group in ("embedder", "llm")}
    stage = Choice(Option("preprocessing", "doomed", "doomed:Doomed"), NoSettings())
    settings = RunConfig(stages=["preprocessing"], workers=2, cache_dir=str(tmp_path / "cache"), **nothing)
    return dataclasses.replace(settings, preprocessing=stage)


def _folders(tmp_path: Path) -> list[Instance]:
    return [Instance(Issue(name, name, "", "text"), tmp_path / name) for name in ("killed", "broken")]


def test_an_instance_that_kills_its_process_twice_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = _doomed(tmp_path, monkeypatch, "__import__('cgm.errors').errors.ParseError")
    reports = run_instances(config, Pipeline(config), _folders(tmp_path), lambda *_: None)
    failures = {report.outcome.instance_id: report.outcome.failure for report in reports}
    assert {name: (failure.stage, failure.error) for name, failure in failures.items() if failure} == {
        "killed": ("worker", "WorkerError"),
        "broken": ("preprocessing", "ParseError"),
    }


def test_an_error_that_is_none_of_ours_stops_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    config = _doomed(tmp_path, monkeypatch, "ZeroDivisionError")
    with pytest.raises(WorkerError, match="stopped with exit code 1"):
        list(run_instances(config, Pipeline(config), _folders(tmp_path)[1:] * 2, lambda *_: None))
    assert "ZeroDivisionError: no such thing" in capfd.readouterr().err
