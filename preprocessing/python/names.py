"""What a name or chain means where it stands.

Knows Python's scoping, imports and what assignments, annotations, calls and containers say of types. Does not know
edges (`preprocessing.resolve`). Over-approximation by name alone is the caller's.

What a parameter means stays open until it is known what calls pass, which is found in rounds.
"""

import builtins
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence

from cgm.graph import NodeKind
from preprocessing.facts import SAID, FileFacts, Import
from preprocessing.meanings import (
    BUILTIN,
    FOREIGN,
    INSTANCES,
    MISSING,
    NOTHING,
    PENDING,
    UNKNOWN,
    Meaning,
    Meanings,
    Sort,
    join,
)
from preprocessing.python.answers import Answers
from preprocessing.python.bindings import Binding, Bindings
from preprocessing.python.classes import Classes
from preprocessing.python.fixtures import Fixtures
from preprocessing.python.members import Members
from preprocessing.python.memo import Fact, Key, Memo, Reads, Task
from preprocessing.python.modules import Modules
from preprocessing.python.places import Numbered, positional
from preprocessing.python.results import Results
from preprocessing.tree import Tree

_BUILTINS = frozenset(dir(builtins))
_LONGEST = 40  # parts of a chain
_MOST_PASSED = 12  # meanings of a parameter whose members are looked up
ROUNDS = 3
MODULES = -1  # in the place of a scope, where the last part of a module's name is looked at
_OF_NODES = frozenset(
    {"attribute", "bases", "elements", "foreign base", "order", "overrides", "returned", "variable", "wrapped"}
)
PASSED = tuple(f"passed in round {number}" for number in range(ROUNDS))


