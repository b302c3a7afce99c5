from math import log1p

import pytest

from cgm.artifacts import Subgraph, SubgraphEdge, SubgraphNode
from reranker.surroundings import look_around

NODES = {
    1: SubgraphNode(1, "FILE", "a.py", "a.py", 1, 9, 2.0),
    2: SubgraphNode(2, "FILE", "b.py", "b.py", 1, 9, 1.0),
    3: SubgraphNode(3, "FUNCTION", "b.py", "f", 1, 4, 0.5),
    4: SubgraphNode(4, "FUNCTION", "b.py", "g", 5, 9, 0.4),
    5: SubgraphNode(5, "FILE", "tests/test_b.py", "test_b.py", 1, 9, 3.0),
}
EVIDENCE = {1: {"bm25": 0.5}, 3: {"name": 0.4}, 4: {"name": 0.9}}


def around(*edges: tuple[str, int, int]) -> Subgraph:
    return Subgraph("one", (), tuple(NODES.values()), tuple(SubgraphEdge(*edge) for edge in edges))


def test_a_file_is_known_by_the_surest_source_file_that_imports_it() -> None:
    found = look_around(around(("IMPORTS", 1, 3), ("IMPORTS", 5, 2), ("CALLS", 3, 1)), NODES, EVIDENCE)
    assert found.importer == {"b.py": pytest.approx(0.5 + 2.0 / 3.0)}


def test_what_is_named_inside_speaks_for_a_file() -> None:
    found = look_around(around(), NODES, EVIDENCE)
    assert found.named == {"b.py": 0.9}
    assert found.crowd == {"b.py": pytest.approx(log1p(2))}
