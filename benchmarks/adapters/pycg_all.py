"""PyCG (PyPI `pycg`): one analysis over all valid Python files of a checkout, which is the package."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def load(_: Path) -> Any:
    """Import the generator; its import hook finds no modules written in C, so one comes first."""
    import unicodedata  # noqa: F401

    from pycg.pycg import CallGraphGenerator  # type: ignore[import-not-found]

    return CallGraphGenerator


def build(tool: Any, root: Path) -> Any:
    """Run to the fixed point."""
    files = sorted(str(path) for path in root.rglob("*.py") if _is_valid(path))
    generator = tool(files, str(root), -1, "call-graph")
    generator.analyze()
    return generator.output()


def edges(built: Mapping[str, Any], root: Path) -> Iterator[tuple[str, tuple[str, str], tuple[str, str]]]:
    """Yield kind, source and target of edges between places."""
    modules = {_module(path.relative_to(root)): path.relative_to(root).as_posix() for path in root.rglob("*.py")}
    for source, targets in built.items():
        for target in targets:
            places = [_place(name, modules) for name in (source, target)]
            if places[0] and places[1]:
                yield "CALLS", places[0], places[1]


def _is_valid(path: Path) -> bool:
    try:
        ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return False
    return True


def _module(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _place(name: str, modules: Mapping[str, str]) -> tuple[str, str] | None:
    """The longest module that a dotted name begins with; parts without a name of their own are dropped."""
    parts = name.replace("/", ".").split(".")
    for end in range(len(parts), 0, -1):
        path = modules.get(".".join(parts[:end]))
        if path:
            return path, ".".join(part for part in parts[end:] if not part.startswith("<"))
    return None
