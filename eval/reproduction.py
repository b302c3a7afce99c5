"""The reproduction of an issue as a check: a script that fails on the code at fault and passes once it is repaired.

Knows how a copy of the repository's files is laid out, changed for one run and put back. Does not know how a
repository is read (it is handed the files), nor how the script is kept from harm (`eval.sandbox`).
"""

import os
import sys
import weakref
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path

from cgm.errors import SandboxError
from cgm.protocols import CheckResult
from cgm.store import scratch_folder
from eval.sandbox import Outcome, Sandbox
from eval.swap import swapped, write_inside

# where projects keep their packages, by custom
_IMPORT_ROOTS = (".", "src", "lib")


class ReproductionCheck:
    """Runs `python script` in a sandbox; passed means exit code 0.

    `files` gives (path, content) of every file of the repository; it is asked once, before the first run. The script
    starts in the copy's root with root, src and lib on PYTHONPATH; it may read the copy, and write in /tmp alone.
    """

    def __init__(
        self,
        script: Path,
        files: Callable[[], Iterable[tuple[str, bytes]]],
        *,
        sandbox: Sandbox | None = None,
        python: str = sys.executable,
    ) -> None:
        if not script.is_file():
            raise SandboxError(f"a check must be a script that exists, got {script}")
        self._script = script.read_bytes()
        self._name = script.name
        self._files = files
        self._sandbox = sandbox or Sandbox()
        self._python = python
        self._copy: Path | None = None

    def run(self, changed: Mapping[str, str]) -> CheckResult:
        """Run on the repository with the files of `changed` (path to new text) in place of its own.

        Raises:
            SandboxError: it could not be run in isolation, did not finish, or a path leaves the repository.
            StorageError: no temporary folder can be made.
        """
        base = self._copy or self._make_copy()
        root = base / "repository"
        with swapped(root, changed):
            outcome = self._sandbox.run(
                [self._python, str(base / "reproduction" / self._name)],
                cwd=root,
                readable=[base],
                env={"PYTHONPATH": os.pathsep.join(str(root / name) for name in _IMPORT_ROOTS)},
            )
        return self._judge(outcome)

    def _judge(self, outcome: Outcome) -> CheckResult:
        if outcome.timed_out:
            raise SandboxError(f"{self._name} did not finish within {self._sandbox.limits.seconds:g} s")
        return CheckResult(passed=outcome.code == 0, output=outcome.output)

    def _make_copy(self) -> Path:
        """Lay out a folder with `repository/` and `reproduction/`, which lives as long as this object."""
        life = ExitStack()
        weakref.finalize(self, life.close)
        base = life.enter_context(scratch_folder("r4-check-"))
        try:
            for path, content in self._files():
                write_inside(base / "repository", path, content)
            write_inside(base / "reproduction", self._name, self._script)
        except OSError as error:
            raise SandboxError(f"cannot copy the repository to {base}: {error.strerror}") from error
        _open_to_all(base)
        self._copy = base
        return base


def _open_to_all(base: Path) -> None:
    """Make everything readable: in a sandbox that root starts, the script runs as another user."""
    for folder, _, names in os.walk(base):
        Path(folder).chmod(0o755)
        for name in names:
            Path(folder, name).chmod(0o644)
