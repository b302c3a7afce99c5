"""Phase 2 for every language but Python: the edges of one family of languages.

Knows which edges a meaning makes, overloads, and how unsure a link by name alone is. Does not know how names get
their meaning (`preprocessing.polyglot.symbols`). What makes no edge is counted by kind and reason, as for Python
(`preprocessing.resolve`).
"""

import re
from collections.abc import Iterator, Sequence

from cgm.graph import EdgeKind, NodeKind
from cgm.text import is_test_file
from preprocessing.edges import Edges
from preprocessing.facts import EXTENDS, FileFacts, Import, Use
from preprocessing.languages import BY_NAME
from preprocessing.meanings import Meaning, Sort
from preprocessing.polyglot.import_rules import open_origins
from preprocessing.polyglot.method_sets import MethodSets
from preprocessing.polyglot.overloads import Overloads
from preprocessing.polyglot.registry import Registry
from preprocessing.polyglot.symbols import Symbols, split_use
from preprocessing.reasons import REASONS
from preprocessing.tree import Tree

_MOST_CANDIDATES = 5
_MOST_OVERLOADS = 16
_MACRO = "macro"
_TEST_FOLDER = re.compile(r"(^|/)(tests?|testing|__tests__|spec|androidTest|testdata|fixtures)/|(^|/)test[^/]*$")


def families(facts: Sequence[FileFacts]) -> Iterator[list[int]]:
    """The files that name each other's definitions, family by family; Python has its own linker."""
    found: dict[str, list[int]] = {}
    for number, one in enumerate(facts):
        language = BY_NAME.get(one.language)
        if language is not None and language.family:
            found.setdefault(language.family, []).append(number)
    yield from (found[family] for family in sorted(found))


