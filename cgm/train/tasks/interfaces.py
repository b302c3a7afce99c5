"""The task `api`: from what a function or class is for to its place and signature.

Knows what makes a documented definition worth asking for. Its docstring is the question, so the graph shows it without.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import islice

from jinja2 import Template

from cgm.graph import NodeKind
from cgm.prompts import load_prompt, render
from cgm.train.tasks.docstrings import Docstring, docstring_of, docstrings
from cgm.train.tasks.draft import CodeText, Draft, DraftLimits, nearest, shuffled

TASK = "api"
_LEAST, _MOST = 40, 600  # characters of a purpose
_BESIDE = 24  # definitions to choose from, beside what is linked with the one that is meant
_WORD = re.compile(r"[A-Za-z_]\w*")


def draft_interfaces(code: CodeText, limits: DraftLimits) -> Iterator[Draft]:
    """Ask for public, documented classes and functions of Python source."""
    ordered = shuffled(_public(code), limits.seed, lambda node: f"api {code.graph.label(node)}")
    return islice((draft for node in ordered if (draft := _draft(code, node))), limits.rows)


def _public(code: CodeText) -> Iterator[int]:
    for node in code.source_nodes(NodeKind.CLASS, NodeKind.FUNCTION):
        if code.graph.node_path[node].endswith(".py") and _is_public(code, node):
            yield node


def _is_public(code: CodeText, node: int) -> bool:
    return not any(part.startswith("_") for part in code.graph.node_name[node].split("."))


def _draft(code: CodeText, node: int) -> Draft | None:
    graph = code.graph
    path, details = graph.node_path[node], graph.details(node)
    purpose = details.docstring.partition("\n\n")[0].strip()
    name = graph.node_name[node].rpartition(".")[2]
    if not (_LEAST <= len(purpose) <= _MOST and details.signature) or _names(purpose, name):
        return None
    place = _documented(code, node)
    if place is None or place.alone:
        return None
    kind = "class" if graph.node_kind[node] == NodeKind.CLASS else "function"
    return Draft(
        task=TASK,
        key=graph.label(node),
        messages=render(_template(), kind=kind, purpose=purpose),
        answer=f"{graph.label(node)}\n{details.signature}",
        paths=(path,),
        anchors=(),
        needed=(node,),
        beside=tuple(nearest(_public(code), f"api {graph.label(node)}", graph.label, _BESIDE)),
        blanked={path: place.lines},
        wording="docstring",
    )


def _names(purpose: str, name: str) -> bool:
    """Whether a purpose holds the name itself, so that nothing is left to find."""
    return name.lower() in {word.lower() for word in _WORD.findall(purpose)}


def _documented(code: CodeText, node: int) -> Docstring | None:
    graph = code.graph
    found = docstrings("".join(code.lines(graph.node_path[node])))
    return docstring_of(found, int(graph.node_start[node]), int(graph.node_end[node]))


@cache
def _template() -> Template:
    return load_prompt("cgm.train", TASK)
