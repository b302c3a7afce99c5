"""The task `readme_summary`: from code to what it is for, in the words of its README and of its modules' docstrings.

Knows which files stand for a repository. The graph shows no documents, and no docstring that is asked for.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import chain, islice

import numpy as np
from jinja2 import Template

from cgm.graph import NodeKind
from cgm.prompts import load_prompt, render
from cgm.text import is_source_path
from cgm.train.tasks.docstrings import docstrings
from cgm.train.tasks.draft import CodeText, Draft, DraftLimits, shuffled
from cgm.train.tasks.readme import opening

TASK = "readme_summary"
_README = re.compile(r"readme(\.(md|rst|txt|markdown))?$", re.IGNORECASE)
_DESCRIBES = re.compile(r"(^|/)(setup\.(py|cfg)|pyproject\.toml|package\.json|__about__\.py|__version__\.py)$")
_LEAST = 100  # characters of a summary
_CENTRAL = 40  # files that stand for a repository
_NO_SUMMARY = re.compile(r"copyright|licen[sc]e|all rights reserved|^usage:|vim:|coding[:=]", re.IGNORECASE)


def draft_summaries(code: CodeText, limits: DraftLimits) -> Iterator[Draft]:
    """Ask for the README's opening, then for the docstrings of modules."""
    modules = shuffled(code.source_nodes(NodeKind.FILE), limits.seed, lambda node: f"module {code.graph.label(node)}")
    drafts = chain(_readme(code, limits), (_module(code, node, limits) for node in modules))
    return islice((draft for draft in drafts if draft), limits.rows)


def _readme(code: CodeText, limits: DraftLimits) -> Iterator[Draft]:
    graph = code.graph
    for path in sorted(path for path in graph.file_of_path if _README.match(path)):
        text = opening("".join(code.lines(path)), _LEAST)[: limits.characters]
        if len(text) >= _LEAST:
            hidden = frozenset(one for one in graph.file_of_path if not is_source_path(one) or _describes(code, one))
            messages = render(_template(), path="", name=code.name)
            anchors = tuple(_central(code))
            blanked = {path: _module_docstring(code, path) for path in {graph.node_path[node] for node in anchors}}
            yield Draft(TASK, path, messages, text, (path,), anchors, hidden=hidden, blanked=blanked, wording="README")
            return


def _describes(code: CodeText, path: str) -> bool:
    is_text = code.graph.node_kind[code.graph.file_of_path[path]] == NodeKind.TEXTFILE
    return is_text or _DESCRIBES.search(path) is not None


def _central(code: CodeText) -> list[int]:
    """The source files that most edges touch."""
    graph = code.graph
    degree = np.bincount(np.concatenate((graph.edge_source, graph.edge_target)), minlength=len(graph))
    files = [node for node in code.source_nodes(NodeKind.FILE) if not _DESCRIBES.search(graph.node_path[node])]
    return sorted(files, key=lambda node: (-int(degree[node]), node))[:_CENTRAL]


def _module(code: CodeText, node: int, limits: DraftLimits) -> Draft | None:
    graph = code.graph
    path, text = graph.node_path[node], graph.details(node).docstring.partition("\n.. ")[0].strip()
    lines = _module_docstring(code, path)
    if not lines or len(text) < _LEAST or len(text) > limits.characters or _NO_SUMMARY.search(text):
        return None
    if not any(graph.node_kind[child] in (NodeKind.CLASS, NodeKind.FUNCTION) for child in graph.children[node]):
        return None
    messages, anchors = render(_template(), path=path, name=""), (node, *graph.children[node])
    return Draft(TASK, path, messages, text, (path,), anchors, blanked={path: lines}, wording="docstring")


def _module_docstring(code: CodeText, path: str) -> frozenset[int]:
    if not path.endswith(".py"):
        return frozenset()
    text = "".join(code.lines(path))
    return next(
        (one.lines for one in docstrings(text) if one.owner_start == 1 and one.owner_end > text.count("\n")),
        frozenset(),
    )


@cache
def _template() -> Template:
    return load_prompt("cgm.train", TASK)
