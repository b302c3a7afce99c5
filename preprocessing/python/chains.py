"""Expressions as chains: dotted names and calls, as in `a.b`, `Session().get` or `super().save`.

Knows the shapes of Python's expressions. Does not know what a name means.

Operators and protocols are written as the methods that Python calls: `x[0]` is `x.__getitem__()`, an element of `x` is
`x.__iter__().__next__()`, the i-th item of what is unpacked `x.__item<i>__()`. `?` is a part without a name, `''` a
literal. Calls that give back what they get are left out: `partial(f, 1)` is `f`, `getattr(x, "y")` is `x.y`, and
`getattr(x, f"visit_{y}")` is `x.visit_*`. An expression in one of the usual forms is read as text, in a fraction of
the time that its syntax nodes take.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from tree_sitter import Node

from preprocessing.python.annotations import read_annotation
from preprocessing.python.syntax import Syntax, first_child

UNNAMED = "?"
LITERAL = "''"
NEXT = ".__iter__().__next__()"
DOTTED = re.compile(rb"[A-Za-z_\x80-\xff][\w\x80-\xff]*(?:\.[A-Za-z_\x80-\xff][\w\x80-\xff]*)*")
_DEEPEST = 12
_SHORTEST_CLASS = len("TT()")  # shorter names are type variables
_LITERALS = frozenset({"string", "concatenated_string", "integer", "float", "true", "false", "none"})
_LITERAL_STARTS = frozenset(b"\"'0123456789")
_DISPLAYS = frozenset({"list", "dictionary", "tuple", "set"})
_COMPREHENSIONS = frozenset(
    {"list_comprehension", "set_comprehension", "dictionary_comprehension", "generator_expression"}
)
CONTAINERS = _DISPLAYS | _COMPREHENSIONS | {"expression_list"}
_TRANSPARENT = frozenset({"parenthesized_expression", "await"})
_ALTERNATIVES = _TRANSPARENT | {"conditional_expression", "boolean_operator", "named_expression"}
_BEGINNING = re.compile(r"[^\W\d]\w*")
_PIECES = frozenset({"string_content", "interpolation"})
_SHORTEST_BEGINNING = 3
OPERATORS = {
    "+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "%": "mod", "**": "pow", "@": "matmul",
    "|": "or", "&": "and", "^": "xor", "<<": "lshift", ">>": "rshift",
}  # fmt: skip

LONGEST_NAME = 1000  # bytes of a dotted name

# strings without escapes, and brackets that hold brackets up to three levels deep
_QUOTED = rb"""(?:"(?!"")[^"\\\n]*+"|'(?!'')[^'\\\n]*+')"""
_NO_BRACKETS = rb"""[^()\[\]{}"'#\\]++"""
_INNERMOST = rb"(?:%b|%b|[(\[{](?:%b|%b)*+[)\]}])*+" % (_NO_BRACKETS, _QUOTED, _NO_BRACKETS, _QUOTED)
_HELD = rb"(?:%b|%b|[(\[{]%b[)\]}])*+" % (_NO_BRACKETS, _QUOTED, _INNERMOST)
_BRACKETS = rb"(?:\(%b\)|\[%b\])" % (_HELD, _HELD)
NAME = rb"[A-Za-z_\x80-\xff][\w\x80-\xff]*+"
PLAIN = rb"%b(?:\.%b|%b)*+" % (NAME, NAME, _BRACKETS)
PLAIN_LITERAL = rb"""(?:-?+[0-9][\w.]*+|%b|\(\)|\[\]|\{\})""" % _QUOTED
_PLAIN, _HOLDING = re.compile(PLAIN), re.compile(_BRACKETS)

_Step = tuple[Node | None, str]


def chain(syntax: Syntax, node: Node) -> str:
    """Write an expression as a chain; `?` stands for what has no name."""
    start, end = node.start_byte, node.end_byte
    if start < end and syntax.source[start] in _LITERAL_STARTS and node.type in _LITERALS:
        return LITERAL
    # calls of calls hold each other: to read all of each would take a time that grows with the square of the file
    plain = plain_chain(syntax.source[start:end]) if end - start <= LONGEST_NAME else None
    if plain is not None:
        return plain
    parts: list[str] = []
    current: Node | None = node
    for _ in range(_DEEPEST):
        current, part = _step(syntax, current)
        parts.append(part)
        if current is None:
            return "".join(reversed(parts))
    return UNNAMED + "".join(reversed(parts))


