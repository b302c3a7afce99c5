"""The installed `swebench`: the one place that knows how its releases differ.

Knows that release 4 holds specifications of repositories, and that release 5 grades logs by a row's own parser. Does
not know rows (`eval.swebench.specification`), nor how tests are run.
"""

import importlib
import importlib.metadata
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from cgm.artifacts import Tally
from cgm.errors import ConfigError
from cgm.store import scratch_folder
from eval.swebench.specification import END, EXIT_CODE, START, Specification, Specs

_RELEASES = ("4", "5")
# what the log of a run in a container says
_REFUSED, _APPLIED, _GOING_ON = ">>>>> Patch Apply Failed", ">>>>> Applied Patch", "Git diff before:"
_FAILED = re.compile(r"Error (?:creating container|in evaluating model) for [^:]+: (.*)")
_TRIED = "Failed to apply patch to container: "
_TIMED_OUT = re.compile(r"\n\nTimeout error: [\d.]+ seconds exceeded\.\Z")


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
    return _graded(_official_spec(specification, parsers), log)


def passed_tests(specification: Specification, log: str, parsers: Mapping[str, str]) -> frozenset[str]:
    """The tests that pass by a log, whichever they are; none where it has no results. Raises as `grade`."""
    grading_release()
    grading = importlib.import_module("swebench.harness.grading")
    spec = _official_spec(specification, parsers)
    with scratch_folder("r4-log-") as folder:
        path = folder / "test_output.txt"
        path.write_text(log, encoding="utf-8")
        try:
            found, _ = grading.get_logs_eval(spec, str(path))
        except KeyError as error:
            raise ConfigError(_no_parser(spec)) from error
    return frozenset(name for name in found if grading.test_passed(name, found))


def marked(output: str, code: int) -> str:
    """What a test command printed and its exit code, as a log that the harness reads."""
    return f"{START}\n{output}\n{END}\n{EXIT_CODE}: {code}\n"


def _official_spec(specification: Specification, parsers: Mapping[str, str]) -> SimpleNamespace:
    """A specification as the harness has them, as far as logs are concerned."""
    return SimpleNamespace(
        instance_id=specification.instance_id,
        repo=specification.repo,
        version=specification.version,
        FAIL_TO_PASS=list(specification.fail_to_pass),
        PASS_TO_PASS=list(specification.pass_to_pass),
        log_parser=specification.log_parser or parsers.get(specification.repo, ""),
        eval_type=specification.eval_type,
    )


def _no_parser(spec: Any) -> str:
    return f"{spec.instance_id}: the harness has no log parser {spec.log_parser!r}"


def grade_row(row: Mapping[str, Any], log: str) -> Grade:
    """Grade a log of an instance whose row release 5 takes. Raises as `grade`."""
    grading_release()
    return _graded(importlib.import_module("swebench.harness.utils").make_test_spec(dict(row)), log)


def _graded(spec: Any, log: str) -> Grade:
    grading_release()
    grading = importlib.import_module("swebench.harness.grading")
    prediction = {"instance_id": spec.instance_id, "model_patch": "graded"}
    with scratch_folder("r4-log-") as folder:
        path = folder / "test_output.txt"
        path.write_text(log, encoding="utf-8")
        try:
            report = grading.get_eval_report(spec, prediction, str(path), include_tests_status=True)
        except KeyError as error:
            raise ConfigError(_no_parser(spec)) from error
    return _grade(report[spec.instance_id])


@dataclass(frozen=True)
class Record:
    """What the harness left of a run: its report where it wrote one, what the tests printed, and its own log."""

    report: Grade | None
    output: str | None
    journal: str

    @property
    def refused(self) -> str:
        """Why the diff did not go on; empty if it did."""
        before, found, after = self.journal.partition(f"{_REFUSED}:\n")
        if self.output is not None or not found or _GOING_ON in before:
            return ""
        return " ".join(after.partition("\n\n")[0].partition("Traceback")[0].split())

    @property
    def timed_out(self) -> bool:
        """Whether the tests were ended by the harness."""
        return self.report is None and bool(_TIMED_OUT.search(self.output or ""))

    @property
    def failure(self) -> str:
        """What went wrong with the machine, the engine or the harness."""
        found = _FAILED.search(self.journal)
        return " ".join((found.group(1) if found else "the harness left no report and no reason").split())[:500]

    @property
    def last_line(self) -> str:
        """The last line that the tests printed."""
        lines = (self.output or "").partition(END)[0].strip().splitlines()
        return lines[-1].strip()[:200] if lines else ""

    @property
    def applied(self) -> str:
        """How the diff went on: clean where the first and strictest command took it."""
        before, found, _ = self.journal.partition(f"{_APPLIED}:")
        if not found:
            return ""
        return "fuzzy" if _TRIED in before else "clean"


def run_official(row: Mapping[str, Any], diff: str, client: Any, *, folder: Path, seconds: float) -> Record:
    """Run an instance as release 5 does, with its own commands, in a container that `client` makes.

    `folder` is an empty one whose name is the id of the run and names the container; the base commit is run as it is
    where the diff is empty. Whatever goes wrong stands in the record.
    """
    official = _official(folder.parent)
    spec = importlib.import_module("swebench.harness.utils").make_test_spec(dict(row))
    prediction = {"instance_id": row["instance_id"], "model_name_or_path": "r4", "model_patch": diff}
    official.run_instance(spec, prediction, client, folder.name, timeout=seconds, skip_patch=not diff)
    left = folder / "r4" / row["instance_id"]
    report = _text(left / "report.json")
    return Record(
        _grade(json.loads(report)[row["instance_id"]]) if report else None,
        _text(left / "test_output.txt"),
        _text(left / "run_instance.log") or "",
    )


def _official(logs: Path) -> Any:
    """The module of release 5 that runs instances, told where to write, how to remove a container and to be quiet.

    By itself it writes below the current folder, and asks the program docker to stop a container, which waits 15 s
    and may speak to another engine than the SDK does.
    """
    grading_release()
    official: Any = importlib.import_module("swebench.harness.run_evaluation")
    official.RUN_EVALUATION_LOG_DIR = logs
    official.cleanup_container = lambda client, container, _: client.discard(container)
    official.print = lambda *_: None  # what it says stands in its log
    return official


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None


def _grade(report: Mapping[str, Any]) -> Grade:
    tests = report.get("tests_status", {})
    tallies = [
        Tally(len(tests.get(name, {}).get("success", ())), tuple(tests.get(name, {}).get("failure", ())))
        for name in ("FAIL_TO_PASS", "PASS_TO_PASS")
    ]
    return Grade(bool(report["patch_successfully_applied"]), bool(report["resolved"]), *tallies)
