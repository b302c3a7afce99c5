"""A file of any language as the matches of its queries.

Knows tree-sitter, grammars and queries, which are loaded when the first file of their language is read. Does not
know what captures mean (`preprocessing.polyglot.extract`).
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module, metadata, resources
from typing import Any

from tree_sitter import Language as Grammar
from tree_sitter import Node, Parser, Point, Query, QueryCursor, Tree

from cgm.errors import ParseError
from preprocessing.languages import BY_NAME, Language
from preprocessing.polyglot.macros import blank_macros, has_class_macro

_CHUNK = 1 << 20
_MOST_STEPS = 5 * 10**8  # about a second
_ERROR_COST = 20  # an error beside the bytes it spans
_UNFINISHED = 4096
_DEEPEST = 1000
_MOST_OPEN = 5000
_PIECE = 1 << 15  # bytes that are searched between two looks at the clock
_END = (1 << 32) - 1


@dataclass(slots=True, eq=False)
class Match:
    """A match of one pattern: its main node, its other captures, and what the pattern sets.

    `rank` is the pattern's place in the query: of two matches for one thing the lower counts. There is one for every
    other word of a file, so that it is not frozen, which would double what making it takes.
    """

    rank: int
    node: Node
    parts: Mapping[str, Node]
    settings: Mapping[str, str | None]


@dataclass(frozen=True, eq=False)
class Matches:
    """A file's bytes, the language it is read as, and its query's matches by main capture, in document order.

    `left_out` are the lines of conditionals, one of whose branches is not in the tree.
    """

    language: Language
    source: bytes
    keywords: frozenset[bytes]
    left_out: tuple[int, ...] = ()
    found: Mapping[str, list[Match]] = field(default_factory=dict)

    def all(self, name: str) -> list[Match]:
        """Every match with this main capture."""
        return self.found.get(name, [])

    def text(self, node: Node) -> str:
        """The source text of a node; what is no text, or would end a stored name, is replaced."""
        return self.source[node.start_byte : node.end_byte].decode("utf-8", "replace").replace("\0", "\ufffd")


@dataclass(frozen=True, eq=False)
class _Reader:
    """A grammar with its query and what each pattern sets."""

    grammar: Grammar
    query: Query
    settings: tuple[dict[str, Any], ...]
    keywords: frozenset[bytes]


def query_source(language: Language) -> str:
    """The query of a language: its files, one after another."""
    folder = resources.files("preprocessing").joinpath("queries")
    return "\n".join(folder.joinpath(f"{name}.scm").read_text(encoding="utf-8") for name in language.queries)


def grammar_version(language: Language) -> str:
    """The version of the grammar's wheel."""
    return metadata.version(language.distribution)


@cache
def _reader(language: Language) -> _Reader:
    module, _, function = language.grammar.partition(":")
    grammar = Grammar(getattr(import_module(module), function)())
    query = Query(grammar, query_source(language))
    settings = tuple(query.pattern_settings(number) for number in range(query.pattern_count))
    return _Reader(grammar, query, settings, _keywords(grammar))


def _keywords(grammar: Grammar) -> frozenset[bytes]:
    """The words that a grammar writes itself."""
    kinds = range(grammar.node_kind_count)
    visible = (kind for kind in kinds if grammar.node_kind_is_visible(kind) and not grammar.node_kind_is_named(kind))
    words = (grammar.node_kind_for_id(kind) or "" for kind in visible)
    return frozenset(word.encode() for word in words if word.isalpha())


