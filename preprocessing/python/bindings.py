"""What each scope of a snapshot binds to its names, gathered from the facts of all files.

Knows definitions, imports, values and parameters by scope; this is the one place that looks into facts for names, and
notes who looked at what. Does not know what any of it means (`preprocessing.python.names`). Scopes are nodes of the
tree; as a definition that says something else is another node, what it says of itself need not be noted.
"""

from collections.abc import Sequence

from cgm.graph import NodeKind
from preprocessing.facts import MODULE, PYTHON, Definition, FileFacts, Import
from preprocessing.meanings import Meaning, Meanings, Sort
from preprocessing.python.memo import Fact, Memo
from preprocessing.tree import Tree

_MOST_VALUES = 256
_HIDDEN = frozenset({"setter", "deleter", "overload"})
_GETTERS = frozenset(
    {"property", "cached_property", "abstractproperty", "classproperty", "lazyproperty", "hybrid_property"}
)
_KIND_METHODS = frozenset({"__new__", "__init_subclass__", "__class_getitem__"})
Value = tuple[int, str]  # scope, chain
# what else than a name is looked at
_ALL, _ABSTRACT, _CALLED, _GIVEN = "*", "abstract methods", "()", "("


class Binding:
    """All that one scope binds to one name."""

    __slots__ = ("imports", "known", "nodes", "values")

    def __init__(self) -> None:
        self.known: Meanings | None = None
        self.nodes: list[int] = []
        self.imports: list[Import] = []
        self.values: list[Value] = []


