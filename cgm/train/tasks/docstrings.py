"""Where the docstrings of Python's classes, functions and modules stand.

Knows Python's syntax. Does not know graphs: a definition is found by the lines of its node.
"""

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

_Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Docstring:
    """The lines (1-based, inclusive) of a docstring and of what it documents; `alone` where nothing else is in it."""

    owner_start: int
    owner_end: int
    start: int
    end: int
    alone: bool

    @property
    def lines(self) -> frozenset[int]:
        """Every line of it."""
        return frozenset(range(self.start, self.end + 1))


def docstrings(text: str) -> list[Docstring]:
    """Every docstring of a file, outer ones first; none where the file does not parse."""
    tree = _parsed(text)
    return list(_documented(tree, text.count("\n") + 1)) if tree else []


def _parsed(text: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # strange escapes in foreign code
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def same_code(before: str, after: str) -> bool:
    """Whether two texts of Python differ in comments, layout and docstrings alone; no where one does not parse."""
    trees = [_parsed(text) for text in (before, after)]
    dumps = [ast.dump(_Bare().visit(tree)) for tree in trees if tree is not None]
    return len(dumps) == 2 and dumps[0] == dumps[1]


class _Bare(ast.NodeTransformer):
    """Takes every text that stands alone as a statement away, docstrings among them."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        return None if _is_text(node) else node


def docstring_of(found: list[Docstring], start: int, end: int) -> Docstring | None:
    """The docstring of the definition that a node's lines span, decorators included."""
    fitting = (one for one in found if start <= one.owner_start and one.owner_end == end)
    return min(fitting, key=lambda one: one.owner_start, default=None)


def _documented(tree: ast.Module, last: int) -> Iterator[Docstring]:
    for node in ast.walk(tree):
        if isinstance(node, _Documented) and node.body and _is_text(node.body[0]):
            first = node.body[0]
            owner = (1, last) if isinstance(node, ast.Module) else (node.lineno, node.end_lineno or last)
            yield Docstring(*owner, first.lineno, first.end_lineno or first.lineno, alone=len(node.body) == 1)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