@lru_cache(maxsize=1 << 14)
def plain_chain(source: bytes) -> str | None:
    """Write an expression in one of the usual forms as a chain; None for any other."""
    if DOTTED.fullmatch(source):
        return source.decode("utf-8", "replace")
    if _PLAIN.fullmatch(source) is None:
        return None
    written = _HOLDING.sub(_without_content, source)
    if _SPECIAL.search(written) or written.count(b".") + written.count(b"(") >= _DEEPEST:
        return None
    return written.decode("utf-8", "replace")


def _without_content(brackets: re.Match[bytes]) -> bytes:
    return b"()" if brackets[0].startswith(b"(") else b".__getitem__()"


def alternatives(node: Node) -> Iterable[Node]:
    """Every expression whose value an expression may have: both sides of `a or b` and of `a if c else b`."""
    return _alternatives(node) if node.type in _ALTERNATIVES else (node,)


def _alternatives(node: Node) -> Iterator[Node]:
    waiting = [node]
    for _ in range(_DEEPEST):
        if not waiting:
            return
        one = waiting.pop()
        kind = one.type
        if kind == "conditional_expression" and one.named_child_count == 3:
            waiting += [child for child in (one.named_child(2), one.named_child(0)) if child is not None]
        elif kind == "boolean_operator":
            waiting += [child for child in reversed(one.named_children) if child is not None]
        elif kind in _TRANSPARENT and (inner := first_child(one)) is not None:
            waiting.append(inner)
        elif kind == "named_expression" and (value := one.child_by_field_name("value")) is not None:
            waiting.append(value)
        else:
            yield one


def arguments(call: Node) -> list[Node]:
    """The arguments of a call, positional and named."""
    node = call.child_by_field_name("arguments")
    if node is None or node.type != "argument_list":
        return []
    return [child for child in node.named_children if child.type != "comment"]


def elements(node: Node) -> Iterator[tuple[str, Node]]:
    """What a display or comprehension holds, each with its place: `[0]` in a tuple, else `[]`."""
    if node.type in _COMPREHENSIONS:
        body = node.child_by_field_name("body")
        value = body.child_by_field_name("value") if body is not None and body.type == "pair" else body
        if value is not None:
            yield "[]", value
        return
    is_tuple = node.type in ("tuple", "expression_list")
    for number, child in enumerate(node.named_children):
        value = child.child_by_field_name("value") if child.type == "pair" else child
        if value is not None:
            yield f"[{number}]" if is_tuple else "[]", value


def _step(syntax: Syntax, node: Node | None) -> _Step:
    """One link of a chain from its right end: what is left of it, and the link."""
    if node is None:
        return None, UNNAMED
    step = _STEPS.get(node.type)
    if step is not None:
        return step(syntax, node)
    return None, LITERAL if node.type in _LITERALS or node.type in CONTAINERS else UNNAMED


def _identifier(syntax: Syntax, node: Node) -> _Step:
    return None, syntax.text(node)


def _attribute(syntax: Syntax, node: Node) -> _Step:
    name = node.child_by_field_name("attribute")
    return node.child_by_field_name("object"), f".{syntax.text(name) if name is not None else UNNAMED}"


def _subscript(_: Syntax, node: Node) -> _Step:
    return node.child_by_field_name("value"), ".__getitem__()"


def _inner(_: Syntax, node: Node) -> _Step:
    return (first_child(node), "") if node.named_child_count == 1 else (None, UNNAMED)


def _operator(_: Syntax, node: Node) -> _Step:
    operator = node.child_by_field_name("operator")
    name = OPERATORS.get(operator.type) if operator is not None else None
    return (node.child_by_field_name("left"), f".__{name}__()") if name else (None, UNNAMED)


def _lambda(_: Syntax, node: Node) -> _Step:
    return None, f"<lambda:{node.start_point.row + 1}>"


