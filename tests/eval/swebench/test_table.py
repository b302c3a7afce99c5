from pathlib import Path

import pytest

from cgm.errors import ConfigError, SandboxError
from eval.swebench.harness import read_table
from eval.swebench.table import fetch_table


def _stub(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    (folder / "uv").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "uv").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


@pytest.mark.network
@pytest.mark.slow
def test_the_table_holds_every_repository_of_the_benchmark(tmp_path: Path) -> None:
    assert fetch_table(tmp_path / "table.json") > 12
    table = read_table(tmp_path / "table.json")
    assert table.specs["django/django"]["3.0"]["python"] == "3.6"
    assert table.parsers["django/django"] == "parse_log_django"
    assert table.requirement_paths["django/django"]


def test_what_the_release_says_is_kept_as_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = '{"specs": {"a/b": {"1": {}}}, "requirement_paths": {"a/b": ["r.txt"]}, "parsers": {"a/b": "p"}}'
    _stub(tmp_path, monkeypatch, f"echo '{answer}'")
    assert fetch_table(tmp_path / "table.json") == 1
    assert read_table(tmp_path / "table.json").requirement_paths == {"a/b": ("r.txt",)}


def test_a_release_that_cannot_be_asked_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _stub(tmp_path, monkeypatch, "echo no route to the index >&2; exit 1")
    with pytest.raises(SandboxError, match=r"uv cannot ask swebench 4.1.0: no route to the index"):
        fetch_table(tmp_path / "table.json")


def test_without_uv_it_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    with pytest.raises(ConfigError, match="fetched with uv, which is not on the PATH"):
        fetch_table(tmp_path / "table.json")
