"""Classes below classes: which override a method, which are abstract.

Knows the class hierarchy of one snapshot. Does not know edges.
"""

from collections.abc import Iterable

from cgm.graph import NodeKind
from preprocessing.python.names import Names

_ABSTRACT_BASES = frozenset({"ABC", "Protocol"})


class Hierarchy:
    """The classes of a snapshot and their methods, by what they extend."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._tree = names.tree
        self.classes = [node for node in names.bindings.nodes if names.tree.kind[node] == NodeKind.CLASS]
        self.methods: dict[str, list[int]] = {}
        self._overrides: dict[tuple[int, str], tuple[int, ...]] = {}
        for node in self.classes:
            for name in names.bindings.of.get(node, ()):
                if (method := names.classes.own_method(node, name)) >= 0:
                    self.methods.setdefault(name, []).append(method)

    def overrides(self, node: int, name: str) -> tuple[int, ...]:
        """The methods of that name in classes below a class."""
        key = (node, name)
        found = self._overrides.get(key)
        if found is None:
            found = self._overrides[key] = tuple(
                method for method in self._named(name) if self._is_below(self._tree.parent[method], node)
            )
        return found

    def _named(self, name: str) -> Iterable[int]:
        """The methods of a name or, with a star behind it, of all names that begin so."""
        if not name.endswith("*"):
            return self.methods.get(name, ())
        names = [one for one in self.methods if one.startswith(name[:-1])]
        return sorted(method for one in names for method in self.methods[one])

    def _is_below(self, node: int, parent: int) -> bool:
        return node != parent and parent in self._names.classes.order(node)

    def is_abstract(self, node: int) -> bool:
        """Whether a class only says what others must have."""
        rows = self._names.bindings.definition(node).bases
        if any(row.rpartition(".")[2] in _ABSTRACT_BASES or row.endswith("ABCMeta") for row in rows):
            return True
        own = self._names.bindings.of.get(node, {})
        return any(self.is_abstract_method(one) for binding in own.values() for one in binding.nodes)

    def is_abstract_method(self, node: int) -> bool:
        """Whether a method only refuses."""
        return node in self._names.bindings.abstract
