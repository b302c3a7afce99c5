from collections.abc import Callable

import pytest

from cgm.protocols import Codebase
from reader.related import related_tests

_FILES = {
    "shop/cart.py": "def total():\n    return 1\n",
    "shop/price.py": "def price():\n    return 1\n",
    "tests/conftest.py": "def helper():\n    total()\n    total()\n",
    "tests/test_cart.py": "def test_nothing():\n    pass\n",
    "tests/test_checkout.py": "def test_one():\n    total()\n\ndef test_two():\n    total()\n",
    "tests/unittest_price.py": "class T:\n    def test_price(self):\n        total()\n",
    "tests/test_other.py": "def test_other():\n    pass\n",
}


@pytest.mark.parametrize(
    ("paths", "most", "found"),
    [
        (["shop/cart.py"], 3, ("tests/test_cart.py", "tests/test_checkout.py", "tests/unittest_price.py")),
        (["shop/cart.py"], 1, ("tests/test_cart.py",)),
        (["shop/price.py"], 3, ("tests/unittest_price.py",)),
        (["tests/test_cart.py"], 3, ()),
        (["shop/cart.py"], 0, ()),
        (["setup.py"], 3, ()),
    ],
)
def test_test_files_named_after_a_file_come_first_then_those_that_use_it(
    codebase: Callable[..., Codebase], paths: list[str], most: int, found: tuple[str, ...]
) -> None:
    assert related_tests(codebase(_FILES).graph, paths, most) == found
