"""Python's syntax tree as captures.

Knows tree-sitter and the query. Does not know what an expression means (`preprocessing.python.chains`), scopes or
facts.
"""

import re
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from operator import attrgetter

import numpy as np
import tree_sitter_python
from numpy.typing import NDArray
from tree_sitter import Language, Node, Parser, Point, Query, QueryCursor

from cgm.errors import ParseError
from preprocessing.facts import Use

_DEEPEST = 4000  # nodes above one that is looked at
_NAME = re.compile(r"[^\W\d]\w*")
_ITEM = re.compile(r"(?<=[\w)\]])\[[^\[\]]*\]")
_start, _end = attrgetter("start_byte"), attrgetter("end_byte")


@dataclass(frozen=True, eq=False)
class Syntax:
    """A file's bytes, its tree, and the query's captures by name, each in document order."""

    source: bytes
    root: Node
    captures: dict[str, list[Node]]

    @cached_property
    def _newlines(self) -> NDArray[np.intp]:
        """The bytes that end a line."""
        return np.flatnonzero(np.frombuffer(self.source, dtype=np.uint8) == ord("\n"))

    def lines(self, positions: Collection[int]) -> list[int]:
        """The lines of bytes, from 1."""
        places = np.fromiter(positions, dtype=np.int64, count=len(positions))
        found: list[int] = (np.searchsorted(self._newlines, places) + 1).tolist()
        return found

    def uses(self, found: Mapping[tuple[int, str], int]) -> tuple[Use, ...]:
        """Rows of scopes and chains, each at the line of the byte where it was found."""
        lines = self.lines(found.values())
        return tuple([Use(scope, chain, line) for (scope, chain), line in zip(found, lines, strict=True)])

    def all(self, name: str) -> list[Node]:
        """Every node captured under a name."""
        return self.captures.get(name, [])

    def spans(self, name: str) -> list[tuple[int, int]]:
        """The first byte and the one after the last of every node captured under a name."""
        return [(node.start_byte, node.end_byte) for node in self.all(name)]

    def text(self, node: Node) -> str:
        """The source text of a node."""
        return self.source[node.start_byte : node.end_byte].decode("utf-8", "replace")


@cache
def _language() -> Language:
    return Language(tree_sitter_python.language())


@cache
def _query() -> Query:
    return Query(_language(), query_text())


def query_text() -> str:
    """The query over Python's syntax tree."""
    return resources.files("preprocessing").joinpath("queries", "python.scm").read_text(encoding="utf-8")


def read_syntax(source: bytes, seconds: float) -> Syntax:
    """Parse a file, however broken, and run the query over it.

    Raises:
        ParseError: it took longer than `seconds`.
    """
    deadline = time.monotonic() + seconds
    try:
        tree = Parser(_language()).parse(_feed(source), progress_callback=lambda *_: time.monotonic() > deadline)
    except ValueError as error:
        raise ParseError(f"a file must parse within {seconds} s") from error
    root = tree.root_node
    # the binding gives captures in an order that changes from run to run
    cursor = QueryCursor(_query())
    # below the depth that the engine can count to, it takes a time that grows with the square of a tree
    cursor.set_max_start_depth(_DEEPEST)
    captures = cursor.captures(root)
    for nodes in captures.values():
        # twice by one number takes a fifth of the time of once by a pair
        nodes.sort(key=_end, reverse=True)
        nodes.sort(key=_start)
    return Syntax(source, root, captures)


def _feed(source: bytes) -> Callable[[int, Point], bytes]:
    return lambda offset, _: source[offset : offset + (1 << 20)]


def first_child(node: Node) -> Node | None:
    """The first named child, if there is one."""
    return node.named_child(0) if node.named_child_count else None


def bound_names(text: str) -> list[str]:
    """The plain names of an assignment target such as `a, (b, *c)`; attributes and items bind no name."""
    if "." not in text and "[" not in text:
        return _NAME.findall(text)
    text = _ITEM.sub(".", text)
    items = (item.strip("()[]* \t\n") for item in text.split(","))
    return [item for item in items if _NAME.fullmatch(item)]
