"""One self-contained page that shows what the chain found: issue, rewrite, ranking, patch, and the subgraph to explore.

Knows what the page says. Does not know how it looks (`templates/`), where nodes go (`eval.layout`), or where the
page is kept. Repository and issue are untrusted: text reaches the page escaped, and the page's policy lets it run
its own script alone and load nothing.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from cgm.artifacts import Issue, Patch, Ranked, Ranking, Rewrite, Subgraph, SubgraphNode
from cgm.errors import RepositoryError
from cgm.protocols import Sources
from cgm.text import split_lines
from eval.layout import place

_WHOLE_FILE_KINDS = ("FILE", "TEXTFILE")
_PLACE_KINDS = ("REPO", "PACKAGE", *_WHOLE_FILE_KINDS)
_FILE_LINES, _NODE_LINES, _LINE_WIDTH = 80, 240, 400
_FENCE = re.compile(r"^ {0,3}(?:```|~~~)")
_ENVIRONMENT = Environment(undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True)
_HARD_WRAP = re.compile(r"(?<!\n)\n(?![\s\d>*+-])")  # a line end within a paragraph, not before an item of a list
_INLINE_CODE = re.compile(r"`([^`\n]+)`")


def subgraph_page(
    issue: Issue, rewrite: Rewrite, subgraph: Subgraph, ranking: Ranking, patch: Patch | None, sources: Sources
) -> str:
    """Render the page, which needs neither a network nor any other file."""
    ids = {node.node: position for position, node in enumerate(subgraph.nodes)}
    labels = {node_label(node): position for position, node in enumerate(subgraph.nodes)}
    graph = {"nodes": _nodes(subgraph, ranking, sources), "edges": _edges(subgraph, ids)}
    style, script = _template_text("page.css"), _template_text("page.js")
    return _ENVIRONMENT.from_string(_template_text("page.html")).render(
        issue=issue,
        blocks=list(_blocks(issue.problem_statement)),
        rewrite=rewrite,
        subgraph=subgraph,
        places=[("Files", _rows(ranking.files, labels, ranking)), ("Functions", _rows(ranking.functions, labels))],
        patch=patch,
        diff=_diff_lines(patch.diff) if patch else [],
        # our own style and script, and data in which no character can end its element
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        graph=Markup(_safe_json(graph)),  # noqa: S704
    )


def node_label(node: SubgraphNode) -> str:
    """Name a node as rankings do."""
    return node.path if node.kind in _PLACE_KINDS else f"{node.path}:{node.name}"


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


def _nodes(subgraph: Subgraph, ranking: Ranking, sources: Sources) -> list[dict[str, Any]]:
    anchors = {anchor.node: anchor for anchor in subgraph.anchors}
    ranks = {
        place.label: (rank, place)
        for places in (ranking.files, ranking.functions)
        for rank, place in enumerate(places, 1)
    }
    reader = _Excerpts(sources)
    rows = []
    for node, (x, y) in zip(subgraph.nodes, _positions(subgraph), strict=True):
        row: dict[str, Any] = {
            "kind": node.kind,
            "name": node.name or node.path or subgraph.instance_id,
            "label": node_label(node),
            "lines": [node.start, node.end],
            "score": round(node.score, 4),
            "at": [round(float(x), 1), round(float(y), 1)],
            "code": reader.excerpt(node),
        }
        if anchor := anchors.get(node.node):
            row["anchor"] = {"score": round(anchor.score, 4), "origins": list(anchor.origins)}
        if node_label(node) in ranks:
            rank, place = ranks[node_label(node)]
            row["rank"] = {"number": rank, "score": round(place.score, 4), "reason": place.reason}
        rows.append(row)
    return rows


def _positions(subgraph: Subgraph) -> Any:
    """Positions in the order of the subgraph's nodes; the layout wants parents first, which its indices give."""
    order = sorted(range(len(subgraph.nodes)), key=lambda position: subgraph.nodes[position].node)
    place_of = {subgraph.nodes[position].node: place for place, position in enumerate(order)}
    parents, links = [-1] * len(order), []
    for edge in subgraph.edges:
        ends = place_of[edge.source], place_of[edge.target]
        if edge.kind == "CONTAINS" and ends[0] < ends[1] and parents[ends[1]] < 0:
            parents[ends[1]] = ends[0]
        elif ends[0] != ends[1]:
            links.append(ends)
    placed = place(parents, links)
    return placed[[place_of[node.node] for node in subgraph.nodes]]


def _edges(subgraph: Subgraph, ids: dict[int, int]) -> list[tuple[str, int, int]]:
    return [(edge.kind, ids[edge.source], ids[edge.target]) for edge in subgraph.edges]


class _Excerpts:
    """The source of nodes, each file read once."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._lines: dict[str, list[str]] = {}

    def excerpt(self, node: SubgraphNode) -> dict[str, Any] | None:
        """First line number, the first lines and how many more there are; None for a node without text."""
        if node.kind in ("REPO", "PACKAGE"):
            return None
        lines = self._of_file(node.path)
        start = max(1, node.start)
        end = min(len(lines), node.end or len(lines))
        shown = lines[start - 1 : end][: _FILE_LINES if node.kind in _WHOLE_FILE_KINDS else _NODE_LINES]
        return {"start": start, "text": "\n".join(shown), "more": max(0, end - start + 1 - len(shown))}

    def _of_file(self, path: str) -> list[str]:
        if path not in self._lines:
            try:
                text = self._sources.read(path)
            except RepositoryError:
                text = ""
            self._lines[path] = [line.rstrip("\r\n")[:_LINE_WIDTH] for line in split_lines(text)]
        return self._lines[path]


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


_ENVIRONMENT.filters["prose"] = _prose


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


def _safe_json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _template_text(name: str) -> str:
    return resources.files("eval").joinpath("templates", f"{name}.jinja").read_text(encoding="utf-8")
