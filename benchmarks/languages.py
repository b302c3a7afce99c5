"""Count what the code graph finds in repositories of any language, how sure it is, and how fast.

    python benchmarks/languages.py DIR [DIR ...]     git directories (bare or not) or plain folders

Columns: files and lines of code with a grammar; CPU seconds of a cold build and lines per second; nodes; CALLS
edges, and the share of calls within the repository that got one: a call that is neither external nor of the
language itself, but made no edge, counts against it; the share of CALLS edges that are sure.
"""

import argparse
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cgm.graph import CodeGraph, EdgeKind, NodeKind
from preprocessing.stage import build_graph

_LOST = ("CALLS unresolved", "CALLS ambiguous")


def row(location: Path) -> list[str]:
    """Build a graph and describe it."""
    started = time.process_time()
    graph = build_graph(location)
    seconds = time.process_time() - started
    files = graph.nodes_of_kind(NodeKind.FILE)
    lines = int(graph.node_end[files].sum())
    calls = graph.edge_kind == EdgeKind.CALLS
    sure = float((graph.edge_confidence[calls] == 1.0).mean()) if calls.any() else 0.0
    return [
        location.resolve().name,
        *(f"{number:,}" for number in (len(files), lines)),
        *(f"{seconds:.1f}", f"{lines / seconds:,.0f}", f"{len(graph):,}", f"{int(calls.sum()):,}"),
        *(f"{_linked(graph):.0%}", f"{sure:.0%}"),
    ]


def _linked(graph: CodeGraph) -> float:
    """The share of calls into the repository that made an edge."""
    made = len({(source, line) for kind, source, _, _, line in graph.edges() if kind == EdgeKind.CALLS})
    lost = sum(graph.unlinked.get(reason, 0) for reason in _LOST)
    return made / max(1, made + lost)


def main() -> None:
    """Print one row for each repository."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("locations", nargs="+", type=Path)
    table = Table("repository", "files", "lines", "CPU s", "lines/s", "nodes", "CALLS", "linked", "sure")
    for location in parser.parse_args().locations:
        table.add_row(*row(location))
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
