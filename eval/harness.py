"""The installed `swebench`: the one place that knows how its releases differ.

Knows that release 4 holds specifications of repositories, and that release 5 grades logs by a row's own parser. Does
not know rows (`eval.specification`), nor how tests are run.
"""

import importlib
import importlib.metadata
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from cgm.artifacts import Tally
from cgm.errors import ConfigError
from cgm.store import scratch_folder
from eval.specification import Specification, Specs

_RELEASES = ("4", "5")


@dataclass(frozen=True)
class Table:
    """Specifications by repository and version, where repositories list their requirements, and parsers by name."""

    specs: Specs = field(default_factory=dict)
    requirement_paths: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    parsers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Grade:
    """What a log says: `ran` is whether the harness finds results in it at all."""

    ran: bool
    resolved: bool
    fail_to_pass: Tally
    pass_to_pass: Tally


def installed_release() -> str:
    """The installed release.

    Raises:
        ConfigError: none is installed, or one that is not known here.
    """
    try:
        release = importlib.metadata.version("swebench")
    except importlib.metadata.PackageNotFoundError as error:
        raise ConfigError("tests are graded by swebench, which is not installed: pip install 'r4-cgm[eval]'") from error
    if release.partition(".")[0] not in _RELEASES:
        raise ConfigError(f"swebench must be 4.x or 5.x, got {release}")
    return release


def grading_release() -> str:
    """The installed release, which must be one that grades.

    Raises:
        ConfigError: none is installed, or one that does not.
    """
    release = installed_release()
    if not release.startswith("5"):
        raise ConfigError(f"tests are graded by swebench 5.x, got {release}: pip install 'r4-cgm[eval]'")
    return release


def installed_table() -> Table:
    """What release 4 knows of repositories; release 5 leaves that to the rows, and its table is empty."""
    if installed_release().startswith("5"):
        return Table()
    constants = importlib.import_module("swebench.harness.constants")
    parsers = importlib.import_module("swebench.harness.log_parsers").MAP_REPO_TO_PARSER
    return Table(
        constants.MAP_REPO_VERSION_TO_SPECS,
        {repo: tuple(paths) for repo, paths in constants.MAP_REPO_TO_REQS_PATHS.items()},
        {repo: parser.__name__ for repo, parser in parsers.items()},
    )


def read_table(path: Path) -> Table:
    """Read a table that `write_table` wrote where release 4 was installed.

    Raises:
        ConfigError: it cannot be read or is no table.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        paths = {repo: tuple(found) for repo, found in values["requirement_paths"].items()}
        return Table(dict(values["specs"]), paths, dict(values["parsers"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{path} is not a table of specifications: {error!r}") from error


def write_table(path: Path, table: Table) -> None:
    """Write a table as JSON."""
    values = {"specs": table.specs, "requirement_paths": table.requirement_paths, "parsers": table.parsers}
    path.write_text(json.dumps(values, default=list), encoding="utf-8")


def grade(specification: Specification, log: str, parsers: Mapping[str, str]) -> Grade:
    """Grade a log with the functions of the installed harness.

    Raises:
        ConfigError: release 5 is not installed, or it has no parser for the instance.
    """
    grading_release()
    grading = importlib.import_module("swebench.harness.grading")
    parser = specification.log_parser or parsers.get(specification.repo, "")
    spec = SimpleNamespace(
        instance_id=specification.instance_id,
        repo=specification.repo,
        version=specification.version,
        FAIL_TO_PASS=list(specification.fail_to_pass),
        PASS_TO_PASS=list(specification.pass_to_pass),
        log_parser=parser,
        eval_type=specification.eval_type,
    )
    prediction = {"instance_id": specification.instance_id, "model_patch": "graded"}
    with scratch_folder("r4-log-") as folder:
        path = folder / "test_output.txt"
        path.write_text(log, encoding="utf-8")
        try:
            report = grading.get_eval_report(spec, prediction, str(path), include_tests_status=True)
        except KeyError as error:
            raise ConfigError(f"{specification.instance_id}: the harness has no log parser {parser!r}") from error
    return _grade(report[specification.instance_id])


def _grade(report: Mapping[str, Any]) -> Grade:
    tests = report.get("tests_status", {})
    tallies = [
        Tally(len(tests.get(name, {}).get("success", ())), tuple(tests.get(name, {}).get("failure", ())))
        for name in ("FAIL_TO_PASS", "PASS_TO_PASS")
    ]
    return Grade(bool(report["patch_successfully_applied"]), bool(report["resolved"]), *tallies)
