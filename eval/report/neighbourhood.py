"""Which part of a code graph a page shows: all of it, or what lies around some nodes, up to a number of nodes.

Knows the rule by which nodes are kept. Does not know how they are shown.

Legend: N nodes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process

from cgm.errors import ConfigError, require
from cgm.graph import ROOT, CodeGraph, EdgeKind
from cgm.text import is_source_path

_DIRECTIONS = ("both", "in", "out")
_NEAR = 3
_UNREACHED = np.iinfo(np.int32).max
_FOLLOWED = tuple(kind.name for kind in EdgeKind if kind != EdgeKind.CONTAINS)


@dataclass
class PageConfig:
    """Which part of the graph the page shows.

    `around` is a place as rankings name it (`path`, `path:Class.method`), the end of one, or a bare name; empty shows
    the whole graph. From there edges of `kinds` (empty: all but CONTAINS) are followed `hops` times, in `direction`:
    `in` leads to who uses it, `out` to what it uses. At most `nodes` nodes are shown.
    """

    around: str = ""
    hops: int = 2
    kinds: list[str] = field(default_factory=list)
    direction: str = "both"
    nodes: int = 1500

    def __post_init__(self) -> None:
        require(self.hops >= 0, "page.hops must be >= 0", self.hops)
        require(self.nodes >= 1, "page.nodes must be >= 1", self.nodes)
        require(self.direction in _DIRECTIONS, f"page.direction must be among {', '.join(_DIRECTIONS)}", self.direction)
        unknown = [kind for kind in self.kinds if kind not in _FOLLOWED]
        require(not unknown, f"page.kinds must be among {', '.join(_FOLLOWED)}", ", ".join(unknown))


@dataclass(frozen=True)
class Neighbourhood:
    """What is shown: `nodes` with all that contains them, and `edges` (kind, source, target) among them.

    `centres` are the nodes that were asked for, none where all of the graph was; `hops` has the distance of each node
    from them that an edge or they themselves lead to. `reached` counts all nodes that the rule came to, shown or not.
    """

    nodes: tuple[int, ...]
    edges: tuple[tuple[int, int, int], ...]
    centres: tuple[int, ...]
    hops: Mapping[int, int]
    reached: int

    @property
    def left_out(self) -> int:
        """How many nodes there was no room for."""
        return self.reached - len(self.nodes)


def neighbourhood(graph: CodeGraph, config: PageConfig) -> Neighbourhood:
    """Choose what a page shows.

    The nearest nodes are kept; of equally near ones those outside tests, then the most linked. A node is kept with all
    that contains it, or not at all.

    Raises:
        ConfigError: `around` names no node.
    """
    kinds = [EdgeKind[name] for name in config.kinds or _FOLLOWED]
    followed = np.isin(graph.edge_kind, kinds)
    centres = find_nodes(graph, config.around) if config.around else ()
    hops = _hops(graph, centres, followed, config) if centres else np.zeros(len(graph), dtype=np.int32)
    ends = np.concatenate([graph.edge_source[followed], graph.edge_target[followed]])
    degree = np.bincount(ends, minlength=len(graph))
    reached = np.flatnonzero(hops < _UNREACHED)
    is_test = np.array([not is_source_path(graph.node_path[node]) for node in reached.tolist()], dtype=bool)
    order = reached[np.lexsort((reached, -degree[reached], is_test, hops[reached]))]
    kept = _with_ancestors(graph, order.tolist(), config.nodes)
    drawn = followed | (graph.edge_kind == EdgeKind.CONTAINS)
    return Neighbourhood(
        nodes=tuple(sorted(kept)),
        edges=tuple(_edges_among(graph, kept, drawn)),
        centres=centres,
        hops={node: int(hops[node]) for node in sorted(kept) if centres and hops[node] < _UNREACHED},
        reached=len(_with_ancestors(graph, reached.tolist(), len(graph))),
    )


def find_nodes(graph: CodeGraph, place: str) -> tuple[int, ...]:
    """The nodes that a place names: by its whole label, by the label's end, or by name alone.

    Raises:
        ConfigError: there is none; the message has the nearest labels.
    """
    place = place.strip().removeprefix("./").rstrip("/")
    labels = [graph.label(node) for node in range(len(graph))]
    for texts, end in ((labels, "/"), (graph.node_name, ".")):
        whole = [node for node in range(ROOT + 1, len(graph)) if texts[node] == place]
        found = whole or [node for node in range(ROOT + 1, len(graph)) if texts[node].endswith(end + place)]
        if found:
            return tuple(found)
    if place in ("", ".", graph.node_name[ROOT]):
        return (ROOT,)
    near = [label for label, *_ in process.extract(place, labels, limit=_NEAR)]
    raise ConfigError(f"page.around must name a node of the graph, got {place!r}; near: {', '.join(near)}")


def _hops(
    graph: CodeGraph, centres: Sequence[int], followed: NDArray[np.bool_], config: PageConfig
) -> NDArray[np.int32]:
    """Hops from the centres and all that they contain, shape N."""
    hops = np.full(len(graph), _UNREACHED, dtype=np.int32)
    hops[_with_descendants(graph, centres)] = 0
    source, target = graph.edge_source[followed], graph.edge_target[followed]
    for hop in range(config.hops):
        near = hops <= hop
        if config.direction != "out":
            hops[source[near[target] & (hops[source] == _UNREACHED)]] = hop + 1
        if config.direction != "in":
            hops[target[near[source] & (hops[target] == _UNREACHED)]] = hop + 1
    return hops


def _with_descendants(graph: CodeGraph, centres: Iterable[int]) -> NDArray[np.int64]:
    inside = np.zeros(len(graph), dtype=bool)
    inside[list(centres)] = True
    for node, parent in enumerate(graph.parent.tolist()):  # a parent stands before its children
        if parent >= 0 and inside[parent]:
            inside[node] = True
    return np.flatnonzero(inside)


def _with_ancestors(graph: CodeGraph, order: Iterable[int], most: int) -> set[int]:
    kept: set[int] = set()
    for node in order:
        new = {node, *graph.ancestors(node)} - kept
        if len(kept) + len(new) <= most:
            kept |= new
        if len(kept) >= most:
            break
    return kept or {ROOT}


def _edges_among(graph: CodeGraph, kept: set[int], drawn: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    member = np.zeros(len(graph), dtype=bool)
    member[list(kept)] = True
    inside = np.flatnonzero(drawn & member[graph.edge_source] & member[graph.edge_target])
    columns = (graph.edge_kind[inside], graph.edge_source[inside], graph.edge_target[inside])
    return list(zip(*(column.tolist() for column in columns), strict=True))
