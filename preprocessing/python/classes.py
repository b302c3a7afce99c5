"""Classes, what they extend and what their objects have.

Knows bases, method resolution orders and members. Does not know what other names mean: it is told.
"""

from collections.abc import Callable, Iterable

from cgm.graph import NodeKind
from preprocessing.inheritance import merge_orders
from preprocessing.meanings import UNKNOWN, Meaning, Meanings, Sort
from preprocessing.python.answers import Answers
from preprocessing.python.bindings import Bindings


class Classes:
    """The classes of one snapshot; `values` tells what a chain means in a scope."""

    def __init__(self, bindings: Bindings, answers: Answers, values: Callable[[int, str], Meanings]) -> None:
        self._bindings = bindings
        self._kind = bindings.tree.kind
        self._answers = answers
        self._values = values
        self._orders: dict[int, tuple[Meanings, tuple[int, ...]]] = {}
        answers.derivations["bases"] = self._bases
        answers.derivations["order"] = self._order
        answers.derivations["foreign base"] = self._foreign_base

    def is_class(self, node: int) -> bool:
        """Whether a node is a class."""
        return self._kind[node] == NodeKind.CLASS

    def bases(self, node: int) -> Meanings:
        """What the bases of a class mean, in order, without keywords."""
        return self._answers.ask(("bases", node, ""))

    def order(self, node: int) -> tuple[int, ...]:
        """The method resolution order of a class over the classes of the snapshot, itself first."""
        found = self._answers.ask(("order", node, ""))
        known = self._orders.get(node)
        if known is None or known[0] is not found:
            known = self._orders[node] = found, tuple(meaning.target for meaning in found)
        return known[1]

    def has_foreign_base(self, node: int) -> bool:
        """Whether a class may have members that the snapshot does not show."""
        return bool(self._answers.ask(("foreign base", node, "")))

    def owner_of(self, node: int, name: str) -> int:
        """The first class in the order of a class that has a member; -1 for none."""
        return self.first_owner(self.order(node), name)

    def first_owner(self, order: Iterable[int], name: str) -> int:
        """The first of some classes that has a member; -1 for none."""
        has = self._bindings.has
        for one in order:
            if has(one, name):
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

    def _foreign_base(self, node: int, _: str) -> Meanings:
        return tuple(base for one in self.order(node) for base in self.bases(one) if base.sort != Sort.NODE)[:1]

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
