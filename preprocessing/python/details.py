"""What the definitions of a Python file say of themselves.

Knows headers, parameters, decorators, and how a docstring is written and cleaned. Does not know where definitions
stand (`preprocessing.python.scopes`) nor what their names mean. A header in one of the usual forms is read as text, in
a fraction of the time that its syntax nodes take; any other is read from its nodes.
"""

import ast
import re
import warnings
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from tree_sitter import Node

from cgm.details import NodeDetails, Parameter
from preprocessing.facts import DOCSTRING, MODULE
from preprocessing.python.scopes import Outline, Scopes
from preprocessing.python.syntax import Syntax

# a name with up to two levels of brackets, several of them with bars, or a string without brackets
_GENERIC = r"[\w.]++(?:\[(?:[\w., |]++|\[[\w., |]*+\])*+\])?+"
_TYPE = rf"""(?:{_GENERIC}(?: \| {_GENERIC})*+|"[\w. ]*+"|'[\w. ]*+')"""
_VALUE = r"""(?:-?+[\w.]++|"[^"\\\n]*+"|'[^'\\\n]*+'|\(\)|\[\]|\{\})"""
_PARAMETER = re.compile(
    rf"(\*{{1,2}}+\w*+|\w++|/)\s*+(?::\s*+({_TYPE})\s*+)?+(?:=\s*+({_VALUE})\s*+)?+(?:,\s*+|(?=\)))"
)
_HEAD = re.compile(r"(?:async\s++)?+def\s++\w++\s*+\(\s*+")
_TAIL = re.compile(rf"\)\s*+(?:->\s*+({_TYPE})\s*+)?+:")
_CLASS_HEAD = re.compile(r"(class\s++\w++(?:\([\w., =]*+\))?+)\s*+:")
_STRING = re.compile(r"([a-zA-Z]*+)(\"\"\"|'''|\"|')(.*)\2", re.DOTALL)
_NAMED = frozenset({"default_parameter", "typed_default_parameter"})
_NO_CODE = frozenset({"comment", "line_continuation", "ERROR"})


def describe(syntax: Syntax, scopes: Scopes) -> list[NodeDetails]:
    """What the file itself says, then what each class and function does, in the order of `scopes.definitions`."""
    docstrings = dict(_docstrings(syntax, scopes))
    details = [NodeDetails(docstring=docstrings.get(MODULE, ""))]
    for scope, outline in enumerate(scopes.outlines):
        decorators, docstring = _decorators(syntax, outline), docstrings.get(scope, "")
        head = _text(syntax, outline.start, outline.body.start_byte if outline.body is not None else outline.name[0])
        if outline.is_class:
            details.append(NodeDetails(_class_signature(syntax, outline, head), (), "", decorators, docstring))
            continue
        signature, parameters, returns = _plain_function(head) or _any_function(syntax, outline)
        details.append(NodeDetails(signature, parameters, returns, decorators, docstring))
    return details


def describe_lambda(syntax: Syntax, node: Node) -> NodeDetails:
    """What a lambda says of itself."""
    parameters = _parameters(syntax, node.child_by_field_name("parameters"))
    return NodeDetails(f"lambda {_joined(parameters)}".rstrip(), parameters)


def describe_attribute(syntax: Syntax, name: str, assignment: Node) -> NodeDetails:
    """What an attribute says of itself: its type, where it is written."""
    annotation = assignment.child_by_field_name("type")
    if annotation is None:
        return NodeDetails()
    written = _code(syntax, annotation)
    return NodeDetails(f"{name}: {written}", returns=written)


def _text(syntax: Syntax, start: int, end: int) -> str:
    return syntax.source[start:end].decode("utf-8", "replace")


def _plain_function(head: str) -> tuple[str, tuple[Parameter, ...], str] | None:
    """Signature, parameters and return type of a header in one of the usual forms."""
    found = _HEAD.match(head)
    if found is None:
        return None
    parameters = []
    position = start = found.end()
    while head[position : position + 1] != ")":
        one = _PARAMETER.match(head, position)
        if one is None:
            return None
        parameters.append(Parameter(one[1], one[2] or "", one[3] or ""))
        position = one.end()
    tail = _TAIL.match(head, position)
    if tail is None:
        return None
    rows = tuple(parameters)
    signature = head[: tail.end() - 1]
    if "\n" in signature:
        signature = _flat(head[:start]).rstrip() + _joined(rows) + _flat(head[position : tail.end() - 1])
    return signature.rstrip(), rows, tail[1] or ""


