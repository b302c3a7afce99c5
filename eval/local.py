"""Verdicts without Docker: a repair's tests run in a sandbox, on files of the base commit and a kept environment.

Knows the order of things: files, repair, test files as they were, test patch, installation, tests, grading. Does not
know how environments are made (`eval.environment`) nor how logs are read (`eval.harness`).
"""

import os
import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cgm.artifacts import Verdict
from cgm.errors import PatchError, RepositoryError
from cgm.store import scratch_folder
from eval.checkout import apply, git_directory, lay_out, links, put_back
from eval.environment import Environment, Environments, overlay, release_of
from eval.harness import grade
from eval.sandbox import Limits, Outcome, Sandbox
from eval.specification import END, EXIT_CODE, START, Specification
from eval.untrusted import TrustConfig, screen, touched_files

LIMITS = Limits(seconds=1800, memory_mb=8192, processes=512, file_mb=1024, output_kb=32768)
_INSTALL = "python -m pip install -q --no-deps --no-build-isolation --no-index --disable-pip-version-check -e ."


@dataclass(frozen=True)
class _Place:
    """Where one run happens: the project's files, the environment laid over the kept one, and the kept one."""

    tree: Path
    overlay: Path
    environment: Environment

    def run(self, sandbox: Sandbox, commands: Sequence[str], env: Mapping[str, str]) -> Outcome:
        python = self.environment.interpreter
        readable = [self.environment.folder, python.parent.parent]
        script = "\n".join([f"cd {shlex.quote(str(self.tree))}", *commands])
        return sandbox.run(
            ["/bin/bash", "-c", script],
            cwd=self.tree,
            readable=readable,
            writable=[self.tree, self.overlay],
            env={"PATH": f"{self.overlay / 'bin'}:/usr/local/bin:/usr/bin:/bin", "VIRTUAL_ENV": str(self.overlay)}
            | dict(env),
        )


class LocalBackend:
    """Grades repairs on this machine; without a way to isolate them it refuses, unless `Sandbox` was told not to."""

    def __init__(
        self,
        environments: Environments,
        repositories: Path,
        *,
        sandbox: Sandbox | None = None,
        trust: TrustConfig | None = None,
        parsers: Mapping[str, str] | None = None,
        logs: Path | None = None,
    ) -> None:
        self._environments, self._repositories = environments, repositories
        self._sandbox = sandbox or Sandbox(limits=LIMITS)
        self._trust, self._parsers, self._logs = trust or TrustConfig(), parsers or {}, logs

    def verdict(self, spec: Specification, diff: str) -> Verdict:
        """Run an instance's tests on a repair that nobody has read; one that is empty or refused is not run.

        Raises:
            ConfigError: its environment cannot be made here, or no harness is installed.
            PatchError: the row's own test patch is malformed.
            RepositoryError: the repository or its commit is not there.
            SandboxError: the tests cannot be isolated, or the environment cannot be installed.
            StorageError: there is no room.
        """
        known = links(git_directory(self._repositories, spec.repo), spec.base_commit)
        screened = screen(diff, self._trust, tests=touched_files(spec.test_patch), links=known)
        blank = Verdict(
            spec.instance_id, screened.outcome or "infrastructure", patch=screened.hash, message=screened.message
        )
        blank = replace(blank, backend="local")
        return blank if screened.outcome else self._run(spec, screened.diff, blank)

    def baseline(self, spec: Specification) -> Verdict:
        """Run an instance's tests on the base commit as it is; raises what `verdict` does."""
        return self._run(spec, "", Verdict(spec.instance_id, "infrastructure", backend="local"))

    def _run(self, spec: Specification, diff: str, blank: Verdict) -> Verdict:
        start = time.monotonic()
        environment = self._environments.get(spec)
        with scratch_folder("r4-local-") as folder:
            place = _Place(folder / "testbed", folder / "overlay", environment)
            verdict = self._patched(spec, diff, place, _noted(blank, self._lay_out(spec, place)))
        return replace(verdict, seconds=round(time.monotonic() - start, 3))

    def _patched(self, spec: Specification, diff: str, place: _Place, blank: Verdict) -> Verdict:
        try:
            if diff:
                apply(place.tree, diff)
        except PatchError as error:
            return _noted(replace(blank, outcome="does_not_apply"), str(error))
        try:
            git = git_directory(self._repositories, spec.repo)
            put_back(git, spec.base_commit, place.tree, touched_files(spec.test_patch))
            apply(place.tree, spec.test_patch)
        except (PatchError, RepositoryError) as error:
            return _noted(blank, f"the tests cannot be laid out: {error}")
        return self._tested(spec, place, replace(blank, applied="clean" if diff else ""))

    def _lay_out(self, spec: Specification, place: _Place) -> str:
        place.tree.mkdir()
        missing = lay_out(git_directory(self._repositories, spec.repo), spec.base_commit, place.tree)
        place.overlay.mkdir()
        overlay(place.environment, place.overlay)
        return f"{len(missing)} files are not in the git directory" if missing else ""

    def _tested(self, spec: Specification, place: _Place, verdict: Verdict) -> Verdict:
        for folder in (place.tree, place.overlay):
            _open_to_all(folder)
        env = {"PIP_CONFIG_FILE": os.devnull, "SETUPTOOLS_SCM_PRETEND_VERSION": release_of(spec)}
        installed = place.run(self._sandbox, [*spec.prepare, _INSTALL], env)
        outcome = place.run(self._sandbox, [spec.test_command], env | {"PIP_NO_INDEX": "1"})
        log = f"{START}\n{outcome.output}\n{END}\n{EXIT_CODE}: {outcome.code}\n"
        self._keep(spec, installed.output + log)
        if installed.code:
            verdict = _noted(verdict, f"the installation failed: {_last_line(installed.output)}")
        if outcome.timed_out:
            limit = self._sandbox.limits.seconds
            return _noted(replace(verdict, outcome="timed_out"), f"the tests did not end within {limit:g} s")
        return self._graded(spec, log, verdict)

    def _graded(self, spec: Specification, log: str, verdict: Verdict) -> Verdict:
        found = grade(spec, log, self._parsers)
        if not found.ran:
            last = _last_line(log.partition(END)[0])
            return _noted(replace(verdict, outcome="no_tests"), f"the log has no results, its last line is {last!r}")
        outcome = "resolved" if found.resolved else "unresolved"
        return replace(verdict, outcome=outcome, fail_to_pass=found.fail_to_pass, pass_to_pass=found.pass_to_pass)

    def _keep(self, spec: Specification, log: str) -> None:
        if self._logs is not None:
            self._logs.mkdir(parents=True, exist_ok=True)
            name = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in spec.instance_id)
            (self._logs / f"{name}.log").write_text(log, encoding="utf-8")


def _noted(verdict: Verdict, message: str) -> Verdict:
    return replace(verdict, message="; ".join(filter(None, (verdict.message, message))))


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip()[:200] if lines else ""


def _open_to_all(base: Path) -> None:
    """Let anybody write: in a sandbox that root starts, tests run as another user; the folder above stays closed."""
    for where, folders, names in os.walk(base):
        for path in (Path(where, name) for name in (*folders, *names)):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o777 if path.is_dir() else 0o666))
    base.chmod(0o777)
