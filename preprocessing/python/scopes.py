"""Which class or function, and which part of it, owns each byte of a Python file.

Knows nesting, headers and docstrings. Does not know what stands there.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from tree_sitter import Node

from cgm.graph import NodeKind
from preprocessing.facts import BODY, DOCSTRING, MODULE, SIGNATURE, Definition
from preprocessing.python.chains import chain
from preprocessing.python.syntax import Syntax, first_child
from preprocessing.zones import Zones

_ABSTRACT = ("abstractmethod", "abstractproperty")
_ABSTRACT_RAISE = b"raise NotImplementedError"
_SHORT_BODY = 3
_NAMED = re.compile(rb"(?:class|(?:async[ \t]++)?+def)[ \t]++([A-Za-z_]\w*+)[ \t]*+[(:]")
_MAY_DOCUMENT = re.compile(rb"[A-Za-z]*+[\"']|#")


@dataclass(frozen=True, eq=False)
class Scopes:
    """Classes and functions in document order, and zones: from `positions[i]` on, `owners[i]` = (scope, field).

    `names` are the byte positions of defined names, `outlines` the nodes of the definitions,
    `decorator_starts` the byte positions of each definition's decorators.
    """

    definitions: tuple[Definition, ...]
    positions: tuple[int, ...]
    owners: tuple[tuple[int, int], ...]
    names: frozenset[int]
    outlines: tuple["Outline", ...] = ()
    decorator_starts: tuple[tuple[int, ...], ...] = ()

    @cached_property
    def zones(self) -> Zones:
        """The zones and names as arrays, without the nodes of the definitions."""
        return Zones.of(self.positions, self.owners, self.names)

    @cached_property
    def callers(self) -> list[int]:
        """Who runs what stands in each zone: decorators, defaults and bases run outside of what they head."""
        return [self.definitions[scope].parent if zone == SIGNATURE else scope for scope, zone in self.owners]

    def at(self, position: int) -> tuple[int, int]:
        """The scope and field that own a byte."""
        return self.owners[bisect_right(self.positions, position) - 1]

    def scope_at(self, position: int) -> int:
        """The scope that owns a byte."""
        return self.owners[bisect_right(self.positions, position) - 1][0]

    def caller_at(self, position: int) -> int:
        """The scope that runs what stands at a byte."""
        return self.callers[bisect_right(self.positions, position) - 1]


class Outline(NamedTuple):
    """A class or function as its nodes: the whole with decorators, itself, its body; and where it and its name stand.

    `start` and `end` are the bytes of the node, `name` those of its name.
    """

    whole: Node
    node: Node
    body: Node | None
    start: int
    end: int
    name: tuple[int, int]
    is_class: bool


def find_scopes(syntax: Syntax) -> Scopes:
    """Find every class and function and the zones they own."""
    outlines = _outlines(syntax)
    parents = _parents(outlines)
    events = [(0, 1, 0, MODULE, BODY), *_docstring_events(syntax.root, MODULE)]
    for scope, outline in enumerate(outlines):
        events.extend(_events(syntax.source, outline, scope, parents[scope]))
    events.sort()
    return Scopes(
        definitions=tuple(_definitions(syntax, outlines, parents)),
        positions=tuple([event[0] for event in events]),
        owners=tuple([event[3:] for event in events]),
        names=frozenset(outline.name[0] for outline in outlines),
        outlines=tuple(outlines),
        decorator_starts=tuple(
            () if outline.whole is outline.node else _decorator_starts(outline.whole) for outline in outlines
        ),
    )


def _outlines(syntax: Syntax) -> list[Outline]:
    wholes: dict[int, Node] = {}
    for decorated in syntax.all("decorated"):
        inner = decorated.child_by_field_name("definition")
        if inner is not None:
            wholes[inner.id] = decorated
    outlines = []
    for node in syntax.all("scope"):
        found = _NAMED.match(syntax.source, start := node.start_byte)
        name = found.span(1) if found is not None else _name(node)
        if name[1] > name[0]:
            is_class = syntax.source.startswith(b"class", start)
            body = node.child_by_field_name("body")
            outlines.append(Outline(wholes.get(node.id, node), node, body, start, node.end_byte, name, is_class))
    return outlines


def _name(node: Node) -> tuple[int, int]:
    name = node.child_by_field_name("name")
    return (name.start_byte, name.end_byte) if name is not None else (0, 0)


def _parents(outlines: list[Outline]) -> list[int]:
    parents: list[int] = []
    stack: list[int] = []
    for scope, outline in enumerate(outlines):
        while stack and outlines[stack[-1]].end <= outline.start:
            stack.pop()
        parents.append(stack[-1] if stack else MODULE)
        stack.append(scope)
    return parents


_Event = tuple[int, int, int, int, int]


def _events(source: bytes, outline: Outline, scope: int, parent: int) -> list[_Event]:
    """Where the zones of a scope begin; at one byte, zones that end come first, the innermost before the outer."""
    start, end = outline.whole.start_byte, outline.whole.end_byte
    events: list[_Event] = [(start, 1, scope, scope, SIGNATURE), (end, 0, -scope, parent, BODY)]
    if outline.body is not None:
        first = outline.body.start_byte
        events.append((first, 1, scope, scope, BODY))
        if _MAY_DOCUMENT.match(source, first):
            events.extend(_docstring_events(outline.body, scope))
    return events


def _docstring_events(body: Node, scope: int) -> list[_Event]:
    string = _docstring(body)
    if string is None:
        return []
    # where a docstring is all that a scope holds, it ends before the scope does
    return [(string.start_byte, 2, scope, scope, DOCSTRING), (string.end_byte, -1, -scope, scope, BODY)]


def _docstring(body: Node) -> Node | None:
    cursor = body.walk()  # a sibling at a time: a node finds its next one by counting from the first
    found = cursor.goto_first_child()
    while found and cursor.node is not None and cursor.node.type == "comment":
        found = cursor.goto_next_sibling()
    statement = cursor.node
    if not found or statement is None or statement.type != "expression_statement" or statement.named_child_count != 1:
        return None
    inner = first_child(statement)
    return inner if inner is not None and inner.type in ("string", "concatenated_string") else None


def _definitions(syntax: Syntax, outlines: list[Outline], parents: list[int]) -> Iterator[Definition]:
    may_raise = _ABSTRACT_RAISE in syntax.source
    for outline, parent in zip(outlines, parents, strict=True):
        whole, node, *_, name, is_class = outline
        decorators = tuple(chain(syntax, one) for one in _decorator_nodes(whole)) if whole is not node else ()
        is_abstract = not is_class and (_is_marked(decorators) or (may_raise and _is_refused(syntax, outline)))
        yield Definition(
            int(NodeKind.CLASS if is_class else NodeKind.FUNCTION),
            syntax.source[name[0] : name[1]].decode("utf-8", "replace"),
            parent,
            whole.start_point.row + 1,
            whole.end_point.row + 1,
            _bases(syntax, node) if is_class else (),
            decorators,
            "",
            is_abstract,
        )


def _decorator_starts(decorated: Node) -> tuple[int, ...]:
    return tuple(node.start_byte for node in _decorator_nodes(decorated))


def _decorator_nodes(decorated: Node) -> list[Node]:
    nodes = (first_child(node) for node in decorated.named_children if node.type == "decorator")
    return [node for node in nodes if node is not None]


def _bases(syntax: Syntax, node: Node) -> tuple[str, ...]:
    """The bases in order; a generic base without its parameters, a metaclass as `metaclass=chain`."""
    arguments = node.child_by_field_name("superclasses")
    return tuple(_base(syntax, child) for child in arguments.named_children) if arguments is not None else ()


def _base(syntax: Syntax, node: Node) -> str:
    if node.type == "keyword_argument":
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        return f"{syntax.text(name)}={chain(syntax, value)}" if name is not None and value is not None else "?=?"
    if node.type == "subscript":
        value = node.child_by_field_name("value")
        return chain(syntax, value) if value is not None else "?"
    return chain(syntax, node)


def _is_marked(decorators: tuple[str, ...]) -> bool:
    return any(decorator.rpartition(".")[2] in _ABSTRACT for decorator in decorators)


def _is_refused(syntax: Syntax, outline: Outline) -> bool:
    """Whether a short function raises NotImplementedError."""
    body = outline.body
    if body is None or body.named_child_count > _SHORT_BODY:
        return False
    return syntax.source.find(_ABSTRACT_RAISE, body.start_byte, body.end_byte) >= 0
