"""Calls of a file into edges.

Knows which functions a call and a read run, sure ones and others. Does not know how names and calls get their meaning.
"""

from collections.abc import Sequence

from cgm.graph import EdgeKind, NodeKind
from preprocessing.edges import Edges
from preprocessing.facts import Use
from preprocessing.meanings import INSTANCES, Meanings, Sort
from preprocessing.python.callees import Callees
from preprocessing.python.guesses import Guesses
from preprocessing.python.hierarchy import Hierarchy
from preprocessing.python.names import Names
from preprocessing.python.overriding import Overriding
from preprocessing.python.rounds import Calls
from preprocessing.python.sight import Sight


class CallLinker:
    """Makes the CALLS edges of files, one after the other.

    `watched` are the names under which reading an attribute may run code.
    """

    def __init__(self, names: Names, hierarchy: Hierarchy, callees: Callees) -> None:
        self._names = names
        self._tree = names.tree
        self._hierarchy = hierarchy
        self._callees = callees
        self._sight = Sight(names)
        self._guesses = Guesses(names, hierarchy, self._sight)
        self._overriding = Overriding(names, callees, self._sight)
        self._edges = Edges(names.tree)
        self._descriptors: set[str] = set()
        self.watched: set[str] = set()

    def watch(self) -> set[str]:
        """Find the names to watch; those that were not watched before, or are no more."""
        before, bindings = self.watched | self._descriptors, self._names.bindings
        self._descriptors = self._descriptor_names()
        getters = {self._tree.name[node].rpartition(".")[2] for node in bindings.getters}
        self.watched = getters | self._descriptors | {name for _, name in bindings.setters}
        return before ^ self.watched

    def link(self, file: int, calls: Calls, edges: Edges) -> None:
        """Link every call of a file, written or implied, and every read that runs a property."""
        self._edges = edges
        self._callees.forget()
        self._sight.forget()
        for number, ((source, chain, line), meanings) in enumerate(zip(calls.rows, calls.meanings(), strict=True)):
            if number < calls.written:
                self._link_call(source, chain, line, meanings)
            else:
                self._link_implicit(source, chain, line, meanings)
        self._link_fixtures(file)
        scopes, facts = self._tree.scopes[file], self._names.bindings.facts[file]
        for use in (*facts.references, *facts.reads):
            if not self.watched.isdisjoint(use.chain.removesuffix("=").split(".")):
                self._link_read(scopes[use.scope], use)

    def _link_call(self, source: int, chain: str, line: int, meanings: Meanings) -> None:
        callees = self._callees.callees(meanings)
        left, _, name = chain.rpartition(".")
        if left:
            self._link_getters(source, left, line)
        if name.endswith("*"):
            callees = callees + self._callees.overriding(self._names.values(source, left), name, -1)
        if not callees:
            self._leave(source, chain, line, meanings)
            return
        self._add_all(source, callees, line)
        if left:
            self._link_overriding(source, left, name, line, callees)

    def _add_all(self, source: int, callees: Sequence[tuple[int, float]], line: int) -> None:
        for node, confidence in callees:
            self._edges.add(EdgeKind.CALLS, source, node, line, confidence)

    def _link_overriding(
        self, source: int, left: str, name: str, line: int, callees: Sequence[tuple[int, float]]
    ) -> None:
        for node, _ in callees:
            if self._tree.name[node].endswith(f".{name}"):
                self._add_all(source, self._overriding.instead(source, left, name, node), line)

    def _link_implicit(self, source: int, chain: str, line: int, meanings: Meanings) -> None:
        self._add_all(source, self._callees.callees(meanings), line)
        left = chain.rpartition(".")[0]
        if left.endswith(".__iter__()"):
            self._add_all(source, self._callees.callees(self._names.values(source, left.removesuffix("()"))), line)

    def _link_fixtures(self, file: int) -> None:
        """Link tests to the fixtures that they name: it is pytest that calls them."""
        names = self._names
        for function in names.bindings.nodes(file):
            parameters = names.bindings.parameters.get(function, ())
            if parameters and names.fixtures.takes_fixtures(function):
                found = {names.fixture(function, name) for name in parameters if name[0] != "*"}
                for node in sorted(found - {-1, function}):
                    self._edges.add(EdgeKind.REFERENCES, function, node, self._tree.start[function])

    def _link_read(self, source: int, use: Use) -> None:
        chain = use.chain.removesuffix("=")
        if chain == use.chain:
            self._link_getters(source, chain, use.line)
            return
        left, _, name = chain.rpartition(".")
        for one in self._names.values(source, left):
            if one.sort in INSTANCES:
                self._link_setter(source, one.target, name, use.line)

    def _link_setter(self, source: int, node: int, name: str, line: int) -> None:
        owner = self._names.classes.owner_of(node, name)
        setter = self._names.bindings.setters.get((owner, name))
        if setter is not None:
            self._edges.add(EdgeKind.CALLS, source, setter, line)
        elif name in self._descriptors:
            self._link_descriptor(source, self._names.member(node, name), "__set__", line)

    def _link_getters(self, source: int, chain: str, line: int) -> None:
        """Link the properties that a chain reads on its way."""
        while chain:
            name = chain.rpartition(".")[2]
            left = chain[: -len(name) - 1]
            if left and name in self.watched:
                self._link_getter(source, left, chain, line)
            chain = left

    def _link_getter(self, source: int, left: str, chain: str, line: int) -> None:
        meanings = self._names.mean(source, chain)
        getters = [
            one.target for one in meanings if one.sort == Sort.NODE and one.target in self._names.bindings.getters
        ]
        callees = [(node, 1.0 / len(getters)) for node in getters]
        self._add_all(source, callees, line)
        if callees:
            self._link_overriding(source, left, chain.rpartition(".")[2], line, callees)
        if chain.rpartition(".")[2] in self._descriptors:
            self._link_descriptor(source, meanings, "__get__", line)

    def _link_descriptor(self, source: int, meanings: Meanings, method: str, line: int) -> None:
        for one in meanings:
            if one.sort == Sort.NODE and self._tree.kind[one.target] == NodeKind.ATTRIBUTE:
                for value in self._names.value((one,)):
                    found = self._names.classes.method(value.target, method) if value.sort == Sort.OBJECT else -1
                    if found >= 0:
                        self._edges.add(EdgeKind.CALLS, source, found, line)

    def _descriptor_names(self) -> set[str]:
        """Names of class attributes that may hold an object with `__get__` or `__set__`."""
        methods = {*self._hierarchy.named("__get__"), *self._hierarchy.named("__set__")}
        owners = {self._tree.parent[method] for method in methods}
        classes = {
            self._tree.name[node].rpartition(".")[2]
            for node in (self._hierarchy.classes if owners else ())
            if not owners.isdisjoint(self._names.classes.order(node))
        }
        return {name for kind in classes for name in self._hierarchy.attributes_of(kind)}

    def _leave(self, source: int, chain: str, line: int, meanings: Meanings) -> None:
        """Link a call of unknown meaning by name, or count it."""
        if not chain.startswith(("self", "cls")):
            for node in self._names.definitions(source, chain):
                self._edges.refer(source, node, line)
        candidates, reason = self._guesses.guess(source, chain, meanings)
        if reason:
            self._edges.skip(EdgeKind.CALLS, source, chain, line, reason)
        self._add_all(source, candidates, line)