def _any_function(syntax: Syntax, outline: Outline) -> tuple[str, tuple[Parameter, ...], str]:
    node = outline.node
    written, returned = node.child_by_field_name("parameters"), node.child_by_field_name("return_type")
    parameters = _parameters(syntax, written)
    returns = _code(syntax, returned) if returned is not None else ""
    end = written.start_byte if written is not None else outline.name[1]
    arrow = f" -> {returns}" if returns else ""
    return f"{_flat(_text(syntax, node.start_byte, end))}({_joined(parameters)}){arrow}", parameters, returns


def _class_signature(syntax: Syntax, outline: Outline, head: str) -> str:
    if plain := _CLASS_HEAD.match(head):
        return plain[1]
    bases = outline.node.child_by_field_name("superclasses")
    end = bases.start_byte if bases is not None else outline.name[1]
    rows = [_code(syntax, base) for base in bases.named_children if base.type not in _NO_CODE] if bases else []
    name = _flat(_text(syntax, outline.node.start_byte, end)).rstrip()
    return f"{name}({', '.join(rows)})" if bases is not None else name


def _parameters(syntax: Syntax, node: Node | None) -> tuple[Parameter, ...]:
    children = node.named_children if node is not None else ()
    return tuple(_parameter(syntax, child) for child in children if child.type not in _NO_CODE)


def _parameter(syntax: Syntax, node: Node) -> Parameter:
    if node.type != "typed_parameter" and node.type not in _NAMED:
        return Parameter(_code(syntax, node))
    name = node.child_by_field_name("name") if node.type in _NAMED else node.named_child(0)
    annotation, value = node.child_by_field_name("type"), node.child_by_field_name("value")
    return Parameter(*(_code(syntax, one) if one is not None else "" for one in (name, annotation, value)))


def _joined(parameters: Sequence[Parameter]) -> str:
    return ", ".join(map(_written, parameters))


def _written(parameter: Parameter) -> str:
    name, annotation, default = parameter
    if annotation:
        return f"{name}: {annotation} = {default}" if default else f"{name}: {annotation}"
    return f"{name}={default}" if default else name


def _code(syntax: Syntax, node: Node) -> str:
    """A piece of code on one line, without comments."""
    text = syntax.text(node)
    return _flat(text) if "\n" not in text else _flat("".join(_without_comments(syntax, node)))


def _without_comments(syntax: Syntax, node: Node) -> Iterator[str]:
    comments, position = syntax.all("comment"), node.start_byte
    number = bisect_left(comments, position, key=lambda one: one.start_byte)
    while number < len(comments) and comments[number].start_byte < node.end_byte:
        yield _text(syntax, position, comments[number].start_byte)
        position = comments[number].end_byte
        number += 1
    yield _text(syntax, position, node.end_byte)


def _flat(text: str) -> str:
    return " ".join(line.rstrip("\\").strip() for line in text.split("\n")) if "\n" in text else text


def _decorators(syntax: Syntax, outline: Outline) -> tuple[str, ...]:
    if outline.whole is outline.node:
        return ()
    nodes = (node for node in outline.whole.named_children if node.type == "decorator")
    return tuple(_code(syntax, node).removeprefix("@").strip() for node in nodes)


def _docstrings(syntax: Syntax, scopes: Scopes) -> Iterator[tuple[int, str]]:
    for number, (scope, part) in enumerate(scopes.owners):
        if part == DOCSTRING:
            end = scopes.positions[number + 1] if number + 1 < len(scopes.owners) else len(syntax.source)
            yield scope, _clean(_string_value(_text(syntax, scopes.positions[number], end)))


def _string_value(literal: str) -> str:
    """The value of a string literal; empty for bytes and formatted strings, which document nothing."""
    literal = literal.replace("\r\n", "\n").replace("\r", "\n")
    found = _STRING.fullmatch(literal)
    if found is None:
        return ""
    prefix, quote, text = found[1].lower(), found[2], found[3]
    if quote not in text and (prefix == "r" or (prefix in ("", "u") and "\\" not in text)):
        return text
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes that mean nothing
        try:
            value = ast.literal_eval(f"({literal})")
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            return ""
    return value if isinstance(value, str) else ""


def _clean(text: str) -> str:
    """Cut the indentation of a docstring as `inspect.cleandoc` does, in linear time."""
    first, *rest = text.expandtabs().split("\n")
    margin = min((len(line) - len(line.lstrip()) for line in rest if line.strip()), default=0)
    return "\n".join([first.lstrip(), *(line[margin:] for line in rest)]).strip("\n")
