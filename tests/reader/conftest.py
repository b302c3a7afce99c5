"""A codebase made of a dictionary, and a model that gives prepared answers."""

import ast
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest

from cgm.artifacts import Issue, Ranked, Ranking, Subgraph, SubgraphEdge
from cgm.errors import RepositoryError
from cgm.graph import CodeGraph, EdgeKind, NodeKind, subgraph_nodes
from cgm.protocols import Answer, AnswerForm, Codebase, LexicalIndex, Message, Sampling
from cgm.text import split_lines

_Row = tuple[NodeKind, str, str, int, int, int]  # kind, name, path, start, end, parent


class DictSources:
    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = files

    def read(self, path: str) -> str:
        if path not in self.files:
            raise RepositoryError(f"no file {path}")
        return self.files[path]


class ScriptedLLM:
    """Answers in the order given, or raises what stands there, and remembers what it was asked."""

    graph_nodes = 0

    def __init__(self, answers: Sequence[str | Answer | Exception], name: str = "scripted-32b") -> None:
        self.name = name
        self.requests: list[tuple[tuple[Message, ...], Sampling, AnswerForm | None]] = []
        self._answers = [Answer(item, 100, 10) if isinstance(item, str) else item for item in answers]

    def generate(
        self, messages: Sequence[Message], sampling: Sampling, form: AnswerForm | None = None
    ) -> Sequence[Answer]:
        self.requests.append((tuple(messages), sampling, form))
        taken, self._answers = self._answers[: sampling.count], self._answers[sampling.count :]
        return [_raised(item) if isinstance(item, Exception) else item for item in taken]


def _raised(error: Exception) -> Answer:
    raise error


@pytest.fixture
def codebase() -> Callable[[Mapping[str, str]], Codebase]:
    return make_codebase


@pytest.fixture
def scripted() -> type[ScriptedLLM]:
    return ScriptedLLM


@pytest.fixture
def issue() -> Issue:
    return Issue("demo-1", "demo/demo", "", "total() forgets the last item")


@pytest.fixture
def ranking() -> Callable[..., Ranking]:
    def make(files: Sequence[str], functions: Sequence[str] = (), edited: Sequence[str] = ()) -> Ranking:
        return Ranking("demo-1", _ranked(files), _ranked(functions), edited=tuple(edited))

    return make


@pytest.fixture
def subgraph() -> Callable[[Codebase], Subgraph]:
    """The whole graph as a subgraph."""

    def make(codebase: Codebase) -> Subgraph:
        graph = codebase.graph
        nodes = subgraph_nodes(graph, dict.fromkeys(range(len(graph)), 0.0))
        edges = tuple(SubgraphEdge(EdgeKind(kind).name, source, target) for kind, source, target, _, _ in graph.edges())
        return Subgraph("demo-1", (), nodes, edges)

    return make


def make_codebase(files: Mapping[str, str]) -> Codebase:
    rows: list[_Row] = [(NodeKind.REPO, "", "", 0, 0, -1)]
    for path, text in files.items():
        kind = NodeKind.FILE if path.endswith(".py") else NodeKind.TEXTFILE
        rows.append((kind, path.rsplit("/", 1)[-1], path, 1, len(split_lines(text)), 0))
        if kind is NodeKind.FILE:
            _add_definitions(rows, ast.parse(text), path, "", len(rows) - 1)
    contains = [(EdgeKind.CONTAINS, row[5], child) for child, row in enumerate(rows) if row[5] >= 0]
    edges = np.array(contains + _calls(rows, files), dtype=np.int32).reshape(-1, 3)
    graph = CodeGraph(
        node_kind=np.array([row[0] for row in rows], dtype=np.uint8),
        node_name=tuple(row[1] for row in rows),
        node_path=tuple(row[2] for row in rows),
        node_start=np.array([row[3] for row in rows], dtype=np.int32),
        node_end=np.array([row[4] for row in rows], dtype=np.int32),
        edge_kind=edges[:, 0].astype(np.uint8),
        edge_source=edges[:, 1],
        edge_target=edges[:, 2],
        edge_confidence=np.ones(len(edges), dtype=np.float32),
        edge_line=np.zeros(len(edges), dtype=np.int32),
    )
    empty = LexicalIndex(np.zeros(0, np.int32), {}, (), (), (), ())
    return Codebase("test", graph, empty, DictSources(files))


def _add_definitions(rows: list[_Row], tree: ast.AST, path: str, prefix: str, parent: int) -> None:
    for node in ast.iter_child_nodes(tree):
        if not isinstance(node, ast.ClassDef | ast.FunctionDef):
            continue
        kind = NodeKind.CLASS if isinstance(node, ast.ClassDef) else NodeKind.FUNCTION
        start = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        rows.append((kind, prefix + node.name, path, start, node.end_lineno or node.lineno, parent))
        _add_definitions(rows, node, path, f"{prefix}{node.name}.", len(rows) - 1)


def _calls(rows: Sequence[_Row], files: Mapping[str, str]) -> list[tuple[EdgeKind, int, int]]:
    """Calls by bare name, enough for tests."""
    functions = [(at, row) for at, row in enumerate(rows) if row[0] is NodeKind.FUNCTION]
    edges = []
    for source, (_, _, path, start, end, _) in functions:
        body = "".join(split_lines(files[path])[start - 1 : end])
        edges += [
            (EdgeKind.CALLS, source, target)
            for target, row in functions
            if target != source and f"{row[1].rsplit('.', 1)[-1]}(" in body
        ]
    return edges


def _ranked(labels: Sequence[str]) -> tuple[Ranked, ...]:
    return tuple(Ranked(label, 1.0 / (rank + 1), "test") for rank, label in enumerate(labels))
