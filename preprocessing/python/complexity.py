"""How many ways lead through the functions of a Python file.

Knows which words and clauses of Python decide where to go on: each makes one way more. `else`, `finally`, `with` and
`assert` decide nothing of their own, nor does a `case _`. Source: McCabe, A Complexity Measure, 1976, where the parts
of a compound condition count for themselves. radon counts the same, and the `else` of a loop or `try`.
"""

from collections.abc import Sequence

import numpy as np
from tree_sitter import Node

from cgm.graph import NodeKind
from preprocessing.facts import BODY
from preprocessing.python.scopes import Scopes
from preprocessing.python.syntax import Syntax, first_child
from preprocessing.words import Tokens

_DECISIONS = (b"if", b"elif", b"for", b"while", b"except", b"and", b"or")


def count_ways(syntax: Syntax, scopes: Scopes, values: Sequence[Node], *, tokens: Tokens) -> tuple[int, ...]:
    """The cyclomatic complexity of each definition of `scopes`, then of each of `values`.

    That of a function is its own, without inner ones; only functions and lambdas have one, else it is 0.
    """
    is_decision = np.zeros(len(tokens.numbers), dtype=bool)
    is_decision[[tokens.numbers[word] for word in _DECISIONS]] = True
    words = tokens.start[is_decision[tokens.number] & (tokens.part < 0)]
    cases = [node.start_byte for node in syntax.all("case") if _is_tested(syntax, node)]
    places = np.sort(np.concatenate([words, np.array(cases, dtype=np.int64)]))
    zones = np.searchsorted(scopes.zones.positions, places, side="right") - 1
    scope, part = scopes.zones.scopes[zones], scopes.zones.fields[zones]
    counts = np.bincount(scope[(part == BODY) & (scope >= 0)], minlength=len(scopes.definitions)).tolist()
    is_function = [row.kind == NodeKind.FUNCTION for row in scopes.definitions]
    functions = [1 + count if is_one else 0 for is_one, count in zip(is_function, counts, strict=True)]
    lambdas = [(node.start_byte, node.end_byte) if node.type == "lambda" else (-1, 0) for node in values]
    borders = np.searchsorted(places, np.array(lambdas, dtype=np.int64).reshape(-1, 2))
    inside = (borders[:, 1] - borders[:, 0]).tolist()
    return (*functions, *(1 + count if start >= 0 else 0 for (start, _), count in zip(lambdas, inside, strict=True)))


def _is_tested(syntax: Syntax, case: Node) -> bool:
    """Whether a case has a pattern that may not match; a guard is counted as the `if` that it is."""
    pattern = first_child(case)
    return pattern is None or syntax.text(pattern) != "_"
