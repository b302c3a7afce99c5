"""The page of a single issue: issue, rewrite, ranking and patch beside the subgraph to explore.

Knows what the page says. Does not know how it looks (`templates/`), how its graph is shown (`eval.report.picture`), nor
where the page is kept.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cgm.artifacts import Issue, Patch, Ranked, Ranking, Rewrite, Subgraph
from cgm.graph import CodeGraph, EdgeKind
from cgm.protocols import Codebase
from eval.report.page import environment, render
from eval.report.picture import GRAPH_SCRIPTS, GRAPH_STYLES, picture

_FENCE = re.compile(r"^ {0,3}(?:```|~~~)")
_HARD_WRAP = re.compile(r"(?<!\n)\n(?![\s\d>*+-])")  # a line end within a paragraph, not before an item of a list
_INLINE_CODE = re.compile(r"`([^`\n]+)`")


def subgraph_page(
    issue: Issue, rewrite: Rewrite, subgraph: Subgraph, ranking: Ranking, patch: Patch | None, codebase: Codebase
) -> str:
    """Render the page, which needs neither a network nor any other file."""
    graph = codebase.graph
    nodes = sorted({node.node for node in subgraph.nodes})
    labels = {graph.label(node): position for position, node in enumerate(nodes)}
    edges = [(EdgeKind[edge.kind], edge.source, edge.target) for edge in subgraph.edges]
    return render(
        _ENVIRONMENT,
        "page.html",
        (*GRAPH_STYLES, "page.css"),
        (*GRAPH_SCRIPTS, "page.js"),
        data=picture(graph, nodes, edges, codebase.sources, _notes(subgraph, ranking, graph)),
        issue=issue,
        blocks=list(_blocks(issue.problem_statement)),
        rewrite=rewrite,
        places=[("Files", _rows(ranking.files, labels, ranking)), ("Functions", _rows(ranking.functions, labels))],
        patch=patch,
        diff=_diff_lines(patch.diff) if patch else [],
    )


@dataclass(frozen=True)
class Row:
    """A line of the ranking on the page; `node` is the node's position in the subgraph, -1 where it is not in it."""

    rank: int
    place: Ranked
    node: int
    note: str


def _rows(places: Sequence[Ranked], labels: dict[str, int], ranking: Ranking | None = None) -> list[Row]:
    notes = {} if ranking is None else dict.fromkeys(ranking.selected, "selected")
    notes |= {} if ranking is None else dict.fromkeys(ranking.edited, "to edit")
    return [
        Row(rank, place, labels.get(place.label, -1), notes.get(place.label, ""))
        for rank, place in enumerate(places, 1)
    ]


def _notes(subgraph: Subgraph, ranking: Ranking, graph: CodeGraph) -> dict[int, dict[str, Any]]:
    """What the chain says of each node: its score, and where it is one, anchor and rank."""
    notes: dict[int, dict[str, Any]] = {node.node: {"score": round(node.score, 4)} for node in subgraph.nodes}
    for anchor in subgraph.anchors:
        notes[anchor.node]["anchor"] = {"score": round(anchor.score, 4), "origins": list(anchor.origins)}
    ranks = {
        place.label: {"number": number, "score": round(place.score, 4), "reason": place.reason}
        for places in (ranking.files, ranking.functions)
        for number, place in enumerate(places, 1)
    }
    for node, note in notes.items():
        if rank := ranks.get(graph.label(node)):
            note["rank"] = rank
    return notes


def _blocks(markdown: str) -> Iterator[tuple[str, str]]:
    """Split an issue into (heading | text | code, text), which is all of Markdown that is read here."""
    kind, lines = "text", list[str]()
    for line in markdown.splitlines():
        heading = kind == "text" and re.match(r"#{1,6} +(.*)", line)
        if _FENCE.match(line) or heading:
            yield from _block(kind, lines)
            kind, lines = ("code" if kind == "text" and not heading else "text"), []
            if heading:
                yield "heading", heading[1]
        else:
            lines.append(line)
    yield from _block(kind, lines)


def _prose(text: str) -> list[str]:
    """Unwrap paragraphs and split at inline code: prose, code, prose, ..."""
    return _INLINE_CODE.split(_HARD_WRAP.sub(" ", text))


def _block(kind: str, lines: list[str]) -> Iterator[tuple[str, str]]:
    text = "\n".join(lines).strip("\n")
    if text.strip():
        yield kind, text


def _diff_lines(diff: str) -> list[tuple[str, str]]:
    """Each line of a diff with its class: file, hunk, added, removed or context."""
    classes = (("+++", "file"), ("---", "file"), ("diff ", "file"), ("@@", "hunk"), ("+", "added"), ("-", "removed"))
    return [
        (next((name for start, name in classes if line.startswith(start)), "context"), line)
        for line in diff.splitlines()
    ]


_ENVIRONMENT = environment({"prose": _prose})
