"""Questions about the graph, with answers computed from it: who calls, extends, imports, defines, lies between.

Knows the kinds of questions. A question is asked only where every edge that decides its answer is sure, and where the
graph beside it shows all of them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from jinja2 import Template

from cgm.graph import EdgeKind, NodeKind
from cgm.prompts import load_prompt, render
from cgm.train.tasks.draft import SURE, CodeText, Draft, DraftLimits, in_turn, nearest, shuffled

TASK = "graph_query"
_MOST_ANSWERS = 12
_BESIDE = 16  # nodes of the kind that is asked for, from anywhere
_CODE = (NodeKind.FUNCTION,)
_CLASS = (NodeKind.CLASS,)
_FILE = (NodeKind.FILE,)


@dataclass(frozen=True)
class Relation:
    """What is asked of a node: the nodes of some kinds at the other end of its edges of a kind."""

    name: str
    question: str
    edge: EdgeKind
    forward: bool
    subject: tuple[NodeKind, ...]
    object: tuple[NodeKind, ...]
    least: int = 1

    def counts(self, kind: int) -> bool:
        """Whether a node at the other end counts, as an answer or as a spoilt question; an attribute does not."""
        return self.edge != EdgeKind.CONTAINS or kind in self.object


RELATIONS = (
    Relation("callers", "Which functions call `{}`?", EdgeKind.CALLS, False, _CODE, _CODE),
    Relation("callees", "Which functions of this repository does `{}` call?", EdgeKind.CALLS, True, _CODE, _CODE),
    Relation("subclasses", "Which classes extend `{}` directly?", EdgeKind.EXTENDS, False, _CLASS, _CLASS),
    Relation(
        "bases", "Which classes of this repository does `{}` extend directly?", EdgeKind.EXTENDS, True, _CLASS, _CLASS
    ),
    Relation("importers", "Which files import `{}`, or something of it?", EdgeKind.IMPORTS, False, _FILE, _FILE),
    Relation("methods", "Which methods does the class `{}` define itself?", EdgeKind.CONTAINS, True, _CLASS, _CODE, 3),
)


class _Ends:
    """For each node, the nodes at the other ends of its edges of a kind; none where one of these edges is unsure.

    What is imported stands for its file, as importing a class is importing from its file.
    """

    def __init__(self, code: CodeText, edge: EdgeKind, *, forward: bool) -> None:
        graph = code.graph
        rows = np.flatnonzero(graph.edge_kind == edge)
        source, target = graph.edge_source[rows].tolist(), graph.edge_target[rows].tolist()
        sure = (graph.edge_confidence[rows] >= SURE).tolist()
        self._found: dict[int, set[int]] = defaultdict(set)
        self._named: dict[int, set[int]] = defaultdict(set)
        self._unsure: set[int] = set()
        for start, end, is_sure in zip(*((source, target) if forward else (target, source)), sure, strict=True):
            node = graph.file_of_path.get(graph.node_path[start], start) if edge == EdgeKind.IMPORTS else start
            self._found[node].add(end)
            self._named[node].add(start)
            if not is_sure:
                self._unsure.add(node)

    def of(self, node: int) -> frozenset[int]:
        return frozenset() if node in self._unsure else frozenset(self._found.get(node, ())) - {node}

    def named(self, node: int) -> frozenset[int]:
        """The nodes that the edges really end at where they stand for this one."""
        return frozenset(self._named.get(node, ())) - {node}


def draft_queries(code: CodeText, limits: DraftLimits) -> Iterator[Draft]:
    """Ask questions of every kind in turn."""
    kinds: list[Callable[[CodeText, int], Iterator[Draft]]] = [partial(_related, one) for one in RELATIONS]
    return in_turn([make(code, limits.seed) for make in (*kinds, _between)], limits.rows)


def _related(relation: Relation, code: CodeText, seed: int) -> Iterator[Draft]:
    graph = code.graph
    ends = _Ends(code, relation.edge, forward=relation.forward)
    for node in shuffled(code.source_nodes(*relation.subject), seed, lambda one: f"{relation.name} {graph.label(one)}"):
        found = [one for one in sorted(ends.of(node)) if relation.counts(graph.node_kind[one])]
        fits = all(graph.node_kind[one] in relation.object and code.is_source(one) for one in found)
        if fits and relation.least <= len(found) <= _MOST_ANSWERS and _are_named_apart(code, [node, *found]):
            question = relation.question.format(graph.label(node))
            yield _draft(code, relation.name, question, [node], found, sorted(ends.named(node)))


def _between(code: CodeText, seed: int) -> Iterator[Draft]:
    """Ask for the one function through which a function reaches another that it does not call itself."""
    graph = code.graph
    ends = _Ends(code, EdgeKind.CALLS, forward=True)
    for first in shuffled(code.source_nodes(NodeKind.FUNCTION), seed, lambda one: f"between {graph.label(one)}"):
        middles = ends.of(first)
        ways: dict[int, set[int]] = defaultdict(set)
        for middle in sorted(middles):
            for last in ends.of(middle) - {first}:
                ways[last].add(middle)
        for last, through in sorted(ways.items()):
            if last not in middles and len(through) == 1 and _is_plain(code, [last, *through, first]):
                yield _draft(code, "between", _through(code, first, last), [first, last], sorted(through))
                break


def _through(code: CodeText, first: int, last: int) -> str:
    one, other = code.graph.label(first), code.graph.label(last)
    return f"`{one}` does not call `{other}` itself, but through one function. Through which one?"


def _is_plain(code: CodeText, nodes: list[int]) -> bool:
    graph = code.graph
    plain = all(graph.node_kind[one] in _CODE and code.is_source(one) for one in nodes)
    return plain and _are_named_apart(code, nodes)


def _are_named_apart(code: CodeText, nodes: list[int]) -> bool:
    labels = [code.graph.label(node) for node in nodes]
    return len(set(labels)) == len(labels)


def _draft(
    code: CodeText, name: str, question: str, asked: list[int], found: list[int], named: Sequence[int] = ()
) -> Draft:
    graph = code.graph
    labels = sorted(graph.label(node) for node in found)
    alike = code.source_nodes(NodeKind(graph.node_kind[found[0]]))
    others = nearest(alike, f"{name} {graph.label(asked[0])}", graph.label, _BESIDE)
    return Draft(
        task=TASK,
        key=f"{name} {graph.label(asked[0])}",
        messages=render(_template(), question=question),
        answer="\n".join(labels),
        paths=tuple(dict.fromkeys(graph.node_path[node] for node in (*asked, *found))),
        anchors=tuple(asked),
        needed=(*found, *named),
        beside=tuple(others),
    )


@cache
def _template() -> Template:
    return load_prompt("cgm.train", TASK)
