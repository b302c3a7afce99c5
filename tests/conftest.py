"""A small shop as a folder, and as a codebase read by the real preprocessing; a project whose tests can be run."""

import contextlib
import ensurepip
import io
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from cgm.protocols import Codebase
from cgm.store import BlobCache
from eval.swebench.environment import find_interpreter
from eval.swebench.specification import Specification, specification
from preprocessing.snapshot import open_snapshot
from preprocessing.stage import CodeGraphPreprocessor, PreprocessingConfig

# a busy machine is no defect
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

SHOP = {
    "shop/__init__.py": '"""A small shop."""\n',
    "shop/base.py": (
        'class Store:\n    def persist(self, row):\n        """Write a row to the database."""\n        return row\n'
    ),
    "shop/cart.py": (
        "from shop.base import Store\n"
        "from shop.price import total\n\n\n"
        "class Cart(Store):\n"
        "    def add(self, item, count):\n"
        "        if count < 1:\n"
        '            raise ValueError("count must be a positive number, got %s" % count)\n'
        "        self.items.append((item, count))\n\n"
        "    def checkout(self):\n"
        '        """Pay for everything in the basket."""\n'
        "        return total(self.items)\n"
    ),
    "shop/price.py": (
        "def total(items):\n"
        '    """Sum the price of all items with the discount."""\n'
        "    return sum(discounted(item, count) for item, count in items)\n\n\n"
        "def discounted(item, count):\n"
        "    return item.price * count\n"
    ),
    "tests/test_cart.py": "from shop.cart import Cart\n\n\ndef test_checkout():\n    assert Cart().checkout() == 0\n",
}


@pytest.fixture
def read_codebase(tmp_path: Path) -> Callable[[Mapping[str, str]], Codebase]:
    """Build a codebase from file texts."""

    def build(files: Mapping[str, str]) -> Codebase:
        root = tmp_path / "repository"
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        root.mkdir(exist_ok=True)
        preprocessor = CodeGraphPreprocessor(PreprocessingConfig(), blobs=BlobCache(tmp_path / "blobs"))
        return preprocessor.preprocess(open_snapshot(root))

    return build


@pytest.fixture
def shop(read_codebase: Callable[[Mapping[str, str]], Codebase]) -> Codebase:
    """The shop as a codebase."""
    return read_codebase(SHOP)


_BACKEND = """
import pathlib, zipfile

def _write(folder, files):
    name = "cart-1.0-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(folder, name), "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
        wheel.writestr("cart-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: cart\\nVersion: 1.0\\n")
        wheel.writestr("cart-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("cart-1.0.dist-info/RECORD", "")
    return name

def build_wheel(folder, config_settings=None, metadata_directory=None):
    return _write(folder, {"cart.py": pathlib.Path("cart.py").read_text()})

def build_editable(folder, config_settings=None, metadata_directory=None):
    return _write(folder, {"cart.pth": str(pathlib.Path.cwd())})
"""
_PROJECT = {
    "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    '[project]\nname = "cart"\nversion = "1.0"\n',
    "backend.py": _BACKEND,
    "cart.py": "def total(prices):\n    return max(prices)\n",
    "requirements.txt": "-r more.txt\n# a remark\n-e .\n",
    "more.txt": "wheel\n",
    "check.py": "import cart, shelf, sys, test_cart\ntest_cart.run(cart, shelf)\n",
    "test_cart.py": "def run(cart, shelf):\n    print('PASSED test_cart.py::test_import')\n",
}


def _commit(folder: Path) -> str:
    # at a fixed time, so that the same files are the same commit
    env = os.environ | {"GIT_AUTHOR_DATE": "2024-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2024-01-01T00:00:00Z"}
    who = ["-c", "user.name=n", "-c", "user.email=e"]
    for command in (["init", "-q"], ["add", *_PROJECT], [*who, "commit", "-qm", "m"]):
        subprocess.run(["git", *command], cwd=folder, check=True, env=env)
    return subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True).stdout.decode()


def _wheel(folder: Path, name: str, files: dict[str, str]) -> None:
    files |= {
        f"{name}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{name}-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{name}-1.0.dist-info/RECORD": "",
    }
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)


@pytest.fixture
def repositories(tmp_path: Path) -> Path:
    """A folder with the repository shop/cart, a project that builds itself."""
    project = tmp_path / "repositories" / "shop__cart"
    project.mkdir(parents=True)
    for path, text in _PROJECT.items():
        (project / path).write_text(text)
    (project / "shared").symlink_to(tmp_path)
    (project / "HEAD.commit").write_text(_commit(project))
    return project.parent


