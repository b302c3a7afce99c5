"""Python environments for tests, one for each repository, version and state of its requirements, kept between runs.

Knows uv, where interpreters lie and how an environment is kept: a folder with a mark in it, made by one process while
others wait. It holds what the project needs but not the project; each run gets an overlay of its own, so that nothing a
run does reaches the next. Does not know how tests are run (`eval.swebench.local`). Making one runs the project's own
build at a commit of its history, with the network and outside any sandbox; no model has written any of that.
"""

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cgm.errors import ConfigError, SandboxError, StorageError
from cgm.store import fingerprint, write_json
from eval.swebench.checkout import found_repository, git_directory, lay_out, read_file
from eval.swebench.specification import Specification

# what the published verdicts were made with: newer packages break what these commits expect
UNTIL = "2024-01-01"
_MARK = "r4-environment.json"
_SECONDS = 1800
_TOOLS = ("pip", "setuptools", "wheel")
# every release of it is withdrawn; the harness puts the same in its place
_YANKED = re.compile(r"^types-pkg[_-]resources\b.*")
_NOT_WANTED = ("-e .", "#", ".[test")


@dataclass(frozen=True)
class Environment:
    """An environment that stands: its folder, the interpreter that it is made of, and its size in bytes."""

    folder: Path
    interpreter: Path
    size: int

    @property
    def packages(self) -> Path:
        """Where its packages lie."""
        return next((self.folder / "env" / "lib").glob("python*")) / "site-packages"


class Environments:
    """Makes and keeps environments below `root`, from the git directories in `repositories`."""

    def __init__(
        self,
        root: Path,
        repositories: Path,
        *,
        requirement_paths: Mapping[str, Sequence[str]] | None = None,
        until: str = UNTIL,
    ) -> None:
        self._root, self._repositories, self._until = root.resolve(), repositories, until
        self._paths = requirement_paths or {}

    def get(self, spec: Specification) -> Environment:
        """The environment of an instance, made if it is not there yet.

        Raises:
            ConfigError: no interpreter of its version, no uv, or requirements of a kind that is not understood.
            RepositoryError: the repository or its commit is not there.
            SandboxError: uv cannot install it; the message holds the end of what it said.
            StorageError: its folder cannot be written.
        """
        interpreter, listed = find_interpreter(spec.python), self._listed(spec)
        folder = self._root / self.name(spec)
        with _alone(self._root, folder.name):
            if not (record := _record(folder)).get("complete"):
                _remove(folder)
                record = self._make(spec, folder, interpreter, listed)
        return Environment(folder, interpreter, int(record["size"]))

    def name(self, spec: Specification) -> str:
        """What the environment of an instance is called, made or not; what it is made of stands in the name, hashed.

        Raises:
            ConfigError: no interpreter of its version, or requirements of a kind that is not understood.
            RepositoryError: the repository or its commit is not there.
        """
        interpreter, listed = find_interpreter(spec.python), self._listed(spec)
        key = fingerprint(
            spec.repo, spec.environment_commit, str(interpreter), spec.packages, listed, spec.extras, self._until
        )
        return re.sub(r"[^\w.-]", "_", f"{spec.repo}-{spec.version}") + f"-{key[:12]}"

    def kept(self) -> list[tuple[str, int]]:
        """The environments below the root with their sizes in bytes, by name."""
        return [(folder.name, int(_record(folder).get("size", 0))) for folder in self._marked()]

    def clear(self, keep: Sequence[str] = ()) -> int:
        """Remove environments, of those below the root only what bears our mark, and say how many bytes they held."""
        freed = 0
        for folder in self._marked():
            if folder.name not in keep:
                with _alone(self._root, folder.name):
                    freed += int(_record(folder).get("size", 0))
                    _remove(folder)
        return freed

    def _marked(self) -> list[Path]:
        found = self._root.iterdir() if self._root.is_dir() else []
        return sorted(path for path in found if not path.is_symlink() and (path / _MARK).is_file())

    def _listed(self, spec: Specification) -> str:
        """The requirements that the repository lists itself, with those that its files refer to."""
        if not spec.requirements:
            return ""
        if not spec.requirements.endswith(".txt"):
            raise ConfigError(f"{spec.instance_id}: {spec.requirements} asks for conda, which is not used here")
        git = git_directory(self._repositories, spec.repo)
        for path in self._paths.get(spec.repo, (spec.requirements,)):
            if (text := read_file(git, spec.environment_commit, path)) is not None:
                return "\n".join(_requirements(git, spec.environment_commit, path, text))
        raise ConfigError(f"{spec.instance_id}: {spec.repo} has no {spec.requirements} at {spec.environment_commit}")

    def _make(self, spec: Specification, folder: Path, interpreter: Path, listed: str) -> dict[str, Any]:
        try:
            folder.mkdir(parents=True)
            write_json(folder / _MARK, {"complete": False})
            source = folder / "source"
            source.mkdir()
            git = git_directory(self._repositories, spec.repo)
            missing = lay_out(git, spec.environment_commit, source)
            found_repository(git, spec.environment_commit, source, f"v{spec.version or 0}")
            self._install(spec, folder, interpreter, listed)
            shutil.rmtree(source)
            record = {"complete": True, "size": _size(folder), "instance": spec.instance_id, "missing": len(missing)}
            write_json(folder / _MARK, record)
        except OSError as error:
            raise StorageError(f"cannot make {folder}: {error.strerror}") from error
        return record

    def _install(self, spec: Specification, folder: Path, interpreter: Path, listed: str) -> None:
        _uv(["venv", "-q", "--python", str(interpreter), str(folder / "env")])
        python, source = folder / "env" / "bin" / "python", folder / "source"
        (folder / "requirements.txt").write_text(listed + "\n", encoding="utf-8")
        at = ["--python", str(python), "--exclude-newer", self._until]
        wanted = ["-r", str(folder / "requirements.txt"), f"{source}{spec.extras}"]
        _uv(["pip", "install", "-q", *at, *_TOOLS, *spec.packages, *_build_requirements(source), *wanted])
        for name in _installed_from(folder / "env", source):
            _uv(["pip", "uninstall", "-q", "--python", str(python), name])


