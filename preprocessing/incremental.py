"""Graphs of snapshots one after the other: linked anew only where something that linking looks at has changed.

Knows what of a file linking looks at: all but words, docstrings and the lines where things stand, which may move as
long as they keep their order. What a name means depends on the whole snapshot, through what calls pass as parameters
too, so any other change links it anew. Does not know how (`preprocessing.resolve`).

Legend: N nodes, E edges.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cgm.graph import EdgeKind
from preprocessing.facts import OPAQUE, PYTHON, TEXT, FileFacts
from preprocessing.resolve import Linked, link
from preprocessing.tree import build_tree

_LINES = frozenset({"line", "start", "end"})
_UNSEEN = frozenset({"lines", "count_words", "complexity"})
# the linkers of other languages count parameters there
_WITHOUT_DETAILS = frozenset({PYTHON, TEXT, OPAQUE})
_MOVED = ("node_name", "node_start", "node_end", "node_complexity", "node_details")
_LAMBDA = re.compile(r"(?<=<lambda:)(\d+)(?=>)")
_Moves = dict[int, int]


@dataclass(frozen=True, eq=False)
class _Built:
    """What the snapshot before was made of, and what it became."""

    repository: str
    paths: tuple[str, ...]
    facts: tuple[FileFacts, ...]
    linked: Linked


class GraphBuilder:
    """Builds graphs one after the other; a graph does not depend on those before."""

    def __init__(self) -> None:
        self._last: _Built | None = None

    def build(self, repository: str, paths: Sequence[str], facts: Sequence[FileFacts]) -> Linked:
        """Link the files of a snapshot. As `preprocessing.resolve.link`."""
        linked = self._moved(repository, paths, facts)
        if linked is None:
            self._last = None  # two graphs at once are too much
            linked = link(repository, paths, facts)
        self._last = _Built(repository, tuple(paths), tuple(facts), linked)
        return linked

    def _moved(self, repository: str, paths: Sequence[str], facts: Sequence[FileFacts]) -> Linked | None:
        moves = self._moves(repository, paths, facts)
        if moves is None or self._last is None:
            return None
        linked = self._last.linked
        lines = _edge_lines(linked, {linked.files[number]: of for number, of in moves.items()})
        return None if lines is None else _with_lines(linked, repository, paths, facts, lines)

    def _moves(self, repository: str, paths: Sequence[str], facts: Sequence[FileFacts]) -> dict[int, _Moves] | None:
        """Where the lines of each changed file have gone; None where linking may give something else."""
        last = self._last
        if last is None or (last.repository, last.paths) != (repository, tuple(paths)):
            return None
        found: dict[int, _Moves] = {}
        for number, (old, new) in enumerate(zip(last.facts, facts, strict=True)):
            moves = {} if old is new else moved_lines(old, new)
            if moves is None:
                return None
            if moves:
                found[number] = moves
        return found


def moved_lines(old: FileFacts, new: FileFacts) -> _Moves | None:
    """Where each line that facts speak of has gone; None where more has changed than lines, or their order has."""
    unseen = _UNSEEN | ({"details"} if old.language in _WITHOUT_DETAILS else set())
    names = [field.name for field in fields(FileFacts) if field.name not in unseen]
    pairs: set[tuple[int, int]] = set()
    for name in names:
        rows, others = getattr(old, name), getattr(new, name)
        if not isinstance(rows, tuple):
            rows, others = (rows,), (others,)
        if len(rows) != len(others):
            return None
        for row, other in zip(rows, others, strict=True):
            found = _moved_row(row, other)
            if found is None:
                return None
            pairs.update(found)
    ordered = sorted(pairs)
    is_kept = all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(ordered))
    return dict(ordered) if is_kept else None


def _moved_row(row: Any, other: Any) -> list[tuple[int, int]] | None:
    """The lines of a row with those of another, None where the two differ in more."""
    places = [place for place, name in enumerate(getattr(row, "_fields", ())) if name in _LINES]
    pairs = [(row[place], other[place]) for place in places]
    if not isinstance(row, tuple):
        return pairs if row == other else None
    rest, others = ([value for place, value in enumerate(one) if place not in places] for one in (row, other))
    if rest == others:
        return pairs
    # a lambda is called after its line
    texts = repr(rest), repr(others)
    if _LAMBDA.sub("", texts[0]) != _LAMBDA.sub("", texts[1]):
        return None
    lines = (map(int, _LAMBDA.findall(text)) for text in texts)
    return [*pairs, *zip(*lines, strict=True)]


def _edge_lines(linked: Linked, moves: dict[int, _Moves]) -> NDArray[np.int32] | None:
    """The new line of each edge but CONTAINS; `moves` by file node. None where one stands at a line of no fact."""
    graph = linked.graph
    is_link = graph.edge_kind != EdgeKind.CONTAINS
    lines: NDArray[np.int32] = graph.edge_line[is_link]
    sources = graph.edge_source[is_link]
    files = np.sort(np.array(linked.files, dtype=np.int32))
    owner = files[np.maximum(np.searchsorted(files, sources, side="right") - 1, 0)]
    for node, move in moves.items():
        chosen = np.flatnonzero((owner == node) & (lines > 0))
        old = lines[chosen].tolist()
        if not move.keys() >= set(old):
            return None
        lines[chosen] = [move[line] for line in old]
    return lines


def _with_lines(
    linked: Linked, repository: str, paths: Sequence[str], facts: Sequence[FileFacts], lines: NDArray[np.int32]
) -> Linked:
    """The same nodes and edges where they stand now."""
    order = sorted(range(len(paths)), key=linked.files.__getitem__)
    tree = build_tree(repository, [paths[number] for number in order], [facts[number] for number in order])
    nodes = tree.graph([], {})
    columns = {name: getattr(nodes, name) for name in _MOVED}
    # CONTAINS edges come first
    graph = replace(linked.graph, **columns, edge_line=np.concatenate([nodes.edge_line, lines]))
    return replace(linked, graph=graph)
