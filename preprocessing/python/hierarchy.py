"""Classes below classes: which override a method, which are abstract.

Knows the class hierarchy of one snapshot. Does not know edges.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from cgm.graph import NodeKind
from preprocessing.meanings import Meaning, Meanings, Sort
from preprocessing.python.memo import Fact
from preprocessing.python.names import Names

METHODS = -3  # in the place of a scope, where methods are looked for by name
_ALL = "*"
_ABSTRACT_BASES = frozenset({"ABC", "Protocol"})


class Hierarchy:
    """The classes of a snapshot and their methods, by what they extend."""

    def __init__(self, names: Names, files: Iterable[int]) -> None:
        self._names = names
        self._tree = names.tree
        self.classes: dict[int, None] = {}
        self.methods: dict[str, dict[int, None]] = {}
        self._attributes: dict[str, Counter[str]] = {}  # by the parts of chains that they are set to
        names.derivations["overrides"] = self._overrides
        for file in files:
            self.add(file)

    def add(self, file: int) -> None:
        """Take in the classes of a file."""
        for node, name, method in self._rows(file):
            self.classes[node] = None
            self._count(node, name, 1)
            if method >= 0:
                self.methods.setdefault(name, {})[method] = None

    def remove(self, file: int) -> None:
        """Give back what `add` took."""
        for node, name, method in self._rows(file):
            self.classes.pop(node, None)
            self._count(node, name, -1)
            if method >= 0:
                del self.methods[name][method]

    def told(self, file: int) -> set[tuple[Fact, int]]:
        """The methods of a file, under the names by which it is noted who looks for them."""
        rows = ((name, method) for _, name, method in self._rows(file) if method >= 0)
        return {((METHODS, one), method) for name, method in rows for one in (name, _ALL)}

    def attributes_of(self, kind: str) -> list[str]:
        """The names of class attributes that may hold an object of a class of that name."""
        return [name for name, count in self._attributes.get(kind, Counter()).items() if count]

    def _count(self, node: int, name: str, change: int) -> None:
        binding = self._names.bindings.of.get(node, {}).get(name)
        for _, value in binding.values if binding is not None else ():
            for part in value.replace("()", "").split("."):
                self._attributes.setdefault(part, Counter())[name] += change

    def _rows(self, file: int) -> Iterator[tuple[int, str, int]]:
        """Each class with each of its names, the empty one too, and the method of that name; -1 for none."""
        names = self._names
        for node in names.bindings.nodes(file):
            if self._tree.kind[node] == NodeKind.CLASS:
                yield node, "", -1
                for name in names.bindings.of.get(node, ()):
                    yield node, name, names.classes.own_method(node, name)

    def named(self, name: str) -> Iterable[int]:
        """The methods of a name or, with a star behind it, of all names that begin so."""
        memo = self._names.memo
        if not name.endswith("*"):
            memo.look(METHODS, name)
            return self.methods.get(name, ())
        memo.look(METHODS, _ALL)
        names = [one for one in self.methods if one.startswith(name[:-1])]
        return [method for one in names for method in self.methods[one]]

    def overrides(self, node: int, name: str) -> list[int]:
        """The methods of that name in classes below a class."""
        return [one.target for one in self._names.ask(("overrides", node, name))]

    def _overrides(self, node: int, name: str) -> Meanings:
        found = (one for one in self.named(name) if self._is_below(self._tree.parent[one], node))
        return tuple(Meaning(Sort.NODE, one) for one in found)

    def _is_below(self, node: int, parent: int) -> bool:
        return node != parent and parent in self._names.classes.order(node)

    def is_abstract(self, node: int) -> bool:
        """Whether a class only says what others must have."""
        rows = self._names.bindings.definition(node).bases
        if any(row.rpartition(".")[2] in _ABSTRACT_BASES or row.endswith("ABCMeta") for row in rows):
            return True
        return self._names.bindings.has_abstract(node)