def overlay(environment: Environment, folder: Path) -> Path:
    """Lay an empty environment over another, in an existing empty folder, and give back its interpreter.

    What is installed into it hides what lies below; scripts start its own interpreter.
    """
    below = environment.packages
    site = folder / "lib" / below.parent.name / "site-packages"
    site.mkdir(parents=True)
    (folder / "bin").mkdir()
    for name, target in (("python", str(environment.interpreter)), ("python3", "python")):
        (folder / "bin" / name).symlink_to(target)
    home = f"home = {environment.interpreter.parent}\ninclude-system-site-packages = false\n"
    (folder / "pyvenv.cfg").write_text(home, encoding="utf-8")
    # the name sorts last, so that what is installed into the overlay comes first
    (site / "zz-below.pth").write_text(f"import site; site.addsitedir({str(below)!r})\n", encoding="utf-8")
    old, new = (str(path / "bin").encode() for path in (environment.folder / "env", folder))
    for script in (environment.folder / "env" / "bin").iterdir():
        if script.is_file() and not script.is_symlink() and (text := script.read_bytes()).startswith(b"#!"):
            copy = folder / "bin" / script.name
            copy.write_bytes(text.replace(old, new))
            copy.chmod(0o755)
    return folder / "bin" / "python"


def find_interpreter(version: str) -> Path:
    """The newest CPython of a version such as 3.9, among pyenv's and on the PATH.

    Raises:
        ConfigError: there is none, or one that uv makes no environments for.
    """
    if not re.fullmatch(r"3\.\d+(\.\d+)?", version):
        raise ConfigError(f"environments can be made for CPython 3.6 and later, got {version}")
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    minor = ".".join(version.split(".")[:2])
    found = [path / "bin" / "python" for path in root.glob(f"{minor}.*") if re.fullmatch(r"[\d.]+", path.name)]
    found = [path for path in found if path.is_file()]
    if found:
        return max(found, key=_release).resolve()
    system = shutil.which(f"python{minor}")
    if system is None or "shims" in Path(system).parts:
        raise ConfigError(f"no CPython {minor} on this machine, neither pyenv's nor on the PATH")
    return Path(system).resolve()


def release_of(spec: Specification) -> str:
    """The release that setuptools-scm shall take, which would otherwise ask a history that is not there."""
    return spec.version if re.fullmatch(r"\d+(\.\d+)*", spec.version) else "0"


def _release(python: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in python.parts[-3].split("."))


def _requirements(git: Path, commit: str, path: str, text: str) -> Iterator[str]:
    for line in text.splitlines():
        name = line.strip().removeprefix("-r").strip()
        if line.strip().startswith("-r"):
            beside = (Path(path).parent / name).as_posix()
            lines = (read_file(git, commit, beside) or "").splitlines()
            # one level deep, as the harness reads them
            wanted = (other for other in lines if not other.strip().startswith((*_NOT_WANTED, "-r")))
            yield from (_YANKED.sub("types-setuptools", other) for other in wanted)
        elif not line.strip().startswith(_NOT_WANTED):
            yield _YANKED.sub("types-setuptools", line)


def _build_requirements(source: Path) -> list[str]:
    """What the project's build asks for, since later builds are made without the network and without isolation."""
    try:
        system = tomllib.loads((source / "pyproject.toml").read_text(encoding="utf-8")).get("build-system", {})
        names = system.get("requires", [])
    except (OSError, ValueError, AttributeError):
        return []
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _installed_from(env: Path, source: Path) -> list[str]:
    """The distributions that an environment holds from a folder: the project itself."""
    marks = env.glob("lib/python*/site-packages/*.dist-info/direct_url.json")
    ours = [path for path in marks if json.loads(path.read_text(encoding="utf-8")).get("url") == source.as_uri()]
    return [path.parent.name.split("-")[0] for path in ours]


def _uv(arguments: Sequence[str]) -> None:
    # an environment that is not activated has its programs beside its interpreter
    program = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if program is None:
        raise ConfigError("environments for tests are made with uv, which is not on the PATH")
    try:
        done = subprocess.run(  # noqa: S603 - uv with arguments of ours
            [program, "--no-config", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SandboxError(f"uv {arguments[0]} failed: {error}") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()[-12:]
        raise SandboxError(f"uv {' '.join(arguments[:2])} failed: {' | '.join(line.strip() for line in said)}")


@contextmanager
def _alone(root: Path, name: str) -> Iterator[None]:
    """Wait until no other process makes or removes what bears this name."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = (root / f".{name}.lock").open("w")
    except OSError as error:
        raise StorageError(f"cannot write in {root}: {error.strerror}") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _record(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / _MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _remove(folder: Path) -> None:
    """Remove what bears our mark, and refuse anything else that stands in the way."""
    if not folder.exists():
        return
    if folder.is_symlink() or not (folder / _MARK).is_file():
        raise StorageError(f"{folder} is none of ours and is left alone")
    shutil.rmtree(folder)


def _size(folder: Path) -> int:
    return sum(Path(where, name).lstat().st_size for where, _, names in os.walk(folder) for name in names)
