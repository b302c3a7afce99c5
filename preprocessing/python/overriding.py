"""Which overrides of a method a call may run instead of it.

Knows receivers whose class is certain, and which overrides a caller has to do with. Does not know edges.
"""

from cgm.graph import NodeKind
from preprocessing.meanings import Sort
from preprocessing.python.callees import Callee, Callees
from preprocessing.python.names import Names
from preprocessing.python.sight import Sight

_MOST_RECEIVERS = 8  # classes of an object whose overrides are looked at
_OWN = frozenset({"self", "cls"})


class Overriding:
    """Answers what else than its callee a call may run."""

    def __init__(self, names: Names, callees: Callees, sight: Sight) -> None:
        self._names = names
        self._tree = names.tree
        self._callees = callees
        self._sight = sight

    def instead(self, source: int, left: str, name: str, callee: int) -> list[Callee]:
        """The overrides of a callee, -1 for none, that a call of `name` on what `left` means may run."""
        receivers = self._names.values(source, left)
        if len(receivers) > _MOST_RECEIVERS:
            return []
        found = self._callees.overriding(receivers, name, callee)
        if not found or self._is_exact(source, left):
            return []
        is_met = self._reaches if left in _OWN else self._sight.sees
        return [one for one in found if self._sight.may_call(source, one[0]) and is_met(source, one[0])]

    def _is_exact(self, scope: int, chain: str) -> bool:
        """Whether a chain means objects that are made where they are named, which are of no class below."""
        if chain.endswith("()"):
            return self._is_made(scope, chain)
        receiver, dot, name = chain.rpartition(".")
        names = self._names
        if dot:
            owner = names.bindings.class_around(scope) if receiver == "self" else -1
            owners = names.classes.order(owner) if owner >= 0 else ()
        else:
            home = names.bindings.home(scope, name)
            is_given = home >= 0 and name in names.bindings.parameters.get(home, ())
            owners = () if is_given else (home if home >= 0 else self._tree.files[self._tree.file[scope]],)
        return bool(owners) and self._are_made(owners, name)

    def _are_made(self, owners: tuple[int, ...], name: str) -> bool:
        found = [binding for owner in owners if (binding := self._names.bindings.get(owner, name)) is not None]
        kinds = self._tree.kind
        if any(one.imports or any(kinds[node] != NodeKind.ATTRIBUTE for node in one.nodes) for one in found):
            return False
        values = [value for one in found for value in one.values]
        return bool(values) and all(self._is_made(*value) for value in values)

    def _is_made(self, scope: int, value: str) -> bool:
        """Whether a chain is a call of a class that is written there: annotations look the same."""
        called = value.removesuffix("()")
        if called == value or not self._names.bindings.calls(scope, called):
            return False
        found = self._names.mean(scope, called)
        return bool(found) and all(one.sort == Sort.NODE and self._names.classes.is_class(one.target) for one in found)

    def _reaches(self, source: int, override: int) -> bool:
        """Whether an object with an override runs the calling method, itself or through `super()`."""
        method, kind, parent = source, self._tree.kind, self._tree.parent
        while kind[parent[method]] == NodeKind.FUNCTION:
            method = parent[method]
        if kind[parent[method]] != NodeKind.CLASS:
            return True
        name, classes = self._names.bindings.definition(method).name, self._names.classes
        order = classes.order(parent[override])
        if parent[method] not in order:
            return True
        for owner in order:
            own = classes.own_method(owner, name)
            if owner == parent[method] or own == method:
                return True
            if own >= 0 and not self._goes_on(own, name):
                return False
        return True

    def _goes_on(self, method: int, name: str) -> bool:
        """Whether an override runs what it overrides."""
        return any(chain.endswith(f".{name}") for chain in self._names.bindings.called(method))
