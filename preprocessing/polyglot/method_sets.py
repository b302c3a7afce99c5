"""Which types implement which interfaces without saying so, as in Go: those that have all their methods.

Knows methods by name and the text of their signatures. Does not know edges. A type of an interface that embeds one of
another project is less sure, since not all of its methods are known.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from cgm.graph import NodeKind
from preprocessing.polyglot.registry import Registry
from preprocessing.polyglot.symbols import Symbols

_PARTLY_KNOWN = 0.5
_QUALIFIER = re.compile(r"\b[A-Za-z_]\w*\.(?=[A-Za-z_])")
_NAMED = re.compile(r"([A-Za-z_]\w*)\s+(.+)", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_]\w*")
_TYPE_WORDS = frozenset({"chan", "func", "interface", "map", "struct"})
_OPENING, _CLOSING = "([{", ")]}"

Shape = tuple[tuple[str, ...], tuple[str, ...]]


class Implemented(NamedTuple):
    """A type or method, what it implements, and how sure that is."""

    node: int
    target: int
    confidence: float


class MethodSets:
    """Finds what the types of some files implement; `signature` gives the text of a function's header."""

    def __init__(self, symbols: Symbols, signature: Callable[[int], str]) -> None:
        self._symbols = symbols
        self._registry: Registry = symbols.registry
        self._signature = signature
        self._shapes: dict[int, Shape] = {}

    def find(self, classes: Sequence[int]) -> Iterator[Implemented]:
        """Yield every pair of a type and an interface, and of their methods."""
        interfaces = [node for node in classes if self._registry.definition(node).is_abstract]
        types = [node for node in classes if not self._registry.definition(node).is_abstract]
        methods = {node: self._methods(node) for node in types}
        having: dict[str, list[int]] = {}
        for node in types:
            for name in methods[node]:
                having.setdefault(name, []).append(node)
        for interface in interfaces:
            wanted = self._methods(interface)
            candidates = min((having.get(name, []) for name in wanted), key=len, default=[])
            for node in candidates:
                if all(self._fits(methods[node].get(name), target, name) for name, target in wanted.items()):
                    yield from self._implemented(node, interface, methods[node], wanted)

    def _implemented(
        self, node: int, interface: int, methods: dict[str, int], wanted: dict[str, int]
    ) -> Iterator[Implemented]:
        confidence = _PARTLY_KNOWN if self._symbols.has_foreign_base(interface) else 1.0
        yield Implemented(node, interface, confidence)
        for name, target in wanted.items():
            yield Implemented(methods[name], target, confidence)

    def _methods(self, node: int) -> dict[str, int]:
        """The methods of a type by name, with those of what it embeds."""
        found: dict[str, int] = {}
        for one in self._symbols.order(node):
            tables = (self._registry.members.get(one, {}), self._registry.adopted.get(one, {}))
            for name, members in ((name, nodes) for table in tables for name, nodes in table.items()):
                if self._registry.tree.kind[members[0]] == NodeKind.FUNCTION:
                    found.setdefault(name, members[0])
        return found

    def _fits(self, method: int | None, target: int, name: str) -> bool:
        if method is None or self._shape(method) != self._shape(target):
            return False
        folders = {self._registry.tree.path[node].rpartition("/")[0] for node in (method, target)}
        # a name in small letters is of its package alone
        return len(folders) == 1 or not name[:1].islower()

    def _shape(self, node: int) -> Shape:
        if node not in self._shapes:
            self._shapes[node] = shape_of(self._signature(node), self._registry.name(node))
        return self._shapes[node]


def shape_of(header: str, name: str) -> Shape:
    """The types of a Go function's parameters and results, without the packages that they are of."""
    start = re.search(rf"\b{re.escape(name)}\s*(?:\[[^\]]*\])?\(", header)
    if start is None:
        return (), ()
    end = _closing(header, start.end() - 1)
    results = header[end + 1 :].strip().rstrip("{").strip()
    if results.startswith("("):
        results = results[1 : _closing(results, 0)]
    return _types(header[start.end() : end]), _types(results)


def _closing(text: str, start: int) -> int:
    """Where the bracket that opens at `start` closes; the end where it does not."""
    depth = 0
    for place in range(start, len(text)):
        depth += (text[place] in _OPENING) - (text[place] in _CLOSING)
        if not depth:
            return place
    return len(text)


def _types(text: str) -> tuple[str, ...]:
    """The types of a list of parameters, some or all of which have names."""
    pieces = [piece.strip() for piece in _pieces(text) if piece.strip()]
    named = [_NAMED.fullmatch(piece) for piece in pieces]
    if not any(found is not None and found[1] not in _TYPE_WORDS for found in named):
        return tuple(map(_plain, pieces))
    types: list[str] = []
    for piece, found in zip(reversed(pieces), reversed(named), strict=True):
        # names without a type of their own have that of the next
        is_name = _NAME.fullmatch(piece) is not None and types
        types.append(types[-1] if is_name else _plain(found[2] if found else piece))
    return tuple(reversed(types))


def _pieces(text: str) -> Iterator[str]:
    depth, start = 0, 0
    for place, character in enumerate(text):
        depth += (character in _OPENING) - (character in _CLOSING)
        if character == "," and not depth:
            yield text[start:place]
            start = place + 1
    yield text[start:]


def _plain(text: str) -> str:
    return _QUALIFIER.sub("", "".join(text.split())).replace("interface{}", "any")
