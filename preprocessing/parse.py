"""Phase 1: one file's bytes into facts.

Knows what a Python file defines, imports, calls, names and assigns. Does not know other files: every name stays as
it is written.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from importlib import metadata, resources

from tree_sitter import Node

from cgm.details import NodeDetails, Parameter, encode_details
from cgm.graph import NodeKind
from cgm.store import fingerprint
from preprocessing.complexity import count_ways
from preprocessing.details import describe, describe_attribute, describe_lambda
from preprocessing.facts import (
    MODULE,
    OPAQUE,
    PYTHON,
    TEXT,
    Assigned,
    Definition,
    FileFacts,
    Import,
    Use,
    Words,
)
from preprocessing.scopes import Scopes, find_scopes
from preprocessing.syntax import Syntax, annotated_class, bound_names, chain, first_child, query_text, read_syntax
from preprocessing.words import Prose, count_prose, count_words, find_names, find_tokens

_NAMED = re.compile(
    rb"(?<![\w.\x80-\xff])([A-Za-z_\x80-\xff][\w\x80-\xff]*+)(?:\.[A-Za-z_\x80-\xff][\w\x80-\xff]*+)*(?![\"'])"
)
_SELF = frozenset({b"self", b"cls"})
_SNIFFED = 8192


@cache
def facts_version() -> str:
    """A digest of all that decides what the facts of a file are."""
    names = ("facts", "parse", "scopes", "details", "complexity", "syntax", "words")
    modules = [resources.files("preprocessing").joinpath(f"{name}.py") for name in names]
    modules.append(resources.files("cgm").joinpath("details.py"))
    sources = [module.read_text(encoding="utf-8") for module in modules]
    versions = [metadata.version(package) for package in ("tree-sitter", "tree-sitter-python")]
    return fingerprint(sources, query_text(), versions)


def is_binary(source: bytes) -> bool:
    """Whether a file is no text, as git judges it: a NUL among its first bytes."""
    return b"\0" in source[:_SNIFFED]


def count_lines(source: bytes) -> int:
    """Lines of a file; a last one without an end counts."""
    return source.count(b"\n") + bool(source and not source.endswith(b"\n"))


def parse_opaque() -> FileFacts:
    """Facts of a file whose text is not looked at."""
    return FileFacts(OPAQUE, 0)


def parse_text(source: bytes, indexed_bytes: int) -> FileFacts:
    """Facts of a text without a grammar: its words too where it is at most `indexed_bytes` long."""
    if is_binary(source):
        return parse_opaque()
    words = count_prose(source) if len(source) <= indexed_bytes else Words()
    return FileFacts(TEXT, count_lines(source), words=words)


def parse_python(source: bytes, seconds: float = 10.0) -> FileFacts:
    """Facts of a Python file, however broken its syntax.

    Raises:
        ParseError: it took longer than `seconds`.
    """
    if is_binary(source):
        return parse_opaque()
    syntax = read_syntax(source, seconds)
    scopes = find_scopes(syntax)
    imports = tuple(_imports(syntax, scopes))
    described = describe(syntax, scopes)
    assignments = _Assignments(syntax, scopes, described)
    described += [_describe_value(syntax, name, node) for (_, name), node in assignments.nodes.items()]
    definitions = scopes.definitions + tuple(assignments.definitions.values())
    tokens, prose = find_tokens(source), Prose(syntax.spans("string"), syntax.spans("comment"))
    named = find_names(source, tokens, prose, _global_names(definitions, imports))
    return FileFacts(
        language=PYTHON,
        lines=count_lines(source),
        definitions=definitions,
        imports=imports,
        calls=tuple(_calls(syntax, scopes)),
        references=tuple(_references(syntax, scopes, named, assignments.bound)),
        assigned=tuple(dict.fromkeys(assignments.assigned)),
        bound={scope: frozenset(names) for scope, names in assignments.bound.items() if names},
        words=count_words(source, tokens, prose, scopes),
        complexity=count_ways(syntax, scopes, tuple(assignments.nodes.values()), tokens=tokens, prose=prose),
        details="".join(map(encode_details, described)),
    )


def _describe_value(syntax: Syntax, name: str, node: Node) -> NodeDetails:
    return describe_lambda(syntax, node) if node.type == "lambda" else describe_attribute(syntax, name, node)


def _imports(syntax: Syntax, scopes: Scopes) -> list[Import]:
    rows: list[Import] = []
    for node in syntax.all("import"):
        scope, line = scopes.scope_at(node.start_byte), node.start_point.row + 1
        names = [_imported(syntax, child) for child in node.children_by_field_name("name")]
        if node.type == "import_statement":
            rows.extend(Import(scope, name, "", alias, 0, line) for name, alias in names)
            continue
        module, level = _imported_module(syntax, node)
        if any(child.type == "wildcard_import" for child in node.named_children):
            names = [("*", "")]
        rows.extend(Import(scope, module, name, alias, level, line) for name, alias in names)
    return rows


def _imported(syntax: Syntax, node: Node) -> tuple[str, str]:
    """An imported name and its alias, empty where it has none."""
    if node.type != "aliased_import":
        return _squeezed(syntax, node), ""
    name, alias = node.child_by_field_name("name"), node.child_by_field_name("alias")
    return (_squeezed(syntax, name) if name else "", syntax.text(alias) if alias else "")


def _imported_module(syntax: Syntax, node: Node) -> tuple[str, int]:
    if node.type == "future_import_statement":
        return "__future__", 0
    module = node.child_by_field_name("module_name")
    text = _squeezed(syntax, module) if module is not None else ""
    name = text.lstrip(".")
    return name, len(text) - len(name)


def _squeezed(syntax: Syntax, node: Node) -> str:
    return "".join(syntax.text(node).split())


def _calls(syntax: Syntax, scopes: Scopes) -> list[Use]:
    found: dict[tuple[int, str], Use] = {}
    for node in syntax.all("callee"):
        scope, name = scopes.scope_at(node.start_byte), chain(syntax, node)
        if (scope, name) not in found:
            # the last line of a chain is where its called name stands
            found[scope, name] = Use(scope, name, node.end_point.row + 1)
    return list(found.values())


class _Assignments:
    """What a file's assignments define, bind and say of values."""

    def __init__(self, syntax: Syntax, scopes: Scopes, described: Sequence[NodeDetails]) -> None:
        self.definitions: dict[tuple[int, str], Definition] = {}
        self.nodes: dict[tuple[int, str], Node] = {}
        self.assigned: list[Assigned] = []
        self.bound: dict[int, set[str]] = {}
        self._syntax = syntax
        self._scopes = scopes
        self._named_lambdas: set[int] = set()
        self._taken = {(definition.parent, definition.name) for definition in scopes.definitions}
        for scope, details in enumerate(described[1:]):
            self._parameters(scope, details.parameters)
        for node in syntax.all("assignment"):
            self._assignment(node)
        for node in syntax.all("as"):
            self._alias(node)
        for node in syntax.all("bound"):
            self._bind(scopes.scope_at(node.start_byte), syntax.text(node))
        for node in syntax.all("lambda"):
            self._lambda(node)
        for node in syntax.all("global"):
            self.bound.get(scopes.scope_at(node.start_byte), set()).difference_update(bound_names(syntax.text(node)))

    def _parameters(self, scope: int, parameters: Sequence[Parameter]) -> None:
        for parameter in parameters:
            name = parameter.name.lstrip("*")
            self._bind(scope, name)
            self._annotate(scope, name, parameter.type)

    def _annotate(self, scope: int, target: str, annotation: str) -> None:
        if named := annotated_class(annotation):
            self.assigned.append(Assigned(scope, target, f"{named}()"))

    def _assignment(self, node: Node) -> None:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None:
            return
        scope, target = self._scopes.scope_at(left.start_byte), self._syntax.text(left)
        self._bind(scope, target)
        value = right if right is not None and right.type == "lambda" else node
        if value is right:
            self._named_lambdas.add(value.id)
        self._define(scope, target, node, value)
        if right is not None and right.type in ("call", "identifier", "attribute"):
            self.assigned.append(Assigned(scope, target, chain(self._syntax, right)))
        annotation = node.child_by_field_name("type")
        self._annotate(scope, target, self._syntax.text(annotation) if annotation is not None else "")

    def _define(self, scope: int, target: str, node: Node, value: Node) -> None:
        """Make module globals, class attributes and attributes of self into definitions."""
        kind = NodeKind.LAMBDA if value.type == "lambda" else NodeKind.ATTRIBUTE
        definitions = self._scopes.definitions
        parent, names = scope, bound_names(target)
        if scope != MODULE and definitions[scope].kind == NodeKind.FUNCTION:
            owner = definitions[scope].parent
            is_method = owner != MODULE and definitions[owner].kind == NodeKind.CLASS
            parent, names = owner, _self_attributes(target) if is_method else []
            if kind == NodeKind.LAMBDA and not names:
                parent, names = scope, bound_names(target)
        start, end = node.start_point.row + 1, node.end_point.row + 1
        for name in names:
            key = (parent, name)
            if key not in self._taken and key not in self.definitions:
                self.definitions[key] = Definition(int(kind), name, parent, start, end)
                self.nodes[key] = value

    def _alias(self, node: Node) -> None:
        alias, value = node.child_by_field_name("alias"), first_child(node)
        if alias is None or value is None:
            return
        scope, target = self._scopes.scope_at(alias.start_byte), self._syntax.text(alias)
        self._bind(scope, target)
        if value.type == "call":
            self.assigned.append(Assigned(scope, target, chain(self._syntax, value)))

    def _lambda(self, node: Node) -> None:
        if node.id in self._named_lambdas:
            return
        scope, start = self._scopes.scope_at(node.start_byte), node.start_point.row + 1
        name = f"<lambda:{start}>"
        row = Definition(int(NodeKind.LAMBDA), name, scope, start, node.end_point.row + 1)
        if (scope, name) not in self.definitions:
            self.definitions[scope, name] = row
            self.nodes[scope, name] = node

    def _bind(self, scope: int, target: str) -> None:
        if scope != MODULE and self._scopes.definitions[scope].kind == NodeKind.FUNCTION:
            self.bound.setdefault(scope, set()).update(bound_names(target))


