"""What a name or chain means where it stands.

Knows Python's scoping, imports and what assignments, annotations, calls and containers say of types. Does not know
edges (`preprocessing.resolve`). Over-approximation by name alone is the caller's.

What a parameter means stays open until it is known what calls pass; `passed` then holds it, by parameter.
"""

import builtins
from collections.abc import Callable, Mapping, Sequence

from cgm.graph import NodeKind
from preprocessing.facts import FileFacts, Import
from preprocessing.python.answers import FAR, Answers
from preprocessing.python.bindings import Binding, Bindings
from preprocessing.python.classes import Classes
from preprocessing.python.fixtures import Fixtures
from preprocessing.python.meanings import (
    BUILTIN,
    FOREIGN,
    INSTANCES,
    LOCAL,
    MISSING,
    NOTHING,
    OPEN,
    PENDING,
    Meaning,
    Meanings,
    Sort,
    join,
)
from preprocessing.python.modules import Modules
from preprocessing.python.places import Numbered, positional
from preprocessing.tree import Tree

_BUILTINS = frozenset(dir(builtins))
_LONGEST = 40  # parts of a chain
_GIVING = frozenset(
    [
        "__aenter__",
        "__anext__",
        "__enter__",
        "__getitem__",
        "__next__",
        "get",
        "most_common",
        "pop",
        "popitem",
        "popleft",
        "setdefault",
    ]
)
_OF_CALL = frozenset({Sort.PARAMETER, Sort.SELF, Sort.KIND})
_KEPT = frozenset({Sort.FOREIGN, Sort.BUILTIN, Sort.PENDING})
_MOST_PASSED = 12  # meanings of a parameter whose members are looked up


