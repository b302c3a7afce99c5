"""What a name or chain means where it stands.

Knows Python's scoping, imports, inheritance and what assignments, annotations, calls and containers say of types. Does
not know edges (`preprocessing.resolve`). Over-approximation by name alone is the caller's.

What a parameter means stays open until it is known what calls pass; `passed` then holds it, by parameter.
"""

import builtins
from collections.abc import Callable, Iterable, Mapping, Sequence

from cgm.graph import NodeKind
from preprocessing.answers import FAR, Answers
from preprocessing.bindings import Binding, Bindings
from preprocessing.facts import Definition, FileFacts, Import
from preprocessing.fixtures import Fixtures
from preprocessing.inheritance import merge_orders
from preprocessing.meanings import (
    BUILTIN,
    FOREIGN,
    INSTANCES,
    LOCAL,
    MISSING,
    NOTHING,
    OPEN,
    PENDING,
    UNKNOWN,
    Meaning,
    Meanings,
    Sort,
    join,
)
from preprocessing.modules import Modules
from preprocessing.tree import Tree

_BUILTINS = frozenset(dir(builtins))
_LONGEST = 40  # parts of a chain
_GIVING = frozenset(
    "get pop popitem popleft setdefault __getitem__ __next__ __anext__ __enter__ __aenter__ most_common".split()
)
_OF_CALL = frozenset({Sort.PARAMETER, Sort.SELF, Sort.KIND})
_MOST_PASSED = 12  # meanings of a parameter whose members are looked up
Question = tuple[str, int, str]


