"""Phase 1: one file's bytes into facts.

Knows what a Python file defines, imports, calls, names and assigns. Does not know other files: every name stays as
it is written.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cache, partial
from importlib import metadata, resources

from tree_sitter import Node

from cgm.details import NodeDetails, encode_details
from cgm.store import fingerprint
from preprocessing.facts import (
    OPAQUE,
    PYTHON,
    TEXT,
    Definition,
    FileFacts,
    Import,
    Use,
    Words,
)
from preprocessing.python.calls import Calls
from preprocessing.python.complexity import count_ways
from preprocessing.python.details import describe, describe_attribute, describe_lambda
from preprocessing.python.scopes import Scopes, find_scopes
from preprocessing.python.syntax import Syntax, query_text, read_syntax
from preprocessing.python.values import Values
from preprocessing.versions import code_version
from preprocessing.words import Prose, count_prose, count_words, find_names, find_tokens

_NAMED = re.compile(
    rb"(?<![\w.\x80-\xff])([A-Za-z_\x80-\xff][\w\x80-\xff]*+)(?:\.[A-Za-z_\x80-\xff][\w\x80-\xff]*+)*(?![\"'])"
)
_SELF = frozenset({"self", "cls"})
_EQUALS = ord("=")
_SET = re.compile(rb"[ \t]*=(?!=)")
_SNIFFED = 8192


@cache
def facts_version() -> str:
    """A digest of all that decides what the facts of a file are."""
    details = resources.files("cgm").joinpath("details.py").read_text(encoding="utf-8")
    versions = [metadata.version(package) for package in ("tree-sitter", "tree-sitter-python")]
    return fingerprint(code_version("facts", "words", "zones", "python/"), details, query_text(), versions)


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
    count = partial(count_prose, source) if len(source) <= indexed_bytes else Words
    return FileFacts(TEXT, count_lines(source), count_words=count)


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
    values = Values(syntax, scopes, described[1:])
    described += [_describe_value(syntax, name, node) for (_, name), node in values.nodes.items()]
    calls = Calls(syntax, scopes, values)
    definitions = scopes.definitions + tuple(values.definitions.values())
    prose = Prose(syntax.spans("string"), syntax.spans("comment"))
    tokens = find_tokens(source, prose)
    # only names may hold letters beyond ASCII
    named_tokens = tokens if source.isascii() else find_tokens(source, prose, names=True)
    named = find_names(source, named_tokens, _global_names(definitions, imports))
    read = find_names(source, named_tokens, None, before=b".")
    references, reads = _references(
        syntax, scopes, sorted({*named, *read} - calls.positions - scopes.names), frozenset(named), values
    )
    return FileFacts(
        language=PYTHON,
        lines=count_lines(source),
        definitions=definitions,
        imports=imports,
        calls=calls.called,
        references=references,
        assigned=tuple(values.assigned),
        implicit=calls.implicit,
        reads=reads,
        passed=tuple(calls.passed),
        bound={scope: frozenset(names) for scope, names in values.bound.items() if names},
        parameters={scope: names for scope, names in values.parameters.items() if names},
        count_words=partial(count_words, source, prose, scopes.zones),
        complexity=count_ways(syntax, scopes, tuple(values.nodes.values()), tokens=tokens),
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


def _global_names(definitions: tuple[Definition, ...], imports: tuple[Import, ...]) -> frozenset[bytes] | None:
    """The names that may lead from this file to a definition; None where a star import makes it any name."""
    if any(row.name == "*" for row in imports):
        return None
    names = {definition.name for definition in definitions}
    names |= {(row.alias or row.name or row.module).partition(".")[0] for row in imports}
    return frozenset(name.encode() for name in names | _SELF)


def _references(
    syntax: Syntax, scopes: Scopes, positions: list[int], leading: frozenset[int], values: Values
) -> tuple[tuple[Use, ...], tuple[Use, ...]]:
    """Chains that are named without being called: those that may lead out of their function, and those of locals.

    `leading` are the positions of names that lead out where no function binds them.
    """
    source, borders, owners = syntax.source, scopes.positions, scopes.owners
    found: dict[tuple[int, str], int] = {}
    read: dict[tuple[int, str], int] = {}
    for position in _outside_imports(syntax, positions):
        match = _NAMED.match(source, position)
        if match is None:
            continue
        end = match.end()
        # what follows is set, or the name of an argument is given, unless it is compared
        is_set = _SET.match(source, end) is not None
        if is_set and source[end] == _EQUALS:
            continue
        chain = match[0].decode("utf-8", "replace")
        head, dot, _ = chain.partition(".")
        scope = owners[bisect_right(borders, position) - 1][0]
        if dot and is_set:
            read.setdefault((scope, f"{chain}="), position)
        if head in _SELF or head not in values.bound.get(scope, ()):
            if position in leading:
                found.setdefault((scope, chain), position)
        elif dot and not is_set:
            read.setdefault((scope, chain), position)
    return syntax.uses({key: position for key, position in found.items() if key[1] not in _SELF}), syntax.uses(read)


def _outside_imports(syntax: Syntax, positions: Iterable[int]) -> Iterator[int]:
    """Of sorted positions those that stand in no import."""
    spans = syntax.spans("import")
    starts, ends = [start for start, _ in spans], [0, *(end for _, end in spans)]
    return (position for position in positions if position >= ends[bisect_right(starts, position)])
