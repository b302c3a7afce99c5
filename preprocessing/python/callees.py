"""Which functions a call may run, and how sure that is.

Knows constructors, callable objects, wrappers, overrides and registered implementations. Does not know edges.
"""

from cgm.graph import NodeKind
from preprocessing.meanings import INSTANCES, Meaning, Meanings, Sort
from preprocessing.python.hierarchy import Hierarchy
from preprocessing.python.names import Names
from preprocessing.python.told import Told

_CONSTRUCTORS = ("__init__", "__new__", "__post_init__")
_MOST_OVERRIDES = 16
_MOST_LIKE = 256  # methods of which only the beginning of the name is written
_MOST_PASSED = 300
_OVERRIDE_SHARE = 0.5
_RUNNING = INSTANCES | {Sort.NODE, Sort.KIND, Sort.PARAMETER}
Callee = tuple[int, float]


class Callees:
    """Answers what is run when a meaning is called."""

    def __init__(self, names: Names, hierarchy: Hierarchy) -> None:
        self._names = names
        self._hierarchy = hierarchy
        self.registered = Told[int](names.memo, "registered")
        self._known: dict[Meanings, list[Callee]] = {}

    def functions(self, meanings: Meanings) -> dict[int, None]:
        """The functions that take the arguments of a call."""
        found: dict[int, None] = {}
        for meaning in meanings:
            for one in self._passed(meaning) if meaning.sort in _RUNNING else ():
                node = self._function(one)
                if node >= 0:
                    found[node] = None
        return found

    def callees(self, meanings: Meanings) -> list[Callee]:
        """Everything that calling one of some meanings may run; they share the confidence.

        To be asked when it is known what is passed and registered, and to be forgotten before the next file.
        """
        found = self._known.get(meanings)
        if found is None:
            found = self._known[meanings] = self._share(meanings)
        return found

    def forget(self) -> None:
        """Forget what was found, since it was only noted for whoever asked first."""
        self._known.clear()

    def _share(self, meanings: Meanings) -> list[Callee]:
        nodes: dict[int, None] = {}
        for meaning in meanings:
            if meaning.sort == Sort.PARAMETER:
                # a wrapper is given the function as it is
                found = (one for value in self._passed(meaning) for one in self._run_by(value, is_wrapped=False))
                nodes.update(dict.fromkeys(found))
            elif meaning.sort in _RUNNING:
                nodes.update(dict.fromkeys(self._run_by(meaning)))
        if len(nodes) < 2:
            return [(node, 1.0) for node in nodes]
        primary = sum(1 for node in nodes if not self._follows(node, nodes))
        return [(node, 1.0 / max(primary, 1)) for node in nodes]

    def overriding(self, receivers: Meanings, name: str, callee: int) -> list[Callee]:
        """The overrides of a method, -1 for none, that the objects it is called on may have instead."""
        found: dict[int, None] = {}
        limit = _MOST_LIKE if name.endswith("*") else _MOST_OVERRIDES
        for one in receivers:
            if one.sort in (Sort.SELF, Sort.OBJECT, Sort.KIND):
                found.update(dict.fromkeys(self._hierarchy.overrides(one.target, name)))
            if len(found) > limit:
                return []
        found.pop(callee, None)
        is_sure = callee < 0 or self._names.bindings.is_abstract(callee)
        share = 1.0 if is_sure else _OVERRIDE_SHARE
        return [(node, share / len(found)) for node in found]

    def _passed(self, meaning: Meaning) -> Meanings:
        """A meaning, or what is passed where it is a parameter."""
        if meaning.sort != Sort.PARAMETER:
            return (meaning,)
        found = self._names.passed(meaning.target)
        return found if len(found) <= _MOST_PASSED else ()

    def _function(self, meaning: Meaning) -> int:
        sort, target = meaning
        if sort == Sort.NODE and self._names.is_function(target):
            return target
        if sort == Sort.KIND or (sort == Sort.NODE and self._names.classes.is_class(target)):
            return self._names.classes.method(target, "__init__")
        return self._names.classes.method(target, "__call__") if sort in INSTANCES else -1

    def _run_by(self, meaning: Meaning, *, is_wrapped: bool = True) -> list[int]:
        sort, target = meaning
        if sort == Sort.KIND or (sort == Sort.NODE and self._names.classes.is_class(target)):
            made = [self._names.classes.method(target, name) for name in _CONSTRUCTORS]
            return [target, *(node for node in made if node >= 0)]
        if sort == Sort.NODE:
            return self._run_function(target, is_wrapped=is_wrapped)
        method = self._names.classes.method(target, "__call__") if sort in INSTANCES else -1
        return [method] if method >= 0 else []

    def _run_function(self, node: int, *, is_wrapped: bool) -> list[int]:
        kind = self._names.tree.kind[node]
        if kind == NodeKind.LAMBDA:
            return [node]
        if kind != NodeKind.FUNCTION:
            return []
        wrappers = (self._function(one) for one in (self._names.wrappers(node) if is_wrapped else ()))
        return [node, *(one for one in wrappers if one >= 0), *self.registered.of(node)]

    def _follows(self, node: int, nodes: dict[int, None]) -> bool:
        """Whether a node is run in any case when another one is: a constructor of its class."""
        return self._names.tree.name[node].rpartition(".")[2] in _CONSTRUCTORS and len(nodes) > 1