class Names:
    """Answers what chains mean in one snapshot. Scopes are nodes of the tree."""

    def __init__(self, tree: Tree, modules: Modules, facts: Sequence[FileFacts]) -> None:
        self.tree = tree
        self.modules = modules
        self.bindings = Bindings(tree, facts)
        self.passed: dict[int, Meanings] = {}
        self.parameters: list[tuple[int, str]] = []
        self.consulted: set[int] = set()
        self.is_last = False
        self._numbers: dict[tuple[int, str], int] = {}
        self._places: list[tuple[int, str]] = []
        self._place_numbers: dict[tuple[int, str], int] = {}
        self._means: dict[tuple[int, str], Meanings] = {}
        self._pending: list[tuple[int, str]] = []
        self._orders: dict[int, tuple[int, ...]] = {}
        self._owners: dict[tuple[int, str], int] = {}
        self._fixtures = Fixtures(tree, self.bindings)
        self._derivations: dict[str, Callable[[int, str], Meanings]] = {
            "variable": self._variable,
            "attribute": self._attribute,
            "elements": self._elements,
            "returned": self._returned,
            "wrapped": self._wrapped,
            "bases": self._bases,
            "order": self._order,
            "stars": self._from_stars,
        }
        self._answers: Answers[Question] = Answers(lambda question: self._derivations[question[0]](*question[1:]))
        self._ask = self._answers.ask

    def definition(self, node: int) -> Definition:
        """The facts of a node inside a file."""
        return self.bindings.definition(node)

    def is_class(self, node: int) -> bool:
        """Whether a node is a class."""
        return self.tree.kind[node] == NodeKind.CLASS

    def is_function(self, node: int) -> bool:
        """Whether a node is a function."""
        return self.tree.kind[node] == NodeKind.FUNCTION

    def mean(self, scope: int, chain: str) -> Meanings:
        """What a chain may mean in a scope; attributes and properties are not followed to their values."""
        key = (scope, chain)
        found = self._means.get(key)
        if found is None:
            answers = self._answers
            outer, answers.lowest = answers.lowest, FAR
            found = self._work_out(scope, chain)
            if answers.lowest == FAR:
                self._means[key] = found
                if found and found[-1] is PENDING:
                    self._pending.append(key)
                answers.lowest = outer
            elif outer < answers.lowest:
                answers.lowest = outer
        return found

    def values(self, scope: int, chain: str) -> Meanings:
        """What a chain may mean in a scope, attributes and properties followed to their values."""
        return self.value(self.mean(scope, chain))

    def value(self, meanings: Meanings) -> Meanings:
        """Follow attributes to what is assigned to them, and properties to what they return."""
        if len(meanings) == 1:
            return self._value(meanings[0]) if meanings[0].sort == Sort.NODE else meanings
        for meaning in meanings:
            if meaning.sort == Sort.NODE:
                return join(map(self._value, meanings))
        return meanings

    def begin_round(self, passed: Mapping[int, Meanings], *, is_last: bool) -> None:
        """Take what is passed as parameters, and forget what was open for want of it."""
        self.passed = dict(passed)
        self.is_last = is_last
        self._answers.forget_pending()
        for key in self._pending:
            del self._means[key]
        self._pending.clear()

    def parameter(self, function: int, name: str) -> int:
        """The number of a parameter; of all that is left over where the name begins with a star."""
        key = (function, name)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.parameters)
            self.parameters.append(key)
        return number

    def bases(self, node: int) -> Meanings:
        """What the bases of a class mean, in order, without keywords."""
        return self._ask(("bases", node, ""))

    def order(self, node: int) -> tuple[int, ...]:
        """The method resolution order of a class over the classes of the snapshot, itself first."""
        found = self._orders.get(node)
        if found is None:
            answers = self._answers
            outer, answers.lowest = answers.lowest, FAR
            found = tuple(meaning.target for meaning in self._ask(("order", node, "")))
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
        of = self.bindings.of
        return next((one for one in order if name in of.get(one, ())), -1)

    def member(self, node: int, name: str) -> Meanings:
        """A member of the objects of a class, nothing where it has none."""
        owner = self.owner_of(node, name)
        return self._bound(owner, name) if owner >= 0 else NOTHING

    def method(self, node: int, name: str) -> int:
        """The function that a class has under a name; -1 for none."""
        owner = self.owner_of(node, name)
        binding = self.bindings.get(owner, name) if owner >= 0 else None
        nodes = binding.nodes if binding is not None else []
        return next((one for one in nodes if self.is_function(one)), -1)

    def imported(self, file: int, row: Import) -> Meanings:
        """What an import gives: definitions, a module or folder, FOREIGN, or MISSING of a module that is there."""
        if not row.name and not row.alias:
            return (self._place(self.modules.find(file, row.module.partition(".")[0], 0)),)
        place = self.modules.find(file, row.module, row.level)
        if not row.name or place is None:
            return (self._place(place),)
        return self._in_place(place, row.name) or (MISSING,)

    def module(self, file: int, row: Import) -> Meaning:
        """The module that an import reads from."""
        return self._place(self.modules.find(file, row.module, row.level))

    def wrappers(self, function: int) -> Meanings:
        """What the decorators of a function make of it, where that is known."""
        return self._ask(("wrapped", function, "")) if function in self.bindings.decorated else NOTHING

    def fixture(self, function: int, name: str) -> int:
        """The pytest fixture that a test gets under a parameter's name; -1 for none."""
        for scope in self._fixtures.scopes(function, name):
            for meaning in self._ask(("variable", scope, name)):
                if meaning.sort == Sort.NODE and self._fixtures.is_fixture(meaning.target):
                    return meaning.target
        return -1

    def takes_fixtures(self, function: int) -> bool:
        """Whether pytest gives a function its arguments."""
        return self._fixtures.takes_fixtures(function)

    def argument(self, scope: int, chain: str, function: int, name: str, *, is_bound: bool) -> list[Meanings]:
        """What the calls of a chain in a scope pass to a parameter, as far as that is written there."""
        given = self.bindings.given.get((scope, chain))
        if given is None:
            return []
        names = self.bindings.parameters.get(function, ())
        shift = 1 if is_bound and names and not names[0].startswith("*") else 0
        found = []
        for one in given.split(" "):
            place, _, value = one.partition("=")
            target = place
            if place.isdigit():
                target = _positional(names, int(place) + shift)
            if target == name:
                found.append(self._given(scope, value))
        return found

    def _given(self, scope: int, value: str) -> Meanings:
        return self.values(scope, value.removeprefix("["))

    def _place(self, place: int | str | None) -> Meaning:
        if place is None:
            return FOREIGN
        if isinstance(place, str):
            return Meaning(Sort.FOLDER, self.tree.packages[place])
        return Meaning(Sort.MODULE, place)

    def _in_place(self, place: int | str, name: str) -> Meanings:
        if not isinstance(place, str):
            found = self._module_global(place, name)
            if found:
                return found
        child = self.modules.child(place, name)
        return NOTHING if child is None else (self._place(child),)

    def _work_out(self, scope: int, chain: str) -> Meanings:
        if chain.endswith("()"):
            return self._result(scope, chain[:-2])
        left, dot, name = chain.rpartition(".")
        if not dot:
            return self._head(scope, chain)
        if chain.count(".") > _LONGEST:
            return NOTHING
        return self._members(self.mean(scope, left), name)

    def _result(self, scope: int, called: str) -> Meanings:
        """What a call of a chain gives."""
        if called == "super":
            owner = self.bindings.class_around(scope)
            return (Meaning(Sort.PARENT, owner),) if owner >= 0 else NOTHING
        if called.endswith(".__getitem__") and (kinds := self._kinds(scope, called.removesuffix(".__getitem__"))):
            return kinds
        meanings = self.values(scope, called)
        if len(meanings) == 1:
            found = self._called(meanings[0])
        else:
            found = join(self._called(meaning) for meaning in meanings)
        for meaning in found:
            if meaning.sort in _OF_CALL:
                return join(self._at_call(scope, called, one) for one in found)
        return found

    def _kinds(self, scope: int, generic: str) -> Meanings:
        """The classes among the meanings of a chain, which are the same with type parameters in brackets."""
        found = self.values(scope, generic)
        return tuple(one for one in found if one.sort == Sort.NODE and self.is_class(one.target))

    def _at_call(self, scope: int, called: str, meaning: Meaning) -> Meanings:
        """A result as this call has it: its own arguments for parameters, its own object for self."""
        if meaning.sort == Sort.PARAMETER:
            return self._argument_for(scope, called, meaning)
        if meaning.sort in (Sort.SELF, Sort.KIND):
            return self._receivers(scope, called, meaning)
        return (meaning,)

    def _argument_for(self, scope: int, called: str, meaning: Meaning) -> Meanings:
        function, name = self.parameters[meaning.target]
        callees = [one.target for one in self.value(self.mean(scope, called)) if one.sort == Sort.NODE]
        if function not in callees:
            return (meaning,)
        is_bound = bool(self.bindings.receiver(function))
        return join(self.argument(scope, called, function, name, is_bound=is_bound)) or (meaning,)

    def _receivers(self, scope: int, called: str, meaning: Meaning) -> Meanings:
        left = called.rpartition(".")[0]
        found = []
        for one in self.values(scope, left) if left else ():
            is_below = one.sort in (Sort.OBJECT, Sort.SELF, Sort.KIND) or (
                one.sort == Sort.NODE and self.is_class(one.target)
            )
            if is_below and meaning.target in self.order(one.target):
                instance = Sort.SELF if one.sort in (Sort.SELF, Sort.KIND) else Sort.OBJECT
                kind = Sort.KIND if one.sort in (Sort.SELF, Sort.KIND) else Sort.NODE
                found.append(Meaning(instance if meaning.sort == Sort.SELF else kind, one.target))
        if found:
            return tuple(sorted(set(found)))
        return (Meaning(Sort.OBJECT if meaning.sort == Sort.SELF else Sort.NODE, meaning.target),)

    def _head(self, scope: int, name: str) -> Meanings:
        if name == "''":
            return (BUILTIN,)
        current, file = scope, self.tree.file[scope]
        top, bindings = self.tree.files[file], self.bindings
        while current != top:
            # a class body is seen from itself alone
            if current == scope or self.tree.kind[current] != NodeKind.CLASS:
                names = bindings.of.get(current)
                if (names is not None and name in names) or name in bindings.local.get(current, ()):
                    return self._bound(current, name)
            current = self.tree.parent[current]
        found = self._module_global(file, name)
        if found:
            return found
        if name == "self" and bindings.class_around(scope) >= 0:
            return (Meaning(Sort.SELF, bindings.class_around(scope)),)
        return (BUILTIN,) if name in _BUILTINS else NOTHING

    def _module_global(self, file: int, name: str) -> Meanings:
        node = self.tree.files[file]
        if self.bindings.get(node, name) is not None:
            return self._bound(node, name)
        return self._ask(("stars", file, name)) if node in self.bindings.stars else NOTHING

    def _bound(self, owner: int, name: str) -> Meanings:
        """What a scope binds to a name."""
        binding = self.bindings.get(owner, name)
        known = self.bindings.plain(owner, binding) if binding is not None else None
        return self._ask(("variable", owner, name)) if known is None else known

    def _from_stars(self, file: int, name: str) -> Meanings:
        found, is_foreign = [], False
        for row in self.bindings.stars.get(self.tree.files[file], ()):
            place = self.modules.find(file, row.module, row.level)
            is_foreign = is_foreign or place is None
            if place is not None and self._is_exported(place, name):
                found.append(self._in_place(place, name))
        return join(found) or ((FOREIGN,) if is_foreign and name not in _BUILTINS and name[0] != "_" else NOTHING)

    def _is_exported(self, place: int | str, name: str) -> bool:
        """Whether a star import takes a name: all in `__all__`, or else what does not begin with an underscore."""
        exported = None if isinstance(place, str) else self.bindings.get(self.tree.files[place], "__all__[]")
        if exported is None:
            return not name.startswith("_")
        return any(value == f"'{name}'" for _, value in exported.values)

    def _variable(self, owner: int, name: str) -> Meanings:
        """What a scope binds to a name."""
        binding = self.bindings.get(owner, name)
        kind = self.tree.kind[owner]
        parts: list[Meanings] = []
        if binding is not None:
            parts.append(tuple(Meaning(Sort.NODE, node) for node in binding.nodes))
            parts += [self.imported(self.tree.file[owner], row) for row in binding.imports]
            if not any(self.tree.kind[node] == NodeKind.ATTRIBUTE for node in binding.nodes):
                parts += self._values_of(binding)
        if (owner, name) in self.bindings.holders:
            parts.append((self._holder(owner, name),))
        if kind == NodeKind.FUNCTION:
            parts.append(self._parameter(owner, name, parts))
        found = join(parts)
        if kind == NodeKind.FUNCTION and not found:
            return (LOCAL,)
        return found

    def _values_of(self, binding: Binding) -> list[Meanings]:
        return [self.values(scope, value) for scope, value in binding.values]

    def _parameter(self, function: int, name: str, parts: list[Meanings]) -> Meanings:
        """What a parameter is, beside what its annotation and default say."""
        names = self.bindings.parameters.get(function, ())
        if name not in names:
            if f"*{name}" in names:
                return (self._holder(function, name),)
            return NOTHING
        if names[0] == name:
            receiver = self.bindings.receiver(function)
            if receiver:
                return (Meaning(Sort.SELF if receiver == "self" else Sort.KIND, self.tree.parent[function]),)
        if any(one.sort in INSTANCES or one.sort == Sort.BUILTIN for part in parts for one in part):
            return NOTHING
        fixture = self.fixture(function, name) if self._fixtures.takes_fixtures(function) else -1
        if fixture >= 0:
            return self._supplied(fixture)
        return (Meaning(Sort.PARAMETER, self.parameter(function, name)),)

    def _supplied(self, fixture: int) -> Meanings:
        """What a fixture gives: what it yields, or else returns."""
        found = self._ask(("returned", fixture, ""))
        own = (Sort.HOLDER, self._place_number(fixture, "return"))
        return join(self._taken(one.target) if one == own else (one,) for one in found)

    def _attribute(self, owner: int, name: str) -> Meanings:
        """What is assigned to a global of a module, or to an attribute of a class and of those it extends."""
        owners = self.order(owner) if self.tree.kind[owner] == NodeKind.CLASS else (owner,)
        parts: list[Meanings] = []
        for one in owners:
            binding = self.bindings.get(one, name)
            if binding is not None:
                parts += self._values_of(binding)
            if (one, name) in self.bindings.holders:
                parts.append((self._holder(one, name),))
        return join(parts)

    def _value(self, meaning: Meaning) -> Meanings:
        if meaning.sort != Sort.NODE:
            return (meaning,)
        node = meaning.target
        if self.tree.kind[node] == NodeKind.ATTRIBUTE:
            found = self._ask(("attribute", self.tree.parent[node], self.tree.name[node].rpartition(".")[2]))
            return join(self._described(one) for one in found) if found else NOTHING
        if node in self.bindings.getters:
            return self._ask(("returned", node, ""))
        return (meaning,)

    def _described(self, meaning: Meaning) -> Meanings:
        """What reading an attribute gives that holds a descriptor."""
        if meaning.sort != Sort.OBJECT or self.owner_of(meaning.target, "__get__") < 0:
            return (meaning,)
        return (meaning, *self._called_method(meaning.target, "__get__"))

    def _holder(self, owner: int, name: str) -> Meaning:
        return Meaning(Sort.HOLDER, self._place_number(owner, name))

    def _place_number(self, owner: int, name: str) -> int:
        key = (owner, name)
        number = self._place_numbers.get(key)
        if number is None:
            number = self._place_numbers[key] = len(self._places)
            self._places.append(key)
        return number

    def _elements(self, owner: int, name: str) -> Meanings:
        """What a place `x[]` or `x[0]` holds."""
        binding = self.bindings.get(owner, name)
        base = name.partition("[")[0]
        parts = self._values_of(binding) if binding is not None else []
        if f"*{base}" in self.bindings.parameters.get(owner, ()):
            parts.append((Meaning(Sort.PARAMETER, self.parameter(owner, f"*{base}")),))
        return join(parts)

    def _taken(self, place: int) -> Meanings:
        """What a place holds; what a list in it holds counts as held by it."""
        owner, name = self._places[place]
        if name.endswith("]"):
            return self._ask(("elements", owner, name))
        return join((self._ask(("elements", owner, f"{name}[]")), (Meaning(Sort.HOLDER, place),)))

    def _members(self, meanings: Meanings, name: str) -> Meanings:
        meanings = self.value(meanings)
        if len(meanings) == 1:
            return self._member(meanings[0], name)
        found = join(self._member(meaning, name) for meaning in meanings)
        if len(found) > 1 and not all(one.sort in OPEN for one in found):
            # a name that one meaning lacks is meant of another
            return tuple(one for one in found if one.sort not in OPEN or one.sort >= Sort.HOLDER)
        return found

    def _member(self, meaning: Meaning, name: str) -> Meanings:
        sort, target = meaning
        if sort in (Sort.OBJECT, Sort.SELF, Sort.KIND) or (sort == Sort.NODE and self.is_class(target)):
            return self._class_member(meaning, name)
        if sort == Sort.NODE:
            return self._function_member(target, name)
        if sort == Sort.MODULE:
            return self._in_place(target, name)
        if sort == Sort.FOLDER:
            return self._in_place(self.tree.path[target], name)
        if sort == Sort.PARENT:
            owner = self.first_owner(self.order(target)[1:], name)
            return self._ask(("variable", owner, name)) if owner >= 0 else (Meaning(Sort.MISSING, target),)
        if sort == Sort.HOLDER:
            return (Meaning(Sort.GIVER, target) if name in _GIVING else self._item(target, name),)
        if sort == Sort.PARAMETER:
            return self._open(target, lambda one: self._member(one, name))
        return (meaning,) if sort in (Sort.FOREIGN, Sort.BUILTIN, Sort.PENDING) else NOTHING

    def _item(self, place: int, name: str) -> Meaning:
        """The i-th item of what a holder gives, or the holder itself under any other name."""
        if not name.startswith("__item"):
            return Meaning(Sort.HOLDER, place)
        owner, base = self._places[place]
        item = f"{base}[{name[6:-2]}]"
        is_known = self.bindings.get(owner, item) is not None
        return Meaning(Sort.GIVER, self._place_number(owner, item) if is_known else place)

    def _class_member(self, meaning: Meaning, name: str) -> Meanings:
        found = self.member(meaning.target, name)
        if found:
            return found
        if name == "__class__":
            return (Meaning(Sort.KIND if meaning.sort == Sort.SELF else Sort.NODE, meaning.target),)
        return (Meaning(Sort.MISSING, meaning.target),)

    def _function_member(self, function: int, name: str) -> Meanings:
        """A member of what decorators make of a function."""
        if not self.is_function(function):
            return NOTHING
        wrappers = self.wrappers(function)
        return join(self._member(one, name) for one in wrappers if one.sort in INSTANCES)

    def _open(self, parameter: int, follow: Callable[[Meaning], Meanings]) -> Meanings:
        """What follows from all that is passed as a parameter."""
        self.consulted.add(parameter)
        passed = self.passed.get(parameter, NOTHING)
        found = join(follow(one) for one in passed) if len(passed) <= _MOST_PASSED else NOTHING
        found = tuple(one for one in found if one.sort not in (Sort.MISSING, Sort.UNKNOWN))
        return found if self.is_last else join((found, (PENDING,)))

    def _called(self, meaning: Meaning) -> Meanings:
        sort, target = meaning
        if sort == Sort.NODE:
            if self.tree.kind[target] == NodeKind.CLASS:
                return (Meaning(Sort.OBJECT, target),)
            return self._ask(("returned", target, "")) if self.is_function(target) else NOTHING
        if sort in INSTANCES:
            return self._called_method(target, "__call__")
        if sort == Sort.KIND:
            return (Meaning(Sort.SELF, target),)
        if sort == Sort.GIVER:
            return self._taken(target)
        if sort == Sort.PARAMETER:
            return self._open(target, self._called)
        return (meaning,) if sort in (Sort.FOREIGN, Sort.BUILTIN, Sort.PENDING, Sort.HOLDER) else NOTHING

    def _called_method(self, node: int, name: str) -> Meanings:
        found = self.method(node, name)
        return self._ask(("returned", found, "")) if found >= 0 else NOTHING

    def _returned(self, function: int, _: str) -> Meanings:
        """What a function is said or seen to return."""
        binding = self.bindings.get(function, "return")
        parts = self._values_of(binding) if binding is not None else []
        if (function, "return") in self.bindings.holders:
            parts.append((self._holder(function, "return"),))
        return join(parts)

    def _wrapped(self, function: int, _: str) -> Meanings:
        scope = self.tree.parent[function]
        parts = [
            self._called(meaning)
            for decorator in self.definition(function).decorators
            for meaning in self.values(scope, decorator)
            if meaning.sort in (Sort.NODE, Sort.OBJECT)
        ]
        found = join(parts)
        return tuple(one for one in found if one.sort in (Sort.NODE, Sort.OBJECT, Sort.PENDING) and one.target != function)

    def _bases(self, node: int, _: str) -> Meanings:
        scope, rows = self.tree.parent[node], self.definition(node).bases
        return tuple(one for base in rows if "=" not in base for one in self._base(scope, base))

    def _base(self, scope: int, base: str) -> Meanings:
        found = self.values(scope, base)
        classes = tuple(one for one in found if one.sort == Sort.NODE and self.is_class(one.target))
        return classes or found[:1] or (UNKNOWN,)

    def _order(self, node: int, _: str) -> Meanings:
        parents = [base.target for base in self.bases(node) if base.sort == Sort.NODE and self.is_class(base.target)]
        lines = [[one.target for one in self._ask(("order", parent, ""))] for parent in parents if parent != node]
        return tuple(Meaning(Sort.NODE, one) for one in (node, *merge_orders([*lines, parents], node)))


def _positional(names: Sequence[str], place: int) -> str:
    """The parameter that takes an argument by position, with its star where it takes all that are left."""
    for number, name in enumerate(names):
        if name.startswith("**") or name == "*":
            return ""
        if number == place or name.startswith("*"):
            return name
    return ""