def read_matches(language: Language, source: bytes, mains: frozenset[str], seconds: float) -> Matches:
    """Parse a file, however broken, and run its language's query; `mains` are the names of main captures.

    Raises:
        ParseError: it took longer than `seconds`.
    """
    deadline = time.monotonic() + seconds
    if source.count(b"<") - source.count(b">") > _MOST_OPEN:
        # what may be a list of types that is never closed takes the parser hours, and no time limit stops it
        raise ParseError(f"a file must leave at most {_MOST_OPEN} `<` open")
    language, tree, left_out = _best_tree(language, source, deadline)
    if time.monotonic() > deadline:
        raise ParseError(f"a file must parse within {seconds} s")
    if not _is_searchable(tree):
        raise ParseError("a file must not be so broken that its search takes time in square")
    reader = _reader(language)
    found: dict[str, list[Match]] = {}
    for rank, parts in _found(reader.query, tree, len(source), deadline):
        for name, node in parts.items():
            if name in mains:
                found.setdefault(name, []).append(Match(rank, node, parts, reader.settings[rank]))
    for matches in found.values():
        matches.sort(key=_place)
    return Matches(language, source, reader.keywords, left_out, found)


def _found(query: Query, tree: Tree, size: int, deadline: float) -> Iterator[tuple[int, dict[str, Node]]]:
    """The matches of a query, piece by piece of the source: each with its pattern's number and its captures.

    Raises:
        ParseError: the deadline passed.
    """
    # the binding's own time limit for queries crashes, so that the clock is read between pieces; time is linear in
    # the size of a tree only where matches that are not finished yet, and its depth, are bounded
    cursor = QueryCursor(query, match_limit=_UNFINISHED)
    cursor.set_max_start_depth(_DEEPEST)
    for start in range(0, max(size, 1), _PIECE):
        if time.monotonic() > deadline:
            raise ParseError("a file must be searched in time")
        end = start + _PIECE if start + _PIECE < size else _END
        cursor.set_byte_range(start, end)
        for rank, captures in cursor.matches(tree.root_node):
            parts = {name: nodes[0] for name, nodes in captures.items()}
            # what reaches into the next piece is found there again
            if size <= _PIECE or start <= min(node.start_byte for node in parts.values()) < end:
                yield rank, parts


def _is_searchable(tree: Tree) -> bool:
    """Whether a query over a tree takes linear time: it goes over the children of an error in square time."""
    return sum(node.child_count**2 for node in _errors(tree)) <= _MOST_STEPS


def _errors(tree: Tree) -> Iterator[Node]:
    """The nodes that are in error or missing; none inside of one that is too wide to be looked through."""
    stack = [tree.root_node]
    while stack:
        node = stack.pop()
        is_error = node.is_error or node.is_missing
        if is_error:
            yield node
        if node.has_error and not (is_error and node.child_count**2 > _MOST_STEPS):
            stack.extend(child for child in node.children if child.has_error)


def _best_tree(language: Language, source: bytes, deadline: float) -> tuple[Language, Tree, tuple[int, ...]]:
    """The tree with the least damage of those that a file may have, the language it is of, and what is not in it."""
    others = [BY_NAME[language.otherwise]] if language.otherwise else []
    if others and re.search(language.signs_of_other, source):
        language, others = others[0], [language]
    tree = _parse(language, source, deadline)
    if not language.has_macros or not (tree.root_node.has_error or has_class_macro(source)):
        return language, tree, ()
    blanked, left_out = blank_macros(source)
    trees = [(one, _parse(one, blanked, deadline), left_out) for one in (language, *others)] + [(language, tree, ())]
    return min(trees, key=lambda one: _damage(one[1]))


def _parse(language: Language, source: bytes, deadline: float) -> Tree:
    """Parse bytes; past the deadline an empty tree."""
    parser = Parser(_reader(language).grammar)
    try:
        return parser.parse(_feed(source), progress_callback=lambda *_: time.monotonic() > deadline)
    except ValueError:
        parser.reset()
        return parser.parse(b"")


def _damage(tree: Tree) -> int:
    """How much of a tree is in error."""
    return sum(node.end_byte - node.start_byte + _ERROR_COST for node in _errors(tree))


def _place(match: Match) -> tuple[int, int, int]:
    return match.node.start_byte, -match.node.end_byte, match.rank


def _feed(source: bytes) -> Callable[[int, Point], bytes]:
    return lambda offset, _: source[offset : offset + _CHUNK]