def _self_attributes(target: str) -> list[str]:
    items = (item.strip("()[]* \t\n") for item in target.split(","))
    names = (item.removeprefix("self.") for item in items if item.startswith("self."))
    return [name for name in names if name.isidentifier()]


def _global_names(definitions: tuple[Definition, ...], imports: tuple[Import, ...]) -> frozenset[bytes] | None:
    """The names that may lead from this file to a definition; None where a star import makes it any name."""
    if any(row.name == "*" for row in imports):
        return None
    names = {definition.name for definition in definitions}
    names |= {(row.alias or row.name or row.module).partition(".")[0] for row in imports}
    return frozenset(name.encode() for name in names) | _SELF


def _references(syntax: Syntax, scopes: Scopes, positions: list[int], bound: dict[int, set[str]]) -> list[Use]:
    """Chains at some positions that are named without being called and may lead out of their function."""
    source = syntax.source
    skipped = {node.start_byte for node in syntax.all("callee")} | scopes.names
    imports = [(node.start_byte, node.end_byte) for node in syntax.all("import")]
    starts = [start for start, _ in imports]
    ends = [0, *(end for _, end in imports)]
    found: dict[tuple[int, str], int] = {}
    for position in positions:
        if position in skipped or position < ends[bisect_right(starts, position)]:
            continue
        match = _NAMED.match(source, position)
        if match is None or _is_keyword(source, match.end()):
            continue
        head, chain = match[1], match[0].decode("utf-8", "replace")
        scope = scopes.scope_at(position)
        if head in _SELF or head.decode("utf-8", "replace") not in bound.get(scope, ()):
            found.setdefault((scope, chain), position)
    newlines = [match.start() for match in re.finditer(rb"\n", source)]
    return [
        Use(scope, chain, bisect_right(newlines, position) + 1)
        for (scope, chain), position in found.items()
        if chain not in ("self", "cls")
    ]


def _is_keyword(code: bytes, end: int) -> bool:
    """Whether a name that ends there is an argument's keyword, as in `f(name=1)`."""
    return code[end : end + 1] == b"=" and code[end + 1 : end + 2] != b"="
