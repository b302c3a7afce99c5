from collections.abc import Iterator
from pathlib import Path

import pytest
from hydra import compose, initialize_config_module
from omegaconf import DictConfig

from cgm.errors import ConfigError
from cgm.model.config import CodeGraphConfig
from cgm.train.config import TrainConfig
from launch.arguments import quote_arguments
from launch.schema import register
from launch.training.settings import VALUE_GROUPS, register_training, training_config

_ROOT = Path(__file__).parents[3]
_VALUES = [path for group in VALUE_GROUPS for path in sorted((_ROOT / "conf" / group).glob("*.yaml"))]


@pytest.fixture(scope="module", autouse=True)
def hydra() -> Iterator[None]:
    register()
    register_training()
    with initialize_config_module("conf", version_base="1.3"):
        yield


def _composed(*overrides: str) -> DictConfig:
    return compose("train", overrides=["run_dir=run", *overrides])


def test_the_defaults_are_those_of_the_dataclasses() -> None:
    settings = training_config(_composed())
    assert settings == TrainConfig(run_dir="run", model=CodeGraphConfig())


@pytest.mark.parametrize("path", _VALUES, ids=lambda path: f"{path.parent.name}={path.stem}")
def test_every_file_of_values_composes_and_says_what_it_is(path: Path) -> None:
    lines = [line for line in path.read_text().splitlines() if not line.startswith("# @package")]
    assert lines[0].startswith("# ")
    added = "+" if path.parent.name == "experiment" else ""
    training_config(_composed(f"{added}{path.parent.name}={path.stem}"))


def test_offloading_holds_only_differences() -> None:
    plain, offloaded = (
        training_config(_composed(f"deepspeed={name}")).deepspeed for name in ("zero3", "zero3_offload")
    )
    assert offloaded["zero_optimization"].items() > plain["zero_optimization"].items()
    assert offloaded["zero_optimization"].keys() - plain["zero_optimization"].keys() == {
        "offload_optimizer",
        "offload_param",
    }


def test_what_the_model_reads_is_one_setting() -> None:
    read = {name: training_config(_composed(f"reads={name}")).model for name in ("graph", "graph_flat", "text")}
    assert [(one.adapter.kind, one.graph.mask) for one in read.values()] == [
        ("mlp", "adjacency"),
        ("mlp", "flat"),
        ("none", "adjacency"),
    ]


def test_a_value_that_breaks_its_rule_is_refused_by_its_name() -> None:
    with pytest.raises(ConfigError, match=r"batch\.samples must be >= 1, got 0"):
        training_config(_composed("batch.samples=0"))


def test_paths_that_are_there_become_absolute_and_names_of_the_hub_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model").mkdir()
    settings = training_config(_composed("model.lm.path=model", "data=no/such", "start=model"))
    assert (settings.model.lm.path, settings.start) == (str(tmp_path / "model"), str(tmp_path / "model"))
    assert settings.data == "no/such"


def test_paths_of_training_may_hold_commas_and_spaces() -> None:
    assert quote_arguments(["data=a, b", "model.lm.path=c,d"]) == ["data='a, b'", "model.lm.path='c,d'"]
