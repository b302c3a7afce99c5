import json
from pathlib import Path

import pytest
from omegaconf import DictConfig, OmegaConf

from cgm.artifacts import Failure, Gold, Patch, Ranked, Ranking, Rewrite
from cgm.errors import ConfigError
from launch.pipeline import Outcome
from launch.runfolder import open_run, write_artifacts, write_metrics

_RANKING = Ranking("a-1", (Ranked("a.py", 1.0, "named"),), (Ranked("a.py:f", 0.5, "called"),), ("a.py",))
_OUTCOMES = (
    Outcome("a-1", Rewrite("a-1"), None, _RANKING, Patch("a-1", "model", "diff --git")),
    Outcome("a-2", failure=Failure("a-2", "rewriter", "ModelError", "down")),
)


def _config(**values: object) -> DictConfig:
    return OmegaConf.create({"workers": 1, "cache_dir": "", "run_dir": "", "retriever": {"k": 1}, **values})


def _rows(path: Path) -> list[object]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_artifacts_have_the_shapes_of_the_contract(tmp_path: Path) -> None:
    write_artifacts(tmp_path, _OUTCOMES)
    assert _rows(tmp_path / "rankings.jsonl") == [{"instance_id": "a-1", "files": ["a.py"], "functions": ["a.py:f"]}]
    prediction = {"instance_id": "a-1", "model_name_or_path": "model", "model_patch": "diff --git"}
    assert _rows(tmp_path / "patches.jsonl") == [prediction]
    failure = {"instance_id": "a-2", "stage": "rewriter", "error": "ModelError", "message": "down"}
    assert _rows(tmp_path / "failures.jsonl") == [failure]
    assert _rows(tmp_path / "subgraphs.jsonl") == []


def test_metrics_count_what_they_leave_out(tmp_path: Path) -> None:
    gold = {"a-1": Gold("a-1", ("a.py",), ("a.py:f",)), "a-9": Gold("a-9", ("z.py",), ("z.py:z",))}
    metrics = write_metrics(tmp_path, _OUTCOMES, gold)
    assert json.loads((tmp_path / "metrics.json").read_text()) == metrics
    assert metrics["functions"] | {"n": 1, "strict@1": 1.0} == metrics["functions"]
    assert [metrics[name] for name in ("instances", "without_gold", "without_ranking")] == [2, 1, 0]
    assert _rows(tmp_path / "ranks.jsonl") == [{"instance_id": "a-1", "files": [1], "functions": [1]}]


def test_a_run_may_go_on_with_more_workers(tmp_path: Path) -> None:
    open_run(tmp_path, _config())
    open_run(tmp_path, _config(workers=2, cache_dir="elsewhere"))
    assert OmegaConf.load(tmp_path / "config.yaml")["workers"] == 2


def test_a_run_folder_ignores_itself_unless_the_user_keeps_something_there(tmp_path: Path) -> None:
    open_run(tmp_path / "new", _config())
    assert (tmp_path / "new" / ".gitignore").read_text() == "*\n"
    (tmp_path / "src.py").write_text("")
    open_run(tmp_path, _config())
    assert not (tmp_path / ".gitignore").exists()


@pytest.mark.parametrize("change", [{"retriever": {"k": 2}}, {"retriever": {"k": 1, "n": 1}}, {"retriever": None}])
def test_a_folder_with_another_run_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    open_run(tmp_path, _config())
    with pytest.raises(ConfigError, match=r"run_dir must be new .* where retriever[.kn]* differs"):
        open_run(tmp_path, _config(**change))


def test_the_environment_names_the_commit_and_the_packages(tmp_path: Path) -> None:
    open_run(tmp_path, _config())
    environment = json.loads((tmp_path / "environment.json").read_text())
    assert list(environment) == ["commit", "modified", "python", "platform", "packages"]
    assert environment["packages"]["numpy"]