class Bindings:
    """Bindings by scope and name. A target with a place, as `x[]` or `return`, is a name too."""

    def __init__(self, tree: Tree, facts: Sequence[FileFacts], memo: Memo) -> None:
        self.tree = tree
        self.facts = facts
        self.of: dict[int, dict[str, Binding]] = {}
        self.parameters: dict[int, tuple[str, ...]] = {}
        self.setters: dict[tuple[int, str], int] = {}
        self.getters: set[int] = set()
        self._abstract: set[int] = set()
        self.decorated: set[int] = set()
        self.holders: set[tuple[int, str]] = set()
        self._memo = memo
        self._stars: dict[int, list[Import]] = {}
        self._local: dict[int, frozenset[str]] = {}
        self._given: dict[tuple[int, str], str] = {}
        self._around: dict[int, int] = {}
        self._called: dict[int, dict[int, frozenset[str]]] = {}
        for number, one in enumerate(facts):
            self.register(number, one)

    def nodes(self, file: int) -> list[int]:
        """Every definition of a Python file, in order."""
        return self.tree.scopes[file][:-1] if self.facts[file].language == PYTHON else []

    def get(self, scope: int, name: str) -> Binding | None:
        """The binding of a name in one scope alone."""
        self._memo.look(scope, name.partition("[")[0] if name.endswith("]") else name)
        names = self.of.get(scope)
        return names.get(name) if names is not None else None

    def has(self, scope: int, name: str) -> bool:
        """Whether one scope alone binds a name, without a place."""
        self._memo.look(scope, name)
        names = self.of.get(scope)
        return names is not None and name in names

    def members(self, scope: int) -> dict[str, Binding]:
        """All that a scope binds, by name."""
        self._memo.look(scope, _ALL)
        return self.of.get(scope, {})

    def has_abstract(self, scope: int) -> bool:
        """Whether a class has a method that only refuses."""
        self._memo.look(scope, _ABSTRACT)
        return any(self.is_abstract(node) for one in self.of.get(scope, {}).values() for node in one.nodes)

    def is_abstract(self, node: int) -> bool:
        """Whether a method only refuses."""
        return node in self._abstract

    def stars(self, file: int) -> Sequence[Import]:
        """The star imports of a file."""
        node = self.tree.files[file]
        self._memo.look(node, _ALL)
        return self._stars.get(node, ())

    def given(self, scope: int, chain: str) -> str | None:
        """What the calls of a chain in a scope pass, as in `Passed`."""
        self._memo.look(scope, f"{_GIVEN}{chain}")
        return self._given.get((scope, chain))

    def home(self, scope: int, name: str) -> int:
        """The class or function that binds a name for a scope; -1 for none."""
        top, of, local, look = self.tree.files[self.tree.file[scope]], self.of, self._local, self._memo.look
        current = scope
        while current != top:
            # a class body is seen from itself alone
            if current == scope or self.tree.kind[current] != NodeKind.CLASS:
                look(current, name)
                names = of.get(current)
                if (names is not None and name in names) or name in local.get(current, ()):
                    return current
            current = self.tree.parent[current]
        return -1

    def plain(self, scope: int, binding: Binding) -> Meanings | None:
        """What a binding means that holds definitions alone, None for any other."""
        known = binding.known
        if known is None:
            if binding.imports or binding.values or not binding.nodes or self.tree.kind[scope] == NodeKind.FUNCTION:
                return None
            known = binding.known = tuple(Meaning(Sort.NODE, node) for node in binding.nodes)
        return known

    def definition(self, node: int) -> Definition:
        """The facts of a node inside a file."""
        return self.facts[self.tree.file[node]].definitions[self.tree.place[node]]

    def imports(self, file: int) -> tuple[Import, ...]:
        """What a file imports."""
        return self.facts[file].imports

    def called(self, scope: int) -> frozenset[str]:
        """The chains that a scope itself calls."""
        self._memo.look(scope, _CALLED)
        file = self.tree.file[scope]
        if file not in self._called:
            scopes = self.tree.scopes[file]
            chains: dict[int, set[str]] = {}
            for row in self.facts[file].calls:
                chains.setdefault(scopes[row.scope], set()).add(row.chain)
            self._called[file] = {one: frozenset(its) for one, its in chains.items()}
        return self._called[file].get(scope, frozenset())

    def calls(self, scope: int, chain: str) -> bool:
        """Whether a scope itself calls a chain."""
        return chain in self.called(scope)

    def class_around(self, scope: int) -> int:
        """The class whose method a scope is, or lies in; -1 for none."""
        found = self._around.get(scope)
        if found is None:
            found = self._around[scope] = self._find_class(scope)
        return found

    def receiver(self, function: int) -> str:
        """How a function gets its object: `self`, `cls`, or empty where it gets none."""
        if self.tree.kind[self.tree.parent[function]] != NodeKind.CLASS:
            return ""
        definition = self.definition(function)
        for decorator in definition.decorators:
            if decorator == "staticmethod":
                return ""
            if decorator == "classmethod":
                return "cls"
        return "cls" if definition.name in _KIND_METHODS else "self"

    def _find_class(self, scope: int) -> int:
        kind, parent = self.tree.kind, self.tree.parent
        while kind[scope] >= NodeKind.CLASS:
            above = parent[scope]
            if kind[scope] == NodeKind.FUNCTION and kind[above] == NodeKind.CLASS:
                return above
            scope = above
        return -1

    def register(self, file: int, facts: FileFacts) -> None:
        """Take in the facts of a file, whose scopes are in the tree."""
        if facts.language != PYTHON:
            return
        scopes = self.tree.scopes[file]
        top = scopes[MODULE]
        for node, definition in zip(scopes, facts.definitions, strict=False):
            self._define(scopes[definition.parent], node, definition)
        for row in facts.imports:
            if row.name == "*":
                self._stars.setdefault(top, []).append(row)
            else:
                self._binding(scopes[row.scope], imported_as(row)).imports.append(row)
        for scope, target, value in facts.assigned:
            self._assign(scopes[scope], target, value)
        for scope, names in facts.bound.items():
            self._local[scopes[scope]] = names
        for scope, parameters in facts.parameters.items():
            self.parameters[scopes[scope]] = parameters
        for scope, chain, given in facts.passed:
            self._given[scopes[scope], chain] = given

    def forget(self, file: int) -> None:
        """Give back what `register` took of a file whose scopes are those of then."""
        facts, scopes = self.facts[file], self.tree.scopes[file]
        self._called.pop(file, None)
        for node in scopes:
            names = self.of.pop(node, {})
            self.holders.difference_update([(node, name.partition("[")[0]) for name in names if name.endswith("]")])
            for table in (self._stars, self._local, self.parameters, self._around):
                table.pop(node, None)
            for nodes in (self.getters, self._abstract, self.decorated):
                nodes.discard(node)
        for definition in facts.definitions:
            self.setters.pop((scopes[definition.parent], definition.name), None)
        for row in facts.passed:
            self._given.pop((scopes[row.scope], row.chain), None)

    def told(self, file: int) -> dict[Fact, list[object]]:
        """What looking at each fact of a file gives, under the names by which it is noted; without lines."""
        facts, scopes = self.facts[file], self.tree.scopes[file]
        told: dict[Fact, list[object]] = {}
        if facts.language != PYTHON:
            return told
        for node in scopes:
            for name, binding in self.of.get(node, {}).items():
                rows = [name, *binding.nodes, *(row[:-1] for row in binding.imports), *binding.values]
                told.setdefault((node, name.partition("[")[0]), []).extend(rows)
                told.setdefault((node, _ALL), []).append((name, rows))
                abstract = [one for one in binding.nodes if one in self._abstract]
                told.setdefault((node, _ABSTRACT), []).extend(abstract)
            for name in self._local.get(node, ()):
                told.setdefault((node, name), []).append(name)
            told.setdefault((node, _ALL), []).extend(row[:-1] for row in self._stars.get(node, ()))
            told[node, _CALLED] = [*sorted(self.called(node))]
        for definition in facts.definitions:
            owner = scopes[definition.parent]
            told.setdefault((owner, definition.name), []).append(self.setters.get((owner, definition.name)))
        for row in facts.passed:
            told[scopes[row.scope], f"{_GIVEN}{row.chain}"] = [row.given]
        return told

    def _define(self, scope: int, node: int, definition: Definition) -> None:
        if definition.is_abstract:
            self._abstract.add(node)
        if definition.decorators:
            self.decorated.add(node)
        for decorator in definition.decorators:
            last = decorator.rpartition(".")[2]
            if last in _GETTERS:
                self.getters.add(node)
            elif last in _HIDDEN:
                if last == "setter":
                    self.setters[scope, definition.name] = node
                return
        self._binding(scope, definition.name).nodes.append(node)

    def _binding(self, scope: int, name: str) -> Binding:
        names = self.of.get(scope)
        if names is None:
            names = self.of[scope] = {}
        found = names.get(name)
        if found is None:
            found = names[name] = Binding()
        return found

    def _assign(self, scope: int, target: str, value: str) -> None:
        row, owner = (scope, value), scope
        if target.startswith(("self.", "cls.")):
            owner, target = self.class_around(scope), target.partition(".")[2]
            if owner < 0:
                return
        values = self._binding(owner, target).values
        if len(values) < _MOST_VALUES:
            values.append(row)
        if target.endswith("]"):
            base = target[: target.index("[")]
            self.holders.add((owner, base))
            if not target.endswith("[]"):
                self._binding(owner, f"{base}[]").values.append(row)


def imported_as(row: Import) -> str:
    """The name that an import binds."""
    return row.alias or row.name or row.module.partition(".")[0]
