from pathlib import Path
from typing import Any

import pytest

from cgm.errors import DatasetError
from cgm.store import write_rows
from launch.training_data.candidates import read_issues


def test_issues_are_found_by_repository_in_any_case_and_number(tmp_path: Path) -> None:
    path = tmp_path / "issues.jsonl"
    write_rows(path, [{"repo": "A/b", "number": 1, "text": "x"}, {"repo": "a/B", "number": 2, "text": "y"}])
    assert read_issues(path) == {"a/b": {1: "x", 2: "y"}}


@pytest.mark.parametrize("change", [{"repo": 1}, {"number": "1"}, {"text": None}])
def test_a_row_without_its_fields_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    path = tmp_path / "issues.jsonl"
    write_rows(path, [{"repo": "a/b", "number": 1, "text": "x"}, {"repo": "a/b", "number": 1, "text": "x"} | change])
    with pytest.raises(DatasetError, match=rf"issues\.jsonl:2: {next(iter(change))} must be"):
        read_issues(path)
