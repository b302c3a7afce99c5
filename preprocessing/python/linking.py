"""Calls of a snapshot into edges.

Knows the rounds in which calls and what they pass make each other known, and links by name alone. Does not know how
names get their meaning.
"""

from collections.abc import Iterable, Sequence

from cgm.graph import EdgeKind, NodeKind
from preprocessing.edges import Edges
from preprocessing.facts import FileFacts, Use
from preprocessing.meanings import INSTANCES, Meaning, Meanings, Sort, is_open
from preprocessing.python.callees import Callees
from preprocessing.python.guesses import Guesses
from preprocessing.python.hierarchy import Hierarchy
from preprocessing.python.names import Names
from preprocessing.python.overriding import Overriding
from preprocessing.python.passing import Passing
from preprocessing.python.sight import Sight

_ROUNDS = 3
_Row = tuple[int, str, int]  # scope, chain, line


class CallLinker:
    """Makes the CALLS edges of one snapshot."""

    def __init__(self, names: Names, hierarchy: Hierarchy, callees: Callees, edges: Edges) -> None:
        self._names = names
        self._tree = names.tree
        self._hierarchy = hierarchy
        self._callees = callees
        self._edges = edges
        self._passing = Passing(names)
        sight = Sight(names)
        self._guesses = Guesses(names, hierarchy, sight)
        self._overriding = Overriding(names, callees, sight)
        self._dunders = {name for name in hierarchy.methods if name.startswith("__")}
        self._getters = {names.tree.name[node].rpartition(".")[2] for node in names.bindings.getters}
        self._descriptors = self._descriptor_names()
        self._watched = self._getters | self._descriptors | {name for _, name in names.bindings.setters}

    def link(self, facts: Sequence[tuple[int, FileFacts]]) -> None:
        """Link every call, written or implied, and every read that runs a property; files come with their numbers."""
        calls, implicit = self._rows(facts)
        rows = calls + implicit
        found = self._resolve(rows)
        for number, (source, chain, line) in enumerate(rows):
            if number < len(calls):
                self._link_call(source, chain, line, found[number])
            else:
                self._link_implicit(source, chain, line, found[number])
        self._link_fixtures()
        for file, one in facts:
            first = self._tree.files[file] + 1
            for use in (*one.references, *one.reads):
                if not self._watched.isdisjoint(use.chain.removesuffix("=").split(".")):
                    self._link_read(first + use.scope, use)

    def _rows(self, facts: Sequence[tuple[int, FileFacts]]) -> tuple[list[_Row], list[_Row]]:
        calls: list[_Row] = []
        implicit: list[_Row] = []
        for file, one in facts:
            first = self._tree.files[file] + 1
            calls += [(first + scope, chain, line) for scope, chain, line in one.calls]
            implicit += [
                (first + scope, chain, line)
                for scope, chain, line in one.implicit
                if chain.rpartition(".")[2] in self._dunders or chain.endswith("__next__")
            ]
        return calls, implicit

    def _resolve(self, rows: Sequence[_Row]) -> list[Meanings]:
        """What each row calls, with what parameters are given taken into account."""
        names = self._names
        found = [names.values(scope, chain) for scope, chain, _ in rows]
        self._decorate()
        pending = [row for row, meanings in enumerate(found) if is_open(meanings)]
        self._note(rows, found, range(len(rows)))
        for number in range(1, _ROUNDS):
            if number > 1:
                self._note(rows, found, pending)
                pending = [row for row in pending if is_open(found[row])]
            wanted = self._wanted(found[row] for row in pending)
            names.begin_round(self._passing.flow(wanted), is_last=number == _ROUNDS - 1)
            for row in pending:
                found[row] = names.values(*rows[row][:2])
        return found

    def _wanted(self, found: Iterable[Meanings]) -> set[int]:
        wanted = set(self._names.consulted)
        wanted.update(one.target for meanings in found for one in meanings if one.sort == Sort.PARAMETER)
        return wanted

    def _note(self, rows: Sequence[_Row], found: Sequence[Meanings], chosen: Iterable[int]) -> None:
        """Note the functions that take what calls pass."""
        given = self._names.bindings.given
        for row in chosen:
            site = rows[row][:2]
            if found[row] and site in given:
                for function in self._callees.functions(found[row]):
                    self._passing.add(function, (*site, self._is_bound(*site, function)))

    def _is_bound(self, scope: int, chain: str, function: int) -> bool:
        """Whether a call gives a function its object before the arguments."""
        receiver = self._names.bindings.receiver(function)
        left, _, name = chain.rpartition(".")
        if receiver != "self" or not left or name != self._names.bindings.definition(function).name:
            return bool(receiver)
        found = self._names.values(scope, left)
        return not any(one.sort == Sort.NODE and self._names.classes.is_class(one.target) for one in found)

    def _decorate(self) -> None:
        """Hand what is decorated to its decorators, and note registered implementations."""
        for node in sorted(self._names.bindings.decorated):
            for decorator in self._names.bindings.definition(node).decorators:
                self._hand(node, decorator)

    def _hand(self, node: int, decorator: str) -> None:
        scope = self._tree.parent[node]
        base, _, last = decorator.removesuffix("()").rpartition(".")
        if last == "register":
            for one in self._names.values(scope, base):
                if one.sort == Sort.NODE and self._names.is_function(one.target):
                    self._callees.registered.setdefault(one.target, []).append(node)
        for function in self._callees.functions(self._names.values(scope, decorator)):
            place = 1 if self._names.bindings.receiver(function) else 0
            self._passing.hand(function, place, Meaning(Sort.NODE, node))

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

    def _link_fixtures(self) -> None:
        """Link tests to the fixtures that they name: it is pytest that calls them."""
        names = self._names
        for function, parameters in names.bindings.parameters.items():
            if names.fixtures.takes_fixtures(function):
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
            if left and name in self._watched:
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
        methods = {*self._hierarchy.methods.get("__get__", ()), *self._hierarchy.methods.get("__set__", ())}
        owners = {self._tree.parent[method] for method in methods}
        classes = {
            self._tree.name[node].rpartition(".")[2]
            for node in self._hierarchy.classes
            if not owners.isdisjoint(self._names.classes.order(node))
        }
        return {
            name
            for node in (self._hierarchy.classes if classes else ())
            for name, binding in self._names.bindings.of.get(node, {}).items()
            if any(not classes.isdisjoint(value.replace("()", "").split(".")) for _, value in binding.values)
        }

    def _leave(self, source: int, chain: str, line: int, meanings: Meanings) -> None:
        """Link a call of unknown meaning by name, or count it."""
        if not chain.startswith(("self", "cls")):
            for node in self._names.definitions(source, chain):
                self._edges.refer(source, node, line)
        candidates, reason = self._guesses.guess(source, chain, meanings)
        if reason:
            self._edges.skip(EdgeKind.CALLS, source, chain, line, reason)
        self._add_all(source, candidates, line)
