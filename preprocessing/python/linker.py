"""Phase 2 for Python: the edges of a snapshot's files, kept up to date with their facts.

Knows which edges a meaning makes, and which files must be linked again when some have changed. Does not know how names
get their meaning (`preprocessing.python.names`). What makes no edge is counted.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from cgm.graph import EdgeKind
from preprocessing.edges import Edges
from preprocessing.facts import OPAQUE, FileFacts, Import, Use
from preprocessing.meanings import Meaning, Sort
from preprocessing.python.callees import Callees
from preprocessing.python.hierarchy import Hierarchy
from preprocessing.python.linking import CallLinker
from preprocessing.python.memo import Fact
from preprocessing.python.modules import Modules
from preprocessing.python.names import MODULES, Names
from preprocessing.python.rounds import Rounds
from preprocessing.reasons import REASONS
from preprocessing.tree import Tree, same_definitions

_TASK = "edges"
_NO_FACTS = FileFacts(OPAQUE, 0)


class PythonLinker:
    """Links files, and links again those for which something else than before comes out.

    `paths` are those of the Python files by number, in order; `facts` are those of all files, by number.
    """

    def __init__(self, tree: Tree, paths: Mapping[int, str], facts: Sequence[FileFacts]) -> None:
        self._tree = tree
        self._facts = list(facts)
        self._names = Names(tree, Modules(paths), self._facts)
        self._hierarchy = Hierarchy(self._names, paths)
        callees = Callees(self._names, self._hierarchy)
        self._rounds = Rounds(self._names, callees)
        self._calls = CallLinker(self._names, self._hierarchy, callees)
        self._edges = Edges(tree)
        self._live = set(paths)
        self._linked: set[int] = set()

    def release(self) -> None:
        """Forget everything. As `Names.release`."""
        self._names.release()

    def __len__(self) -> int:
        """How much was ever looked for."""
        return len(self._names.memo)

    def change(self, facts: Mapping[int, FileFacts | None], paths: Mapping[int, str]) -> None:
        """Take other facts of some files, None where a file is gone; new ones are in the tree without definitions."""
        names = self._names
        changed = self._take(facts)
        if paths != names.modules.paths:
            modules, names.modules = names.modules, Modules(paths)
            changed.update((MODULES, name) for name, _ in names.modules.table() ^ modules.table())
            changed.update(names.fixtures.change(paths))
        for file in self._live.difference(paths):
            changed |= self._rounds.remove(file)
        self._live = set(paths)
        self._linked &= self._live
        names.forget(changed)

    def _take(self, facts: Mapping[int, FileFacts | None]) -> set[Fact]:
        """Put facts in the place of others; what is told otherwise now."""
        bindings, hierarchy = self._names.bindings, self._hierarchy
        self._facts += [_NO_FACTS] * (len(self._tree.files) - len(self._facts))
        changed: set[Fact] = set()
        for file, new in facts.items():
            told, methods = bindings.told(file), hierarchy.told(file)
            hierarchy.remove(file)
            bindings.forget(file)
            scopes, old = self._tree.scopes[file], self._facts[file]
            self._facts[file] = new or _NO_FACTS
            kept = same_definitions(old, self._facts[file])
            self._tree.define(file, self._facts[file], [scopes[one] if one >= 0 else -1 for one in kept])
            bindings.register(file, self._facts[file])
            hierarchy.add(file)
            now = bindings.told(file)
            changed.update(fact for fact in told.keys() | now.keys() if told.get(fact) != now.get(fact))
            changed.update(fact for fact, _ in methods ^ hierarchy.told(file))
        return changed

    def link(self, files: Iterable[int], *, lists_unlinked: bool = False) -> dict[int, Edges]:
        """Link some files, and all those that must be linked again; their edges, by file."""
        dunders = {name for name, methods in self._hierarchy.methods.items() if methods and name.startswith("__")}
        named, self._rounds.dunders = self._rounds.dunders ^ dunders, dunders
        again = self._rounds.update({*files, *self._mentioning(named)})
        again |= self._mentioning(self._calls.watch())
        again |= self._names.take_stale(_TASK, self._linked - again)
        return {file: self._link_file(file, lists_unlinked) for file in sorted(again & self._live)}

    def _mentioning(self, names: set[str]) -> set[int]:
        """The files that were linked already and have a chain with one of some names."""
        if not names:
            return set()
        mention = re.compile("|".join(map(re.escape, sorted(names))))
        return {file for file in self._linked if _mentions(self._facts[file], mention)}

    def _link_file(self, file: int, lists_unlinked: bool) -> Edges:
        memo, facts = self._names.memo, self._facts[file]
        frame = memo.begin()
        self._edges = Edges(self._tree, lists_unlinked=lists_unlinked)
        for node in self._names.bindings.nodes(file):
            if self._names.classes.is_class(node):
                self._link_bases(node)
                self._link_overrides(node)
        for row in facts.imports:
            self._link_import(file, row)
        self._calls.link(file, self._rounds[file], self._edges)
        for use in facts.references:
            self._link_reference(self._tree.scopes[file][use.scope], use)
        memo.finish(frame, (_TASK, file))
        self._linked.add(file)
        return self._edges

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
            if found >= 0 and self._names.bindings.is_abstract(found):
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
            is_unknown = sort in (Sort.UNKNOWN, Sort.MISSING) and not self._names.is_local(source, use.chain)
            if is_unknown or sort == Sort.FOREIGN:
                self._edges.skip(EdgeKind.REFERENCES, source, use.chain, use.line, REASONS[sort])


def _mentions(facts: FileFacts, names: re.Pattern[str]) -> bool:
    rows = (facts.calls, facts.implicit, facts.references, facts.reads)
    return any(names.search(use.chain) for uses in rows for use in uses)
