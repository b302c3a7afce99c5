from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from cgm.errors import RepositoryError
from cgm.graph import CodeGraph, EdgeKind, NodeKind
from cgm.protocols import Codebase, LexicalIndex

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