class Names:
    """Answers what chains mean in one snapshot. Scopes are nodes of the tree."""

    def __init__(self, tree: Tree, modules: Modules, facts: Sequence[FileFacts]) -> None:
        self.tree = tree
        self.modules = modules
        self.bindings = Bindings(tree, facts)
        self.fixtures = Fixtures(tree, self.bindings)
        self.parameters = Numbered(Sort.PARAMETER)
        self.passed: dict[int, Meanings] = {}
        self.consulted: set[int] = set()
        self.is_last = False
        self._places = Numbered(Sort.HOLDER)
        self._means: dict[tuple[int, str], Meanings] = {}
        self._pending: list[tuple[int, str]] = []
        self._answers: Answers = Answers(
            {
                "variable": self._variable,
                "attribute": self._attribute,
                "elements": self._elements,
                "given": self._given,
                "returned": self._returned,
                "wrapped": self._wrapped,
                "stars": self._from_stars,
            }
        )
        self._ask = self._answers.ask
        self.classes = Classes(self.bindings, self._answers, self.values)
        self._members_by_sort: dict[int, Callable[[Meaning, str], Meanings]] = {
            Sort.NODE: self._node_member,
            Sort.OBJECT: self._class_member,
            Sort.SELF: self._class_member,
            Sort.KIND: self._class_member,
            Sort.MODULE: lambda meaning, name: self._in_place(meaning.target, name),
            Sort.FOLDER: lambda meaning, name: self._in_place(self.tree.path[meaning.target], name),
            Sort.PARENT: self._parent_member,
            Sort.HOLDER: self._holder_member,
            Sort.PARAMETER: lambda meaning, name: self._opened(meaning.target, lambda one: self._member(one, name)),
        }
        self._results_by_sort: dict[int, Callable[[int], Meanings]] = {
            Sort.NODE: self._called_node,
            Sort.OBJECT: self._called_object,
            Sort.SELF: self._called_object,
            Sort.KIND: lambda node: (Meaning(Sort.SELF, node),),
            Sort.HOLDER: lambda place: (Meaning(Sort.HOLDER, place),),
            Sort.GIVER: self._taken,
            Sort.PARAMETER: lambda parameter: self._opened(parameter, self._called),
        }

    def release(self) -> None:
        """Forget everything. What answers questions refers to itself in circles, which nobody else would free."""
        self._answers.derivations.clear()
        vars(self).clear()

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

    def member(self, node: int, name: str) -> Meanings:
        """A member of the objects of a class, nothing where it has none."""
        owner = self.classes.owner_of(node, name)
        return self._bound(owner, name) if owner >= 0 else NOTHING

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
        for scope in self.fixtures.scopes(function, name):
            for meaning in self._ask(("variable", scope, name)):
                if meaning.sort == Sort.NODE and self.fixtures.is_fixture(meaning.target):
                    return meaning.target
        return -1

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
            if (positional(names, int(place) + shift) if place.isdigit() else place) == name:
                found.append(self.values(scope, value.removeprefix("[")))
        return found

    def _place(self, place: int | str | None) -> Meaning:
        if place is None:
            return FOREIGN
        if isinstance(place, str):
            return Meaning(Sort.FOLDER, self.tree.packages[place])
        return Meaning(Sort.MODULE, place)

    def _in_place(self, place: int | str, name: str) -> Meanings:
        if not isinstance(place, str):
            found = self._global(place, name)
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
        if called.endswith("enter__"):
            return self._entered(scope, called, meanings)
        found = self._called(meanings[0]) if len(meanings) == 1 else join(map(self._called, meanings))
        for meaning in found:
            if meaning.sort in _OF_CALL:
                return join(self._at_call(scope, called, one) for one in found)
        return found

    def _entered(self, scope: int, called: str, meanings: Meanings) -> Meanings:
        """What entering a context gives: what its method returns or, where that is not known, the context."""
        found = join(map(self._called, meanings))
        contexts = self.values(scope, called.rpartition(".")[0])
        if found and not any(one.sort in _OF_CALL for one in found):
            return found
        return tuple(one for one in contexts if one.sort not in OPEN) or found

    def _kinds(self, scope: int, generic: str) -> Meanings:
        """The classes among the meanings of a chain, which are the same with type parameters in brackets."""
        found = self.values(scope, generic)
        return tuple(one for one in found if one.sort == Sort.NODE and self.classes.is_class(one.target))

    def _at_call(self, scope: int, called: str, meaning: Meaning) -> Meanings:
        """A result as this call has it: its own arguments for parameters, its own object for self."""
        if meaning.sort == Sort.PARAMETER:
            return self._argument_for(scope, called, meaning)
        if meaning.sort in (Sort.SELF, Sort.KIND):
            return self._receivers(scope, called, meaning)
        return (meaning,)

    def _argument_for(self, scope: int, called: str, meaning: Meaning) -> Meanings:
        function, _ = self.parameters[meaning.target]
        while function not in [one.target for one in self.values(scope, called) if one.sort == Sort.NODE]:
            # of a function that was made by the call before
            if not called.endswith("()"):
                return (meaning,)
            called = called[:-2]
        return self._ask(("given", scope, f"{meaning.target} {called}"))

    def _given(self, scope: int, name: str) -> Meanings:
        """What a call gives to a parameter; `name` is the parameter's number and the chain that is called."""
        number, _, called = name.partition(" ")
        function, parameter = self.parameters[int(number)]
        is_bound = bool(self.bindings.receiver(function))
        return join(self.argument(scope, called, function, parameter, is_bound=is_bound))

    def _receivers(self, scope: int, called: str, meaning: Meaning) -> Meanings:
        """The objects or classes on which a method was called that returns `self` or `cls`."""
        left = called.rpartition(".")[0]
        if not left:
            return (meaning,)
        is_instance = meaning.sort == Sort.SELF
        found = set()
        for one in self.values(scope, left):
            is_open = one.sort in (Sort.SELF, Sort.KIND)
            if one.sort in (Sort.SELF, Sort.KIND, Sort.OBJECT, Sort.NODE) and self._extends(one, meaning.target):
                sorts = (Sort.SELF, Sort.KIND) if is_open else (Sort.OBJECT, Sort.NODE)
                found.add(Meaning(sorts[0] if is_instance else sorts[1], one.target))
        return tuple(sorted(found)) or (Meaning(Sort.OBJECT if is_instance else Sort.NODE, meaning.target),)

    def _extends(self, meaning: Meaning, parent: int) -> bool:
        return self.classes.is_class(meaning.target) and parent in self.classes.order(meaning.target)

    def _head(self, scope: int, name: str) -> Meanings:
        if name == "''":
            return (BUILTIN,)
        home, bindings = self.home(scope, name), self.bindings
        if home >= 0:
            return self._bound(home, name)
        file = self.tree.file[scope]
        found = self._global(file, name)
        if found:
            return found
        if name == "self" and bindings.class_around(scope) >= 0:
            return (Meaning(Sort.SELF, bindings.class_around(scope)),)
        return (BUILTIN,) if name in _BUILTINS else NOTHING

    def home(self, scope: int, name: str) -> int:
        """The class or function that binds a name for a scope; -1 for none."""
        top, of, local = self.tree.files[self.tree.file[scope]], self.bindings.of, self.bindings.local
        current = scope
        while current != top:
            # a class body is seen from itself alone
            if current == scope or self.tree.kind[current] != NodeKind.CLASS:
                names = of.get(current)
                if (names is not None and name in names) or name in local.get(current, ()):
                    return current
            current = self.tree.parent[current]
        return -1

    def _global(self, file: int, name: str) -> Meanings:
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
        is_unseen = is_foreign and name not in _BUILTINS and not name.startswith("_")
        return join(found) or ((FOREIGN,) if is_unseen else NOTHING)

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
            parts += [self.imported(self.tree.file[owner], row) for row in binding.imports]
            if not any(self.tree.kind[node] == NodeKind.ATTRIBUTE for node in binding.nodes):
                parts += self._values_of(binding)
        if (owner, name) in self.bindings.holders:
            parts.append((self._places.meaning(owner, name),))
        if self.tree.kind[owner] != NodeKind.FUNCTION:
            return join(parts)
        parts.append(self._parameter(owner, name, parts))
        return join(parts) or (LOCAL,)

    def _values_of(self, binding: Binding) -> list[Meanings]:
        return [self.values(scope, value) for scope, value in binding.values]

    def _parameter(self, function: int, name: str, parts: Sequence[Meanings]) -> Meanings:
        """What a parameter is, beside what its annotation and default say."""
        names = self.bindings.parameters.get(function, ())
        if name not in names:
            return (self._places.meaning(function, name),) if f"*{name}" in names else NOTHING
        receiver = self.bindings.receiver(function) if names[0] == name else ""
        if receiver:
            return (Meaning(Sort.SELF if receiver == "self" else Sort.KIND, self.tree.parent[function]),)
        if any(one.sort in INSTANCES or one.sort == Sort.BUILTIN for part in parts for one in part):
            return NOTHING
        fixture = self.fixture(function, name) if self.fixtures.takes_fixtures(function) else -1
        return (self.parameters.meaning(function, name),) if fixture < 0 else self._supplied(fixture)

    def _supplied(self, fixture: int) -> Meanings:
        """What a fixture gives: what it yields, or else returns."""
        own = self._places.meaning(fixture, "return")
        found = self._ask(("returned", fixture, ""))
        return join(self._taken(one.target) if one == own else (one,) for one in found)

    def _attribute(self, owner: int, name: str) -> Meanings:
        """What is assigned to a global of a module, or to an attribute of a class and of those it extends."""
        owners = self.classes.order(owner) if self.classes.is_class(owner) else (owner,)
        parts: list[Meanings] = []
        for one in owners:
            binding = self.bindings.get(one, name)
            if binding is not None:
                parts += self._values_of(binding)
            if (one, name) in self.bindings.holders:
                parts.append((self._places.meaning(one, name),))
        return join(parts)

    def _value(self, meaning: Meaning) -> Meanings:
        if meaning.sort != Sort.NODE:
            return (meaning,)
        node = meaning.target
        if self.tree.kind[node] == NodeKind.ATTRIBUTE:
            found = self._ask(("attribute", self.tree.parent[node], self.tree.name[node].rpartition(".")[2]))
            return join(map(self._described, found))
        if node in self.bindings.getters:
            return self._ask(("returned", node, ""))
        return (meaning,)

    def _described(self, meaning: Meaning) -> Meanings:
        """What reading an attribute gives that holds a descriptor."""
        getter = self.classes.method(meaning.target, "__get__") if meaning.sort == Sort.OBJECT else -1
        return (meaning,) if getter < 0 else join(((meaning,), self._ask(("returned", getter, ""))))

    def _elements(self, owner: int, name: str) -> Meanings:
        """What a place `x[]` or `x[0]` holds."""
        binding = self.bindings.get(owner, name)
        rest = f"*{name.partition('[')[0]}"
        parts = self._values_of(binding) if binding is not None else []
        if rest in self.bindings.parameters.get(owner, ()):
            parts.append((self.parameters.meaning(owner, rest),))
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
        look_up = self._members_by_sort.get(meaning.sort)
        if look_up is not None:
            return look_up(meaning, name)
        return (meaning,) if meaning.sort in _KEPT else NOTHING

    def _node_member(self, meaning: Meaning, name: str) -> Meanings:
        if self.classes.is_class(meaning.target):
            return self._class_member(meaning, name)
        if not self.is_function(meaning.target):
            return NOTHING
        # a member of what decorators make of the function
        return join(self._member(one, name) for one in self.wrappers(meaning.target) if one.sort in INSTANCES)

    def _class_member(self, meaning: Meaning, name: str) -> Meanings:
        if name.endswith("*"):
            return self._members_like(meaning.target, name[:-1])
        found = self.member(meaning.target, name)
        if found:
            return found
        if name == "__class__":
            return (Meaning(Sort.KIND if meaning.sort == Sort.SELF else Sort.NODE, meaning.target),)
        return (Meaning(Sort.MISSING, meaning.target),)

    def _members_like(self, node: int, beginning: str) -> Meanings:
        """The methods of a class whose names begin so, the first of each name."""
        of = self.bindings.of
        names = {
            name: None for one in self.classes.order(node) for name in of.get(one, ()) if name.startswith(beginning)
        }
        methods = (self.classes.method(node, name) for name in names)
        return tuple(Meaning(Sort.NODE, method) for method in sorted(methods) if method >= 0)

    def _parent_member(self, meaning: Meaning, name: str) -> Meanings:
        owner = self.classes.first_owner(self.classes.order(meaning.target)[1:], name)
        return self._bound(owner, name) if owner >= 0 else (Meaning(Sort.MISSING, meaning.target),)

    def _holder_member(self, meaning: Meaning, name: str) -> Meanings:
        """A method that gives an element, or the i-th item; the holder itself under any other name."""
        if name in _GIVING:
            return (Meaning(Sort.GIVER, meaning.target),)
        if not name.startswith("__item"):
            return (meaning,)
        owner, base = self._places[meaning.target]
        item = f"{base}[{name[6:-2]}]"
        place = self._places.meaning(owner, item) if self.bindings.get(owner, item) is not None else meaning
        return (Meaning(Sort.GIVER, place.target),)

    def _opened(self, parameter: int, follow: Callable[[Meaning], Meanings]) -> Meanings:
        """What follows from all that is passed as a parameter."""
        self.consulted.add(parameter)
        passed = self.passed.get(parameter, NOTHING)
        found = join(map(follow, passed)) if len(passed) <= _MOST_PASSED else NOTHING
        found = tuple(one for one in found if one.sort not in (Sort.MISSING, Sort.UNKNOWN))
        return found if self.is_last else join((found, (PENDING,)))

    def _called(self, meaning: Meaning) -> Meanings:
        result = self._results_by_sort.get(meaning.sort)
        if result is not None:
            return result(meaning.target)
        return (meaning,) if meaning.sort in _KEPT else NOTHING

    def _called_node(self, node: int) -> Meanings:
        if self.classes.is_class(node):
            return (Meaning(Sort.OBJECT, node),)
        return self._ask(("returned", node, "")) if self.is_function(node) else NOTHING

    def _called_object(self, node: int) -> Meanings:
        method = self.classes.method(node, "__call__")
        return self._ask(("returned", method, "")) if method >= 0 else NOTHING

    def _returned(self, function: int, _: str) -> Meanings:
        """What a function is said or seen to return."""
        binding = self.bindings.get(function, "return")
        parts = self._values_of(binding) if binding is not None else []
        if (function, "return") in self.bindings.holders:
            parts.append((self._places.meaning(function, "return"),))
        return join(parts)

    def _wrapped(self, function: int, _: str) -> Meanings:
        scope = self.tree.parent[function]
        decorators = self.bindings.definition(function).decorators
        found = join(self._decorated(one) for decorator in decorators for one in self.values(scope, decorator))
        kept = (Sort.NODE, Sort.OBJECT, Sort.PENDING)
        return tuple(one for one in found if one.sort in kept and one.target != function)

    def _decorated(self, decorator: Meaning) -> Meanings:
        """What a decorator makes of a function; nothing else where it gives it back."""
        found, function = self._called(decorator), decorator.target
        if decorator.sort == Sort.NODE and any(one.sort == Sort.PARAMETER for one in found):
            place = 1 if self.is_function(function) and self.bindings.receiver(function) else 0
            names = self.bindings.parameters.get(function, ())
            if len(names) > place and self.parameters.meaning(function, names[place]) in found:
                return NOTHING
        return found