@pytest.fixture
def cart(repositories: Path) -> dict[str, Any]:
    """An instance of shop/cart whose issue is that `total` gives the largest price; its test prints as pytest does."""
    lines = (
        "    result = 'PASSED' if cart.total([1, 2]) == 3 else 'FAILED'",
        "    print(result, 'test_cart.py::test_total')",
    )
    added = "".join(f"+{line}\n" for line in lines)
    patch = "diff --git a/test_cart.py b/test_cart.py\n--- a/test_cart.py\n+++ b/test_cart.py\n@@ -1,2 +1,4 @@\n"
    patch += f" def run(cart, shelf):\n     print('PASSED test_cart.py::test_import')\n{added}"
    return {
        "instance_id": "shop__cart-1",
        "repo": "shop/cart",
        "version": "1.0",
        "base_commit": (repositories / "shop__cart" / "HEAD.commit").read_text().strip(),
        "test_patch": patch,
        "FAIL_TO_PASS": ["test_cart.py::test_total"],
        "PASS_TO_PASS": ["test_cart.py::test_import"],
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "packages": "shelf",
        "eval_script": ": '>>>>> Start Test Output'\npython check.py\n: '>>>>> End Test Output'\n",
        "log_parser": "parse_log_pytest",
    }


@pytest.fixture
def spec(cart: dict[str, Any]) -> Specification:
    return specification(cart, {})


@pytest.fixture
def offline_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let uv find its packages in a folder alone: the pip that the interpreter brings, and small ones made here."""
    if not (shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))):
        pytest.skip("uv is not installed")
    folder = tmp_path / "index"
    folder.mkdir()
    for wheel in Path(ensurepip.__file__).parent.glob("_bundled/pip-*.whl"):
        shutil.copy(wheel, folder)
    for name in ("setuptools", "wheel", "shelf"):
        _wheel(folder, name, {f"{name}.py": "VALUE = 1\n"})
    for name, value in {"UV_FIND_LINKS": str(folder), "UV_OFFLINE": "1", "UV_CACHE_DIR": str(tmp_path / "uv")}.items():
        monkeypatch.setenv(name, value)
    return folder


_PROGRAMS = (
    *("bash", "sh", "env", "git", "patch", "ldconfig"),
    *("cat", "cp", "dirname", "ls", "mkdir", "rm", "sed", "sleep", "tail", "touch"),
)


@pytest.fixture(scope="session")
def base_system(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root file system made of this machine's own programs, since no other can be had without the network."""
    programs = [
        Path(found) for name in _PROGRAMS if (found := shutil.which(name, path="/usr/bin:/usr/sbin:/bin:/sbin"))
    ]
    python = find_interpreter(f"{sys.version_info.major}.{sys.version_info.minor}")
    modules = [python, *python.parent.parent.glob(f"lib/{python.name}/lib-dynload/*.so")]
    linked = subprocess.run(["ldd", *programs, *modules], check=False, capture_output=True, text=True).stdout
    libraries = {Path(word) for line in linked.splitlines() for word in line.split() if word.startswith("/lib")}
    archive = tmp_path_factory.mktemp("base") / "system.tar"
    with tarfile.open(archive, "w", dereference=True) as tar:
        for path in {path.parent.resolve() / path.name for path in (*programs, *libraries)}:
            tar.add(path, str(path)[1:])
        for link in (path for path in map(Path, ("/bin", "/sbin", "/lib", "/lib64")) if path.is_symlink()):
            info = tarfile.TarInfo(link.name)
            info.type, info.linkname = tarfile.SYMTYPE, str(link.readlink())
            tar.addfile(info)
        for folder in ("tmp", "root", "proc", "sys", "dev", "etc", "var"):
            info = tarfile.TarInfo(folder)
            info.type, info.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
            tar.addfile(info)
        accounts = b"root:x:0:0:root:/root:/bin/bash\n"
        info = tarfile.TarInfo("etc/passwd")
        info.size = len(accounts)
        tar.addfile(info, io.BytesIO(accounts))
    return archive


class DockerDaemon:
    """A Docker engine of the tests' own, with its own socket and images and no network."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.host = folder, f"unix://{folder}/docker.sock"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the engine and wait until it answers; skip the test where it may not be started."""
        paths = [f"--{name}={self.folder / name}" for name in ("data-root", "exec-root", "pidfile")]
        quiet = ["--bridge=none", "--iptables=false", "--ip-forward=false", "--ip-masq=false"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(["dockerd", f"--host={self.host}", *paths, *quiet], stdout=log, stderr=log)
        for _ in range(300):
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as asked:
                asked.connect(f"{self.folder}/docker.sock")
                return
            if self._process.poll() is not None:
                last = (self.folder / "log").read_text().splitlines()[-1]
                pytest.skip(f"a Docker engine may not be started here: {last}")
            time.sleep(0.1)
        pytest.skip("a Docker engine did not start within 30 s")

    def stop(self) -> None:
        """Stop the engine, and with it what runs in its containers."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(60)
            # one that was stopped while a container ran leaves its folder mounted
            root = str(self.folder / "data-root")
            subprocess.run(["umount", "--recursive", "--lazy", root], check=False, capture_output=True)


@pytest.fixture(scope="session")
def docker_daemon() -> Iterator[DockerDaemon]:
    """A real Docker engine."""
    if not shutil.which("dockerd", path=os.environ["PATH"] + ":/usr/sbin"):
        pytest.skip("no Docker engine is installed (dockerd)")
    if os.geteuid():
        pytest.skip("a Docker engine is started by root, which this user is not")
    # a socket's path may have some hundred characters
    with tempfile.TemporaryDirectory(prefix="r4-dockerd-") as folder:
        daemon = DockerDaemon(Path(folder))
        daemon.start()
        yield daemon
        daemon.stop()
