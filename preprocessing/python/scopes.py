"""Which class or function, and which part of it, owns each byte of a Python file.

Knows nesting, headers and docstrings. Does not know what stands there.
"""

from bisect import bisect_right
from dataclasses import dataclass

from tree_sitter import Node

from cgm.graph import NodeKind
from preprocessing.facts import BODY, DOCSTRING, MODULE, SIGNATURE, Definition
from preprocessing.python.chains import chain
from preprocessing.python.syntax import Syntax, first_child

_ABSTRACT = ("abstractmethod", "abstractproperty")
_ABSTRACT_RAISE = b"raise NotImplementedError"
_SHORT_BODY = 3


@dataclass(frozen=True, eq=False)
class Scopes:
    """Classes and functions in document order, and zones: from `positions[i]` on, `owners[i]` = (scope, field).

    `names` are the byte positions of defined names, `outlines` the nodes of the definitions,
    `decorator_lines` the lines of each definition's decorators.
    """

    definitions: tuple[Definition, ...]
    positions: tuple[int, ...]
    owners: tuple[tuple[int, int], ...]
    names: frozenset[int]
    outlines: tuple["Outline", ...] = ()
    decorator_lines: tuple[tuple[int, ...], ...] = ()

    def at(self, position: int) -> tuple[int, int]:
        """The scope and field that own a byte."""
        return self.owners[bisect_right(self.positions, position) - 1]

    def scope_at(self, position: int) -> int:
        """The scope that owns a byte."""
        return self.owners[bisect_right(self.positions, position) - 1][0]

    def caller_at(self, position: int) -> int:
        """The scope that runs what stands at a byte: decorators, defaults and bases run outside of what they head."""
        scope, zone = self.owners[bisect_right(self.positions, position) - 1]
        return self.definitions[scope].parent if zone == SIGNATURE else scope


@dataclass(frozen=True, eq=False)
class Outline:
    """A class or function as its nodes: the whole with decorators, itself, its name, its body."""

    whole: Node
    node: Node
    name: Node
    body: Node | None

    @property
    def is_class(self) -> bool:
        """Whether it is a class and no function."""
        return self.node.type == "class_definition"


def find_scopes(syntax: Syntax) -> Scopes:
    """Find every class and function and the zones they own."""
    outlines = _outlines(syntax)
    parents = _parents(outlines)
    events = [((0, 1, 0), (MODULE, BODY)), *_docstring_events(syntax.root, MODULE)]
    for scope, outline in enumerate(outlines):
        events.extend(_events(outline, scope, parents[scope]))
    events.sort()
    return Scopes(
        definitions=tuple(map(_definition, [syntax] * len(outlines), outlines, parents)),
        positions=tuple(key[0] for key, _ in events),
        owners=tuple(owner for _, owner in events),
        names=frozenset(outline.name.start_byte for outline in outlines),
        outlines=tuple(outlines),
        decorator_lines=tuple(
            tuple(node.start_point.row + 1 for node in _decorator_nodes(outline)) for outline in outlines
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
        name = node.child_by_field_name("name")
        if name is not None and name.end_byte > name.start_byte:
            outlines.append(Outline(wholes.get(node.id, node), node, name, node.child_by_field_name("body")))
    return sorted(outlines, key=lambda outline: (outline.node.start_byte, -outline.node.end_byte))


def _parents(outlines: list[Outline]) -> list[int]:
    parents: list[int] = []
    stack: list[int] = []
    for scope, outline in enumerate(outlines):
        while stack and outlines[stack[-1]].node.end_byte <= outline.node.start_byte:
            stack.pop()
        parents.append(stack[-1] if stack else MODULE)
        stack.append(scope)
    return parents


_Event = tuple[tuple[int, int, int], tuple[int, int]]


def _events(outline: Outline, scope: int, parent: int) -> list[_Event]:
    """Where the zones of a scope begin; at one byte, zones that end come first, the innermost before the outer."""
    start, end = outline.whole.start_byte, outline.whole.end_byte
    events: list[_Event] = [((start, 1, scope), (scope, SIGNATURE)), ((end, 0, -scope), (parent, BODY))]
    if outline.body is not None:
        events.append(((outline.body.start_byte, 1, scope), (scope, BODY)))
        events.extend(_docstring_events(outline.body, scope))
    return events


def _docstring_events(body: Node, scope: int) -> list[_Event]:
    string = _docstring(body)
    if string is None:
        return []
    # where a docstring is all that a scope holds, it ends before the scope does
    return [((string.start_byte, 2, scope), (scope, DOCSTRING)), ((string.end_byte, -1, -scope), (scope, BODY))]


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


def _definition(syntax: Syntax, outline: Outline, parent: int) -> Definition:
    is_class = outline.is_class
    decorators = _decorators(syntax, outline)
    return Definition(
        kind=int(NodeKind.CLASS if is_class else NodeKind.FUNCTION),
        name=syntax.text(outline.name),
        parent=parent,
        start=outline.whole.start_point.row + 1,
        end=outline.whole.end_point.row + 1,
        bases=_bases(syntax, outline.node) if is_class else (),
        decorators=decorators,
        is_abstract=not is_class and _is_abstract(syntax, outline, decorators),
    )


def _decorators(syntax: Syntax, outline: Outline) -> tuple[str, ...]:
    return tuple(chain(syntax, node) for node in _decorator_nodes(outline))


def _decorator_nodes(outline: Outline) -> list[Node]:
    if outline.whole.id == outline.node.id:
        return []
    nodes = (first_child(node) for node in outline.whole.named_children if node.type == "decorator")
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


def _is_abstract(syntax: Syntax, outline: Outline, decorators: tuple[str, ...]) -> bool:
    if any(decorator.rpartition(".")[2] in _ABSTRACT for decorator in decorators):
        return True
    body = outline.body
    if body is None or body.named_child_count > _SHORT_BODY:
        return False
    return _ABSTRACT_RAISE in syntax.source[body.start_byte : body.end_byte]
