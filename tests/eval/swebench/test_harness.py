"""The installed harness where there is one; its own functions grade the logs here."""

from dataclasses import replace
from pathlib import Path

import pytest

from cgm.artifacts import Tally
from cgm.errors import ConfigError
from eval.swebench import harness
from eval.swebench.harness import (
    Table,
    grade,
    installed_release,
    installed_table,
    marked,
    passed_tests,
    read_table,
    write_table,
)
from eval.swebench.specification import END, START, Specification

TOTAL, IMPORT = "test_cart.py::test_total", "test_cart.py::test_import"


@pytest.fixture
def release_5() -> None:
    pytest.importorskip("swebench")
    if not installed_release().startswith("5"):
        pytest.skip("grading is release 5's")


def log_of(*lines: str, code: int = 0) -> str:
    return "\n".join([START, *lines, END, f">>>>> Test Exit Code: {code}", ""])


@pytest.mark.usefixtures("release_5")
def test_all_tests_that_must_pass_do(spec: Specification) -> None:
    found = grade(spec, log_of(f"PASSED {TOTAL}", f"PASSED {IMPORT}"), {"shop/cart": "parse_log_pytest"})
    assert (found.ran, found.resolved) == (True, True)
    assert (found.fail_to_pass, found.pass_to_pass) == (Tally(1), Tally(1))


@pytest.mark.usefixtures("release_5")
@pytest.mark.parametrize("line", [f"FAILED {TOTAL} - assert 1 == 2", f"ERROR {TOTAL}", "PASSED another"])
def test_a_test_that_fails_or_is_not_there_does_not_resolve(spec: Specification, line: str) -> None:
    found = grade(spec, log_of(line, "FAILED other", f"PASSED {IMPORT}", code=1), {})
    assert (found.ran, found.resolved) == (True, False)
    assert (found.fail_to_pass, found.pass_to_pass) == (Tally(0, (TOTAL,)), Tally(1))


@pytest.mark.usefixtures("release_5")
def test_a_log_without_results_is_said_to_be_none(spec: Specification) -> None:
    found = grade(spec, log_of("ImportError: no module", code=2), {})
    assert (found.ran, found.resolved) == (False, False)


@pytest.mark.usefixtures("release_5")
def test_results_that_the_exit_code_belies_are_none(spec: Specification) -> None:
    found = grade(spec, log_of(f"PASSED {TOTAL}", f"PASSED {IMPORT}", code=1), {})
    assert (found.ran, found.resolved) == (False, False)


@pytest.mark.usefixtures("release_5")
def test_the_parser_of_the_table_serves_where_the_row_names_none(spec: Specification) -> None:
    bare = replace(spec, log_parser="")
    log = log_of(f"PASSED {TOTAL}", f"PASSED {IMPORT}")
    assert grade(bare, log, {"shop/cart": "parse_log_pytest"}).resolved
    with pytest.raises(ConfigError, match="has no log parser"):
        grade(bare, log, {})


@pytest.mark.usefixtures("release_5")
def test_the_tests_that_pass_are_named_whichever_they_are(spec: Specification) -> None:
    log = marked("PASSED a::b\nFAILED a::c - no\nXFAIL a::d\nSKIPPED [1] a: why\nERROR a::e", 1)
    assert passed_tests(spec, log, {}) == {"a::b", "a::d"}
    assert passed_tests(spec, marked("ImportError", 2), {}) == frozenset()
    with pytest.raises(ConfigError, match="has no log parser"):
        passed_tests(replace(spec, log_parser=""), log, {})


def test_release_4_has_a_table_and_does_not_grade(spec: Specification) -> None:
    pytest.importorskip("swebench")
    is_old = installed_release().startswith("4")
    assert ("psf/requests" in installed_table().specs) is is_old
    if is_old:
        with pytest.raises(ConfigError, match=r"grading needs swebench 5\.x"):
            grade(spec, log_of(f"PASSED {TOTAL}"), {})


def test_a_table_survives_its_file(tmp_path: Path) -> None:
    table = Table({"a/b": {"1": {"python": "3.9"}}}, {"a/b": ("r.txt", "q.txt")}, {"a/b": "parse_log_pytest"})
    write_table(tmp_path / "table.json", table)
    assert read_table(tmp_path / "table.json") == table


@pytest.mark.parametrize("text", ["", "[]", '{"specs": {}}', '{"specs": 1, "requirement_paths": {}, "parsers": {}}'])
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "table.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match="is not a table"):
        read_table(path)


def test_a_release_that_is_not_known_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harness.importlib.metadata, "version", {"swebench": "3.1"}.__getitem__)
    with pytest.raises(ConfigError, match=r"must be 4\.x or 5\.x, got 3\.1"):
        installed_release()
