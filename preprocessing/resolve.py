"""Phase 2: the facts of a snapshot's files into one code graph.

Knows which edges a meaning makes and how unsure a link by name alone is. Does not know how names get their meaning
(`preprocessing.names`). A link by name has confidence 1 / number of candidates. What makes no edge is counted.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from cgm.graph import CodeGraph, EdgeKind, NodeKind
from preprocessing.facts import PYTHON, FileFacts, Use
from preprocessing.linker import FamilyLinker, families
from preprocessing.modules import Modules
from preprocessing.names import Meaning, Names, Sort
from preprocessing.tree import Edge, Tree, build_tree

_MOST_CANDIDATES = 5
_BUILTIN_METHODS = frozenset(
    name for kind in (str, bytes, list, dict, set, tuple, int, float) for name in dir(kind) if not name.startswith("_")
)
_ABSTRACT_BASES = frozenset({"ABC", "Protocol"})
_REASONS = {
    Sort.UNKNOWN: "unresolved",
    Sort.LOCAL: "unresolved",
    Sort.MISSING: "unresolved",
    Sort.FOREIGN: "external",
    Sort.BUILTIN: "builtin",
    Sort.MODULE: "module",
    Sort.FOLDER: "module",
    Sort.OBJECT: "object",
    Sort.PARENT: "object",
    Sort.NODE: "value",
}


@dataclass(frozen=True, eq=False)
class Linked:
    """A code graph and the node of each file, in the order of the files."""

    graph: CodeGraph
    files: tuple[int, ...]


def link(repository: str, paths: Sequence[str], facts: Sequence[FileFacts]) -> Linked:
    """Link the files of a snapshot; the result does not depend on their order, but `files` has it."""
    order = sorted(range(len(paths)), key=lambda number: paths[number].encode("utf-8", "surrogateescape"))
    ordered = [facts[number] for number in order]
    sorted_paths = [paths[number] for number in order]
    tree = build_tree(repository, sorted_paths, ordered)
    edges, unlinked = _Linker(tree, ordered, Names(tree, Modules(sorted_paths), ordered)).link()
    for family in families(ordered):
        more, also_unlinked = FamilyLinker(tree, sorted_paths, ordered, family).link()
        edges = sorted(edges + more)
        unlinked = dict(sorted((also_unlinked + Counter(unlinked)).items()))
    files = dict(zip(order, tree.files, strict=True))
    return Linked(tree.graph(edges, unlinked), tuple(files[number] for number in range(len(paths))))


class _Linker:
    """Makes the edges of one snapshot."""

    def __init__(self, tree: Tree, facts: Sequence[FileFacts], names: Names) -> None:
        self._tree = tree
        self._facts = facts
        self._names = names
        self._edges: dict[tuple[int, int, int], tuple[float, int]] = {}
        self._unlinked: Counter[str] = Counter()
        self._classes = [
            node
            for node, kind in enumerate(tree.kind)
            if kind == NodeKind.CLASS and facts[tree.file[node]].language == PYTHON
        ]
        self._methods = self._methods_by_name()
        self._subclasses: dict[int, list[int]] = {}
        self._tests: dict[str, bool] = {}

    def link(self) -> tuple[list[Edge], dict[str, int]]:
        """Make every edge but CONTAINS, sorted; count what makes none, by kind and reason."""
        for node in self._classes:
            self._link_bases(node)
        for node in self._classes:
            self._link_overrides(node)
        for file, facts in enumerate(self._facts):
            if facts.language != PYTHON:
                continue
            first = self._tree.files[file] + 1
            self._link_imports(file, facts)
            for use in facts.calls:
                self._link_call(first + use.scope, use)
            for use in facts.references:
                self._link_reference(first + use.scope, use)
        edges = [(*key, *value) for key, value in sorted(self._edges.items())]
        return edges, dict(sorted(self._unlinked.items()))

    def _methods_by_name(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for node in self._classes:
            for name, member in self._names.members.get(node, {}).items():
                if self._tree.kind[member] == NodeKind.FUNCTION:
                    found.setdefault(name, []).append(member)
        return found

    def _add(self, kind: EdgeKind, source: int, target: int, line: int, confidence: float = 1.0) -> None:
        key = (int(kind), source, target)
        known = self._edges.get(key)
        if known is None or known[0] < confidence:
            self._edges[key] = (confidence, line)

    def _skip(self, kind: EdgeKind, reason: str) -> None:
        self._unlinked[f"{kind.name} {reason}"] += 1

    def _link_bases(self, node: int) -> None:
        line = self._tree.start[node]
        for base in self._names.bases(node):
            if base.sort == Sort.NODE and self._names.is_class(base.target):
                self._add(EdgeKind.EXTENDS, node, base.target, line)
                if self._is_abstract(base.target):
                    self._add(EdgeKind.IMPLEMENTS, node, base.target, line)
            else:
                self._skip(EdgeKind.EXTENDS, _REASONS[base.sort])
        for parent in self._names.order(node)[1:]:
            self._subclasses.setdefault(parent, []).append(node)

    def _is_abstract(self, node: int) -> bool:
        rows = self._names.definition(node).bases
        if any(row.rpartition(".")[2] in _ABSTRACT_BASES or row.endswith("ABCMeta") for row in rows):
            return True
        members = self._names.members.get(node, {}).values()
        return any(self._is_abstract_method(member) for member in members)

    def _is_abstract_method(self, node: int) -> bool:
        return self._tree.kind[node] == NodeKind.FUNCTION and self._names.definition(node).is_abstract

    def _link_overrides(self, node: int) -> None:
        """Link each method to the abstract one that it implements."""
        parents = self._names.order(node)[1:]
        for name, member in self._names.members.get(node, {}).items():
            found = self._names.find_member(parents, name)
            if found is None or self._tree.kind[member] != NodeKind.FUNCTION:
                continue
            if self._is_abstract_method(found.target):
                self._add(EdgeKind.IMPLEMENTS, member, found.target, self._tree.start[member])

    def _link_imports(self, file: int, facts: FileFacts) -> None:
        source = self._tree.files[file]
        for row in facts.imports:
            whole = not row.name or row.name == "*"
            meaning = self._names.module(file, row) if whole else self._names.imported(file, row)
            if meaning.sort == Sort.MISSING:
                self._skip(EdgeKind.IMPORTS, "unresolved")
                meaning = self._names.module(file, row)
            target = self._node_of(meaning)
            if target is None:
                self._skip(EdgeKind.IMPORTS, _REASONS[meaning.sort])
            elif target != source:
                self._add(EdgeKind.IMPORTS, source, target, row.line)

    def _node_of(self, meaning: Meaning) -> int | None:
        if meaning.sort == Sort.MODULE:
            return self._tree.files[meaning.target]
        return meaning.target if meaning.sort in (Sort.FOLDER, Sort.NODE) else None

    def _link_call(self, source: int, use: Use) -> None:
        meaning, passed = self._names.trace(source, use.chain)
        called = self._names.value(meaning) if self._is_attribute(meaning) else meaning
        if called.sort == Sort.NODE and not self._is_attribute(called):
            self._call_node(source, called.target, use.line)
            return
        if called.sort == Sort.OBJECT and self._call_member(source, called.target, "__call__", use.line):
            return
        if passed >= 0 and not use.chain.startswith(("self", "cls")):
            self._refer(source, passed, use.line)
        self._call_by_name(source, use, called)

    def _is_attribute(self, meaning: Meaning) -> bool:
        return meaning.sort == Sort.NODE and self._tree.kind[meaning.target] == NodeKind.ATTRIBUTE

    def _call_node(self, source: int, target: int, line: int) -> None:
        self._add(EdgeKind.CALLS, source, target, line)
        if self._names.is_class(target):
            self._call_member(source, target, "__init__", line)

    def _call_member(self, source: int, node: int, name: str, line: int) -> bool:
        found = self._names.find_member(self._names.order(node), name)
        if found is not None:
            self._add(EdgeKind.CALLS, source, found.target, line)
        return found is not None

    def _call_by_name(self, source: int, use: Use, meaning: Meaning) -> None:
        """Link a method of an object of unknown type to every method of that name, where those are few."""
        name = use.chain.rpartition(".")[2]
        reason = self._closed_reason(use, meaning, name)
        if reason:
            self._skip(EdgeKind.CALLS, reason)
            return
        candidates = self._candidates(meaning, name)
        if not self._is_test(source):
            # code never calls its tests
            candidates = [node for node in candidates if not self._is_test(node)]
        if not candidates or len(candidates) > _MOST_CANDIDATES:
            self._skip(EdgeKind.CALLS, "ambiguous" if candidates else "unresolved")
            return
        for candidate in candidates:
            self._add(EdgeKind.CALLS, source, candidate, use.line, 1.0 / len(candidates))

    def _closed_reason(self, use: Use, meaning: Meaning, name: str) -> str:
        """Why a call cannot be linked by name, empty where it can."""
        if meaning.sort not in (Sort.UNKNOWN, Sort.LOCAL, Sort.MISSING):
            return _REASONS[meaning.sort]
        if meaning.sort == Sort.MISSING and meaning.target >= 0:
            return "inherited" if self._names.has_foreign_base(meaning.target) else ""
        if "." not in use.chain:
            return "local" if meaning.sort == Sort.LOCAL else "unresolved"
        return "builtin method" if name in _BUILTIN_METHODS else ""

    def _candidates(self, meaning: Meaning, name: str) -> list[int]:
        if meaning.sort != Sort.MISSING or meaning.target < 0:
            return self._methods.get(name, [])
        below = (self._names.members.get(node, {}).get(name) for node in self._subclasses.get(meaning.target, ()))
        return [node for node in below if node is not None and self._tree.kind[node] == NodeKind.FUNCTION]

    def _is_test(self, node: int) -> bool:
        # not cgm.text.is_source_path, which says what an issue's fix may be in: code does call its vendored copies
        path = self._tree.path[node]
        if path not in self._tests:
            self._tests[path] = any(part.startswith(("test", "conftest")) for part in path.split("/"))
        return self._tests[path]

    def _link_reference(self, source: int, use: Use) -> None:
        meaning, passed = self._names.trace(source, use.chain)
        if passed >= 0:
            self._refer(source, passed, use.line)
        elif meaning.sort in (Sort.UNKNOWN, Sort.FOREIGN, Sort.MISSING):
            self._skip(EdgeKind.REFERENCES, _REASONS[meaning.sort])

    def _refer(self, source: int, target: int, line: int) -> None:
        """Link a use of a definition, except where it is the definition itself."""
        is_own = self._tree.parent[target] == source and self._tree.start[target] == line
        if target != source and not is_own:
            self._add(EdgeKind.REFERENCES, source, target, line)
