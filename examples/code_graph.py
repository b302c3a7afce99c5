"""What the code graph says of one place in a repository, from Python.

    python examples/code_graph.py REPOSITORY PATH:Class.method [graph.graphml]

Prints the place's signature, parameters, decorators, docstring and complexity, and what is linked to it; a third
argument is a file that gets the whole graph, for networkx, igraph, Gephi or yEd.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from cgm.graph import CodeGraph, EdgeKind
from cgm.graphml import graphml_lines
from preprocessing.stage import build_graph


def describe(graph: CodeGraph, label: str) -> Iterator[str]:
    """Yield a line for each thing that the graph says of a place."""
    node = next((node for node in range(len(graph)) if graph.label(node) == label), None)
    if node is None:
        yield f"the graph has no {label}"
        return
    details = graph.details(node)
    yield from (f"@{decorator}" for decorator in details.decorators)
    yield details.signature or graph.node_name[node]
    yield f"lines {graph.node_start[node]} to {graph.node_end[node]}, complexity {graph.node_complexity[node]}"
    for parameter in details.parameters:
        default = f", by default {parameter.default}" if parameter.default else ""
        yield f"    {parameter.name}: {parameter.type or 'any type'}{default}"
    yield from details.docstring.splitlines()[:1]
    for kind, source, target, confidence, line in graph.edges():
        if node in (source, target) and kind != EdgeKind.CONTAINS:
            ends = f"{graph.label(source)} {EdgeKind(kind).name} {graph.label(target)}"
            yield f"{ends} at line {line}, confidence {confidence:.2f}"


def main() -> None:
    """Build the graph and print."""
    repository, label, *files = sys.argv[1:]
    graph = build_graph(Path(repository))
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for line in describe(graph, label):
        console.print(line)
    for file in files:
        with Path(file).open("w", encoding="utf-8") as stream:
            stream.writelines(graphml_lines(graph))


if __name__ == "__main__":
    main()