class FamilyLinker:
    """Makes the edges between the files of one family and puts them, and what becomes none, into `edges`."""

    def __init__(
        self, tree: Tree, paths: Sequence[str], facts: Sequence[FileFacts], files: Sequence[int], edges: Edges
    ) -> None:
        rule = BY_NAME[facts[files[0]].language].imports
        origins = open_origins(rule, paths, facts, files)
        self._tree = tree
        self._facts = facts
        self._files = files
        self._registry = Registry(tree, facts, files, origins)
        self._symbols = Symbols(self._registry, origins)
        self._overloads = Overloads(self._registry, self._symbols)
        self._edges = edges
        self._at = (0, "", 0)  # the node, chain and line of the reference that is being linked
        self._classes = [node for node in self._nodes() if self._registry.is_class(node)]
        self._methods = self._methods_by_name()
        self._macros: dict[str, list[int]] = {}
        for node in filter(self._is_macro, self._nodes()):
            self._macros.setdefault(self._registry.name(node), []).append(node)
        self._below: dict[int, list[int]] = {}
        self._tests: dict[str, bool] = {}

    def link(self) -> None:
        """Make every edge but CONTAINS."""
        for node in self._classes:
            self._link_bases(node)
        for node in self._classes:
            self._link_overrides(node)
        self._link_method_sets()
        for file in self._files:
            first = self._tree.files[file] + 1
            for row in self._facts[file].imports:
                self._at = (first - 1, f"{row.module}:{row.name}" if row.name else row.module, row.line)
                self._link_import(file, row)
            for use in self._facts[file].calls:
                # without its number of arguments
                self._at = (first + use.scope, use.chain.rpartition("/")[0] or use.chain, use.line)
                self._link_call(first + use.scope, use)
            for use in self._facts[file].references:
                self._at = (first + use.scope, use.chain, use.line)
                self._link_reference(first + use.scope, use)

    def _nodes(self) -> Iterator[int]:
        for file in self._files:
            first = self._tree.files[file] + 1
            yield from range(first, first + len(self._facts[file].definitions))

    def _methods_by_name(self) -> dict[str, list[int]]:
        """Functions that are called on an object, by name."""
        found: dict[str, list[int]] = {}
        for node in self._nodes():
            if self._tree.kind[node] == NodeKind.FUNCTION and self._is_method(node):
                found.setdefault(self._registry.name(node), []).append(node)
        return found

    def _is_method(self, node: int) -> bool:
        is_inside = self._tree.kind[self._tree.parent[node]] == NodeKind.CLASS
        return is_inside or node in self._registry.owner or node in self._registry.unbound

    def _skip(self, kind: EdgeKind, reason: str) -> None:
        self._edges.skip(kind, *self._at, reason)

    def _link_bases(self, node: int) -> None:
        written = [chain for _, chain, _ in self._registry.bases.get(node, ())]
        for chain, (clause, base, line) in zip(written, self._symbols.bases(node), strict=True):
            self._at = (node, chain, line)
            kind = EdgeKind.EXTENDS if clause == EXTENDS else EdgeKind.IMPLEMENTS
            if base.sort == Sort.NODE and self._is_interface(base.target) and not self._is_interface(node):
                kind = EdgeKind.IMPLEMENTS
            if base.sort == Sort.NODE and self._registry.is_class(base.target) and base.target != node:
                self._edges.add(kind, node, base.target, line)
                if self._registry.language(node).implements_by_overriding and self._has_abstract(base.target):
                    self._edges.add(EdgeKind.IMPLEMENTS, node, base.target, line)
            else:
                self._skip(kind, REASONS[base.sort])
        for parent in self._symbols.order(node)[1:]:
            self._below.setdefault(parent, []).append(node)

    def _is_interface(self, node: int) -> bool:
        return self._tree.kind[node] == NodeKind.CLASS and self._registry.definition(node).is_abstract

    def _has_abstract(self, node: int) -> bool:
        return any(self._is_abstract(one) for found in self._registry.members.get(node, {}).values() for one in found)

    def _link_overrides(self, node: int) -> None:
        """Link each method to the abstract ones that it implements, of each base that has one."""
        parents = self._symbols.order(node)[1:]
        members = self._registry.members.get(node, {}) | self._registry.adopted.get(node, {})
        for name in members if parents else ():
            for member in self._registry.own(node, name):
                if self._tree.kind[member] == NodeKind.FUNCTION and not self._registry.definition(member).is_abstract:
                    self._link_override(member, parents, name)

    def _link_override(self, member: int, parents: Sequence[int], name: str) -> None:
        for parent in parents:
            above = [one for one in self._registry.own(parent, name) if self._is_abstract(one)]
            fitting = [one for one in above if self._overloads.arity(one) == self._overloads.arity(member)] or above[:1]
            for one in fitting[:1]:
                self._edges.add(EdgeKind.IMPLEMENTS, member, one, self._tree.start[member])

    def _link_method_sets(self) -> None:
        """Link types to the interfaces whose methods they have, where that is all it takes."""
        classes = [node for node in self._classes if self._registry.language(node).has_method_sets]
        for one in MethodSets(self._symbols, lambda node: self._overloads.detail(node).signature).find(classes):
            self._edges.add(EdgeKind.IMPLEMENTS, one.node, one.target, self._tree.start[one.node], one.confidence)

    def _is_abstract(self, node: int) -> bool:
        return self._tree.kind[node] == NodeKind.FUNCTION and self._registry.definition(node).is_abstract

    def _link_import(self, file: int, row: Import) -> None:
        source = self._tree.files[file]
        meaning = self._symbols.exports.imported(file, row)
        if meaning.sort == Sort.MISSING:
            self._skip(EdgeKind.IMPORTS, "unresolved")
        elif meaning.sort == Sort.NODE:
            self._edges.add(EdgeKind.IMPORTS, source, meaning.target, row.line)
            return
        origin = self._symbols.exports.origin(file, row) if meaning.sort != Sort.FOREIGN else None
        if origin is None:
            self._skip(EdgeKind.IMPORTS, REASONS[meaning.sort])
            return
        for target in self._places(origin.files):
            if target != source:
                self._edges.add(EdgeKind.IMPORTS, source, target, row.line)

    def _places(self, files: Sequence[int]) -> list[int]:
        """The node of a file, or the folders of several."""
        if len(files) == 1:
            return [self._tree.files[files[0]]]
        return sorted({self._tree.parent[self._tree.files[file]] for file in files})

    def _link_call(self, source: int, use: Use) -> None:
        meaning, passed = self._symbols.trace(source, use.chain)
        called = self._symbols.value(meaning) if self._is_attribute(meaning) else meaning
        if use.chain.endswith("!"):
            self._call_macro(source, called, use)
        elif called.sort == Sort.NODE and not self._is_attribute(called):
            self._call_node(source, called.target, use)
        elif called.sort == Sort.OBJECT and self._call_operator(source, called.target, use):
            return
        elif called.sort in (Sort.PARENT, Sort.OBJECT) and use.chain.rpartition("/")[0] in ("self", "super"):
            self._call_constructor(source, called, use)
        else:
            if passed >= 0 and not use.chain.startswith("self"):
                self._edges.refer(source, passed, use.line)
            if self._is_attribute(meaning) and called.sort == Sort.UNKNOWN:
                self._skip(EdgeKind.CALLS, REASONS[Sort.NODE])
                return
            self._call_by_name(source, use, called)

    def _call_operator(self, source: int, node: int, use: Use) -> bool:
        """Call what calling an object of a class calls; whether there is something of the kind."""
        name = self._registry.language(node).call_operator
        found = self._symbols.find_member(self._symbols.order(node), name, is_called=True) if name else None
        if found is not None:
            self._call_node(source, found.target, use)
        return found is not None

    def _call_macro(self, source: int, meaning: Meaning, use: Use) -> None:
        """Call what a name with `!` means: never a function of that name."""
        name = use.chain.removesuffix("!")
        if meaning.sort == Sort.NODE and self._is_macro(meaning.target):
            self._edges.add(EdgeKind.CALLS, source, meaning.target, use.line)
        elif name in self._registry.language(source).builtins:
            self._skip(EdgeKind.CALLS, "builtin")
        elif macros := self._macros.get(name.rpartition(".")[2], ()):
            # a macro is known to all that follows it, whatever module it stands in
            self._call_all(source, macros, use.line)
        else:
            self._skip(EdgeKind.CALLS, "external")

    def _is_macro(self, node: int) -> bool:
        return _MACRO in self._registry.definition(node).decorators

    def _is_attribute(self, meaning: Meaning) -> bool:
        return meaning.sort == Sort.NODE and self._tree.kind[meaning.target] == NodeKind.ATTRIBUTE

    def _call_node(self, source: int, target: int, use: Use) -> None:
        if self._tree.kind[target] == NodeKind.CLASS:
            self._edges.add(EdgeKind.CALLS, source, target, use.line)
            self._call_initialiser(source, target, use)
            return
        several = self._symbols.alternatives(source, target)
        if not self._is_test(source):
            # code never calls its tests
            several = [node for node in several if not self._is_test(node)] or several
        self._call_all(source, self._overloads.fitting(several, source, use.chain), use.line)

    def _call_constructor(self, source: int, meaning: Meaning, use: Use) -> None:
        """Call a constructor of the own class or of its parents: `this(1)`, `super(1)`."""
        is_own = meaning.sort == Sort.OBJECT
        targets = [meaning.target] if is_own else self._symbols.parents(meaning.target)[:1]
        if not targets:
            self._skip(EdgeKind.CALLS, "inherited")
        for target in targets:
            if not self._call_initialiser(source, target, use) and not is_own:
                self._edges.add(EdgeKind.CALLS, source, target, use.line)

    def _call_initialiser(self, source: int, node: int, use: Use) -> bool:
        """Call what makes an object of a class; whether there is something of the kind."""
        functions = self._registry.constructors(node)
        self._call_all(source, self._overloads.fitting(functions, source, use.chain), use.line)
        return bool(functions)

    def _call_all(self, source: int, targets: Sequence[int], line: int) -> None:
        """Call one of several of one class: each with its share of confidence."""
        if len(targets) > _MOST_OVERLOADS:
            self._skip(EdgeKind.CALLS, "ambiguous")
            return
        for target in targets:
            self._edges.add(EdgeKind.CALLS, source, target, line, 1.0 / len(targets))

    def _call_by_name(self, source: int, use: Use, meaning: Meaning) -> None:
        """Link a method of an object of unknown type to every method of that name, where those are few."""
        parts, _ = split_use(use.chain)
        name = parts[-1][0]
        reason = self._closed_reason(source, len(parts) > 1, meaning, name)
        if reason:
            self._skip(EdgeKind.CALLS, reason)
            return
        candidates = self._candidates(meaning, name)
        if not self._is_test(source):
            # code never calls its tests
            candidates = [node for node in candidates if not self._is_test(node)]
        candidates = self._overloads.fitting(candidates, source, use.chain)
        if not candidates or len(candidates) > _MOST_CANDIDATES:
            is_common = len(parts) > 1 and name in self._registry.language(source).common
            missing = "builtin method" if is_common else "unresolved"
            self._skip(EdgeKind.CALLS, "ambiguous" if candidates else missing)
            return
        for candidate in candidates:
            self._edges.add(EdgeKind.CALLS, source, candidate, use.line, 1.0 / len(candidates))

    def _closed_reason(self, source: int, is_member: bool, meaning: Meaning, name: str) -> str:
        """Why a call cannot be linked by name, empty where it can."""
        if meaning.sort not in (Sort.UNKNOWN, Sort.LOCAL, Sort.MISSING):
            return REASONS[meaning.sort]
        if meaning.sort == Sort.MISSING and meaning.target >= 0:
            return "inherited" if self._symbols.has_foreign_base(meaning.target) else ""
        language = self._registry.language(source)
        if name in language.common and (meaning.sort != Sort.LOCAL or (is_member and language.types_are_written)):
            return "builtin method"
        if not is_member:
            return "local" if meaning.sort == Sort.LOCAL else "unresolved"
        return ""

    def _candidates(self, meaning: Meaning, name: str) -> list[int]:
        if meaning.sort != Sort.MISSING or meaning.target < 0:
            return self._methods.get(name, [])
        below = (one for node in self._below.get(meaning.target, ()) for one in self._registry.own(node, name))
        return [node for node in below if self._tree.kind[node] == NodeKind.FUNCTION]

    def _is_test(self, node: int) -> bool:
        path = self._tree.path[node]
        if path not in self._tests:
            self._tests[path] = is_test_file(path) or _TEST_FOLDER.search(path) is not None
        return self._tests[path]

    def _link_reference(self, source: int, use: Use) -> None:
        meaning, passed = self._symbols.trace(source, use.chain)
        if passed >= 0:
            self._edges.refer(source, passed, use.line)
        elif meaning.sort in (Sort.UNKNOWN, Sort.FOREIGN, Sort.MISSING, Sort.BUILTIN):
            self._skip(EdgeKind.REFERENCES, REASONS[meaning.sort])
