import ast
import dataclasses
import importlib
import inspect
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_module
from omegaconf import DictConfig, OmegaConf

from cgm.errors import ConfigError
from cgm.protocols import Answer, AnswerForm, Message, Sampling
from cgm.recorded import RecordingLLM
from cgm.store import BlobCache
from eval.swebench.harness import Table
from launch.evaluation.settings import EvalConfig
from launch.schema import (
    OPTIONS,
    SERVICES,
    STAGES,
    Choice,
    Option,
    RunConfig,
    build,
    choice_of,
    config_class,
    describe_choices,
    load_class,
    register,
    run_config,
    wanted_services,
)
from launch.training.settings import VALUE_GROUPS

_ROOT = Path(__file__).parents[2]
_WITH_CLASS = [option for option in OPTIONS if option.target]


class _Echo:
    """A model that answers with what it was told."""

    name = "echo"
    graph_nodes = 0

    def generate(
        self, messages: Sequence[Message], sampling: Sampling, form: AnswerForm | None = None
    ) -> Sequence[Answer]:
        assert (sampling.count, form) == (1, None)
        return [Answer(messages[-1].content, 1, 1)]


def _packages() -> list[str]:
    declared = tomllib.loads((_ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    return [name for name in declared if "." not in name]


def _title(option: Option) -> str:
    return f"{option.group}={option.name}"


@pytest.fixture(scope="module", autouse=True)
def hydra() -> Iterator[None]:
    register()
    with initialize_config_module("conf", version_base="1.3"):
        yield


def _composed(*overrides: str) -> DictConfig:
    return compose("pipeline", overrides=["run_dir=run", *overrides])


def _services(tmp_path: Path) -> dict[str, Any]:
    """Real services of the lightest kind."""
    services: dict[str, Any] = {"blobs": BlobCache(tmp_path / "blobs"), "check": None, "models": tmp_path / "models"}
    config = _composed("llm=replay", f"llm.path={tmp_path / 'answers.jsonl'}")
    recording = RecordingLLM(_Echo(), tmp_path / "answers.jsonl")
    recording.generate([Message("user", "hi")], Sampling())
    services |= {"repos": tmp_path, "table": Table(), "environments": tmp_path, "images": tmp_path}
    services["llm"] = build(choice_of("llm", config.llm), services)
    services["embedder"] = build(choice_of("embedder", config.embedder), services)
    return services


@pytest.mark.parametrize("option", OPTIONS, ids=_title)
def test_every_option_composes_and_builds(option: Option, tmp_path: Path) -> None:
    services = _services(tmp_path)
    needed = {
        "llm=replay": [f"llm.path={tmp_path / 'answers.jsonl'}"],
        "llm=code_graph_model": [f"llm.path={tmp_path}"],
        "llm=openai": ["llm.model=some", "llm.key_variable=PATH"],
        "embedder=openai": ["embedder.key_variable=PATH"],
    }
    if option.group == "backend" and option.target:
        pytest.importorskip("swebench")
    config = _composed(_title(option), *needed.get(_title(option), []))
    assert config[option.group].option == option.name
    built = build(choice_of(option.group, config[option.group]), services)
    assert isinstance(built, load_class(option)) if option.target else built is None


@pytest.mark.parametrize("option", OPTIONS, ids=_title)
def test_every_option_has_a_file_that_says_what_it_is(option: Option) -> None:
    lines = (_ROOT / "conf" / option.group / f"{option.name}.yaml").read_text().splitlines()
    assert lines[0].startswith("# ")


def test_every_file_of_a_group_is_an_option() -> None:
    paths = [path for path in (_ROOT / "conf").glob("*/*.yaml") if path.parent.name not in VALUE_GROUPS]
    files = {(path.parent.name, path.stem) for path in paths}
    assert files == {(option.group, option.name) for option in OPTIONS}


def _settings_read(package: Path) -> set[str]:
    """Names of all attributes that some line of a package reads from a configuration, validation left aside."""
    read: set[str] = set()
    for path in package.rglob("*.py"):
        tree = ast.parse(path.read_text())
        checks = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "__post_init__"]
        skipped = {id(inner) for node in checks for inner in ast.walk(node)}
        nodes = [node for node in ast.walk(tree) if id(node) not in skipped]
        loads = [node for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)]
        read |= {node.attr for node in loads if ast.unparse(node.value).endswith(("config", "settings"))}
    return read


