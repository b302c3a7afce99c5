from collections.abc import Callable, Mapping

import numpy as np

from cgm.protocols import Codebase
from retriever.bridges import bridged_files

Read = Callable[[Mapping[str, str]], Codebase]


def text_of(codebase: Codebase, likeness: Mapping[str, float]) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    scores = [likeness.get(codebase.graph.label(node), 0.0) for node in range(len(codebase.graph))]
    return np.array(scores, dtype=np.float32)


def found(codebase: Codebase, likeness: Mapping[str, float]) -> dict[str, float]:
    scores = bridged_files(codebase.graph, text_of(codebase, likeness))
    return {codebase.graph.label(node): float(scores[node]) for node in np.flatnonzero(scores)}


def test_a_test_points_to_the_file_that_its_own_is_named_after(read_codebase: Read) -> None:
    codebase = read_codebase(
        {
            "shop/cart.py": "def add(): ...\n",
            "shop/price.py": "def total(): ...\n",
            "tests/test_cart.py": "def test_add(): ...\ndef test_remove(): ...\n",
            "tests/price_test.py": "def test_total(): ...\n",
        }
    )
    likeness = {"tests/test_cart.py:test_add": 0.4, "tests/test_cart.py:test_remove": 0.8}
    assert found(codebase, likeness | {"tests/price_test.py:test_total": 0.2}) == {
        "shop/cart.py": 1.0,
        "shop/price.py": 0.25,
    }


def test_source_that_reads_like_the_issue_is_no_bridge(read_codebase: Read) -> None:
    codebase = read_codebase({"shop/cart.py": "def add(): ...\n", "lib/cart.py": "def add(): ...\n"})
    assert found(codebase, {"shop/cart.py:add": 1.0}) == {}


def test_tests_of_nothing_that_is_there_point_nowhere(read_codebase: Read) -> None:
    codebase = read_codebase({"shop/cart.py": "def add(): ...\n", "tests/test_all.py": "def test_add(): ...\n"})
    assert found(codebase, {"tests/test_all.py:test_add": 1.0}) == {}
