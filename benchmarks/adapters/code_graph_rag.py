"""code-graph-rag (vitali87/code-graph-rag), its updater writing into memory instead of a database.

What it calls an instantiation is a call of a class here.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_KINDS = {"CALLS": "CALLS", "INSTANTIATES": "CALLS", "INHERITS": "EXTENDS", "IMPORTS": "IMPORTS"}


class Sink:
    """Keeps nodes and relationships."""

    def __init__(self) -> None:
        self.nodes: list[tuple[str, dict[str, Any]]] = []
        self.relationships: list[tuple[str, str, str]] = []

    def ensure_node_batch(self, label: str, properties: dict[str, Any]) -> None:
        """Keep a node."""
        self.nodes.append((str(label), properties))

    def ensure_relationship_batch(self, source: Any, kind: str, target: Any, *_: Any, **__: Any) -> None:
        """Keep a relationship."""
        self.relationships.append((str(getattr(kind, "value", kind)), source[2], target[2]))

    def flush_all(self) -> None:
        """Write nothing: all is in memory."""

    def fetch_all(self, *_: Any) -> list[Any]:
        """Find nothing: the graph is new."""
        return []

    def execute_write(self, *_: Any) -> None:
        """Change nothing: there is nothing to clean up."""


def load(sources: Path) -> Any:
    """Import the updater, without its log."""
    sys.path.insert(0, str(sources))
    from codebase_rag.graph_updater import GraphUpdater  # type: ignore[import-not-found]
    from codebase_rag.parser_loader import load_parsers  # type: ignore[import-not-found]
    from loguru import logger  # type: ignore[import-not-found]

    logger.remove()
    return GraphUpdater, load_parsers


def build(tool: Any, root: Path) -> Sink:
    """Build the graph, without embeddings."""
    updater, load_parsers = tool
    sink = Sink()
    updater(sink, root, *load_parsers(), skip_embeddings=True).run(force=True)
    return sink


def edges(built: Sink, _: Path) -> Iterator[tuple[str, tuple[str, str], tuple[str, str]]]:
    """Yield kind, source and target of edges between places."""
    places = dict(_places(built))
    for kind, source, target in built.relationships:
        if kind in _KINDS and source in places and target in places:
            yield _KINDS[kind], places[source], places[target]


def _places(built: Sink) -> Iterator[tuple[str, tuple[str, str]]]:
    modules = {
        row["path"]: row["qualified_name"]
        for _, row in built.nodes
        if str(row.get("name")).endswith(".py") and "qualified_name" in row
    }
    for _, row in built.nodes:
        name, path = row.get("qualified_name"), row.get("path")
        if isinstance(name, str) and isinstance(path, str) and path in modules:
            yield name, (path, name.removeprefix(modules[path]).removeprefix("."))
