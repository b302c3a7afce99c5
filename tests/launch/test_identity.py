import dataclasses
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cgm.store import fingerprint
from launch.identity import (
    _INCIDENTAL,
    answers_identity,
    code_version,
    library_versions,
    option_identity,
    stage_identity,
)
from launch.schema import OPTIONS, Choice, Option, config_class, find_option


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "some_stage"
    (folder / "prompts").mkdir(parents=True)
    (folder / "below").mkdir()
    for name in ("__init__.py", "stage.py", "prompts/ask.jinja", "below/__init__.py", "below/other.py"):
        (folder / name).write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    code_version.cache_clear()
    for name in ("some_stage", "some_stage.below"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("name", ["stage.py", "prompts/ask.jinja", "new.py"])
def test_a_changed_file_changes_the_version(package: Path, name: str) -> None:
    before = code_version("some_stage")
    (package / name).write_text("x = 1\n")
    code_version.cache_clear()
    assert code_version("some_stage") != before


@pytest.mark.parametrize("name", ["below/other.py", "__pycache__/stage.pyc"])
def test_a_subpackage_and_compiled_code_do_not(package: Path, name: str) -> None:
    before = code_version("some_stage")
    (package / name).parent.mkdir(exist_ok=True)
    (package / name).write_text("x = 1\n")
    code_version.cache_clear()
    assert code_version("some_stage") == before


@dataclass
class _Config:
    k: int = 1


@pytest.mark.parametrize("name", ["stage.py", "below/other.py"])
def test_a_stage_has_another_identity_where_code_of_its_package_or_below_changed(package: Path, name: str) -> None:
    choice = Choice(Option("reader", "some", "some_stage.stage:SomeReader"), _Config())
    before = option_identity(choice)
    (package / name).write_text("x = 1\n")
    code_version.cache_clear()
    assert option_identity(choice) != before


def test_settings_options_and_services_tell_stages_apart() -> None:
    heuristic, llm = (Option("rewriter", name, f"rewriter.stage:{cls}") for name, cls in _REWRITERS)
    choices = [Choice(heuristic, config_class(heuristic)(**values)) for values in ({}, {"max_entities": 3})]
    identities = [stage_identity(choice, {"llm": "a"}) for choice in choices]
    identities += [stage_identity(Choice(llm, config_class(llm)()), {"llm": model}) for model in ("a", "b")]
    assert len({fingerprint(identity) for identity in identities}) == 4


def test_a_service_that_is_not_asked_for_changes_nothing() -> None:
    heuristic = Option("rewriter", *next((name, f"rewriter.stage:{cls}") for name, cls in _REWRITERS))
    choice = Choice(heuristic, config_class(heuristic)())
    assert stage_identity(choice, {"llm": "a"}) == stage_identity(choice, {"llm": "b"})


def test_an_option_that_is_nothing_has_an_identity_too() -> None:
    assert option_identity(Choice(Option("llm", "none"), _Config())) != option_identity(
        Choice(Option("llm", "none"), _Config(k=2))
    )


@pytest.mark.parametrize(
    ("name", "change", "same"),
    [
        ("local", {"precision": "bf16"}, False),
        ("local", {"path": "other/model.gguf"}, False),
        ("local", {"folder": "elsewhere", "cache_gib": 1.0}, True),
        ("openai", {"dialect": "vllm"}, False),
        ("openai", {"timeout": 1.0, "retries": 0, "prompt_price": 2.0, "completion_price": 3.0}, True),
    ],
)
def test_answers_are_shared_where_no_setting_that_shapes_them_differs(
    name: str, change: dict[str, object], *, same: bool
) -> None:
    option = find_option("llm", name)
    config = config_class(option)
    before, after = (answers_identity(Choice(option, config(**values))) for values in ({}, change))
    assert (before == after) is same


def test_another_version_of_a_library_makes_another_identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    choice = Choice(Option("llm", "none"), _Config())
    before = option_identity(choice)
    (tmp_path / "scipy-99.0.dist-info").mkdir()
    (tmp_path / "scipy-99.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: scipy\nVersion: 99.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    library_versions.cache_clear()
    try:
        assert option_identity(choice) != before
    finally:
        library_versions.cache_clear()


def test_every_library_that_shapes_outputs_is_installed() -> None:
    assert all(library_versions().values())


def test_settings_that_leave_answers_alone_are_settings() -> None:
    options = [option for option in OPTIONS if option.group == "llm"]
    fields = {item.name for option in options for item in dataclasses.fields(config_class(option))}
    assert set(_INCIDENTAL) <= fields


_REWRITERS = (("heuristic", "HeuristicRewriter"), ("llm", "LLMRewriter"))
