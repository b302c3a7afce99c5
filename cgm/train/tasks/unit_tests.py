"""The task `unit_test`: from a function to a test that the repository has for it.

Knows which test is about which function. The graph shows no tests at all, as those beside the answer are much like it.
"""

import ast
import re
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from functools import cache, partial
from itertools import islice

import numpy as np
from jinja2 import Template
from rapidfuzz import fuzz

from cgm.graph import EdgeKind, NodeKind
from cgm.prompts import load_prompt, render
from cgm.text import is_source_path
from cgm.train.tasks.draft import SURE, CodeText, Draft, DraftLimits, shuffled

TASK = "unit_test"
_CHECKS = re.compile(r"\bassert\b|\braises\b|\bwarns\b|\bself\.(assert|fail)\w*\(")
_LEAST_LINES, _MOST_LINES = 3, 60
_MOST_CODE = 6000  # characters of what is tested
_MOST_IMPORTS = 2000
_PARTICULAR = 3  # tests that call what none of them is named like, beyond which it is a means of many
_NAMED = 85  # of 100: how alike two names are where one is about the other


def draft_unit_tests(code: CodeText, limits: DraftLimits) -> Iterator[Draft]:
    """Ask for tests in Python, each of the most particular function that it calls."""
    tested = _tested(code)
    hidden = frozenset(path for path in code.graph.file_of_path if not is_source_path(path))
    ordered = shuffled(tested, limits.seed, lambda node: f"test {code.graph.label(node)}")
    drafts = (_draft(code, test, tested[test], hidden) for test in ordered)
    return islice((one for one in drafts if one and len(one.answer) <= limits.characters), limits.rows)


def _tested(code: CodeText) -> dict[int, int]:
    """Each test function with the function or class that it is about, as far as its calls tell."""
    graph = code.graph
    rows = np.flatnonzero((graph.edge_kind == EdgeKind.CALLS) & (graph.edge_confidence >= SURE))
    columns = (graph.edge_source, graph.edge_target, graph.edge_line)
    calls: dict[int, dict[int, int]] = defaultdict(dict)
    for source, target, line in zip(*(column[rows].tolist() for column in columns), strict=True):
        if _is_test(code, source) and _is_subject(code, target):
            calls[source].setdefault(target, line)
    count = Counter(target for targets in calls.values() for target in targets)
    subjects = {test: min(found, key=partial(_unlikely, code, test, found, count)) for test, found in calls.items()}
    return {
        test: subject
        for test, subject in subjects.items()
        if _names(code, test, subject) or count[subject] <= _PARTICULAR
    }


def _unlikely(
    code: CodeText, test: int, calls: Mapping[int, int], count: Mapping[int, int], target: int
) -> tuple[bool, bool, bool, int, int]:
    """How unlikely it is that a test is about what it calls: an operator, otherwise named, in no check, common."""
    line = code.lines(code.graph.node_path[test])[calls[target] - 1]
    is_operator = _plain_name(code, target).startswith("__")
    return is_operator, not _names(code, test, target), not _CHECKS.search(line), count[target], target


def _names(code: CodeText, test: int, target: int) -> bool:
    """Whether a test is called like what it calls."""
    plain, asked = (text.replace("_", "").lower() for text in (_plain_name(code, target), code.graph.node_name[test]))
    return len(plain) > 2 and fuzz.partial_ratio(plain, asked) >= _NAMED


def _plain_name(code: CodeText, node: int) -> str:
    """The last part of a name, that of the class for what makes its objects."""
    *classes, name = code.graph.node_name[node].split(".")
    return classes[-1] if name == "__init__" and classes else name


def _is_test(code: CodeText, node: int) -> bool:
    graph = code.graph
    path, name = graph.node_path[node], graph.node_name[node].rpartition(".")[2]
    is_function = graph.node_kind[node] == NodeKind.FUNCTION and path.endswith(".py")
    return is_function and name.startswith("test") and not is_source_path(path)


def _is_subject(code: CodeText, node: int) -> bool:
    graph = code.graph
    of_kind = graph.node_kind[node] in (NodeKind.CLASS, NodeKind.FUNCTION)
    return of_kind and code.is_source(node) and len(code.whole(node)) <= _MOST_CODE


def _draft(code: CodeText, test: int, subject: int, hidden: frozenset[str]) -> Draft | None:
    graph = code.graph
    path, answer = graph.node_path[test], textwrap.dedent(code.whole(test)).strip("\n")
    if not (_LEAST_LINES <= answer.count("\n") + 1 <= _MOST_LINES and _CHECKS.search(answer)):
        return None
    values = {
        "name": graph.node_name[test],
        "path": path,
        "label": graph.label(subject),
        "code": textwrap.dedent(code.whole(subject)).rstrip(),
        "imports": _imports(code, path),
    }
    return Draft(
        task=TASK,
        key=graph.label(test),
        messages=render(_template(), **values),
        answer=answer,
        paths=(path,),
        anchors=(subject,),
        hidden=hidden,
    )


def _imports(code: CodeText, path: str) -> str:
    """The imports at the top level of a file."""
    lines = code.lines(path)
    try:
        body = ast.parse("".join(lines)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    spans = [(one.lineno, one.end_lineno or one.lineno) for one in body if isinstance(one, ast.Import | ast.ImportFrom)]
    return "".join("".join(lines[start - 1 : end]) for start, end in spans).rstrip()[:_MOST_IMPORTS]


@cache
def _template() -> Template:
    return load_prompt("cgm.train", TASK)
