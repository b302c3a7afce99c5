"""The classes, functions and lambdas of one file in any language as rows, with what they say of themselves.

Knows outlines, headers and doc comments. Does not know variables (`preprocessing.polyglot.variables`).
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from inspect import cleandoc

from tree_sitter import Node

from cgm.details import NodeDetails, Parameter
from cgm.graph import NodeKind
from preprocessing.facts import MODULE, SIGNATURE, Definition
from preprocessing.polyglot.expressions import Expressions
from preprocessing.polyglot.extents import BLOCK, SPACE, Extents, Outline, join_names
from preprocessing.polyglot.grammar import Matches
from preprocessing.polyglot.headers import read_parameters, read_returns

_SIGN = re.compile(r"^[ \t]*(?:/\*+[!<]?|\*+/|\*+|//+[!<]?)?|[ \t]*\*+/[ \t]*$", re.MULTILINE)
_OWN = frozenset({"self", "exports"})
_LONGEST_HEADER = 1000
_LONGEST_DOC = 10_000


class Definitions:
    """Definition rows of one file: classes and functions, parents before children, then lambdas."""

    def __init__(self, matches: Matches, expressions: Expressions, extents: Extents) -> None:
        self._matches = matches
        self._expressions = expressions
        self._extents = extents
        self._classes = self._class_paths()
        for outline in extents.outlines:
            outline.owner = self._whole_owner(outline)
        self._parents = [self._parent(outline) for outline in extents.outlines]
        self.order = self._ordered()
        for scope, number in enumerate(self.order):
            if extents.outlines[number].kind != NodeKind.LAMBDA:
                extents.outlines[number].scope = scope
        self._decorators = self._nodes_of("decorator")
        self.rows = tuple(self._row(number) for number in self.order)

    def owner_at(self, position: int) -> tuple[int, str]:
        """What a byte of a header or block speaks of: the scope of a class, or else MODULE and a dotted name."""
        number, _ = self._extents.at(position)
        outline = self._extents.outlines[number] if number >= 0 else None
        if outline is not None and outline.kind == SPACE:
            return MODULE, join_names(outline.space, outline.name)
        if outline is None or outline.kind != BLOCK:
            return self._extents.scope_of(number), ""
        if outline.owner in self._classes:
            return self._extents.outlines[self._classes[outline.owner]].scope, ""
        return MODULE, outline.owner

    def open(self) -> list[int]:
        """The scopes of classes whose members are also known without them."""
        outlines = [self._extents.outlines[number] for number in self.order]
        return [outline.scope for outline in outlines if "open" in outline.match.settings]

    def unbound(self) -> list[tuple[int, str]]:
        """The functions that no bare name means, as scopes, each with its owner where that is the object around."""
        outlines = [self._extents.outlines[number] for number in self.order]
        return [
            (outline.scope, "self" if outline.owner == "self" else "")
            for outline in outlines
            if "unbound" in outline.match.settings or outline.owner in _OWN
        ]

    def nameless_classes(self) -> list[Outline]:
        """Classes that stand where objects of them are made."""
        return [outline for outline in self._extents.outlines if outline.is_nameless_class]

    def complexity(self) -> list[int]:
        """1 + decisions of every function and lambda, 0 of classes."""
        branches: Counter[int] = Counter()
        for match in self._matches.all("branch"):
            number, _ = self._extents.at(match.node.start_byte)
            branches[number] += 1
        kinds = [self._extents.outlines[number].kind for number in self.order]
        return [
            0 if kind == NodeKind.CLASS else 1 + branches[number]
            for kind, number in zip(kinds, self.order, strict=True)
        ]

    def details(
        self, parameters: Mapping[int, Sequence[Parameter]], names: Mapping[int, Sequence[tuple[int, int]]]
    ) -> list[NodeDetails]:
        """What every definition says of itself; `parameters` and the spans of their names are by outline."""
        return [self._detail(number, parameters.get(number, ()), names.get(number, ())) for number in self.order]

    def _class_paths(self) -> dict[str, int]:
        """Every class that lies in no function, by its dotted name."""
        paths: dict[int, str] = {}
        found: dict[str, int] = {}
        for number, outline in enumerate(self._extents.outlines):
            inside = self._around(outline)
            around = outline.space if inside < 0 else paths.get(inside)
            if around is None or outline.kind != NodeKind.CLASS:
                continue
            paths[number] = join_names(around, outline.owner, outline.name)
            found.setdefault(paths[number], number)
        return found

    def _whole_owner(self, outline: Outline) -> str:
        """The owner as a dotted name: of a class of this file where one of its name spaces has it."""
        spaces = outline.space.split(".")
        for size in range(len(spaces), -1, -1) if outline.owner else ():
            name = join_names(*spaces[:size], outline.owner)
            if name in self._classes and self._extents.outlines[self._classes[name]] is not outline:
                return name
        return join_names(outline.space, outline.owner)

    def _around(self, outline: Outline) -> int:
        """The class or function around an outline, -1 for the file."""
        around = outline.inside
        while around >= 0 and self._extents.outlines[around].kind not in (NodeKind.CLASS, NodeKind.FUNCTION):
            around = self._extents.outlines[around].inside
        return around

    def _parent(self, outline: Outline) -> int:
        """The outline that a definition is a child of, -1 for the file: its owner goes before what is around."""
        if outline.owner in self._classes:
            return self._classes[outline.owner]
        return self._around(outline)

    def _ordered(self) -> list[int]:
        """Outlines of classes and functions, each after its parent, else in document order; then lambdas."""
        children: dict[int, list[int]] = {}
        lambdas = []
        for number, outline in enumerate(self._extents.outlines):
            if outline.kind in (NodeKind.CLASS, NodeKind.FUNCTION):
                children.setdefault(self._parents[number], []).append(number)
            elif outline.kind == NodeKind.LAMBDA:
                lambdas.append(number)
        order: list[int] = []
        stack = children.get(-1, [])[::-1]
        while stack:
            number = stack.pop()
            order.append(number)
            stack.extend(reversed(children.get(number, ())))
        return order + lambdas

    def _row(self, number: int) -> Definition:
        outline = self._extents.outlines[number]
        parent = self._parents[number]
        returns = outline.match.parts.get("returns")
        return Definition(
            kind=outline.kind,
            name=self._name(outline, parent),
            parent=self._extents.outlines[parent].scope if parent >= 0 else MODULE,
            start=outline.first_line,
            end=last_line(outline.node),
            decorators=self._decorators_of(number),
            returns=self._expressions.of_type(returns),
            is_abstract=self._is_abstract(outline),
        )

    def _name(self, outline: Outline, parent: int) -> str:
        if not outline.name:
            kind = "class" if outline.kind == NodeKind.CLASS else "lambda"
            return f"<{kind}:{outline.node.start_point.row + 1}>"
        is_member = parent >= 0 or outline.owner in _OWN
        return outline.name if is_member else join_names(outline.owner, outline.name)

    def _is_abstract(self, outline: Outline) -> bool:
        """Whether it is only declared here."""
        is_bare = outline.kind == NodeKind.FUNCTION and "body" not in outline.match.parts
        return is_bare or outline.is_interface or "abstract" in outline.match.parts

    def _decorators_of(self, number: int) -> tuple[str, ...]:
        """What is written before a definition, and what it is said to be by the pattern that finds it."""
        said = self._extents.outlines[number].match.settings.get("decorator")
        return (*self._decorators.get(number, ()), *([said] if said else ()))

    def _nodes_of(self, name: str) -> dict[int, list[str]]:
        """Chains of captures that stand in headers, by outline."""
        found: dict[int, list[str]] = {}
        for match in self._matches.all(name):
            number, part = self._extents.at(match.node.start_byte)
            if part == SIGNATURE:
                found.setdefault(number, []).append(self._expressions.chain(match.node))
        return found

    def _detail(self, number: int, parameters: Sequence[Parameter], names: Sequence[tuple[int, int]]) -> NodeDetails:
        outline = self._extents.outlines[number]
        written = _parameter_list(outline)
        if written is not None:
            start, end = written.start_byte, written.end_byte
            inside = [(first - start, last - start) for first, last in names if start <= first < end]
            parameters = read_parameters(self._matches.source[start:end], inside)
        return NodeDetails(
            signature=self._signature(outline),
            parameters=tuple(parameters),
            returns=self._returns(outline),
            decorators=tuple(self._decorators.get(number, ())),
            docstring=self._docstring(outline),
        )

    def _returns(self, outline: Outline) -> str:
        """The return type as it is written: all that stands between parameters and body, or before the name."""
        parts = outline.match.parts
        returns, name, written = parts.get("returns"), parts.get("name"), _parameter_list(outline)
        if returns is None:
            return ""
        start, end = returns.start_byte, returns.end_byte
        behind = self._text(written.end_byte, self._header_end(outline)) if written is not None else ""
        if written is not None and start >= written.end_byte:
            return read_returns(behind)
        if name is not None and start < name.start_byte:
            end = name.start_byte
        text = read_returns(self._text(start, end))
        # of C++: the type stands behind
        return read_returns(behind.partition("->")[2]) if text == "auto" and "->" in behind else text

    def _text(self, start: int, end: int) -> str:
        """A part of a header."""
        return self._matches.source[start : min(end, start + _LONGEST_HEADER)].decode("utf-8", "replace")

    def _header_end(self, outline: Outline) -> int:
        body = outline.match.parts.get("body")
        return body.start_byte if body is not None else outline.node.end_byte

    def _signature(self, outline: Outline) -> str:
        return one_line(self._text(outline.node.start_byte, self._header_end(outline))).rstrip(" ={;:")

    def _docstring(self, outline: Outline) -> str:
        if outline.doc is None:
            return ""
        start, end = outline.doc
        text = self._matches.source[start : min(end, start + _LONGEST_DOC)].decode("utf-8", "replace")
        return cleandoc(_SIGN.sub("", text)).strip()


def one_line(text: str) -> str:
    """A text with each run of white space as one space."""
    return " ".join(text.split())


def _parameter_list(outline: Outline) -> Node | None:
    """The whole list: as captured, or as grammars call it."""
    parts = outline.match.parts
    nodes = [node for node in (outline.node, parts.get("value")) if node is not None]
    fields = (node.child_by_field_name("parameters") for node in nodes)
    return parts.get("parameters") or next((node for node in fields if node is not None), None)


def last_line(node: Node) -> int:
    """The last line of a node; one that ends with its line's end ends on that line."""
    end = node.end_point
    row = end.row if end.column or end.row == node.start_point.row else end.row - 1
    return row + 1
