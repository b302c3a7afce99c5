"""Subgraph reconstruction: from the graph's node tokens back to their code.

Knows which nodes belong together: a class with its methods, a function with what it calls. The code stands in the
graph, never in the prompt: that is what the adapter learns first. Source: CGM, section 3.3.
"""

from collections.abc import Iterator
from functools import cache

import numpy as np
from jinja2 import Template

from cgm.graph import EdgeKind, NodeKind
from cgm.prompts import load_prompt, render
from cgm.train.tasks.draft import SURE, CodeText, Draft, DraftLimits, shuffled

TASK = "subgraph_reconstruction"
_LEAST = 120  # characters of a node that is worth writing
_MOST_NODES = 5


def draft_reconstructions(code: CodeText, limits: DraftLimits) -> Iterator[Draft]:
    """Ask for groups of linked nodes; no node is asked for twice."""
    asked: set[int] = set()
    made = 0
    seeds = shuffled(code.source_nodes(NodeKind.CLASS, NodeKind.FUNCTION), limits.seed, code.graph.label)
    for seed in seeds:
        if made == limits.rows:
            return
        group = _group(code, seed, asked, limits.characters)
        if group:
            made += 1
            asked.update(group)
            yield _draft(code, group)


def _group(code: CodeText, seed: int, asked: set[int], characters: int) -> list[int]:
    """A seed and the nodes linked with it that fit, ascending; none where the seed is asked, small or too large."""
    group: list[int] = []
    left = characters
    for node in (seed, *_linked(code, seed)):
        size = len(_piece(code, node))
        fits = node not in asked and len(code.own(node).strip()) >= _LEAST and size <= left
        if fits and len(group) < _MOST_NODES:
            group.append(node)
            left -= size
        elif node == seed:
            return []
    return sorted(group)


def _linked(code: CodeText, node: int) -> list[int]:
    """The methods of a class; the functions that a function surely calls."""
    graph = code.graph
    if graph.node_kind[node] == NodeKind.CLASS:
        return [child for child in graph.children[node] if graph.node_kind[child] == NodeKind.FUNCTION]
    calls = (graph.edge_source == node) & (graph.edge_kind == EdgeKind.CALLS) & (graph.edge_confidence >= SURE)
    targets = np.unique(graph.edge_target[calls]).tolist()
    return [target for target in targets if graph.node_kind[target] == NodeKind.FUNCTION and target != node]


def _piece(code: CodeText, node: int) -> str:
    return f"### {code.graph.label(node)}\n{code.own(node).rstrip()}\n"


def _draft(code: CodeText, group: list[int]) -> Draft:
    labels = [code.graph.label(node) for node in group]
    return Draft(
        task=TASK,
        key=labels[0],
        messages=render(_template(), labels=labels),
        answer="\n".join(_piece(code, node) for node in group),
        paths=tuple(dict.fromkeys(code.graph.node_path[node] for node in group)),
        anchors=tuple(group),
    )


@cache
def _template() -> Template:
    return load_prompt("cgm.train", TASK)
