"""A small shop as a folder, and as a codebase read by the real preprocessing."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from cgm.protocols import Codebase
from cgm.store import BlobCache
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