class Names:
    """Answers what chains mean in one snapshot. Scopes are nodes of the tree."""

    def __init__(self, tree: Tree, modules: Modules, facts: Sequence[FileFacts]) -> None:
        self.tree = tree
        self.modules = modules
        self.memo = Memo(ROUNDS)
        self.bindings = Bindings(tree, facts, self.memo)
        self.fixtures = Fixtures(tree, self.bindings, self.memo)
        self.parameters = Numbered(Sort.PARAMETER)
        self.places = Numbered(Sort.HOLDER)
        self._round = 0
        self._passed: Mapping[int, Meanings] = {}
        answers = Answers(self.memo, self._work_out)
        self.ask = answers.ask
        self._find = answers.find
        self.classes = Classes(self.bindings, answers, self.values)
        self._members = Members(self)
        self._results = Results(self)
        self.derivations = answers.derivations
        self._concerned: defaultdict[str, dict[int, Reads]] = defaultdict(dict)
        self.derivations |= {
            "variable": self._variable,
            "attribute": self._attribute,
            "elements": self._elements,
            "given": self._results.given,
            "returned": self._results.returned,
            "wrapped": self._results.wrapped,
            "starred": self._starred,
            "stars": self._from_stars,
        }

    def release(self) -> None:
        """Forget everything. What answers questions refers to itself in circles, which nobody else would free."""
        self.derivations.clear()
        self._members.release()
        self._results.release()
        vars(self).clear()

    def is_function(self, node: int) -> bool:
        """Whether a node is a function."""
        return self.tree.kind[node] == NodeKind.FUNCTION

    def mean(self, scope: int, chain: str) -> Meanings:
        """What a chain may mean in a scope; attributes and properties are not followed to their values."""
        found = self.memo.get((scope, chain))
        return self._find(scope, chain) if found is None else found

    def values(self, scope: int, chain: str) -> Meanings:
        """What a chain may mean in a scope, attributes and properties followed to their values."""
        return self.value(self.mean(scope, chain))

    def definitions(self, scope: int, chain: str) -> list[int]:
        """The definitions that a chain leads to, or else passes last."""
        while chain:
            nodes = [one.target for one in self.mean(scope, chain) if one.sort == Sort.NODE]
            if nodes:
                return nodes
            chain = chain.rpartition(".")[0]
        return []

    def value(self, meanings: Meanings) -> Meanings:
        """Follow attributes to what is assigned to them, and properties to what they return."""
        if len(meanings) == 1:
            return self._value(meanings[0]) if meanings[0].sort == Sort.NODE else meanings
        for meaning in meanings:
            if meaning.sort == Sort.NODE:
                return join(map(self._value, meanings))
        return meanings

    def begin_round(self, number: int, passed: Mapping[int, Meanings]) -> None:
        """Take what is passed as parameters, as far as that is known in a round."""
        self.memo.begin_round(number)
        self._round, self._passed = number, passed

    def forget(self, facts: Iterable[Fact]) -> None:
        """Forget all that stands on some facts."""
        for (task, file), reads in self.memo.forget(facts).items():
            before = self._concerned[task].get(file, [])
            self._concerned[task][file] = None if reads is None or before is None else before + reads

    def take_stale(self, task: str, among: Container[int]) -> set[int]:
        """The files of some for which a task is to be done again, since it reads other answers now."""
        concerned = self._concerned.pop(task, {})
        return {file for file, reads in concerned.items() if file in among and not self._are_same((task, file), reads)}

    def _are_same(self, task: Task, reads: Reads) -> bool:
        """Whether answers are still those that a task read; if so, it is noted to have read them again."""
        if reads is None or not all(self._can_ask(key) for key, _, _ in reads):
            return False
        memo, is_same = self.memo, True
        frame = memo.resume(task)
        for key, found, parameters in reads:
            memo.parameters = frozenset()
            now = self.mean(*key) if len(key) == 2 else self.ask(key)
            is_same = is_same and now == found and memo.parameters == parameters
        memo.frame = frame
        return is_same

    def _can_ask(self, key: Key) -> bool:
        """Whether a question makes sense still: it is of a node that is there."""
        if len(key) == 3 and key[0] not in _OF_NODES:
            return False
        return self.tree.is_there(key[0] if len(key) == 2 else key[1])

    def is_local(self, scope: int, name: str) -> bool:
        """Whether a function binds a name for a scope."""
        home = self.bindings.home(scope, name)
        return home >= 0 and self.is_function(home)

    def passed(self, parameter: int) -> Meanings:
        """What is passed as a parameter, as far as that is known in this round."""
        self.memo.look(parameter, PASSED[self._round])
        self.memo.parameters |= {parameter}
        return self._passed.get(parameter, NOTHING)

    def member(self, node: int, name: str) -> Meanings:
        """A member of the objects of a class, nothing where it has none."""
        owner = self.classes.owner_of(node, name)
        return self.bound(owner, name) if owner >= 0 else NOTHING

    def imported(self, file: int, row: Import) -> Meanings:
        """What an import gives: definitions, a module or folder, FOREIGN, or MISSING of a module that is there."""
        return self._imported(file, row) or (MISSING,)

    def _imported(self, file: int, row: Import) -> Meanings:
        if not row.name and not row.alias:
            return (self._place(self._module(file, row.module.partition(".")[0], 0)),)
        place = self._module(file, row.module, row.level)
        if not row.name or place is None:
            return (self._place(place),)
        # what a package takes from itself is a module of its own, if it has one of that name
        return (self._child(place, row.name) if place == file else NOTHING) or self.in_place(place, row.name)

    def module(self, file: int, row: Import) -> Meaning:
        """The module that an import reads from."""
        return self._place(self._module(file, row.module, row.level))

    def _module(self, file: int, module: str, level: int) -> int | str | None:
        self.memo.look(MODULES, self.modules.stem(file, module, level).rpartition("/")[2])
        return self.modules.find(file, module, level)

    def wrappers(self, function: int) -> Meanings:
        """What the decorators of a function make of it, where that is known."""
        return self.ask(("wrapped", function, "")) if function in self.bindings.decorated else NOTHING

    def fixture(self, function: int, name: str) -> int:
        """The pytest fixture that a test gets under a parameter's name; -1 for none."""
        for scope in self.fixtures.scopes(function, name):
            found = (one.target for one in self.ask(("variable", scope, name)) if one.sort == Sort.NODE)
            first = min(filter(self.fixtures.is_fixture, found), key=self.tree.start.__getitem__, default=-1)
            if first >= 0:
                return first
        return -1

    def argument(self, scope: int, chain: str, function: int, name: str, *, is_bound: bool) -> list[Meanings]:
        """What the calls of a chain in a scope pass to a parameter, as far as that is written there."""
        given = self.bindings.given(scope, chain)
        if given is None:
            return []
        names = self.bindings.parameters.get(function, ())
        shift = 1 if is_bound and names and not names[0].startswith("*") else 0
        found = []
        for one in given.split(" "):
            place, _, value = one.partition("=")
            if (positional(names, int(place) + shift) if place.isdigit() else place) == name:
                found.append(self._held(scope, value.removeprefix("[")))
        return found

    def _place(self, place: int | str | None) -> Meaning:
        if place is None:
            return FOREIGN
        if isinstance(place, str):
            return Meaning(Sort.FOLDER, self.tree.packages[place])
        return Meaning(Sort.MODULE, place)

    def in_place(self, place: int | str, name: str) -> Meanings:
        """What a file, by its number, or a folder has under a name."""
        found = None if isinstance(place, str) else self._global(place, name)
        return self._child(place, name) if found is None else found

    def _child(self, place: int | str, name: str) -> Meanings:
        """The module or folder that a package or folder has under a name."""
        self.memo.look(MODULES, name)
        child = self.modules.child(place, name)
        return NOTHING if child is None else (self._place(child),)

    def _work_out(self, scope: int, chain: str) -> Meanings:
        if chain.endswith("()"):
            return self._results.of_call(scope, chain[:-2])
        left, dot, name = chain.rpartition(".")
        if not dot:
            return self._head(scope, chain)
        if chain.count(".") > _LONGEST:
            return NOTHING
        return self._members.find(self.mean(scope, left), name)

    def _receiver(self, function: int, name: str) -> str:
        """How a function gets its object under a name, empty where it gets none so."""
        names = self.bindings.parameters.get(function, ())
        return self.bindings.receiver(function) if names and names[0] == name else ""

    def _head(self, scope: int, name: str) -> Meanings:
        if name == "''":
            return (BUILTIN,)
        home, bindings = self.bindings.home(scope, name), self.bindings
        if home >= 0:
            return self.bound(home, name)
        file = self.tree.file[scope]
        found = self._global(file, name)
        if found is not None:
            return found
        if name == "self" and bindings.class_around(scope) >= 0:
            return (Meaning(Sort.SELF, bindings.class_around(scope)),)
        return (BUILTIN,) if name in _BUILTINS else NOTHING

    def _global(self, file: int, name: str) -> Meanings | None:
        """What a module binds to a name, or gets by a star import; None where it has none of that name."""
        node = self.tree.files[file]
        binding = self.bindings.get(node, name)
        if binding is not None:
            return self._meant(node, name, binding)
        if self.bindings.stars(file) and self.ask(("starred", file, name)):
            return self.ask(("stars", file, name))
        return None

    def bound(self, owner: int, name: str) -> Meanings:
        """What a scope binds to a name."""
        binding = self.bindings.get(owner, name)
        if binding is not None:
            return self._meant(owner, name, binding)
        if self.tree.kind[owner] != NodeKind.FUNCTION or self.fixtures.takes_fixtures(owner):
            return self.ask(("variable", owner, name))
        return self._variable(owner, name)

    def _meant(self, owner: int, name: str, binding: Binding) -> Meanings:
        known = self.bindings.plain(owner, binding)
        return self.ask(("variable", owner, name)) if known is None else known

    def _is_global(self, file: int, name: str) -> bool:
        """Whether a module binds a name, or gets it by a star import, whatever it means."""
        if self.bindings.has(self.tree.files[file], name):
            return True
        return bool(self.bindings.stars(file) and self.ask(("starred", file, name)))

    def _starred(self, file: int, name: str) -> Meanings:
        """BUILTIN where star imports give a name, FOREIGN where those of other distributions may give it."""
        rows = self.bindings.stars(file)
        if any(self._gives(place, name) for place in self._star_places(file)):
            return (BUILTIN,)
        is_unseen = name not in _BUILTINS and not name.startswith("_")
        return (
            (FOREIGN,)
            if is_unseen and any(self._module(file, row.module, row.level) is None for row in rows)
            else NOTHING
        )

    def _from_stars(self, file: int, name: str) -> Meanings:
        known = self.ask(("starred", file, name))
        if known == (FOREIGN,):
            return known
        places = self._star_places(file) if known else ()
        return join(self.in_place(place, name) for place in places if self._gives(place, name))

    def _star_places(self, file: int) -> list[int | str]:
        places = (self._module(file, row.module, row.level) for row in self.bindings.stars(file))
        return [place for place in places if place is not None]

    def _gives(self, place: int | str, name: str) -> bool:
        """Whether a star import of a file or folder gives a name."""
        if not self._is_exported(place, name):
            return False
        return (not isinstance(place, str) and self._is_global(place, name)) or bool(self._child(place, name))

    def _is_exported(self, place: int | str, name: str) -> bool:
        """Whether a star import takes a name: all in `__all__`, or else what does not begin with an underscore."""
        exported = None if isinstance(place, str) else self.bindings.get(self.tree.files[place], "__all__[]")
        if exported is None:
            return not name.startswith("_")
        return any(value == f"'{name}'" for _, value in exported.values)

    def _variable(self, owner: int, name: str) -> Meanings:
        """What a scope binds to a name."""
        binding = self.bindings.get(owner, name)
        parts: list[Meanings] = []
        if binding is not None:
            parts.append(tuple(Meaning(Sort.NODE, node) for node in binding.nodes))
            parts += [self._imported(self.tree.file[owner], row) for row in binding.imports]
            if not any(self.tree.kind[node] == NodeKind.ATTRIBUTE for node in binding.nodes):
                parts += self.values_of(binding)
        if (owner, name) in self.bindings.holders:
            parts.append((self.places.meaning(owner, name),))
        if self.tree.kind[owner] != NodeKind.FUNCTION:
            return join(parts)
        parts.append(self._parameter(owner, name))
        return join(parts)

    def values_of(self, binding: Binding) -> list[Meanings]:
        """What each value of a binding means."""
        return [self._held(scope, value) for scope, value in binding.values]

    def _held(self, scope: int, value: str) -> Meanings:
        """What a value means to what holds it, for which a member that is missing is nothing."""
        found = self.values(scope, value)
        for meaning in found:
            if meaning.sort == Sort.MISSING:
                return tuple(one for one in found if one.sort != Sort.MISSING)
        return found

    def _parameter(self, function: int, name: str) -> Meanings:
        """What a parameter is when the function begins."""
        names = self.bindings.parameters.get(function, ())
        if name not in names:
            return (self.places.meaning(function, name),) if f"*{name}" in names else NOTHING
        binding, around = self.bindings.get(function, f"{name}{SAID}"), self.tree.parent[function]
        said = join(self._held(around, value) for _, value in binding.values) if binding is not None else NOTHING
        if receiver := self._receiver(function, name):
            return join((said, (Meaning(Sort.SELF if receiver == "self" else Sort.KIND, around),)))
        if any(one.sort in INSTANCES or one.sort == Sort.BUILTIN for one in said):
            return said
        fixture = self.fixture(function, name) if self.fixtures.takes_fixtures(function) else -1
        given = (self.parameters.meaning(function, name),) if fixture < 0 else self._supplied(fixture)
        return join((said, given))

    def _supplied(self, fixture: int) -> Meanings:
        """What a fixture gives: what it yields, or else returns."""
        own = self.places.meaning(fixture, "return")
        found = self.ask(("returned", fixture, ""))
        return join(self.taken(one.target) if one == own else (one,) for one in found)

    def _attribute(self, owner: int, name: str) -> Meanings:
        """What is assigned to a global of a module, or to an attribute of a class and of those it extends."""
        owners = self.classes.order(owner) if self.classes.is_class(owner) else (owner,)
        parts: list[Meanings] = []
        for one in owners:
            binding = self.bindings.get(one, name)
            if binding is not None:
                parts += self.values_of(binding)
            if (one, name) in self.bindings.holders:
                parts.append((self.places.meaning(one, name),))
        return join(parts)

    def _value(self, meaning: Meaning) -> Meanings:
        if meaning.sort != Sort.NODE:
            return (meaning,)
        node = meaning.target
        if self.tree.kind[node] == NodeKind.ATTRIBUTE:
            found = self.ask(("attribute", self.tree.parent[node], self.tree.name[node].rpartition(".")[2]))
            return join(map(self._described, found))
        if node in self.bindings.getters:
            return self.ask(("returned", node, ""))
        return (meaning,)

    def _described(self, meaning: Meaning) -> Meanings:
        """What reading an attribute gives that holds a descriptor."""
        getter = self.classes.method(meaning.target, "__get__") if meaning.sort == Sort.OBJECT else -1
        return (meaning,) if getter < 0 else join(((meaning,), self.ask(("returned", getter, ""))))

    def _elements(self, owner: int, name: str) -> Meanings:
        """What a place `x[]` or `x[0]` holds."""
        binding = self.bindings.get(owner, name)
        rest = f"*{name.partition('[')[0]}"
        parts = self.values_of(binding) if binding is not None else []
        if rest in self.bindings.parameters.get(owner, ()):
            parts.append((self.parameters.meaning(owner, rest),))
        return join(parts)

    def taken(self, place: int) -> Meanings:
        """What a place holds; what a list in it holds counts as held by it."""
        owner, name = self.places[place]
        if name.endswith("]"):
            return self.ask(("elements", owner, name))
        return join((self.ask(("elements", owner, f"{name}[]")), (Meaning(Sort.HOLDER, place),)))

    def opened(self, parameter: int, follow: Callable[[Meaning], Meanings]) -> Meanings:
        """What follows from all that is passed as a parameter."""
        passed = self.passed(parameter)
        found = join(map(follow, passed)) if len(passed) <= _MOST_PASSED else NOTHING
        found = tuple(one for one in found if one.sort != Sort.MISSING and one != UNKNOWN)
        return found if self._round == ROUNDS - 1 else join((found, (PENDING,)))
