"""Images of instances, built from a base system and a git directory for machines that cannot pull them.

Knows what goes into the three images of which an instance's is the last: an interpreter, the environment of a
repository's version (`eval.swebench.environment`), the project's files at the base commit. Each bears the recipe that
it was made by, and is made again when that changes. Does not know the engine's interface (`eval.docker.engine`).
"""

import io
import json
import re
import tarfile
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from cgm.errors import ConfigError, SandboxError, StorageError
from cgm.store import fingerprint, scratch_folder
from eval.docker.engine import LABEL, Engine, Image
from eval.docker.script import ACTIVATE, ENVIRONMENT, WORKDIR
from eval.swebench.checkout import enclose, git_directory, lay_out
from eval.swebench.environment import Environment, Environments, find_interpreter, release_of
from eval.swebench.specification import INSTALL, Specification

_PACKING = 1  # counts up when what is packed into images changes
PREFIX = f"/opt/miniconda3/envs/{ENVIRONMENT}"
RECIPE = f"{LABEL}.recipe"
_LIBRARIES = ("_bz2", "_ctypes", "_lzma", "_sqlite3", "_ssl", "zlib")
# the extension modules that stand in the interpreter but find no library in the base system
_CHECK = f"""
import importlib.util, sys
lost = []
for name in "{" ".join(_LIBRARIES)}".split():
    try:
        importlib.util.find_spec(name) and __import__(name)
    except ImportError as error:
        lost.append(str(error))
sys.exit(lost and "the base system lacks what the interpreter needs: " + "; ".join(lost) or 0)
"""
# stands where conda would, and knows the one thing that evaluation scripts ask of it
_CONDA = f"""conda() {{
    if [ "${{1:-}}" != activate ]; then echo "conda: only 'conda activate' is known here" >&2; return 1; fi
    export CONDA_DEFAULT_ENV={ENVIRONMENT} CONDA_PREFIX={PREFIX} PATH={PREFIX}/bin:$PATH
}}
"""


def image_name(instance_id: str) -> str:
    """What the harness calls an instance's image on the machine that built it."""
    return f"sweb.eval.x86_64.{instance_id.lower()}:latest"


def published_name(instance_id: str, namespace: str) -> str:
    """What the image of an instance is called where it is published."""
    return f"{namespace}/{image_name(instance_id)}".replace("__", "_1776_")


def interpreter_dockerfile(base: str) -> str:
    """An interpreter on a base system, which must have git, patch, bash and what the interpreter is linked against."""
    steps = f"echo {PREFIX}/lib >> /etc/ld.so.conf && ldconfig && git --version && patch --version"
    steps += f" && exec {PREFIX}/bin/python -c '{_CHECK}'"
    check = ["/bin/bash", "-c", steps]
    return f"FROM {base}\nCOPY files/ /\nRUN {json.dumps(check)}\n"


def environment_dockerfile(base: str) -> str:
    """An environment on its interpreter; its modules are compiled here once and not in every container."""
    return f"FROM {base}\nCOPY files/ /\nRUN {PREFIX}/bin/python -m compileall -q {PREFIX}/lib >/dev/null || true\n"


def instance_dockerfile(base: str, spec: Specification) -> str:
    """A project at its base commit, installed in its environment; a last commit holds what that changed."""
    who = "-c user.name=r4 -c user.email=r4@localhost"
    steps = [
        "set -eo pipefail",
        f"source {ACTIVATE}",
        f"conda activate {ENVIRONMENT}",
        f"cd {WORKDIR}",
        *spec.prepare,
        INSTALL,
        f"git {who} commit -q --allow-empty -am 'as installed'",
    ]
    # a false "no isolation" is how pip's own setting reads; the version comes from no history
    settings = {
        "LANG": "C.UTF-8",
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_ROOT_USER_ACTION": "ignore",
        "SETUPTOOLS_SCM_PRETEND_VERSION": release_of(spec),
    }
    env = " ".join(f"{name}={json.dumps(value)}" for name, value in settings.items())
    run = json.dumps(["/bin/bash", "-c", "\n".join(steps)])
    return f"FROM {base}\nENV {env}\nCOPY files/ /\nWORKDIR {WORKDIR}\nRUN {run}\n"


