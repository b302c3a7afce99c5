from typing import Any

import pytest

from cgm.errors import ConfigError
from reader.settings import RepairConfig


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"edit_form": "diff"}, "reader.edit_form must be one of auto, search_replace"),
        ({"samples": 0}, "reader.samples must be >= 1, got 0"),
        ({"refine": -1}, "reader.refine must be >= 0, got -1"),
        ({"test_files": -1}, "reader.test_files must be >= 0, got -1"),
        ({"temperature": -1.0}, "reader.temperature must be >= 0"),
        ({"functions": 0, "files": 0}, r"reader.functions \+ reader.files must be >= 1"),
    ],
)
def test_a_setting_without_meaning_is_refused(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        RepairConfig(**setting)


def test_code_is_run_where_tests_or_examples_are_wanted() -> None:
    found = [RepairConfig(**wanted).runs_code for wanted in ({}, {"test_files": 1}, {"examples": True})]
    assert found == [False, True, True]
