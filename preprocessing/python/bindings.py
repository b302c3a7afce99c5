"""What each scope of a snapshot binds to its names, gathered from the facts of all files.

Knows definitions, imports, values and parameters by scope; this is the one place that looks into facts for names.
Does not know what any of it means (`preprocessing.python.names`). Scopes are nodes of the tree.
"""

from collections.abc import Iterator, Sequence

from cgm.graph import NodeKind
from preprocessing.facts import PYTHON, Definition, FileFacts, Import
from preprocessing.meanings import Meaning, Meanings, Sort
from preprocessing.tree import Tree

_MOST_VALUES = 256
_HIDDEN = frozenset({"setter", "deleter", "overload"})
_GETTERS = frozenset(
    {"property", "cached_property", "abstractproperty", "classproperty", "lazyproperty", "hybrid_property"}
)
_KIND_METHODS = frozenset({"__new__", "__init_subclass__", "__class_getitem__"})
Value = tuple[int, str]  # scope, chain


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

    def __init__(self, tree: Tree, facts: Sequence[FileFacts]) -> None:
        self.tree = tree
        self.facts = facts
        self.of: dict[int, dict[str, Binding]] = {}
        self.stars: dict[int, list[Import]] = {}
        self.local: dict[int, frozenset[str]] = {}
        self.parameters: dict[int, tuple[str, ...]] = {}
        self.setters: dict[tuple[int, str], int] = {}
        self.getters: set[int] = set()
        self.abstract: set[int] = set()
        self.decorated: set[int] = set()
        self.holders: set[tuple[int, str]] = set()
        self.given: dict[tuple[int, str], str] = {}
        self._around: dict[int, int] = {}
        self._called: dict[int, dict[int, frozenset[str]]] = {}
        for number, one in enumerate(facts):
            if one.language == PYTHON:
                self._register(tree.files[number], one)

    @property
    def nodes(self) -> Iterator[int]:
        """Every definition of a Python file, in order."""
        for number, one in enumerate(self.facts):
            if one.language == PYTHON:
                first = self.tree.files[number] + 1
                yield from range(first, first + len(one.definitions))

    def get(self, scope: int, name: str) -> Binding | None:
        """The binding of a name in one scope alone."""
        names = self.of.get(scope)
        return names.get(name) if names is not None else None

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
        number = self.tree.file[node]
        return self.facts[number].definitions[node - self.tree.files[number] - 1]

    def imports(self, file: int) -> tuple[Import, ...]:
        """What a file imports."""
        return self.facts[file].imports

    def called(self, scope: int) -> frozenset[str]:
        """The chains that a scope itself calls."""
        file = self.tree.file[scope]
        if file not in self._called:
            first = self.tree.files[file] + 1
            chains: dict[int, set[str]] = {}
            for row in self.facts[file].calls:
                chains.setdefault(first + row.scope, set()).add(row.chain)
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

    def _register(self, node: int, facts: FileFacts) -> None:
        first = node + 1
        for offset, definition in enumerate(facts.definitions):
            self._define(first + definition.parent, first + offset, definition)
        for row in facts.imports:
            if row.name == "*":
                self.stars.setdefault(node, []).append(row)
            else:
                name = row.alias or row.name or row.module.partition(".")[0]
                self._binding(first + row.scope, name).imports.append(row)
        for scope, target, value in facts.assigned:
            self._assign(first + scope, target, value)
        for scope, names in facts.bound.items():
            self.local[first + scope] = names
        for scope, parameters in facts.parameters.items():
            self.parameters[first + scope] = parameters
        for scope, chain, given in facts.passed:
            self.given[first + scope, chain] = given

    def _define(self, scope: int, node: int, definition: Definition) -> None:
        if definition.is_abstract:
            self.abstract.add(node)
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
