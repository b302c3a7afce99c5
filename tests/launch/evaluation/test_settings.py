from collections.abc import Iterator
from pathlib import Path

import pytest
from hydra import compose, initialize_config_module

from eval.humaneval import HumanEvalConfig
from eval.swebench.untrusted import TrustConfig
from launch.evaluation.settings import EvalConfig, eval_config, register_evaluation
from launch.schema import register


@pytest.fixture(scope="module", autouse=True)
def hydra() -> Iterator[None]:
    register()
    register_evaluation()
    with initialize_config_module("conf", version_base="1.3"):
        yield


def _settings(*overrides: str) -> EvalConfig:
    return eval_config(compose("eval", overrides=["run_dir=run", *overrides]))


def test_settings_become_plain_dataclasses_with_whole_paths() -> None:
    settings = _settings("trust.harness=keep", "humaneval.k=[1,2]", "humaneval.samples=2", "humaneval.temperature=1")
    assert settings.backend.option.name == "local"
    assert settings.trust == TrustConfig(harness="keep")
    assert settings.humaneval == HumanEvalConfig(samples=2, k=(1, 2), temperature=1.0)
    assert Path(settings.cache_dir).is_absolute()
