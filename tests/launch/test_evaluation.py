from collections.abc import Iterator
from pathlib import Path

import pytest
from hydra import compose, initialize_config_module

from cgm.errors import ConfigError
from eval.humaneval import HumanEvalConfig
from eval.untrusted import TrustConfig
from launch.evaluation import (
    EvalConfig,
    backend_services,
    default_table,
    eval_config,
    make_backend,
    register_evaluation,
)
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


def test_the_table_is_the_one_in_the_cache_unless_another_is_named(tmp_path: Path) -> None:
    table = '{"specs": {"a/b": {}}, "requirement_paths": {}, "parsers": {}}'
    assert backend_services(tmp_path, "", "")["table"].specs == {}
    default_table(tmp_path).write_text(table)
    assert backend_services(tmp_path, "", "")["table"].specs == {"a/b": {}}
    (tmp_path / "other.json").write_text(table.replace("a/b", "c/d"))
    assert backend_services(tmp_path, "", str(tmp_path / "other.json"))["table"].specs == {"c/d": {}}


def test_a_backend_that_needs_repositories_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="backend=local needs repos"):
        make_backend(_settings().backend, backend_services(tmp_path, "", ""))
