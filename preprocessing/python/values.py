"""What the assignments, loops, parameters and returns of one file define, bind and say of values.

Knows where Python gives a name its value. Does not know what a value means: it stays a chain.

A target is a name, `self.name` or `return`; `[]` behind it stands for the elements of that value and `[0]` for its
first item, at any depth: what a list in a dictionary holds counts as held by the dictionary.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from tree_sitter import Node

from cgm.details import NodeDetails
from cgm.graph import NodeKind
from preprocessing.facts import MODULE, SAID, Assigned, Definition
from preprocessing.python.annotations import ELEMENT, read_annotation
from preprocessing.python.chains import (
    CONTAINERS,
    LITERAL,
    LONGEST_NAME,
    NEXT,
    PLAIN_LITERAL,
    UNNAMED,
    alternatives,
    chain,
    elements,
    plain_chain,
)
from preprocessing.python.scopes import Scopes
from preprocessing.python.syntax import Syntax, bound_names, first_child

_PLACE = re.compile(r"(?:(?:self|cls)\.)?[^\W\d]\w*")
_HELD_IN = re.compile(r"((?:(?:self|cls)\.)?[^\W\d]\w*)(?:\.(?:setdefault|get|__getitem__|__iter__|__next__)\(\))*")
_PATTERNS = frozenset({"pattern_list", "tuple_pattern", "list_pattern", "tuple", "list"})
_TYPE_VARIABLE = re.compile(r"(?:\w+\.)*_?(?:[A-Z]{1,2}\d?|[A-Z]_\w+|\w+_co)\(?\)?")
_DEFAULT = re.compile(r"([^\W\d]\w*(?:\.\w+)*)(\(.*\))?", re.DOTALL)
_STORED = re.compile(rb"((?:(?:self|cls)\.)?+[A-Za-z_]\w*+)\s*+=(?!=)\s*+")
_RETURNED = re.compile(rb"return\s++")
_LITERAL, _LITERAL_STARTS = re.compile(PLAIN_LITERAL), frozenset(b"-0123456789\"'([{")
_MOST_ELEMENTS = 200
_DEEPEST = 4
_SAY_NOTHING = frozenset({LITERAL, "None", "True", "False"})
_TYPE_VARIABLES = ("TypeVar()", "ParamSpec()", "TypeVarTuple()")
RETURN = "return"


class Values:
    """Rows of one file: attributes and lambdas it defines, names its functions bind, values it assigns."""

    def __init__(self, syntax: Syntax, scopes: Scopes, described: Sequence[NodeDetails]) -> None:
        self.definitions: dict[tuple[int, str], Definition] = {}
        self.nodes: dict[tuple[int, str], Node] = {}
        self.assigned: dict[Assigned, None] = {}
        self.bound: dict[int, set[str]] = {}
        self.parameters: dict[int, tuple[str, ...]] = {}
        self._syntax = syntax
        self._scopes = scopes
        self._named_lambdas: set[int] = set()
        self._annotated: set[int] = set()
        self._taken = {(definition.parent, definition.name) for definition in scopes.definitions}
        for scope, details in enumerate(described):
            if scopes.definitions[scope].kind == NodeKind.FUNCTION:
                self._function(scope, details)
        readers = {
            "assignment": self._assignment,
            "for": self._loop,
            "with": self._context,
            "caught": self._caught,
            "return": self._return,
            "yield": self._yield,
            "bound": self._bound,
            "lambda": self._lambda,
            "global": self._global,
        }
        for name, read in readers.items():
            for node in syntax.all(name):
                read(node)

    def insert(self, scope: int, receiver: str, value: str) -> None:
        """Note that what a chain means now holds a value."""
        held = _HELD_IN.fullmatch(receiver)
        if held is not None:
            self._say(scope, held[1] + ELEMENT, value)

    def narrow(self, scope: int, target: str, value: str) -> None:
        """Note that a name was found to be an instance of a class."""
        if _PLACE.fullmatch(target):
            self._say(scope, target, f"{value}()")

    def _say(self, scope: int, target: str, value: str) -> None:
        if value not in _SAY_NOTHING and not value.startswith(UNNAMED) and not value.endswith(_TYPE_VARIABLES):
            self.assigned[Assigned(scope, target, value)] = None

    def _tell(self, scope: int, target: str, node: Node, depth: int = _DEEPEST) -> None:
        """Say all that an expression tells of a target."""
        for value in alternatives(node):
            if value.type not in CONTAINERS:
                self._say(scope, target, chain(self._syntax, value))
            elif depth:
                for place, element in islice(elements(value), _MOST_ELEMENTS):
                    self._tell(scope, target if target.endswith("]") else target + place, element, depth - 1)

    def _annotate(self, scope: int, target: str, annotation: str) -> bool:
        """Say what an annotation tells; whether it names more than what may be a type variable."""
        if not annotation:
            return False
        said = read_annotation(annotation)
        for place, value in said:
            self._say(scope, target if target.endswith("]") else target + place, value)
        return any(not _TYPE_VARIABLE.fullmatch(value) for _, value in said)

    def _function(self, scope: int, details: NodeDetails) -> None:
        names = []
        for name, annotation, default in details.parameters:
            if name != "/":
                names.append(name)
            if name.startswith("*") and annotation:
                self._annotate(scope, name.lstrip("*") + ELEMENT, annotation)
            elif not name.startswith(("*", "/")):
                self._parameter(scope, name, annotation, default)
        self.parameters[scope] = tuple(names)
        self._bind(scope, [name.lstrip("*") for name in names])
        if self._annotate(scope, RETURN, details.returns):
            self._annotated.add(scope)

    def _parameter(self, scope: int, name: str, annotation: str, default: str) -> None:
        """Say what a parameter's annotation and default tell, apart from what the function itself makes of it."""
        for place, value in read_annotation(annotation) if annotation else ():
            self._say(scope, name + (place or SAID), value)
        if default and (made := _DEFAULT.fullmatch(default)):
            self._say(scope, name + SAID, made[1] + ("()" if made[2] else ""))

    def _assignment(self, node: Node) -> None:
        start, source = node.start_byte, self._syntax.source
        found = _STORED.match(source, start)
        if found is None or found[1] == b"__all__":
            self._any_assignment(node)
            return
        written = _plain_value(source, found.end(), node.end_byte)
        if written is None:
            self._any_assignment(node)
            return
        scope, target = self._scopes.scope_at(start), found[1].decode("ascii")
        if "." not in target:
            self._bind(scope, [target])
        self._define(scope, target, node, node)
        self._say(scope, target, written)

    def _any_assignment(self, node: Node) -> None:
        left = node.child_by_field_name("left") or node.child_by_field_name("name")
        right = node.child_by_field_name("right") or node.child_by_field_name("value")
        if left is None:
            return
        scope, target = self._scopes.scope_at(left.start_byte), self._syntax.text(left)
        self._bind(scope, bound_names(target))
        is_lambda = right is not None and right.type == "lambda"
        if right is not None and is_lambda:
            self._named_lambdas.add(right.id)
        if node.type == "assignment":
            self._define(scope, target, node, right if right is not None and is_lambda else node)
            annotation = node.child_by_field_name("type")
            self._annotate(scope, target, self._syntax.text(annotation) if annotation is not None else "")
        while right is not None and right.type == "assignment":
            right = right.child_by_field_name("right")
        if target == "__all__" and right is not None:
            self._export(right)
        elif right is not None and not is_lambda:
            self._unpack(scope, left, right)

    def _export(self, names: Node) -> None:
        """Note what `__all__` lists, where it is written in one place alone."""
        if self._syntax.source.count(b"__all__") == 1 and names.type in ("list", "tuple"):
            for child in names.named_children:
                if child.type == "string":
                    self.assigned[Assigned(MODULE, "__all__[]", self._syntax.text(child).replace('"', "'"))] = None

    def _unpack(self, scope: int, left: Node, right: Node) -> None:
        """Give each name of a target its part of a value."""
        if left.type not in _PATTERNS:
            self._store(scope, left, right)
            return
        items = left.named_children
        if right.type in ("tuple", "expression_list", "list") and right.named_child_count == len(items):
            for item, value in zip(items, right.named_children, strict=True):
                self._unpack(scope, item, value)
            return
        for value in alternatives(right):
            self._spread(scope, left, chain(self._syntax, value))

    def _store(self, scope: int, left: Node, right: Node) -> None:
        if left.type == "subscript":
            base = left.child_by_field_name("value")
            held = _HELD_IN.fullmatch(chain(self._syntax, base)) if base is not None else None
            if held is not None:
                self._tell(scope, held[1] + ELEMENT, right)
            return
        target = self._syntax.text(left)
        if _PLACE.fullmatch(target):
            self._tell(scope, target, right)

    def _spread(self, scope: int, left: Node, value: str, depth: int = _DEEPEST) -> None:
        """Give each name of a target its item of what a chain means."""
        if left.type in _PATTERNS:
            for number, item in enumerate(left.named_children if depth else ()):
                self._spread(scope, item, f"{value}.__item{number}__()", depth - 1)
        elif _PLACE.fullmatch(target := self._syntax.text(left)):
            self._say(scope, target, value)

    def _define(self, scope: int, target: str, node: Node, value: Node) -> None:
        """Make module globals, class attributes and attributes of self into definitions.

        `value` is the assignment `node` itself, or the lambda that it names.
        """
        kind = NodeKind.ATTRIBUTE if value is node else NodeKind.LAMBDA
        definitions = self._scopes.definitions
        parent, names = scope, []
        is_inside = scope != MODULE and definitions[scope].kind == NodeKind.FUNCTION
        if is_inside and "self." in target:
            parent = definitions[scope].parent
            is_method = parent != MODULE and definitions[parent].kind == NodeKind.CLASS
            names = _self_attributes(target) if is_method else []
        if not names and (not is_inside or kind == NodeKind.LAMBDA):
            parent, names = scope, bound_names(target)
        for name in names:
            key = (parent, name)
            if key not in self._taken and key not in self.definitions:
                start, end = node.start_point.row + 1, node.end_point.row + 1
                self.definitions[key] = Definition(int(kind), name, parent, start, end)
                self.nodes[key] = value

    def _loop(self, node: Node) -> None:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None:
            return
        scope = self._scopes.scope_at(left.start_byte)
        self._bind(scope, bound_names(self._syntax.text(left)))
        for value in alternatives(right) if right is not None else ():
            if value.type in CONTAINERS and left.type not in _PATTERNS:
                self._tell_elements(scope, left, value)
            else:
                self._spread(scope, left, chain(self._syntax, value) + NEXT)

    def _tell_elements(self, scope: int, left: Node, container: Node) -> None:
        target = self._syntax.text(left)
        for _, element in elements(container) if _PLACE.fullmatch(target) else ():
            self._tell(scope, target, element)

    def _context(self, node: Node) -> None:
        pattern = node.child_by_field_name("value")
        while pattern is not None and pattern.type == "parenthesized_expression":
            pattern = first_child(pattern)
        if pattern is None or pattern.type != "as_pattern":
            return
        self._alias(pattern, lambda value: f"{chain(self._syntax, value)}.__enter__()")

    def _caught(self, node: Node) -> None:
        self._alias(node, lambda value: f"{chain(self._syntax, value)}()")

    def _alias(self, pattern: Node, say: Callable[[Node], str]) -> None:
        alias, value = pattern.child_by_field_name("alias"), first_child(pattern)
        target = first_child(alias) if alias is not None else None
        if target is None or value is None:
            return
        scope = self._scopes.scope_at(target.start_byte)
        self._bind(scope, bound_names(self._syntax.text(target)))
        for one in value.named_children if value.type == "tuple" else [value]:
            self._spread(scope, target, say(one))

    def _return(self, node: Node) -> None:
        self._give(node, RETURN)

    def _yield(self, node: Node) -> None:
        is_from = node.child_count > 1 and (keyword := node.child(1)) is not None and keyword.type == "from"
        self._give(node, RETURN if is_from else RETURN + ELEMENT)

    def _give(self, node: Node, target: str) -> None:
        start, source = node.start_byte, self._syntax.source
        scope = self._scopes.scope_at(start)
        if scope == MODULE or scope in self._annotated:
            return
        found = _RETURNED.match(source, start)
        written = _plain_value(source, found.end(), node.end_byte) if found is not None else None
        if written is not None:
            self._say(scope, target, written)
        elif (value := first_child(node)) is not None:
            self._tell(scope, target, value)

    def _bound(self, node: Node) -> None:
        self._bind(self._scopes.scope_at(node.start_byte), bound_names(self._syntax.text(node)))

    def _lambda(self, node: Node) -> None:
        if node.id in self._named_lambdas:
            return
        scope, start = self._scopes.scope_at(node.start_byte), node.start_point.row + 1
        name = f"<lambda:{start}>"
        row = Definition(int(NodeKind.LAMBDA), name, scope, start, node.end_point.row + 1)
        if (scope, name) not in self.definitions:
            self.definitions[scope, name] = row
            self.nodes[scope, name] = node

    def _global(self, node: Node) -> None:
        names = bound_names(self._syntax.text(node))
        self.bound.get(self._scopes.scope_at(node.start_byte), set()).difference_update(names)

    def _bind(self, scope: int, names: Iterable[str]) -> None:
        if scope != MODULE and self._scopes.definitions[scope].kind == NodeKind.FUNCTION:
            self.bound.setdefault(scope, set()).update(filter(None, names))


def _plain_value(source: bytes, start: int, end: int) -> str | None:
    """An expression as a chain, where it is written in one of the usual forms."""
    if not 0 < end - start <= LONGEST_NAME:
        return None
    if source[start] in _LITERAL_STARTS:
        return LITERAL if _LITERAL.fullmatch(source, start, end) else None
    return plain_chain(source[start:end])


def _self_attributes(target: str) -> list[str]:
    items = (item.strip("()[]* \t\n") for item in target.split(","))
    names = (item.removeprefix("self.") for item in items if item.startswith("self."))
    return [name for name in names if name.isidentifier()]
