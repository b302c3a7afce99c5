from collections.abc import Callable, Mapping

from cgm.graph import CodeGraph, EdgeKind

Calls = Callable[..., dict[str, float]]
GraphOf = Callable[[Mapping[str, str]], CodeGraph]
Edges = Callable[[CodeGraph, EdgeKind], dict[tuple[str, str], float]]

CONFTEST = """
import pytest
class Client:
    def get(self): ...
@pytest.fixture
def client(server):
    yield Client()
@pytest.fixture()
def server(): ...
"""
REFINING = "import pytest\n@pytest.fixture\ndef app(app): ...\ndef test_it(app): ...\n"


def references(edges: Edges, graph: CodeGraph) -> set[tuple[str, str]]:
    return {pair for pair, share in edges(graph, EdgeKind.REFERENCES).items() if share == 1.0}


def test_a_test_refers_to_its_fixtures_which_pytest_calls(graph_of: GraphOf, edges: Edges, calls: Calls) -> None:
    source = "def test_it(client):\n    client.get()\n"
    found = references(edges, graph_of({"a.py": source, "conftest.py": CONFTEST}))
    assert ("a.py:test_it", "conftest.py:client") in found
    assert ("conftest.py:client", "conftest.py:server") in found
    assert calls(source, "test_it", {"conftest.py": CONFTEST}) == {"conftest.py:Client.get": 1.0}


def test_a_fixture_may_refine_one_of_its_own_name(graph_of: GraphOf, edges: Edges) -> None:
    conftest = "import pytest\n@pytest.fixture\ndef app(): ...\n"
    found = references(edges, graph_of({"a.py": REFINING, "conftest.py": conftest}))
    assert ("a.py:app", "conftest.py:app") in found
    assert ("a.py:test_it", "a.py:app") in found


def test_the_nearest_fixture_of_a_name_is_taken(graph_of: GraphOf, edges: Edges) -> None:
    fixture = "import pytest\n@pytest.fixture\ndef app(): ...\n"
    files = {"conftest.py": fixture, "t/conftest.py": fixture, "t/test_a.py": "def test_it(app): ...\n"}
    assert ("t/test_a.py:test_it", "t/conftest.py:app") in references(edges, graph_of(files))


def test_a_parameter_of_other_code_is_no_fixture(graph_of: GraphOf, edges: Edges) -> None:
    assert references(edges, graph_of({"a.py": "def go(client): ...\n", "conftest.py": CONFTEST})) == {
        ("conftest.py:client", "conftest.py:server"),
    }