@pytest.mark.parametrize("option", _WITH_CLASS, ids=_title)
def test_every_setting_is_read_by_someone(option: Option) -> None:
    package = Path(inspect.getfile(load_class(option))).parent
    names = {item.name for item in dataclasses.fields(config_class(option))}
    assert names <= _settings_read(package)


def test_every_setting_of_a_run_is_read_by_someone() -> None:
    fields = (*dataclasses.fields(RunConfig), *dataclasses.fields(EvalConfig))
    names = {item.name for item in fields} - {"run_dir", *STAGES, *SERVICES}
    assert names <= _settings_read(_ROOT / "launch")


@pytest.mark.parametrize("option", _WITH_CLASS, ids=_title)
def test_a_configuration_is_a_plain_dataclass_with_defaults(option: Option) -> None:
    config = config_class(option)
    assert dataclasses.is_dataclass(config)
    assert not config.__dataclass_params__.frozen
    assert config() == config()


@pytest.mark.parametrize("option", _WITH_CLASS, ids=_title)
def test_an_option_asks_only_for_services_there_are(option: Option) -> None:
    assert set(wanted_services(option)) <= {
        *("llm", "embedder", "check", "bench", "blobs", "models"),
        *("repos", "table", "environments", "images"),
    }


def test_the_defaults_list_is_the_pipeline() -> None:
    defaults = OmegaConf.load(_ROOT / "conf" / "pipeline.yaml")["defaults"]
    groups = [next(iter(item)) for item in defaults if not isinstance(item, str)]
    assert tuple(name for name in groups if not name.startswith("override")) == (*STAGES, *SERVICES)


def test_a_run_becomes_plain_dataclasses() -> None:
    settings = run_config(_composed("repo=.", "rewriter.max_entities=7"))
    assert (settings.repo, settings.stages) == (".", list(STAGES))
    assert settings.rewriter.option.name == "heuristic"
    assert settings.rewriter.config == config_class(settings.rewriter.option)(max_entities=7)
    assert type(settings.rewriter.config) is config_class(settings.rewriter.option)


def test_a_missing_service_is_refused_with_what_to_set() -> None:
    choice = run_config(_composed("rewriter=llm")).rewriter
    with pytest.raises(ConfigError, match="rewriter=llm needs llm: set llm=OPTION"):
        build(choice, {"llm": None})


def test_without_an_embedder_meaning_may_have_no_weight() -> None:
    def retriever(*overrides: str) -> Choice:
        return run_config(_composed("embedder=none", *overrides)).retriever

    assert build(retriever("retriever=hybrid"), {"embedder": None})
    with pytest.raises(ConfigError, match=r"retriever\.weights\.dense must be 0 without an embedder"):
        build(retriever("retriever=hybrid", "retriever.weights.dense=1"), {"embedder": None})
    with pytest.raises(ConfigError, match="retriever=dense needs embedder: set embedder=OPTION"):
        build(retriever("retriever=dense"), {"embedder": None})


@pytest.mark.parametrize("package", _packages())
def test_every_package_is_that_of_this_checkout(package: str) -> None:
    assert Path(importlib.import_module(package).__path__[0]).resolve() == _ROOT / package


def test_the_help_names_every_option() -> None:
    lines = describe_choices().splitlines()
    shown: Mapping[str, list[str]] = {line.split()[0]: line.replace(",", "").split()[1:] for line in lines}
    assert shown == {
        group: [option.name for option in OPTIONS if option.group == group] for group in (*STAGES, *SERVICES)
    }