def _call(syntax: Syntax, node: Node) -> _Step:
    function = node.child_by_field_name("function")
    if function is None:
        return None, UNNAMED
    if function.end_byte - function.start_byte > LONGEST_NAME:
        return function, "()"
    if function.type == "call" and _called_name(syntax, function).endswith(b"wraps"):
        return _GIVEN_BACK(syntax, node) or (function, "()")
    name = syntax.source[function.start_byte : function.end_byte]
    special = _BUILTIN_CALLS.get(name) or _LIBRARY_CALLS.get(name.rpartition(b".")[2])
    return (special(syntax, node) if special else None) or (function, "()")


def _called_name(syntax: Syntax, call: Node) -> bytes:
    function = call.child_by_field_name("function")
    return syntax.source[function.start_byte : function.end_byte] if function is not None else b""


def _first_argument(suffix: str) -> Callable[[Syntax, Node], _Step | None]:
    def step(_: Syntax, node: Node) -> _Step | None:
        given = arguments(node)
        return (given[0], suffix) if given and given[0].type not in ("keyword_argument", "list_splat") else None

    return step


def _getattr(syntax: Syntax, node: Node) -> _Step | None:
    given = arguments(node)
    name = _constant(syntax, given[1]) if len(given) > 1 else ""
    return (given[0], f".{name}") if name else None


def _constant(syntax: Syntax, node: Node) -> str:
    """The name that a string spells, with `*` behind it where only its beginning is written; empty where it is none."""
    part = node.child_by_field_name("left") if node.type == "binary_operator" else node
    inner = [child for child in part.named_children if child.type in _PIECES] if part is not None else []
    if part is None or part.type != "string" or not inner or inner[0].type != "string_content":
        return ""
    found = _BEGINNING.match(syntax.text(inner[0]))
    if found is None:
        return ""
    is_whole = part is node and len(inner) == 1 and found.end() == inner[0].end_byte - inner[0].start_byte
    return found[0] if is_whole else f"{found[0]}*" if len(found[0]) >= _SHORTEST_BEGINNING else ""


def _cast(syntax: Syntax, node: Node) -> _Step | None:
    given = arguments(node)
    if len(given) != 2:
        return None
    said = read_annotation(syntax.text(given[0]))
    is_class = len(said) == 1 and not said[0][0] and len(said[0][1]) > _SHORTEST_CLASS
    return (None, said[0][1]) if is_class else (given[1], "")


_GIVEN_BACK = _first_argument("")
_STEPS: dict[str, Callable[[Syntax, Node], _Step]] = {
    "identifier": _identifier,
    "attribute": _attribute,
    "call": _call,
    "subscript": _subscript,
    "parenthesized_expression": _inner,
    "await": _inner,
    "binary_operator": _operator,
    "lambda": _lambda,
}
_LIBRARY_CALLS: dict[bytes, Callable[[Syntax, Node], _Step | None]] = {
    b"cast": _cast,
    b"partial": _GIVEN_BACK,
    b"partialmethod": _GIVEN_BACK,
    b"deepcopy": _GIVEN_BACK,
    b"update_wrapper": _GIVEN_BACK,
    b"cached_property": _first_argument("()"),
}
_BUILTIN_CALLS: dict[bytes, Callable[[Syntax, Node], _Step | None]] = {
    b"getattr": _getattr,
    b"staticmethod": _GIVEN_BACK,
    b"classmethod": _GIVEN_BACK,
    b"property": _first_argument("()"),
    b"type": _first_argument(".__class__"),
    b"iter": _first_argument(".__iter__()"),
    b"next": _first_argument(".__next__()"),
    b"list": _first_argument(".__iter__()"),
    b"tuple": _first_argument(".__iter__()"),
    b"set": _first_argument(".__iter__()"),
    b"sorted": _first_argument(".__iter__()"),
    b"reversed": _first_argument(".__iter__()"),
    b"enumerate": _first_argument(".__iter__()"),
}
# heads that are no names, and calls that are not written as calls
_SPECIAL = re.compile(
    rb"^(?:None|True|False|await|lambda|not|yield|print|exec)\b|^(?:%b)\(|(?:^|\.)(?:%b|[\w\x80-\xff]*wraps)\("
    % (b"|".join(_BUILTIN_CALLS), b"|".join(_LIBRARY_CALLS))
)
