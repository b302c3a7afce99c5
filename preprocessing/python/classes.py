"""Classes, what they extend and what their objects have.

Knows bases, method resolution orders and members. Does not know what other names mean: it is told.
"""

from collections.abc import Callable, Iterable

from cgm.graph import NodeKind
from preprocessing.inheritance import merge_orders
from preprocessing.meanings import UNKNOWN, Meaning, Meanings, Sort
from preprocessing.python.answers import FAR, Answers
from preprocessing.python.bindings import Bindings


class Classes:
    """The classes of one snapshot; `values` tells what a chain means in a scope."""

    def __init__(self, bindings: Bindings, answers: Answers, values: Callable[[int, str], Meanings]) -> None:
        self._bindings = bindings
        self._kind = bindings.tree.kind
        self._answers = answers
        self._values = values
        self._orders: dict[int, tuple[int, ...]] = {}
        self._owners: dict[tuple[int, str], int] = {}
        answers.derivations["bases"] = self._bases
        answers.derivations["order"] = self._order

    def is_class(self, node: int) -> bool:
        """Whether a node is a class."""
        return self._kind[node] == NodeKind.CLASS

    def bases(self, node: int) -> Meanings:
        """What the bases of a class mean, in order, without keywords."""
        return self._answers.ask(("bases", node, ""))

    def order(self, node: int) -> tuple[int, ...]:
        """The method resolution order of a class over the classes of the snapshot, itself first."""
        found = self._orders.get(node)
        if found is None:
            answers = self._answers
            outer, answers.lowest = answers.lowest, FAR
            found = tuple(meaning.target for meaning in answers.ask(("order", node, "")))
            if answers.lowest == FAR:
                self._orders[node] = found
            answers.lowest = min(outer, answers.lowest)
        return found

    def has_foreign_base(self, node: int) -> bool:
        """Whether a class may have members that the snapshot does not show."""
        return any(base.sort != Sort.NODE for one in self.order(node) for base in self.bases(one))

    def owner_of(self, node: int, name: str) -> int:
        """The first class in the order of a class that has a member; -1 for none."""
        key = (node, name)
        owner = self._owners.get(key)
        if owner is None:
            owner = self.first_owner(self.order(node), name)
            if node in self._orders:
                self._owners[key] = owner
        return owner

    def first_owner(self, order: Iterable[int], name: str) -> int:
        """The first of some classes that has a member; -1 for none."""
        of = self._bindings.of
        for one in order:
            names = of.get(one)
            if names is not None and name in names:
                return one
        return -1

    def method(self, node: int, name: str) -> int:
        """The function that a class has under a name; -1 for none."""
        owner = self.owner_of(node, name)
        return self.own_method(owner, name) if owner >= 0 else -1

    def own_method(self, node: int, name: str) -> int:
        """The function that a class itself has under a name; -1 for none."""
        binding = self._bindings.get(node, name)
        for one in binding.nodes if binding is not None else ():
            if self._kind[one] == NodeKind.FUNCTION:
                return one
        return -1

    def _bases(self, node: int, _: str) -> Meanings:
        scope, rows = self._bindings.tree.parent[node], self._bindings.definition(node).bases
        return tuple(one for base in rows if "=" not in base for one in self._base(scope, base))

    def _base(self, scope: int, base: str) -> Meanings:
        found = self._values(scope, base)
        classes = tuple(one for one in found if one.sort == Sort.NODE and self.is_class(one.target))
        return classes or found[:1] or (UNKNOWN,)

    def _order(self, node: int, _: str) -> Meanings:
        parents = [base.target for base in self.bases(node) if base.sort == Sort.NODE and self.is_class(base.target)]
        ask = self._answers.ask
        lines = [[one.target for one in ask(("order", parent, ""))] for parent in parents if parent != node]
        return tuple(Meaning(Sort.NODE, one) for one in (node, *merge_orders([*lines, parents], node)))
