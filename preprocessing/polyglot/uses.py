"""What one file in any language imports, calls and names.

Knows the captures of imports, calls and references. Does not know what a name means.
"""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence

from tree_sitter import Node

from preprocessing.facts import MODULE, Definition, Import, Use
from preprocessing.languages import ImportRule
from preprocessing.polyglot.expressions import MODULE_AROUND, OWN_MODULE, UNNAMED, Expressions
from preprocessing.polyglot.extents import Extents
from preprocessing.polyglot.grammar import Match, Matches
from preprocessing.polyglot.use_tree import in_file, read_use

EXPORTED = "export "  # begins the alias of an import that others may import in turn
_OWN = frozenset({"self", "cls", "super"})
# how a chain and a path write the own module and the one around, and how a chain does that is meant from the file
_MODULE_WORDS = {OWN_MODULE: "self", "super": "super"}
_PLACED_WORDS = {"self": OWN_MODULE, "super": MODULE_AROUND}
_VERSION = re.compile(r"[/.]v\d+$")  # of a Go module, which its package does not bear
_LAST = re.compile(r"[./:]+")
_DEFINED = ("class", "interface", "function", "attribute", "parameter", "local", "none")


def imports(matches: Matches, extents: Extents) -> tuple[Import, ...]:
    """Every imported name."""
    found = matches.all("import")
    bound = {_module(match) for match in found if _gives_name(match)}
    # a pattern for a module alone may find what another finds with names
    rows = [_import(matches, extents, match) for match in found if _gives_name(match) or _module(match) not in bound]
    for match in matches.all("import.tree"):
        space = extents.space_at(match.node.start_byte)
        scope, line = extents.scope_at(match.node.start_byte), match.node.start_point.row + 1
        rows += [Import(scope, *taken, 0, line) for taken in read_use(matches.text(match.node), space)]
    return tuple(dict.fromkeys(rows))


def _module(match: Match) -> int:
    return match.parts["import.module"].id


def _gives_name(match: Match) -> bool:
    return any(f"import.{part}" in match.parts or f"import.{part}" in match.settings for part in ("name", "alias"))


def _import(matches: Matches, extents: Extents, match: Match) -> Import:
    alias = _part(matches, match, "import.alias")
    exported = _part(matches, match, "import.exported")
    return Import(
        scope=extents.scope_at(match.node.start_byte),
        module="".join(_part(matches, match, "import.module").split()),
        name=_part(matches, match, "import.name"),
        alias=f"{EXPORTED}{exported}" if exported else alias,
        level=0,
        line=match.node.start_point.row + 1,
    )


def _part(matches: Matches, match: Match, name: str) -> str:
    """What a pattern captures under a name, or sets."""
    node = match.parts.get(name)
    return matches.text(node).strip("\"'`") if node is not None else match.settings.get(name) or ""


def calls(matches: Matches, expressions: Expressions, extents: Extents) -> tuple[Use, ...]:
    """Every callee of every scope, at the first line where it is called."""
    found: dict[tuple[int, str], Use] = {}
    seen: set[int] = set()
    ignored = _Spans([match.node for match in matches.all("ignored")])
    for match in matches.all("call"):
        if match.node.id in seen or ignored.covers(match.node):
            continue
        seen.add(match.node.id)
        start = match.node.start_byte
        scope, chain = extents.scope_at(start), _placed(matches, extents, expressions.callee(match), start)
        if (scope, chain) not in found and chain.partition("/")[0] != UNNAMED:
            # the called name stands last
            last = match.parts.get("member") or match.parts.get("callee") or match.node
            found[scope, chain] = Use(scope, chain, last.end_point.row + 1)
    return tuple(found.values())


def local_name(row: Import) -> str:
    """The name under which a file knows what it imports."""
    return row.alias or row.name or _LAST.split(_VERSION.sub("", row.module))[-1]


