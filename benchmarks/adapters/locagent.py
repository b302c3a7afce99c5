"""LocAgent's graph builder (gersteinlab/LocAgent, dependency_graph/build_graph.py) with its defaults.

A class there stands for its own `__init__`, which has no node: calls of a class are those of that method.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_KINDS = {"invokes": "CALLS", "inherits": "EXTENDS", "imports": "IMPORTS"}


def load(sources: Path) -> Any:
    """Import the builder."""
    sys.path.insert(0, str(sources / "dependency_graph"))
    import build_graph  # type: ignore[import-not-found]

    return build_graph


def build(tool: Any, root: Path) -> Any:
    """Build the graph."""
    return tool.build_graph(str(root))


def edges(built: Any, _: Path) -> Iterator[tuple[str, tuple[str, str], tuple[str, str]]]:
    """Yield kind, source and target of edges between places."""
    kinds = dict(built.nodes(data="type"))
    for source, target, kind in built.edges(data="type"):
        if kind in _KINDS:
            is_constructor = kind == "invokes" and kinds.get(source) == "class"
            one = f"{source}.__init__" if is_constructor else source
            yield _KINDS[kind], _place(one), _place(target)


def _place(node: str) -> tuple[str, str]:
    path, _, name = node.partition(":")
    return path, name
