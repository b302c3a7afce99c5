"""Which definition, and which part of it, owns each byte of a file in any language.

Knows nesting, headers, doc comments, name spaces and the captures `@definition.*` and `@block`. Does not know what
stands there.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass

from tree_sitter import Node

from cgm.graph import NodeKind
from preprocessing.facts import BODY, DOCSTRING, MODULE, SIGNATURE
from preprocessing.polyglot.expressions import Expressions
from preprocessing.polyglot.grammar import Match, Matches

_KINDS = {
    "definition.class": NodeKind.CLASS,
    "definition.interface": NodeKind.CLASS,
    "definition.function": NodeKind.FUNCTION,
    "definition.lambda": NodeKind.LAMBDA,
}
BLOCK = -1  # the kind of an outline that only says whose its functions are
SPACE = -2  # the kind of an outline that only says in which name space its definitions are
_GAP = re.compile(rb"[ \t]*(?:\r?\n)?[ \t]*(?:[a-z]+[ \t]+){0,4}")
_LONGEST_GAP = 120


@dataclass(eq=False)
class Outline:
    """A class, function, lambda or block; `inside` is the outline around it, -1 for the file.

    `scope` is its number among classes and functions, and -1 for a lambda or block. `owner` is the class that its
    functions are members of where that is not the outline around. `space` is the name space within the file.
    """

    kind: int
    match: Match
    inside: int = -1
    scope: int = MODULE
    name: str = ""
    owner: str = ""
    space: str = ""
    doc: tuple[int, int] | None = None
    annotation: Node | None = None

    @property
    def node(self) -> Node:
        """The whole of it."""
        return self.match.node

    @property
    def first_line(self) -> int:
        """Its first line, 1-based, with the annotations that stand before it."""
        return (self.annotation or self.node).start_point.row + 1

    @property
    def is_interface(self) -> bool:
        """Whether it is a class that is only implemented."""
        return "definition.interface" in self.match.parts

    @property
    def is_nameless_class(self) -> bool:
        """Whether it is a class that stands where an object of it is made."""
        named = "name" in self.match.parts or "name" in self.match.settings
        return self.kind == NodeKind.CLASS and not named


class Extents:
    """The outlines of one file in document order, and who owns which byte."""

    def __init__(self, matches: Matches, expressions: Expressions) -> None:
        self._matches = matches
        self._expressions = expressions
        self.outlines = self._found()
        self._nest()
        self._document()
        events = [((0, 1, 0), (-1, BODY))]
        for number, outline in enumerate(self.outlines):
            events.extend(_events(number, outline))
        events.sort()
        self.positions = [key[0] for key, _ in events]
        self.owners = [owner for _, owner in events]

    def at(self, position: int) -> tuple[int, int]:
        """The innermost outline, -1 for the file, and the field that own a byte."""
        return self.owners[bisect_right(self.positions, position) - 1]

    def scope_of(self, outline: int) -> int:
        """The class or function that an outline is or lies in."""
        while outline >= 0 and self.outlines[outline].scope == MODULE:
            outline = self.outlines[outline].inside
        return self.outlines[outline].scope if outline >= 0 else MODULE

    def scope_at(self, position: int) -> int:
        """The class or function that owns a byte."""
        return self.scope_of(self.at(position)[0])

    def space_at(self, position: int) -> str:
        """The name space within the file in which a byte lies."""
        number, _ = self.at(position)
        if number < 0:
            return ""
        outline = self.outlines[number]
        return join_names(outline.space, outline.name) if outline.kind == SPACE else outline.space

    def spaces(self) -> list[str]:
        """The name spaces of the file, each before those around it."""
        names = {join_names(one.space, one.name) for one in self.outlines if one.kind == SPACE}
        return sorted(names, key=lambda name: (-name.count("."), name))

    def is_callable(self, outline: int) -> bool:
        """Whether an outline is a function or lambda, whose variables are its own."""
        return outline >= 0 and self.outlines[outline].kind in (NodeKind.FUNCTION, NodeKind.LAMBDA)

    def _found(self) -> list[Outline]:
        best: dict[tuple[int, int], Outline] = {}
        values = set()
        for name, kind in _KINDS.items():
            for match in self._matches.all(name):
                key = _place(match)
                if key not in best or match.rank < best[key].match.rank:
                    best[key] = Outline(int(kind), match)
                if kind != NodeKind.LAMBDA and "value" in match.parts:
                    values.add(match.parts["value"].id)
        first: dict[int, int] = {}
        for outline in best.values():
            first[outline.node.id] = min(outline.match.rank, first.get(outline.node.id, outline.match.rank))
        best = {key: one for key, one in best.items() if one.match.rank == first[one.node.id]}
        taken = values | {outline.node.id for outline in best.values() if outline.kind != NodeKind.LAMBDA}
        found = [one for one in best.values() if one.kind != NodeKind.LAMBDA or one.node.id not in taken]
        found += [Outline(BLOCK, match) for match in self._matches.all("block")]
        found += [Outline(SPACE, match) for match in self._matches.all("namespace")]
        return sorted(found, key=lambda one: (one.node.start_byte, -one.node.end_byte, one.kind))

    def _nest(self) -> None:
        stack: list[int] = []
        for number, outline in enumerate(self.outlines):
            while stack and self.outlines[stack[-1]].node.end_byte <= outline.node.start_byte:
                stack.pop()
            outline.inside = stack[-1] if stack else -1
            stack.append(number)
            self._own(outline)

    def _own(self, outline: Outline) -> None:
        """Say what it is called, in which name space, and whose member it is where a receiver or block says that."""
        name, receiver = outline.match.parts.get("name"), outline.match.parts.get("receiver")
        around = self.outlines[outline.inside] if outline.inside >= 0 else None
        outline.name = outline.match.settings.get("name") or ""
        if name is not None:
            outline.owner, outline.name = self._expressions.defined_name(name)
        if receiver is not None:
            outline.owner = self._expressions.owner(receiver)
        if around is not None:
            outline.space = join_names(around.space, around.name) if around.kind == SPACE else around.space
            outline.owner = outline.owner or (around.owner if around.kind == BLOCK else "")

    def _document(self) -> None:
        """Find the comments and annotations that stand right before each outline."""
        annotations = {match.node.id for match in self._matches.all("annotation")}
        nodes = [match.node for name in ("annotation", "comment") for match in self._matches.all(name)]
        nodes.sort(key=lambda node: node.start_byte)
        ends = [node.end_byte for node in nodes]
        for outline in self.outlines:
            if outline.is_nameless_class:
                continue
            start = outline.node.start_byte
            number = bisect_right(ends, start) - 1
            while number >= 0 and self._is_gap(nodes[number], start):
                start = nodes[number].start_byte
                if nodes[number].id in annotations:
                    outline.annotation = nodes[number]
                else:
                    outline.doc = (start, outline.doc[1] if outline.doc else nodes[number].end_byte)
                number -= 1

    def _is_gap(self, comment: Node, start: int) -> bool:
        """Whether a comment on lines of its own is followed by a definition, or by its first words."""
        if start - comment.end_byte > _LONGEST_GAP:
            return False
        source = self._matches.source
        line = source[source.rfind(b"\n", 0, comment.start_byte) + 1 : comment.start_byte]
        return not line.strip() and _GAP.fullmatch(source, comment.end_byte, start) is not None


def _place(match: Match) -> tuple[int, int]:
    """What two matches for one definition have in common: its name, or else itself."""
    node = match.parts.get("name")
    return (node.start_byte, node.end_byte) if node is not None else (match.node.start_byte, -match.node.end_byte)


def join_names(*names: str) -> str:
    """Dotted names as one, empty ones left out."""
    return ".".join(filter(None, names))


_Event = tuple[tuple[int, int, int], tuple[int, int]]


def _events(number: int, outline: Outline) -> list[_Event]:
    """Where the parts of an outline begin; at one byte, what ends comes first, the innermost before the outer."""
    start, end = outline.node.start_byte, outline.node.end_byte
    body = outline.match.parts.get("body")
    if outline.is_nameless_class and body is not None:
        # what it is made with belongs to whoever makes it
        start, end = body.start_byte, body.end_byte
    events: list[_Event] = [((start, 1, number), (number, SIGNATURE)), ((end, 0, -number), (outline.inside, BODY))]
    if body is not None:
        events.append(((body.start_byte, 1, number), (number, BODY)))
    if outline.doc is not None:
        events.append(((outline.doc[0], 1, number), (number, DOCSTRING)))
    if outline.annotation is not None:
        events.append(((outline.annotation.start_byte, 1, number), (number, SIGNATURE)))
    return events
