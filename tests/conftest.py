"""A small shop as a folder, and as a codebase read by the real preprocessing; a project whose tests can be run."""

import ensurepip
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from cgm.protocols import Codebase
from cgm.store import BlobCache
from eval.specification import Specification, specification
from preprocessing.snapshot import open_snapshot
from preprocessing.stage import CodeGraphPreprocessor, PreprocessingConfig

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
    for command in (["init", "-q"], ["add", "-A"], ["-c", "user.name=n", "-c", "user.email=e", "commit", "-qm", "m"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
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
