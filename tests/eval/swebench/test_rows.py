import json
from pathlib import Path
from typing import Any

import pytest

from cgm.errors import ConfigError, DatasetError
from eval.swebench.rows import choose_rows, load_rows, read_names


def _row(name: str, **fields: Any) -> dict[str, Any]:
    row = {"instance_id": name, "repo": "a/a", "base_commit": "b", "test_patch": "t"}
    return {**row, "FAIL_TO_PASS": [], "PASS_TO_PASS": [], **fields}


def _dataset(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_rows_come_in_the_order_of_the_file_with_all_their_fields(tmp_path: Path) -> None:
    rows = [_row("b", image="i"), _row("a", version="1.0")]
    assert load_rows(_dataset(tmp_path, *rows)) == rows


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([_row("a"), _row("a")], r":2: instance_id must be unique, got 'a' twice"),
        ([{"instance_id": "a"}], r":1: a row must have .*, got no repo, base_commit"),
        ([_row("a", test_patch=None)], r":1: test_patch must be a text"),
        ([_row("")], r":1: instance_id must be a text that is not empty"),
        ([_row("a", repo="../a")], r":1: repo must be owner/name"),
    ],
)
def test_a_malformed_row_is_named(tmp_path: Path, rows: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        load_rows(_dataset(tmp_path, *rows))


def test_a_dataset_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="cannot read"):
        load_rows(tmp_path / "none.jsonl")


def test_rows_are_chosen_excluded_and_limited() -> None:
    rows = [_row(name) for name in "abcd"]
    chosen = choose_rows(rows, {"d", "b", "c"}, {"b"}, 1)
    assert [row["instance_id"] for row in chosen] == ["c"]
    assert choose_rows(rows, None, (), 0) == rows


def test_names_that_are_not_in_the_dataset_and_empty_choices_are_refused() -> None:
    with pytest.raises(DatasetError, match="every id must be in the dataset, got z"):
        choose_rows([_row("a")], {"a", "z"}, (), 0)
    with pytest.raises(DatasetError, match="at least one row"):
        choose_rows([_row("a")], None, {"a"}, 0)


def test_a_file_of_names_may_say_why(tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    path.write_text("# not these\na__b-1  gold fails: unresolved\n\na__b-2\n")
    assert read_names("exclude", path) == {"a__b-1", "a__b-2"}
    with pytest.raises(ConfigError, match="exclude must be a readable file"):
        read_names("exclude", tmp_path / "none.txt")
