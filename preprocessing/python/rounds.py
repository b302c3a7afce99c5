"""What calls mean, with what parameters are given taken into account.

Knows the rounds in which calls and what they pass make each other known, and in which files they must be looked at
again. Does not know edges.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from preprocessing.meanings import NOTHING, Meaning, Meanings, Sort, is_open
from preprocessing.python.callees import Callees
from preprocessing.python.memo import Fact
from preprocessing.python.names import PASSED, ROUNDS, Names
from preprocessing.python.passing import Passing, Site

TASKS = tuple(f"calls in round {number}" for number in range(ROUNDS))
_FLOWS = tuple(f"flow after round {number}" for number in range(ROUNDS - 1))
Row = tuple[int, str, int]  # scope, chain, line
_NONE: frozenset[int] = frozenset()


@dataclass
class Calls:
    """The calls of a file, `written` ones first, and what those that a round looked at meant to it."""

    rows: Sequence[Row]
    written: int
    chosen: list[Sequence[int]] = field(default_factory=list)
    found: list[Sequence[Meanings]] = field(default_factory=list)
    open: list[Sequence[int]] = field(default_factory=list)

    def meanings(self) -> list[Meanings]:
        """What each row means in the end."""
        last = list(self.found[0])
        for chosen, found in zip(self.chosen[1:], self.found[1:], strict=True):
            for row, meanings in zip(chosen, found, strict=True):
                last[row] = meanings
        return last


class Rounds:
    """The calls of a snapshot, file by file."""

    def __init__(self, names: Names, callees: Callees) -> None:
        self._names = names
        self._tree = names.tree
        self._callees = callees
        self._passing = Passing(names)
        self._calls: dict[int, Calls] = {}
        self._wanted: list[dict[int, frozenset[int]]] = [{} for _ in range(ROUNDS)]
        self._passed: list[dict[int, Meanings]] = [{} for _ in range(ROUNDS)]
        self._asked: list[frozenset[int]] = [_NONE] * ROUNDS  # parameters, by the flow after a round
        self._is_new = self._is_wanted_otherwise = True
        self.dunders: set[str] = set()

    def __getitem__(self, file: int) -> Calls:
        return self._calls[file]

    def update(self, files: Iterable[int]) -> set[int]:
        """Look at the calls of some files, and of those where they mean something else now; all these files."""
        again = set(files)
        for number in range(ROUNDS):
            self._names.begin_round(number, self._passed[number])
            again |= self._names.take_stale(TASKS[number], self._calls.keys() - again)
            told = [self._look(file, number) for file in sorted(again)]
            if number < ROUNDS - 1:
                self._forget({fact for facts in told for fact in facts})
                self._pass_on(number)
        self._is_new = self._is_wanted_otherwise = False
        return again

    def remove(self, file: int) -> set[Fact]:
        """Forget a file; what it told others."""
        del self._calls[file]
        self._is_wanted_otherwise = True
        for wanted in self._wanted:
            del wanted[file]
        told = [self._tell(file, number, set()) for number in range(ROUNDS - 1)]
        return set().union(*told, self._passing.handed.tell(file, set()), self._callees.registered.tell(file, set()))

    def _forget(self, facts: set[Fact]) -> None:
        if not self._is_new:
            self._names.forget(facts)

    def _pass_on(self, number: int) -> None:
        """Find what the next round is to know of what is passed."""
        memo, task = self._names.memo, _FLOWS[number]
        if not (self._names.take_stale(task, {0}) or self._is_wanted_otherwise):
            return
        frame = memo.begin()
        wanted = set().union(*(one for its in self._wanted[: number + 1] for one in its.values()))
        passed = self._passing.flow(wanted.union(*self._asked[:number]), number)
        asked = memo.finish(frame, (task, 0))
        self._is_wanted_otherwise |= asked != self._asked[number]
        self._asked[number] = asked
        before, self._passed[number + 1] = self._passed[number + 1], passed
        changed = (one for one in before.keys() | passed.keys() if before.get(one) != passed.get(one))
        self._forget({(one, PASSED[number + 1]) for one in changed})

    def _look(self, file: int, number: int) -> set[Fact]:
        """Look at the calls of a file that the round before left open; what is told of them otherwise now."""
        memo = self._names.memo
        frame = memo.begin()
        if not number:
            self._calls[file] = self._rows(file)
        calls = self._calls[file]
        chosen = calls.open[number - 1] if number else range(len(calls.rows))
        wanted = self._find(calls, number, chosen)
        told = self._tell_all(file, number)
        wanted |= memo.finish(frame, (TASKS[number], file))
        self._is_wanted_otherwise |= wanted != self._wanted[number].get(file)
        self._wanted[number][file] = wanted
        return told

    def _rows(self, file: int) -> Calls:
        scopes, facts = self._tree.scopes[file], self._names.bindings.facts[file]
        written = [(scopes[scope], chain, line) for scope, chain, line in facts.calls]
        implied = [
            (scopes[scope], chain, line)
            for scope, chain, line in facts.implicit
            if chain.rpartition(".")[2] in self.dunders or chain.endswith("__next__")
        ]
        return Calls(written + implied, len(written))

    def _find(self, calls: Calls, number: int, chosen: Sequence[int]) -> frozenset[int]:
        """Find what rows mean in a round, and the parameters on which that depends."""
        memo, values = self._names.memo, self._names.values
        left, found = [], []
        wanted: set[int] = set()
        for row in chosen:
            memo.parameters = _NONE
            meanings = values(*calls.rows[row][:2])
            found.append(meanings)
            if memo.parameters or is_open(meanings):
                left.append(row)
                wanted.update(memo.parameters, (one.target for one in meanings if one.sort == Sort.PARAMETER))
        memo.parameters = _NONE
        calls.chosen[number:], calls.found[number:], calls.open[number:] = [chosen], [found], [left]
        return frozenset(wanted)

    def _tell_all(self, file: int, number: int) -> set[Fact]:
        """Tell the functions of a file's calls, and at first of its decorators too."""
        if number == ROUNDS - 1:
            return set()
        calls = self._calls[file]
        told = self._tell(file, number, self._sites(calls, number))
        return told if number else told | self._decorate(file)

    def _tell(self, file: int, number: int, sites: set[tuple[int, Site]]) -> set[Fact]:
        return self._passing.sites[number].tell(file, sites)

    def _sites(self, calls: Calls, number: int) -> set[tuple[int, Site]]:
        """The functions that take what calls pass."""
        sites = set()
        for row, meanings in zip(calls.chosen[number], calls.found[number], strict=True):
            scope, chain, _ = calls.rows[row]
            if meanings and self._names.bindings.given(scope, chain) is not None:
                for function in self._callees.functions(meanings):
                    sites.add((function, (scope, chain, self._is_bound(scope, chain, function))))
        return sites

    def _is_bound(self, scope: int, chain: str, function: int) -> bool:
        """Whether a call gives a function its object before the arguments."""
        receiver = self._names.bindings.receiver(function)
        left, _, name = chain.rpartition(".")
        if receiver != "self" or not left or name != self._names.bindings.definition(function).name:
            return bool(receiver)
        found = self._names.values(scope, left)
        return not any(one.sort == Sort.NODE and self._names.classes.is_class(one.target) for one in found)

    def _decorate(self, file: int) -> set[Fact]:
        """Hand what is decorated to its decorators, and tell registered implementations."""
        bindings = self._names.bindings
        handed: set[tuple[int, tuple[int, Meaning]]] = set()
        registered: set[tuple[int, int]] = set()
        for node in bindings.nodes(file):
            for decorator in bindings.definition(node).decorators if node in bindings.decorated else ():
                for function in self._callees.functions(self._names.values(self._tree.parent[node], decorator)):
                    place = 1 if bindings.receiver(function) else 0
                    handed.add((function, (place, Meaning(Sort.NODE, node))))
                registered.update((function, node) for function in self._registering(node, decorator))
        return self._passing.handed.tell(file, handed) | self._callees.registered.tell(file, registered)

    def _registering(self, node: int, decorator: str) -> list[int]:
        """The generic functions of which a decorator makes a node an implementation."""
        base, _, last = decorator.removesuffix("()").rpartition(".")
        found = self._names.values(self._tree.parent[node], base) if last == "register" else NOTHING
        return [one.target for one in found if one.sort == Sort.NODE and self._names.is_function(one.target)]
