"""LocAgent's graph builder with its global mode, which links what no import explains by bare name."""

from pathlib import Path
from typing import Any

from locagent import edges, load

__all__ = ["build", "edges", "load"]


def build(tool: Any, root: Path) -> Any:
    """Build the graph."""
    return tool.build_graph(str(root), global_import=True)
