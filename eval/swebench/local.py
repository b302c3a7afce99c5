"""Verdicts without Docker: a repair's tests run in a sandbox, on files of the base commit and a kept environment.

Knows the order of things: files, repair, test files as they were, test patch, installation, tests, grading. Does not
know how environments are made (`eval.swebench.environment`) nor how logs are read (`eval.swebench.harness`).
"""

import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cgm.artifacts import Verdict, to_row
from cgm.errors import PatchError, RepositoryError, require
from cgm.store import scratch_folder
from eval.sandbox import Limits, Sandbox
from eval.swebench.backend import Row, Trial
from eval.swebench.checkout import apply, apply_loosely, git_directory, links, put_back
from eval.swebench.environment import UNTIL, Environments, find_interpreter
from eval.swebench.harness import Table, grade, grading_release, marked
from eval.swebench.place import Place, lay_out_place, settings_of
from eval.swebench.specification import END, Specification, specification
from eval.swebench.untrusted import touched_files

_OUTPUT_KB = 32768


@dataclass
class LocalConfig:
    """How tests are isolated and limited; `until` is the day after which no package may have been released.

    `isolation` is bwrap, unshare, the first of these that works (auto), or none, which lets patches do what the user
    may. `memory_mb` is of each process, `file_mb` of each file.
    """

    isolation: str = "auto"
    seconds: float = 1800.0
    memory_mb: int = 8192
    processes: int = 512
    file_mb: int = 1024
    until: str = UNTIL

    def __post_init__(self) -> None:
        for name in ("seconds", "memory_mb", "processes", "file_mb"):
            require(getattr(self, name) > 0, f"backend.{name} must be > 0", getattr(self, name))


def limits_of(config: LocalConfig) -> Limits:
    """What one run may use."""
    return Limits(config.seconds, config.memory_mb, config.processes, config.file_mb, _OUTPUT_KB)


class LocalBackend:
    """Tests on this machine; without a way to isolate them it refuses, unless the settings tell it not to.

    `table` says how the instances run whose rows do not, `repos` holds the git directories, and environments are kept
    in `environments`.

    Raises:
        ConfigError: no harness is installed that grades.
        SandboxError: the tests cannot be isolated.
    """

    name = "local"

    def __init__(self, config: LocalConfig, *, table: Table, repos: Path, environments: Path) -> None:
        self._release = grading_release()
        self._config, self._table, self._repos = config, table, repos
        self._sandbox = Sandbox(config.isolation, limits_of(config))
        self._environments = Environments(
            environments, repos, requirement_paths=table.requirement_paths, until=config.until
        )

    def identity(self, row: Row) -> Any:
        """The harness, the interpreter and how the instance is installed and tested. Raises as `Backend`."""
        spec = specification(row, self._table.specs)
        parser = spec.log_parser or self._table.parsers.get(spec.repo, "")
        return [self._release, str(find_interpreter(spec.python)), to_row(spec), parser]

    def links(self, row: Row) -> Collection[str]:
        """What no diff may touch. Raises as `Backend`."""
        return links(git_directory(self._repos, row["repo"]), row["base_commit"])

    def stop(self) -> None:
        """End the tests that run."""
        self._sandbox.stop()

    def run(self, row: Row, diff: str) -> Trial:
        """Run an instance's tests. Raises as `Backend`."""
        spec = specification(row, self._table.specs)
        environment = self._environments.get(spec)
        start = time.monotonic()
        with scratch_folder("r4-local-") as folder:
            place = lay_out_place(spec, self._repos, environment, folder)
            message = f"files that are not in the git directory: {place.missing}" if place.missing else ""
            blank = Verdict(spec.instance_id, "infrastructure", backend=self.name, message=message)
            trial = self._patched(spec, diff, place, blank)
        return replace(trial, verdict=replace(trial.verdict, seconds=round(time.monotonic() - start, 3)))

    def _patched(self, spec: Specification, diff: str, place: Place, blank: Verdict) -> Trial:
        try:
            applied = _apply(place.tree, diff) if diff else ""
        except PatchError as error:
            return Trial(_noted(replace(blank, outcome="does_not_apply"), str(error)))
        try:
            git = git_directory(self._repos, spec.repo)
            put_back(git, spec.base_commit, place.tree, touched_files(spec.test_patch))
            apply(place.tree, spec.test_patch)
        except (PatchError, RepositoryError) as error:
            return Trial(_noted(blank, f"the tests cannot be laid out: {error}"))
        return self._tested(spec, place, replace(blank, applied=applied))

    def _tested(self, spec: Specification, place: Place, verdict: Verdict) -> Trial:
        installed = place.install(self._sandbox, spec)
        env = settings_of(spec) | {"PIP_NO_INDEX": "1"}
        outcome = place.run(self._sandbox, [spec.test_command], env, writable=(place.tree, place.overlay))
        log = marked(outcome.output, outcome.code)
        whole = installed.output + log
        if installed.code:
            verdict = _noted(verdict, f"the installation failed: {_last_line(installed.output)}")
        if outcome.timed_out:
            limit = self._sandbox.limits.seconds
            return Trial(
                _noted(replace(verdict, outcome="timed_out"), f"the tests did not end within {limit:g} s"), whole
            )
        return Trial(self._graded(spec, log, verdict), whole)

    def _graded(self, spec: Specification, log: str, verdict: Verdict) -> Verdict:
        found = grade(spec, log, self._table.parsers)
        if not found.ran:
            last = _last_line(log.partition(END)[0])
            return _noted(replace(verdict, outcome="no_tests"), f"the log has no results, its last line is {last!r}")
        outcome = "resolved" if found.resolved else "unresolved"
        return replace(verdict, outcome=outcome, fail_to_pass=found.fail_to_pass, pass_to_pass=found.pass_to_pass)


def _apply(tree: Path, diff: str) -> str:
    """Apply a diff, and say how it went on.

    Raises:
        PatchError: it does not, with what git says of it.
    """
    try:
        apply(tree, diff)
    except PatchError:
        with suppress(PatchError):
            apply_loosely(tree, diff)
            return "fuzzy"
        raise
    return "clean"


def _noted(verdict: Verdict, message: str) -> Verdict:
    return replace(verdict, message="; ".join(filter(None, (verdict.message, message))))


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip()[:200] if lines else ""
