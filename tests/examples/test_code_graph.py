import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from cgm.graphml import from_graphml
from cgm.protocols import Codebase

EXAMPLE = Path(__file__).parents[2] / "examples" / "code_graph.py"
SOURCE = '''
class Cart:
    @cached
    def total(self, discount: float = 0.0) -> float:
        """Sum the prices.

        More.
        """
        return sum(self.items) if discount else 0


def pay(cart: Cart):
    return cart.total(0.5)
'''


def run(*arguments: object) -> str:
    command = [sys.executable, str(EXAMPLE), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def test_the_graph_says_all_that_it_knows_of_a_place(
    read_codebase: Callable[[Mapping[str, str]], Codebase], tmp_path: Path
) -> None:
    read_codebase({"cart.py": SOURCE})
    shown = run(tmp_path / "repository", "cart.py:Cart.total", tmp_path / "graph.graphml")
    assert shown.splitlines() == [
        "@cached",
        "def total(self, discount: float = 0.0) -> float",
        "lines 3 to 9, complexity 2",
        "    self: any type",
        "    discount: float, by default 0.0",
        "Sum the prices.",
        "cart.py:pay CALLS cart.py:Cart.total at line 13, confidence 1.00",
    ]
    assert "Cart.total" in from_graphml((tmp_path / "graph.graphml").read_bytes()).node_name


def test_a_place_that_is_not_there_is_said(
    read_codebase: Callable[[Mapping[str, str]], Codebase], tmp_path: Path
) -> None:
    read_codebase({"cart.py": SOURCE})
    assert run(tmp_path / "repository", "cart.py:Cart.sum") == "the graph has no cart.py:Cart.sum\n"
