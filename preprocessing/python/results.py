"""What calls give: objects of classes, what functions return, and what a call itself puts in its place.

Knows constructors, returned values, decorators, contexts, and which results depend on the call. Does not know edges.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from preprocessing.meanings import NOTHING, OPEN, Meaning, Meanings, Sort, join
from preprocessing.python.members import KEPT

if TYPE_CHECKING:
    from preprocessing.python.names import Names

_RECEIVERS = frozenset({Sort.SELF, Sort.KIND, Sort.OBJECT, Sort.NODE})
_OF_CALL = frozenset({Sort.PARAMETER, Sort.SELF, Sort.KIND})


class Results:
    """Works out results by the sort of what is called."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._bindings = names.bindings
        self._classes = names.classes
        self._by_sort: dict[int, Callable[[int], Meanings]] = {
            Sort.NODE: self._called_node,
            Sort.OBJECT: self._called_object,
            Sort.SELF: self._called_object,
            Sort.KIND: lambda node: (Meaning(Sort.SELF, node),),
            Sort.HOLDER: lambda place: (Meaning(Sort.HOLDER, place),),
            Sort.GIVER: names.taken,
            Sort.PARAMETER: lambda parameter: names.opened(parameter, self._called),
        }

    def release(self) -> None:
        """Forget everything, as what refers to itself in circles."""
        vars(self).clear()

    def of_call(self, scope: int, called: str) -> Meanings:
        """What a call of a chain gives."""
        if called == "super":
            owner = self._bindings.class_around(scope)
            return (Meaning(Sort.PARENT, owner),) if owner >= 0 else NOTHING
        if called.endswith(".__getitem__") and (kinds := self._kinds(scope, called.removesuffix(".__getitem__"))):
            return kinds
        meanings = self._names.values(scope, called)
        if called.endswith("enter__"):
            return self._entered(scope, called, meanings)
        parts = [self._called(one) for one in meanings]
        found = join(parts)
        for meaning in found:
            if meaning.sort in _OF_CALL:
                its = zip(meanings, parts, strict=True)
                return join(self._at_call(scope, called, one, result) for one, part in its for result in part)
        return found

    def _entered(self, scope: int, called: str, meanings: Meanings) -> Meanings:
        """What entering a context gives: what its method returns or, where that is not known, the context."""
        found = join(map(self._called, meanings))
        contexts = self._names.values(scope, called.rpartition(".")[0])
        if found and not any(one.sort in _OF_CALL for one in found):
            return found
        return tuple(one for one in contexts if one.sort not in OPEN) or found

    def _kinds(self, scope: int, generic: str) -> Meanings:
        """The classes among the meanings of a chain, which are the same with type parameters in brackets."""
        found = self._names.values(scope, generic)
        return tuple(one for one in found if one.sort == Sort.NODE and self._classes.is_class(one.target))

    def _at_call(self, scope: int, called: str, origin: Meaning, result: Meaning) -> Meanings:
        """A result as this call has it: its own arguments for parameters, its own object for self."""
        if result.sort == Sort.PARAMETER:
            return self._argument_for(scope, called, origin, result)
        if result.sort in (Sort.SELF, Sort.KIND):
            return self._receivers(scope, called, result)
        return (result,)

    def _argument_for(self, scope: int, called: str, origin: Meaning, parameter: Meaning) -> Meanings:
        """What the call gives to a parameter, or one before it that made what is called."""
        function = Meaning(Sort.NODE, self._names.parameters[parameter.target][0])
        if origin == function:
            return self._names.ask(("given", scope, f"{parameter.target} {called}"))
        if not called.endswith("()"):
            return (parameter,)
        before = called[:-2]
        calls = self._names.values(scope, before)
        return join(
            self._argument_for(scope, before, one, parameter)
            for one in calls
            if one == function or before.endswith("()")
        )

    def given(self, scope: int, name: str) -> Meanings:
        """What a call gives to a parameter; `name` is the parameter's number and the chain that is called."""
        number, _, called = name.partition(" ")
        function, parameter = self._names.parameters[int(number)]
        is_bound = bool(self._bindings.receiver(function))
        return join(self._names.argument(scope, called, function, parameter, is_bound=is_bound))

    def _receivers(self, scope: int, called: str, meaning: Meaning) -> Meanings:
        """The objects or classes on which a method was called that returns `self` or `cls`."""
        left = called.rpartition(".")[0]
        if not left:
            return (meaning,)
        found = set()
        for one in self._names.values(scope, left):
            if one.sort not in _RECEIVERS:
                found.add(Meaning(Sort.OBJECT if meaning.sort == Sort.SELF else Sort.NODE, meaning.target))
            elif self._extends(one, meaning.target):
                sorts = (Sort.SELF, Sort.KIND) if one.sort in (Sort.SELF, Sort.KIND) else (Sort.OBJECT, Sort.NODE)
                found.add(Meaning(sorts[0] if meaning.sort == Sort.SELF else sorts[1], one.target))
        return tuple(sorted(found))

    def _extends(self, meaning: Meaning, parent: int) -> bool:
        return self._classes.is_class(meaning.target) and parent in self._classes.order(meaning.target)

    def _called(self, meaning: Meaning) -> Meanings:
        result = self._by_sort.get(meaning.sort)
        if result is not None:
            return result(meaning.target)
        return (meaning,) if meaning.sort in KEPT else NOTHING

    def _called_node(self, node: int) -> Meanings:
        if self._classes.is_class(node):
            return (Meaning(Sort.OBJECT, node),)
        return self._names.ask(("returned", node, "")) if self._names.is_function(node) else NOTHING

    def _called_object(self, node: int) -> Meanings:
        method = self._classes.method(node, "__call__")
        return self._names.ask(("returned", method, "")) if method >= 0 else NOTHING

    def returned(self, function: int, _: str) -> Meanings:
        """What a function is said or seen to return."""
        binding = self._bindings.get(function, "return")
        parts = self._names.values_of(binding) if binding is not None else []
        if (function, "return") in self._bindings.holders:
            parts.append((self._names.places.meaning(function, "return"),))
        return join(parts)

    def wrapped(self, function: int, _: str) -> Meanings:
        """What the decorators of a function make of it."""
        scope = self._names.tree.parent[function]
        decorators = self._bindings.definition(function).decorators
        found = join(self._decorated(one) for decorator in decorators for one in self._names.values(scope, decorator))
        kept = (Sort.NODE, Sort.OBJECT, Sort.PENDING)
        return tuple(one for one in found if one.sort in kept and one.target != function)

    def _decorated(self, decorator: Meaning) -> Meanings:
        """What a decorator makes of a function; nothing else where it gives it back."""
        found, function = self._called(decorator), decorator.target
        if decorator.sort == Sort.NODE and any(one.sort == Sort.PARAMETER for one in found):
            place = 1 if self._names.is_function(function) and self._bindings.receiver(function) else 0
            names = self._bindings.parameters.get(function, ())
            if len(names) > place and self._names.parameters.meaning(function, names[place]) in found:
                return NOTHING
        return found
