"""Where the tests of one commit run: its files, and an environment laid over the kept one.

Knows how a place is laid out, installed and run in. Does not know what is run there, nor how environments are made
(`eval.swebench.environment`).
"""

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.sandbox import Outcome, Sandbox
from eval.swebench.checkout import git_directory, lay_out
from eval.swebench.environment import Environment, overlay, release_of
from eval.swebench.specification import INSTALL, Specification


@dataclass(frozen=True)
class Place:
    """The project's files, the environment laid over the kept one, and the kept one.

    `missing` counts the files that the git directory lacks.
    """

    tree: Path
    overlay: Path
    environment: Environment
    missing: int

    def install(self, sandbox: Sandbox, spec: Specification) -> Outcome:
        """Install the project, in the state that its files are in."""
        for folder in (self.tree, self.overlay):
            _open_to_all(folder)
        return self.run(sandbox, [*spec.prepare, INSTALL], settings_of(spec), writable=(self.tree, self.overlay))

    def run(
        self, sandbox: Sandbox, commands: Sequence[str], env: Mapping[str, str], *, writable: Sequence[Path] = ()
    ) -> Outcome:
        """Run shell commands in the folder of files; all of the place can be read, and `writable` be written."""
        python = self.environment.interpreter
        readable = [self.environment.folder, python.parent.parent, self.tree, self.overlay]
        script = "\n".join([f"cd {shlex.quote(str(self.tree))}", *commands])
        return sandbox.run(
            ["/bin/bash", "-c", script],
            cwd=self.tree,
            readable=[path for path in readable if path not in writable],
            writable=writable,
            env={"PATH": f"{self.overlay / 'bin'}:/usr/local/bin:/usr/bin:/bin", "VIRTUAL_ENV": str(self.overlay)}
            | dict(env),
        )


def settings_of(spec: Specification) -> dict[str, str]:
    """The environment variables that installing and testing a project take."""
    return {"PIP_CONFIG_FILE": os.devnull, "SETUPTOOLS_SCM_PRETEND_VERSION": release_of(spec)}


def lay_out_place(spec: Specification, repositories: Path, environment: Environment, folder: Path) -> Place:
    """Lay out the files of an instance's base commit, and an environment of their own, in an empty folder.

    Raises:
        RepositoryError: the commit is not there.
    """
    tree, over = folder / "testbed", folder / "overlay"
    tree.mkdir()
    missing = lay_out(git_directory(repositories, spec.repo), spec.base_commit, tree)
    over.mkdir()
    overlay(environment, over)
    return Place(tree, over, environment, len(missing))


def _open_to_all(base: Path) -> None:
    """Let anybody write: in a sandbox that root starts, tests run as another user; the folder above stays closed."""
    for where, folders, names in os.walk(base):
        for path in (Path(where, name) for name in (*folders, *names)):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o777 if path.is_dir() else 0o666))
    base.chmod(0o777)
