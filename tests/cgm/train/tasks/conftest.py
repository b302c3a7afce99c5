"""The shop with documents, docstrings and tests, as questions are made from it."""

from collections.abc import Callable, Mapping

import pytest

from cgm.protocols import Codebase
from cgm.train.tasks.draft import CodeText, DraftLimits

LIMITS = DraftLimits(rows=50, characters=4000, seed=0)
FILES = {
    "README.md": "# Shop\n\n[![b](c)](d)\n\n" + "Shop keeps carts and prices for people who sell a few things.\n" * 2,
    "setup.py": "def helper():\n    pass\n",
    "shop/__init__.py": '"""Shop keeps carts and prices for people who sell a few things, and more of the kind."""\n',
    "shop/base.py": (
        '"""Where rows go.\n\nThis module writes what the others hand to it, and reads it again when somebody asks for'
        ' it later on.\n\n.. note:: x\n"""\n\n\n'
        "class Store:\n"
        '    """Keep rows of any kind in one place for as long as needed."""\n\n'
        "    limit = 1000  # rows, beyond which the ones that nobody has asked for since are gone\n\n"
        "    def persist(self, row):\n"
        '        """Write a row, whatever it holds, to where rows are kept."""\n'
        "        self.rows.append(row)\n"
        "        self.dirty = True\n"
        "        return row\n\n"
        "    def load(self, key):\n"
        "        # those that are gone stay in the list until somebody tidies it up\n"
        "        return [row for row in self.rows if self.has(row, key) and not row.is_gone]\n\n"
        "    def has(self, row, key):\n"
        "        return row.key == key\n\n"
        "    def drop(self, key):\n"
        "        self.rows = [row for row in self.rows if row.key != key or row.is_kept]\n"
    ),
    "shop/cart.py": (
        "from shop.base import Store\n"
        "from shop.price import total\n\n\n"
        "class Cart(Store):\n"
        "    def checkout(self):\n"
        "        bill = total(self.items)\n"
        '        self.log("paid %s for %s things in the basket" % (bill, len(self.items)))\n'
        "        return bill\n"
    ),
    "shop/price.py": (
        "def total(items):\n"
        '    """total of all items."""\n'
        "    return sum(discounted(item, count) for item, count in items)\n\n\n"
        "def discounted(item, count):\n"
        '    """Work out what so many pieces cost when one buys them at once."""\n'
        "    rate = 0.9 if count > 10 else 1.0\n"
        "    return item.price * count * rate\n"
    ),
    "tests/test_price.py": (
        "import pytest\n"
        "from shop.price import discounted, total\n\n\n"
        "def test_total():\n"
        "    items = []\n"
        "    assert total(items) == 0\n\n\n"
        "def test_many_are_discounted():\n"
        "    found = discounted(PEAR, 11)\n"
        "    assert found == 9.9\n\n\n"
        "@pytest.mark.parametrize('number', range(3))\n"
        "def test_work(number):\n"
        "    assert total([]) == 0\n\n\n"
        "def test_again():\n"
        "    assert total([]) == 0\n\n\n"
        "def test_nothing():\n"
        "    total([])\n"
        "    discounted(PEAR, 1)\n"
        "    return\n"
    ),
}


@pytest.fixture
def code(read_codebase: Callable[[Mapping[str, str]], Codebase]) -> CodeText:
    return CodeText(read_codebase(FILES), "acme/shop")


@pytest.fixture
def limits() -> DraftLimits:
    return LIMITS
