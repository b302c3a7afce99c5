"""Phase 2: the facts of a snapshot's files into one code graph.

Knows which edges a meaning makes. Does not know how names get their meaning (`preprocessing.python.names`). What makes
no edge is counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cgm.graph import CodeGraph, EdgeKind
from preprocessing.edges import Edges, Unlinked
from preprocessing.facts import PYTHON, FileFacts, Import, Use
from preprocessing.meanings import Meaning, Sort
from preprocessing.polyglot.linker import FamilyLinker, families
from preprocessing.python.callees import Callees
from preprocessing.python.hierarchy import Hierarchy
from preprocessing.python.linking import CallLinker
from preprocessing.python.modules import Modules
from preprocessing.python.names import Names
from preprocessing.reasons import REASONS
from preprocessing.tree import Tree, build_tree


@dataclass(frozen=True, eq=False)
class Linked:
    """A code graph and the node of each file, in the order of the files.

    `unlinked` lists what became no edge, where that was asked for.
    """

    graph: CodeGraph
    files: tuple[int, ...]
    unlinked: tuple[Unlinked, ...] = ()


def link(repository: str, paths: Sequence[str], facts: Sequence[FileFacts], *, lists_unlinked: bool = False) -> Linked:
    """Link the files of a snapshot; the result does not depend on their order, but `files` has it."""
    order = sorted(range(len(paths)), key=lambda number: paths[number].encode("utf-8", "surrogateescape"))
    ordered = [facts[number] for number in order]
    sorted_paths = [paths[number] for number in order]
    tree = build_tree(repository, sorted_paths, ordered)
    edges = Edges(tree, lists_unlinked=lists_unlinked)
    names = Names(tree, Modules(sorted_paths), ordered)
    _Linker(names, ordered, edges).link()
    names.release()
    for family in families(ordered):
        FamilyLinker(tree, sorted_paths, ordered, family, edges).link()
    files = dict(zip(order, tree.files, strict=True))
    graph = tree.graph(edges.rows(), edges.unlinked())
    return Linked(graph, tuple(files[number] for number in range(len(paths))), edges.listed())


class _Linker:
    """Makes the edges of one snapshot."""

    def __init__(self, names: Names, facts: Sequence[FileFacts], edges: Edges) -> None:
        self._names = names
        self._tree: Tree = names.tree
        self._facts = facts
        self._edges = edges
        self._hierarchy = Hierarchy(names)

    def link(self) -> None:
        """Make every edge but CONTAINS."""
        for node in self._hierarchy.classes:
            self._link_bases(node)
            self._link_overrides(node)
        python = [(file, facts) for file, facts in enumerate(self._facts) if facts.language == PYTHON]
        for file, facts in python:
            for row in facts.imports:
                self._link_import(file, row)
        calls = CallLinker(self._names, self._hierarchy, Callees(self._names, self._hierarchy), self._edges)
        calls.link(python)
        for file, facts in python:
            first = self._tree.files[file] + 1
            for use in facts.references:
                self._link_reference(first + use.scope, use)

    def _link_bases(self, node: int) -> None:
        line = self._tree.start[node]
        rows = [row for row in self._names.bindings.definition(node).bases if "=" not in row]
        for number, base in enumerate(self._names.classes.bases(node)):
            if base.sort == Sort.NODE and self._names.classes.is_class(base.target):
                self._edges.add(EdgeKind.EXTENDS, node, base.target, line)
                if self._hierarchy.is_abstract(base.target):
                    self._edges.add(EdgeKind.IMPLEMENTS, node, base.target, line)
            else:
                chain = rows[min(number, len(rows) - 1)]
                self._edges.skip(EdgeKind.EXTENDS, node, chain, line, REASONS[base.sort])

    def _link_overrides(self, node: int) -> None:
        """Link each method to the abstract one that it implements."""
        parents = self._names.classes.order(node)[1:]
        for name in self._names.bindings.of.get(node, ()) if parents else ():
            method, owner = self._names.classes.own_method(node, name), self._names.classes.first_owner(parents, name)
            found = self._names.classes.own_method(owner, name) if method >= 0 and owner >= 0 else -1
            if found >= 0 and self._hierarchy.is_abstract_method(found):
                self._edges.add(EdgeKind.IMPLEMENTS, method, found, self._tree.start[method])

    def _link_import(self, file: int, row: Import) -> None:
        source = self._tree.files[file]
        chain = f"{'.' * row.level}{row.module}" + (f":{row.name}" if row.name else "")
        is_whole = not row.name or row.name == "*"
        module = self._names.module(file, row)
        meanings = (module,) if is_whole else self._names.imported(file, row)
        found = {node for meaning in meanings if (node := self._node_of(meaning)) is not None}
        if any(meaning.sort == Sort.MISSING for meaning in meanings):
            self._edges.skip(EdgeKind.IMPORTS, source, chain, row.line, "unresolved")
        if not found and (place := self._node_of(module)) is not None:
            # what a module passes on from elsewhere is still taken from it
            found = {place}
        if not found:
            self._edges.skip(EdgeKind.IMPORTS, source, chain, row.line, REASONS[meanings[0].sort])
        for target in sorted(found - {source}):
            self._edges.add(EdgeKind.IMPORTS, source, target, row.line)

    def _node_of(self, meaning: Meaning) -> int | None:
        if meaning.sort == Sort.MODULE:
            return self._tree.files[meaning.target]
        return meaning.target if meaning.sort in (Sort.FOLDER, Sort.NODE) else None

    def _link_reference(self, source: int, use: Use) -> None:
        nodes = self._names.definitions(source, use.chain)
        for node in nodes:
            self._edges.refer(source, node, use.line)
        if not nodes:
            meanings = self._names.mean(source, use.chain)
            sort = meanings[0].sort if meanings else Sort.UNKNOWN
            if sort in (Sort.UNKNOWN, Sort.FOREIGN, Sort.MISSING):
                self._edges.skip(EdgeKind.REFERENCES, source, use.chain, use.line, REASONS[sort])
