import ensurepip
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from cgm.errors import RepositoryError
from cgm.graph import CodeGraph, EdgeKind, NodeKind
from cgm.protocols import Codebase, LexicalIndex
from eval.specification import Specification, specification

Node = tuple[str, str, str, int, int, int]  # kind, name, path, parent, first line, last line
Edge = tuple[str, int, int, float, int]  # kind, source, target, confidence, line

_NO_INDEX = LexicalIndex(np.zeros(0, dtype=np.int32), {}, (), (), (), ())


@dataclass
class Texts:
    """Sources from a dictionary."""

    texts: dict[str, str]

    def read(self, path: str) -> str:
        if path not in self.texts:
            raise RepositoryError(f"no file {path!r}")
        return self.texts[path]


def make_codebase(nodes: Sequence[Node], edges: Sequence[Edge] = (), texts: dict[str, str] | None = None) -> Codebase:
    """A code graph whose CONTAINS edges follow from the parents, with the text of its files."""
    contains = [("CONTAINS", node[3], number, 1.0, 0) for number, node in enumerate(nodes) if node[3] >= 0]
    rows = [*contains, *edges]
    graph = CodeGraph(
        node_kind=np.array([NodeKind[node[0]] for node in nodes], dtype=np.uint8),
        node_name=tuple(node[1] for node in nodes),
        node_path=tuple(node[2] for node in nodes),
        node_start=np.array([node[4] for node in nodes], dtype=np.int32),
        node_end=np.array([node[5] for node in nodes], dtype=np.int32),
        edge_kind=np.array([EdgeKind[row[0]] for row in rows], dtype=np.uint8),
        edge_source=np.array([row[1] for row in rows], dtype=np.int32),
        edge_target=np.array([row[2] for row in rows], dtype=np.int32),
        edge_confidence=np.array([row[3] for row in rows], dtype=np.float32),
        edge_line=np.array([row[4] for row in rows], dtype=np.int32),
    )
    return Codebase("snapshot", graph, _NO_INDEX, Texts(texts or {}))


@pytest.fixture
def codebase_of() -> Callable[..., Codebase]:
    return make_codebase


_SHOP: Sequence[Node] = (
    ("REPO", "shop", "", -1, 0, 0),
    ("PACKAGE", "shop", "shop", 0, 0, 0),
    ("PACKAGE", "tests", "tests", 0, 0, 0),
    ("FILE", "cart.py", "shop/cart.py", 1, 1, 6),
    ("FILE", "price.py", "shop/price.py", 1, 1, 5),
    ("FILE", "test_cart.py", "tests/test_cart.py", 2, 1, 3),
    ("CLASS", "Cart", "shop/cart.py", 3, 3, 6),
    ("FUNCTION", "total", "shop/price.py", 4, 1, 2),
    ("FUNCTION", "price", "shop/price.py", 4, 4, 5),
    ("FUNCTION", "test_checkout", "tests/test_cart.py", 5, 2, 3),
    ("FUNCTION", "Cart.checkout", "shop/cart.py", 6, 5, 6),
)
_USES: Sequence[Edge] = (
    ("IMPORTS", 3, 7, 1.0, 1),
    ("CALLS", 7, 8, 1.0, 2),
    ("CALLS", 9, 10, 0.5, 3),
    ("CALLS", 10, 7, 1.0, 6),
)
_CART = '''from shop.price import total

class Cart:
    """Basket."""
    def checkout(self):
        return total(self)
'''
_TEXTS = {
    "shop/cart.py": _CART,
    "shop/price.py": "def total(items):\n    return sum(map(price, items))\n\ndef price(item):\n    return 1\n",
    "tests/test_cart.py": "from shop.cart import Cart\ndef test_checkout():\n    assert Cart().checkout() == 1\n",
}


@pytest.fixture
def shop() -> Codebase:
    return make_codebase(_SHOP, _USES, _TEXTS)


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
    (project / "HEAD.commit").write_text(_commit(project))
    return project.parent


@pytest.fixture
def spec(repositories: Path) -> Specification:
    """An instance of shop/cart whose issue is that `total` gives the largest price; its test prints as pytest does."""
    lines = (
        "    result = 'PASSED' if cart.total([1, 2]) == 3 else 'FAILED'",
        "    print(result, 'test_cart.py::test_total')",
    )
    added = "".join(f"+{line}\n" for line in lines)
    patch = "diff --git a/test_cart.py b/test_cart.py\n--- a/test_cart.py\n+++ b/test_cart.py\n@@ -1,2 +1,4 @@\n"
    patch += f" def run(cart, shelf):\n     print('PASSED test_cart.py::test_import')\n{added}"
    row = {
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
    return specification(row, {})


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
