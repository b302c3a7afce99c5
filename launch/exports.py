"""The forms in which a code graph leaves a run, for people and for other tools.

Knows the files of each form. Does not know what they are asked for (`launch.schema`), nor how a page shows a graph
(`eval.report.graph_page`).

    page        graph.html       an interactive page of the graph, or of the part that `page` names
    jsonl       nodes.jsonl      a row for each node: its number, kind, place, and what it says of itself
                edges.jsonl      a row for each edge: kind, source, target, line, confidence
    cgm_json    graph.cgm.json   CGM's CodeGraph, with the text of every node
    graphml     graph.graphml    for networkx, igraph, Gephi, yEd
    unlinked    unlinked.jsonl   a row for each reference that became no edge: kind, path, line, chain, reason
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from cgm.errors import RepositoryError
from cgm.graph import CodeGraph, EdgeKind, NodeKind
from cgm.graphml import graphml_lines
from cgm.json_export import cgm_json_lines
from cgm.protocols import Codebase, Sources
from cgm.store import write_lines, write_rows, write_text
from cgm.text import node_text, split_lines
from eval.report.graph_page import graph_page
from eval.report.neighbourhood import PageConfig
from preprocessing.edges import Unlinked

ListUnlinked = Callable[[], Iterable[Unlinked]]
DEFAULT_EXPORTS = ("page", "jsonl")  # where preprocessing runs alone


def write_exports(
    folder: Path, names: Sequence[str], codebase: Codebase, page: PageConfig, unlinked: ListUnlinked
) -> Iterator[Path]:
    """Write the named forms; yield each file when it is there. `unlinked` is asked only for the form of that name.

    Raises:
        ConfigError: `page.around` names no node.
        StorageError: the disk is full or the folder cannot be written.
    """
    graph = codebase.graph
    for name in dict.fromkeys(names):
        if name == "page":
            yield _written_page(folder / "graph.html", codebase, page)
        elif name == "jsonl":
            write_rows(folder / "nodes.jsonl", _node_rows(graph))
            yield folder / "nodes.jsonl"
            write_rows(folder / "edges.jsonl", _edge_rows(graph))
            yield folder / "edges.jsonl"
        elif name == "cgm_json":
            text_of = _Texts(graph, codebase.sources).of_node
            write_lines(folder / "graph.cgm.json", cgm_json_lines(graph, text_of))
            yield folder / "graph.cgm.json"
        elif name == "graphml":
            write_lines(folder / "graph.graphml", graphml_lines(graph))
            yield folder / "graph.graphml"
        elif name == "unlinked":
            write_rows(folder / "unlinked.jsonl", (row._asdict() for row in unlinked()))
            yield folder / "unlinked.jsonl"


def _written_page(path: Path, codebase: Codebase, page: PageConfig) -> Path:
    title = codebase.graph.node_name[0] or "repository"
    write_text(path, graph_page(title, codebase.graph, page, codebase.sources))
    return path


def _node_rows(graph: CodeGraph) -> Iterator[dict[str, Any]]:
    parents = graph.parent.tolist()
    for node in range(len(graph)):
        details = graph.details(node)
        said = {
            "signature": details.signature,
            "parameters": [parameter._asdict() for parameter in details.parameters],
            "returns": details.returns,
            "decorators": list(details.decorators),
            "docstring": details.docstring,
            "complexity": int(graph.node_complexity[node]),
        }
        yield {
            "id": node,
            "kind": NodeKind(graph.node_kind[node]).name,
            "name": graph.node_name[node],
            "path": graph.node_path[node],
            "start": int(graph.node_start[node]),
            "end": int(graph.node_end[node]),
            "parent": parents[node] if parents[node] >= 0 else None,
            **{name: value for name, value in said.items() if value},
        }


def _edge_rows(graph: CodeGraph) -> Iterator[dict[str, Any]]:
    for kind, source, target, confidence, line in graph.edges():
        yield {
            "kind": EdgeKind(kind).name,
            "source": source,
            "target": target,
            "line": line,
            "confidence": round(confidence, 4),
        }


class _Texts:
    """The text of nodes; the files that were read last are at hand."""

    def __init__(self, graph: CodeGraph, sources: Sources) -> None:
        self._graph = graph
        self._sources = sources
        self._lines = lru_cache(maxsize=64)(self._read)

    def of_node(self, node: int) -> str:
        """The text of a node without that of its children; empty where it has none or cannot be read."""
        if self._graph.node_kind[node] <= NodeKind.PACKAGE:
            return ""
        return node_text(self._graph, node, self._lines(self._graph.node_path[node]))

    def _read(self, path: str) -> list[str]:
        try:
            return split_lines(self._sources.read(path))
        except RepositoryError:
            return []