class ImageBuilder:
    """Builds the images of instances on an engine.

    `base` names the image of the base system; where the engine has none of that name it is made of `system`, a tar
    archive of a root file system. No build starts while less than `free_mb` is free on the engine's disk.
    """

    def __init__(
        self,
        engine: Engine,
        environments: Environments,
        *,
        repos: Path,
        base: str,
        system: Path | None = None,
        free_mb: int = 0,
    ) -> None:
        self._engine, self._environments, self._repos = engine, environments, repos
        self._base, self._system, self._free_mb = base, system, free_mb
        self._locks, self._lock = dict[str, threading.Lock](), threading.Lock()

    def current(self, spec: Specification) -> Image | None:
        """The image of an instance, if it is there as the recipe says; one that was made elsewhere serves too.

        Raises:
            ConfigError: there is no base system, or the environment cannot be made here.
            RepositoryError: the repository or its commit is not there.
            SandboxError: the engine does not answer.
        """
        found = self._engine.image(image_name(spec.instance_id))
        return found if found is not None and _is_current(found, self._recipe(spec)) else None

    def get(self, spec: Specification) -> Image:
        """The image of an instance, built if it is not current.

        Raises:
            ConfigError: there is no base system, or the environment cannot be made here.
            RepositoryError: the repository or its commit is not there.
            SandboxError: a step of a build failed, or the engine does not answer.
            StorageError: there is no room.
        """
        if found := self.current(spec):
            return found
        below = self._of_environment(self._environments.get(spec))
        name, dockerfile = image_name(spec.instance_id), instance_dockerfile(below.name, spec)
        return self._made(name, self._recipe(spec), dockerfile, lambda tar: self._add_project(tar, spec))

    def _recipe(self, spec: Specification) -> str:
        below = self._environment_recipe(find_interpreter(spec.python), self._environments.name(spec))
        return fingerprint(_PACKING, below, instance_dockerfile("", spec), spec.repo, spec.base_commit)

    def _environment_recipe(self, python: Path, name: str) -> str:
        return fingerprint(_PACKING, self._interpreter_recipe(python), environment_dockerfile(""), name)

    def _interpreter_recipe(self, python: Path) -> str:
        return fingerprint(_PACKING, self._base_system().identity, interpreter_dockerfile(""), _CONDA, str(python))

    def _of_environment(self, environment: Environment) -> Image:
        below = self._of_interpreter(environment.interpreter)
        recipe = self._environment_recipe(environment.interpreter, environment.folder.name)
        name, dockerfile = f"r4-environment:{environment.folder.name.lower()}", environment_dockerfile(below.name)
        return self._made(name, recipe, dockerfile, lambda tar: _add_environment(tar, environment))

    def _of_interpreter(self, python: Path) -> Image:
        recipe = self._interpreter_recipe(python)
        name, dockerfile = f"r4-python:{_minor(python)}-{recipe[:12]}", interpreter_dockerfile(self._base)
        return self._made(name, recipe, dockerfile, lambda tar: _add_interpreter(tar, python))

    def _base_system(self) -> Image:
        with self._alone(self._base):
            found = self._engine.image(self._base)
            if found is None and self._system is not None:
                self._check_room()
                try:
                    with self._system.open("rb") as archive:
                        self._engine.load(archive, self._base)
                except OSError as error:
                    raise ConfigError(f"backend.system must be a readable archive: {error}") from error
                found = self._engine.image(self._base)
        if found is None:
            raise ConfigError(
                f"backend.base must be an image that the engine has, or backend.system given, got {self._base!r}"
            )
        return found

    def _made(self, name: str, recipe: str, dockerfile: str, fill: Callable[[tarfile.TarFile], None]) -> Image:
        with self._alone(name):
            before = self._engine.image(name)
            if before is not None and _is_current(before, recipe):
                return before
            self._check_room()
            with _context(dockerfile, fill) as context:
                self._engine.build(context, name, {RECIPE: recipe})
            made = self._engine.image(name)
            if made is None:
                raise SandboxError(f"the Docker engine lost {name} as soon as it was built")
            if before is not None:
                self._engine.remove_image(before.identity)
        return made

    @contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        """Wait until no other thread makes what bears this name."""
        with self._lock:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            yield

    def _check_room(self) -> None:
        free = self._engine.free_mb()
        if free is not None and free < self._free_mb:
            raise StorageError(f"the engine's disk must keep {self._free_mb} MiB free for images, it has {free}")

    def _add_project(self, tar: tarfile.TarFile, spec: Specification) -> None:
        git = git_directory(self._repos, spec.repo)
        with scratch_folder("r4-image-") as scratch:
            tree = scratch / "testbed"
            tree.mkdir()
            lay_out(git, spec.base_commit, tree)
            enclose(git, spec.base_commit, tree, f"v{spec.version or 0}")
            _add(tar, tree, f"files{WORKDIR}")


