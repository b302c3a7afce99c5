import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cgm.graph import CodeGraph, EdgeKind, NodeKind
from preprocessing.stage import build_graph

GOLDEN = Path(__file__).parent / "golden"
Described = Callable[[CodeGraph], dict[str, Any]]
# each was read line by line against its sources
LANGUAGES = ["java", "javascript", "typescript", "go", "rust", "c", "cpp"]


@pytest.mark.parametrize("name", [*LANGUAGES, "mixed"])
def test_a_small_project_has_the_reviewed_graph(name: str, described: Described) -> None:
    assert described(build_graph(GOLDEN / name)) == json.loads((GOLDEN / f"{name}.json").read_text())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_small_project_shows_most_kinds_of_nodes_and_edges(language: str) -> None:
    counts = build_graph(GOLDEN / language).counts()
    assert all(counts["nodes"][kind] for kind in ("FILE", "CLASS", "FUNCTION", "ATTRIBUTE"))
    kinds = ("IMPORTS", "CALLS", "REFERENCES") if language == "c" else ("IMPORTS", "CALLS", "EXTENDS", "REFERENCES")
    assert all(counts["edges"][kind] for kind in kinds)


def test_languages_of_a_mixed_repository_share_a_graph_but_no_names() -> None:
    graph = build_graph(GOLDEN / "mixed")
    suffixes = {
        (Path(graph.node_path[source]).suffix, Path(graph.node_path[target]).suffix)
        for kind, source, target, _, _ in graph.edges()
        if kind == EdgeKind.CALLS
    }
    assert suffixes == {(".py", ".py"), (".js", ".js")}
    assert {path for path, node in graph.file_of_path.items() if graph.node_kind[node] == NodeKind.TEXTFILE} == {
        "README.md",
        "settings.toml",
    }
