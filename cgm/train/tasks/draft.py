"""A question about a snapshot before its graph is chosen, and what questions are made from.

Knows texts of nodes and how candidates are put in an order that depends on the seed alone. Does not know any task.
"""

import heapq
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from cgm.graph import CodeGraph, NodeKind
from cgm.protocols import Codebase, Message
from cgm.store import fingerprint
from cgm.text import is_project_script, is_source_path, node_text, split_lines

_Item = TypeVar("_Item")
SURE = 0.7  # of an edge that a question relies on


@dataclass(frozen=True)
class Draft:
    """A question with its answer, and what the graph beside it must and must not show.

    `key` tells it from others of its task and snapshot. The graph grows from `anchors`, which the question names, and
    from `needed`, which it does not; it has to show all of them. `beside` are nodes that make the choice hard. `hidden`
    are paths whose nodes would give the answer away, `blanked` are lines (1-based) of files that would, by path.
    `wording` says where its words are from, `noise` what was done to the files that it shows.
    """

    task: str
    key: str
    messages: tuple[Message, ...]
    answer: str
    paths: tuple[str, ...]
    anchors: tuple[int, ...]
    needed: tuple[int, ...] = ()
    beside: tuple[int, ...] = ()
    hidden: frozenset[str] = frozenset()
    blanked: Mapping[str, frozenset[int]] = field(default_factory=dict)
    wording: str = "template"
    noise: str = ""


@dataclass(frozen=True)
class DraftLimits:
    """At most so many drafts of a task, answers of so many characters, in an order that `seed` decides."""

    rows: int
    characters: int
    seed: int


Drafter = Callable[["CodeText", DraftLimits], Iterator[Draft]]


class CodeText:
    """The codebase of a repository, `owner/name`, with the lines of its files at hand."""

    def __init__(self, codebase: Codebase, name: str) -> None:
        self.name = name
        self.graph: CodeGraph = codebase.graph
        self._sources = codebase.sources
        self._lines: dict[str, list[str]] = {}

    def lines(self, path: str) -> Sequence[str]:
        """The lines of a file with their ends."""
        if path not in self._lines:
            self._lines[path] = split_lines(self._sources.read(path))
        return self._lines[path]

    def own(self, node: int) -> str:
        """A node's text without its children's."""
        return node_text(self.graph, node, self.lines(self.graph.node_path[node]))

    def whole(self, node: int) -> str:
        """A node's text with its children's."""
        start, end = int(self.graph.node_start[node]), int(self.graph.node_end[node])
        return "".join(self.lines(self.graph.node_path[node])[start - 1 : end])

    def source_nodes(self, *kinds: NodeKind) -> Iterator[int]:
        """Nodes of some kinds in the project's own source, ascending."""
        for node in self.graph.nodes_of_kind(*kinds).tolist():
            if self.is_source(node):
                yield node

    def is_source(self, node: int) -> bool:
        """Whether a node stands in the project's own source."""
        path = self.graph.node_path[node]
        return is_source_path(path) and not is_project_script(path)


def shuffled(items: Iterable[_Item], seed: int, key: Callable[[_Item], str]) -> list[_Item]:
    """Order items by a hash of their keys: the same for a seed, and little changed where some are added."""
    return sorted(items, key=lambda item: fingerprint(seed, key(item)))


def nearest(nodes: Iterable[int], key: str, name: Callable[[int], str], most: int) -> list[int]:
    """Draw at most so many nodes for a key: those whose hashes come next after its own."""
    start = zlib.crc32(key.encode("utf-8", "surrogatepass"))
    after = {node: (zlib.crc32(name(node).encode("utf-8", "surrogatepass")) - start) % (1 << 32) for node in nodes}
    return heapq.nsmallest(most, after, key=lambda node: (after[node], node))


def in_turn(groups: Iterable[Iterator[_Item]], most: int) -> Iterator[_Item]:
    """Take one item of each group in turn, at most so many in all."""
    return islice(_in_turn(list(groups)), most)


def _in_turn(groups: list[Iterator[_Item]]) -> Iterator[_Item]:
    nothing = object()
    while groups:
        left = []
        for group in groups:
            item = next(group, nothing)
            if item is not nothing:
                yield item  # type: ignore[misc]
                left.append(group)
        groups = left
