"""PyCG (PyPI `pycg`): an analysis of all valid Python files below `src`, and one of all others.

Each has the folder that its modules are imported from as the package; what leads from one to the other is not found.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any


def load(_: Path) -> Any:
    """Import the generator, after two modules that it takes for granted and its import hook does not find."""
    import importlib.util  # noqa: F401
    import unicodedata  # noqa: F401

    from pycg.pycg import CallGraphGenerator  # type: ignore[import-not-found]

    return CallGraphGenerator


def build(tool: Any, root: Path) -> list[tuple[Path, Mapping[str, Any]]]:
    """Run both to the fixed point."""
    source = root / "src"
    files = [path for path in sorted(root.rglob("*.py")) if _is_valid(path)]
    groups = [(source, [path for path in files if path.is_relative_to(source)])]
    groups.append((root, [path for path in files if not path.is_relative_to(source)]))
    found = []
    for folder, paths in groups:
        if paths:
            generator = tool([str(path) for path in paths], str(folder), -1, "call-graph")
            generator.analyze()
            found.append((folder, generator.output()))
    return found


def edges(
    built: Iterable[tuple[Path, Mapping[str, Any]]], root: Path
) -> Iterator[tuple[str, tuple[str, str], tuple[str, str]]]:
    """Yield kind, source and target of edges between places."""
    for folder, calls in built:
        modules = {
            _module(path.relative_to(folder)): path.relative_to(root).as_posix() for path in folder.rglob("*.py")
        }
        for source, targets in calls.items():
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