def references(
    matches: Matches,
    expressions: Expressions,
    extents: Extents,
    definitions: Sequence[Definition],
    bound: Mapping[int, Collection[str]],
) -> tuple[Use, ...]:
    """Every named thing that is neither called nor imported nor defined there; a mention where the file knows it."""
    known = {row.name for row in definitions} | {local_name(row) for row in imports(matches, extents)}
    spent, based = frozenset(_spent(matches)), _based(matches)
    is_hidden = _Spans(
        [match.node for name in ("import", "import.tree", "package", "ignored") for match in matches.all(name)]
    )
    paths = _Spans([match.node for match in matches.all("path")])
    found: dict[tuple[int, str], Use] = {}
    for node, is_sure in (*((node, True) for node in paths.outermost), *_named(matches)):
        if node.id in spent or node.start_byte in based or is_hidden.covers(node) or paths.covers_more_than(node):
            continue
        chain = _placed(matches, extents, expressions.chain(node), node.start_byte)
        head, dot, _ = chain.partition(".")
        is_known = is_sure or head[:1].isupper() or head in _OWN or head.rstrip("()") in known
        if chain in _OWN or not is_known or chain.endswith(UNNAMED):
            continue
        scope = extents.scope_at(node.start_byte)
        if (scope, chain) not in found and (dot or not _is_bound(scope, head, definitions, bound)):
            found[scope, chain] = Use(scope, chain, node.end_point.row + 1)
    return tuple(found.values())


class _Spans:
    """Stretches of a file that some nodes cover."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.outermost: list[Node] = []
        for node in sorted(nodes, key=lambda one: (one.start_byte, -one.end_byte)):
            if not self.outermost or node.start_byte >= self.outermost[-1].end_byte:
                self.outermost.append(node)
        self._starts = [node.start_byte for node in self.outermost]

    def covers(self, node: Node) -> bool:
        """Whether a node lies in one of them."""
        number = bisect_right(self._starts, node.start_byte) - 1
        return number >= 0 and node.start_byte < self.outermost[number].end_byte

    def covers_more_than(self, node: Node) -> bool:
        """Whether a node lies in one of them and is not the whole of it."""
        number = bisect_right(self._starts, node.start_byte) - 1
        return self.covers(node) and self.outermost[number].id != node.id


def _placed(matches: Matches, extents: Extents, chain: str, position: int) -> str:
    """A chain that begins with a module of its own file, as the file's outermost module would write it."""
    head, dot, rest = chain.partition(".")
    if matches.language.imports != ImportRule.CRATE or head not in _MODULE_WORDS:
        return chain
    path = in_file(f"{_MODULE_WORDS[head]}{dot}{rest}", extents.space_at(position))
    parts = path.split(".")
    leading = next((number for number, part in enumerate(parts) if part not in _PLACED_WORDS), len(parts))
    return ".".join([*(_PLACED_WORDS[part] for part in parts[:leading]), *parts[leading:]])


def _named(matches: Matches) -> Iterator[tuple[Node, bool]]:
    """Nodes that name something, and whether what they name counts wherever it is defined."""
    for name in ("access", "reference", "mention"):
        for match in matches.all(name):
            yield match.node, name == "reference"


def _is_bound(scope: int, name: str, definitions: Sequence[Definition], bound: Mapping[int, Collection[str]]) -> bool:
    """Whether a name is a variable, or a type's parameter, of a scope or of one around it."""
    while scope != MODULE and name not in bound.get(scope, ()):
        scope = definitions[scope].parent
    return name in bound.get(scope, ())


def _spent(matches: Matches) -> Iterator[int]:
    """Nodes that are part of something that is looked at as a whole."""
    for name in ("access", "call"):
        for match in matches.all(name):
            yield from (match.parts[part].id for part in ("object", "member", "callee") if part in match.parts)
    for name in (f"definition.{kind}" for kind in _DEFINED):
        yield from (match.parts["name"].id for match in matches.all(name) if "name" in match.parts)


def _based(matches: Matches) -> frozenset[int]:
    """Where the names of bases, annotations and called types begin, which are linked as such."""
    nodes = [match.node for name in ("extends", "implements", "decorator") for match in matches.all(name)]
    nodes += [match.parts["callee"] for match in matches.all("call") if "callee" in match.parts]
    return frozenset(node.start_byte for node in nodes)
