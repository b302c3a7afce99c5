from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cgm.errors import ConfigError
from cgm.store import append_row
from eval.swebench.local import LocalConfig
from launch.backends import backend_services, bench_identity, default_table, make_backend, wants_bench
from launch.schema import Choice, Option, RunConfig, find_option
from reader.settings import RepairConfig


def _local() -> Choice:
    return Choice(find_option("backend", "local"), LocalConfig())


def test_the_table_is_the_one_in_the_cache_unless_another_is_named(tmp_path: Path) -> None:
    table = '{"specs": {"a/b": {}}, "requirement_paths": {}, "parsers": {}}'
    assert backend_services(tmp_path, "", "")["table"].specs == {}
    default_table(tmp_path).write_text(table)
    assert backend_services(tmp_path, "", "")["table"].specs == {"a/b": {}}
    (tmp_path / "other.json").write_text(table.replace("a/b", "c/d"))
    assert backend_services(tmp_path, "", str(tmp_path / "other.json"))["table"].specs == {"c/d": {}}


def test_a_backend_that_needs_repositories_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="backend=local needs repos"):
        make_backend(_local(), backend_services(tmp_path, "", ""))


def _config(tmp_path: Path, backend: str = "local", **settings: Any) -> RunConfig:
    reader = Choice(Option("reader", "repair", "reader.stage:RepairReader"), RepairConfig(**settings))
    data = {"dataset": "rows.jsonl", "repos": ".", "cache_dir": str(tmp_path)}
    return RunConfig(**data, reader=reader, backend=Choice(find_option("backend", backend), LocalConfig()))


@pytest.mark.parametrize(
    ("backend", "settings", "wanted"),
    [
        ("local", {"test_files": 1}, True),
        ("local", {"examples": True}, True),
        ("local", {}, False),
        ("docker", {"test_files": 1}, False),
        ("none", {"test_files": 1}, False),
    ],
)
def test_a_bench_is_there_where_repairs_are_tried_and_tests_run_on_this_machine(
    tmp_path: Path, backend: str, settings: dict[str, Any], wanted: bool
) -> None:
    assert wants_bench(_config(tmp_path, backend, **settings)) is wanted


def test_another_table_of_specifications_is_another_bench(tmp_path: Path) -> None:
    config = _config(tmp_path, test_files=1)
    before = bench_identity(config)
    (tmp_path / "specifications.json").write_text("{}")
    assert bench_identity(config) != before


def test_tests_that_nothing_runs_are_refused_before_the_run(
    cgm: Callable[..., int], pristine_shop: Any, home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    append_row(home / "answers.jsonl", {"key": "k", "model": "m", "answers": []})
    asked = ("llm=replay", "llm.path=answers.jsonl", "reader=repair", "reader.test_files=2")
    assert cgm(*pristine_shop.many, *asked, "run_dir=run") == 1
    assert "reader.test_files and reader.examples need tests that run on this machine" in capfd.readouterr().err