def _is_current(image: Image, recipe: str) -> bool:
    """Whether an image is as the recipe says; one that bears none was made elsewhere, and is as its maker wants it."""
    return image.labels.get(RECIPE, recipe) == recipe


@contextmanager
def _context(dockerfile: str, fill: Callable[[tarfile.TarFile], None]) -> Iterator[BinaryIO]:
    """A build context, as an archive in a temporary file."""
    try:
        with tempfile.TemporaryFile() as file:
            with tarfile.open(fileobj=file, mode="w") as tar:
                _add_text(tar, "Dockerfile", dockerfile)
                fill(tar)
            file.seek(0)
            yield cast("BinaryIO", file)
    except OSError as error:
        raise StorageError(f"cannot write the files of an image: {error}") from error


def _add_interpreter(tar: tarfile.TarFile, python: Path) -> None:
    """An interpreter without its tests, its static library and what is installed into it, and a stand-in for conda."""
    prefix, version = python.parent.parent, f"python{_minor(python)}"
    inside, bulky = (
        f"files{PREFIX}",
        re.compile(rf"/lib/{version}/(site-packages|dist-packages|test/(?!support\b|__init__\.py)[^/]+)(/|$)|\.a$"),
    )
    for program in ("python", "python3", version):
        link = tarfile.TarInfo(f"{inside}/bin/{program}")
        if program == version:
            tar.add(python, f"{inside}/bin/{program}", recursive=False)
        else:
            link.type, link.linkname = tarfile.SYMTYPE, version
            tar.addfile(link)
    for part in (f"lib/{version}", f"include/{version}", f"include/{version}m"):
        if (prefix / part).is_dir():
            _add(tar, prefix / part, f"{inside}/{part}", leave=bulky)
    for library in sorted((prefix / "lib").glob(f"libpython{_minor(python)}*.so*")):
        tar.add(library, f"{inside}/lib/{library.name}")
    _add_text(tar, f"files{ACTIVATE}", _CONDA)


def _add_environment(tar: tarfile.TarFile, environment: Environment) -> None:
    """What is installed in an environment, as if it had been installed into the interpreter; scripts start that one."""
    env = environment.folder / "env"
    old, new = f"{env}/bin/".encode(), f"{PREFIX}/bin/".encode()
    for script in sorted((env / "bin").iterdir()):
        if script.is_file() and not script.is_symlink() and (text := script.read_bytes()).startswith(b"#!"):
            _add_bytes(tar, f"files{PREFIX}/bin/{script.name}", text.replace(old, new), 0o755)
    for part in ("lib", "share", "etc", "include"):
        if (env / part).is_dir() and not (env / part).is_symlink():
            _add(tar, env / part, f"files{PREFIX}/{part}")


def _add(tar: tarfile.TarFile, folder: Path, inside: str, *, leave: re.Pattern[str] | None = None) -> None:
    """Add a folder, owned by root, less the paths in the archive that `leave` finds."""

    def owned(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
        if leave is not None and leave.search(f"/{info.name}"):
            return None
        info.uid = info.gid = 0
        info.uname = info.gname = "root"
        return info

    tar.add(folder, inside, filter=owned)


def _add_text(tar: tarfile.TarFile, name: str, text: str) -> None:
    _add_bytes(tar, name, text.encode(), 0o644)


def _add_bytes(tar: tarfile.TarFile, name: str, content: bytes, mode: int) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), mode
    tar.addfile(info, io.BytesIO(content))


def _minor(python: Path) -> str:
    """The version of an interpreter as its own library folder tells it, such as 3.9."""
    found = re.match(r"python(\d+\.\d+)", python.resolve().name)
    if found is None:
        raise ConfigError(f"the file of an interpreter must bear its version, got {python}")
    return found.group(1)
