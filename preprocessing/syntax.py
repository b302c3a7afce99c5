"""Python's syntax tree as captures and chains.

Knows tree-sitter, the query and the shapes of expressions. Does not know scopes or facts.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from operator import attrgetter

import tree_sitter_python
from tree_sitter import Language, Node, Parser, Point, Query, QueryCursor

from cgm.errors import ParseError

_DOTTED = re.compile(rb"[A-Za-z_\x80-\xff][\w\x80-\xff]*(?:\.[A-Za-z_\x80-\xff][\w\x80-\xff]*)*")
_NAME = re.compile(r"[^\W\d]\w*")
_OPTIONAL = re.compile(r"(?:typing\.)?Optional\[(.*)\]|(.*?)\s*\|\s*None|None\s*\|\s*(.*)", re.DOTALL)
_ITEM = re.compile(r"(?<=[\w)\]])\[[^\[\]]*\]")
_start, _end = attrgetter("start_byte"), attrgetter("end_byte")
_UNNAMED = "?"
_DEEPEST_CHAIN = 12
_LITERALS = frozenset({"string", "concatenated_string", "list", "dictionary", "tuple", "set", "list_comprehension"})
_WRAPPERS = frozenset({"parenthesized_expression", "await"})


@dataclass(frozen=True, eq=False)
class Syntax:
    """A file's bytes, its tree, and the query's captures by name, each in document order."""

    source: bytes
    root: Node
    captures: dict[str, list[Node]]

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
    captures = QueryCursor(_query()).captures(root)
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


def chain(syntax: Syntax, node: Node) -> str:
    """Write an expression as a chain: `a.b`, `Session().get`, `super().save`; `?` stands for an unnamed part."""
    source = syntax.source[node.start_byte : node.end_byte]
    if _DOTTED.fullmatch(source):
        return source.decode("utf-8", "replace")
    parts: list[str] = []
    current: Node | None = node
    for _ in range(_DEEPEST_CHAIN):
        current, part = _step(syntax, current)
        parts.append(part)
        if current is None:
            return "".join(reversed(parts))
    return _UNNAMED + "".join(reversed(parts))


def _step(syntax: Syntax, node: Node | None) -> tuple[Node | None, str]:
    """One link of a chain from its right end: what is left of it, and the link."""
    kind = node.type if node is not None else ""
    if node is None:
        return None, _UNNAMED
    if kind == "identifier":
        return None, syntax.text(node)
    if kind == "attribute":
        name = node.child_by_field_name("attribute")
        return node.child_by_field_name("object"), f".{syntax.text(name) if name is not None else _UNNAMED}"
    if kind == "call":
        return node.child_by_field_name("function"), "()"
    if kind in _WRAPPERS and node.named_child_count == 1:
        return first_child(node), ""
    return None, "''" if kind in _LITERALS else _UNNAMED


def annotated_class(text: str) -> str:
    """The class that a type annotation names, or an empty string: `Optional["Foo"]` names Foo."""
    text = text.strip().strip("'\"")
    if found := _OPTIONAL.fullmatch(text):
        text = next(group for group in found.groups() if group is not None).strip().strip("'\"")
    return text if _DOTTED.fullmatch(text.encode()) else ""


def bound_names(text: str) -> list[str]:
    """The plain names of an assignment target such as `a, (b, *c)`; attributes and items bind no name."""
    if "." not in text and "[" not in text:
        return _NAME.findall(text)
    text = _ITEM.sub(".", text)
    items = (item.strip("()[]* \t\n") for item in text.split(","))
    return [item for item in items if _NAME.fullmatch(item)]
