"""Edges as they are found, and references that become none.

Knows how equal edges are joined and how what is left over is counted and listed. Does not know what makes an edge.
"""

from collections import Counter
from typing import NamedTuple

import numpy as np

from cgm.graph import EdgeKind
from preprocessing.tree import Links, Tree


class Unlinked(NamedTuple):
    """A reference that became no edge: where it stands, its chain as written, and why."""

    kind: str
    path: str
    line: int
    chain: str
    reason: str


class Edges:
    """Edges by kind and ends: the surest of equal ones counts, and its first line."""

    def __init__(self, tree: Tree, *, lists_unlinked: bool = False) -> None:
        self._tree = tree
        self._edges: dict[tuple[int, int, int], tuple[float, int]] = {}
        self._unlinked: Counter[str] = Counter()
        self._listed: list[Unlinked] | None = [] if lists_unlinked else None

    def add(self, kind: EdgeKind, source: int, target: int, line: int, confidence: float = 1.0) -> None:
        """Add an edge."""
        key = (int(kind), source, target)
        known = self._edges.get(key)
        if known is None or (-known[0], known[1]) > (-confidence, line):
            self._edges[key] = (confidence, line)

    def refer(self, source: int, target: int, line: int) -> None:
        """Add a use of a definition, except where it is the definition itself."""
        is_own = self._tree.parent[target] == source and self._tree.start[target] == line
        if target != source and not is_own:
            self.add(EdgeKind.REFERENCES, source, target, line)

    def skip(self, kind: EdgeKind, source: int, chain: str, line: int, reason: str) -> None:
        """Count a reference that becomes no edge."""
        self._unlinked[f"{kind.name} {reason}"] += 1
        if self._listed is not None:
            self._listed.append(Unlinked(kind.name, self._tree.path[source], line, chain, reason))

    def links(self) -> Links:
        """Every edge, by kind and ends."""
        rows = [(*key, *value) for key, value in self._edges.items()]
        kinds, sources, targets, confidences, lines = zip(*rows, strict=True) if rows else ((),) * 5
        return Links(
            np.array(kinds, np.uint8),
            np.array(sources, np.int32),
            np.array(targets, np.int32),
            np.array(confidences, np.float32),
            np.array(lines, np.int32),
        )

    def unlinked(self) -> dict[str, int]:
        """How many references became no edge, by kind and reason."""
        return dict(sorted(self._unlinked.items()))

    def listed(self) -> tuple[Unlinked, ...]:
        """Every reference that became no edge, sorted by path and line."""
        return tuple(sorted(self._listed or (), key=lambda row: (row.path, row.line, row.kind, row.chain, row.reason)))
