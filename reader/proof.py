"""The proof that git accepts a diff.

Knows how to run `git apply` on copies of the files in a temporary folder. Never touches the user's repository, and
never sees the user's git settings, filters or hooks.
"""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from cgm.errors import PatchError
from cgm.store import scratch_folder

_SECONDS = 60


def apply_diff(diff: str, texts: Mapping[str, str]) -> dict[str, str]:
    """Apply a diff to files of the given texts with git; return the texts of all files afterwards.

    Raises:
        PatchError: git refuses the diff, or is not installed.
        StorageError: no temporary folder can be made.
    """
    with scratch_folder("r4-patch-") as root:
        work = root / "work"
        work.mkdir()
        for path, text in texts.items():
            target = work / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(_encoded(text))
        _git_apply(diff, work)
        files = sorted(path for path in work.rglob("*") if path.is_file())
        return {path.relative_to(work).as_posix(): _decoded(path.read_bytes()) for path in files}


def prove(diff: str, texts: Mapping[str, str], changed: Mapping[str, str]) -> None:
    """Require that git accepts a diff and arrives at `changed`. Raises as `apply_diff`."""
    before = {path: texts[path] for path in changed if path in texts}
    after = apply_diff(diff, before)
    if after != dict(changed):
        raise PatchError(f"git reads the diff of {sorted(changed)} in another way than it was meant")


def _git_apply(diff: str, work: Path) -> None:
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(work.parent),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CEILING_DIRECTORIES": str(work.parent),  # a temporary folder inside some repository stays a plain one
        "LC_ALL": "C",
    }
    command = ["git", "apply", "--whitespace=nowarn", "-"]
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command; the diff goes in as data
            command, cwd=work, env=environment, input=_encoded(diff), capture_output=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PatchError(f"git apply could not run: {error}") from error
    if done.returncode:
        raise PatchError(f"git refuses the diff: {done.stderr.decode(errors='replace').strip()}")


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _decoded(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")
