"""What a name or chain means where it stands: a definition, an object of a class, a module, or something foreign.

Knows Python's scoping, imports, inheritance and what assignments and annotations say of types. Does not know edges
(`preprocessing.resolve`). Over-approximation by name alone is the caller's.
"""

import builtins
from collections.abc import Sequence
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from cgm.graph import NodeKind
from preprocessing.facts import PYTHON, Definition, FileFacts, Import
from preprocessing.modules import Modules
from preprocessing.tree import Tree

_BUILTINS = frozenset(dir(builtins))
_DEEPEST = 40
_VALUES_KEPT = 3
_PROPERTIES = frozenset({"property", "cached_property", "abstractproperty"})


class Sort(IntEnum):
    """What kind of thing a chain means; `target` is a node, a file's number, or nothing."""

    UNKNOWN = 0
    FOREIGN = 1  # of another distribution
    BUILTIN = 2
    LOCAL = 3  # bound in a function, of unknown type
    MISSING = 4  # no such member of this class
    MODULE = 5  # target: number of the file
    FOLDER = 6  # target: node of the package
    NODE = 7  # target: the definition itself
    OBJECT = 8  # target: the class it is an instance of
    PARENT = 9  # target: the class whose super() it is


class Meaning(NamedTuple):
    """What a chain means."""

    sort: Sort
    target: int = -1


UNKNOWN = Meaning(Sort.UNKNOWN)
FOREIGN = Meaning(Sort.FOREIGN)
BUILTIN = Meaning(Sort.BUILTIN)
LOCAL = Meaning(Sort.LOCAL)
_OPEN = frozenset({Sort.UNKNOWN, Sort.LOCAL, Sort.MISSING})


@lru_cache(maxsize=1 << 16)
def split_chain(chain: str) -> tuple[tuple[str, int], ...]:
    """The names of a chain, each with how often it is called: `a.b()()` is (a, 0), (b, 2)."""
    parts = chain.split(".")
    return tuple((part.rstrip("()"), part.count("()")) for part in parts)


class _Depth:
    """How deep one question has led to others; names may lead in circles or further than Python's stack."""

    def __init__(self) -> None:
        self._levels = 0

    def __enter__(self) -> None:
        self._levels += 1

    def __exit__(self, *_: object) -> None:
        self._levels -= 1

    @property
    def is_spent(self) -> bool:
        """Whether no further question may be asked."""
        return self._levels > _DEEPEST


class Names:
    """Answers what chains mean in one snapshot. Scopes are nodes of the tree."""

    def __init__(self, tree: Tree, modules: Modules, facts: Sequence[FileFacts]) -> None:
        self.tree = tree
        self.modules = modules
        self.facts = facts
        self.members: dict[int, dict[str, int]] = {}
        self._imports: dict[int, dict[str, Import]] = {}
        self._stars: dict[int, list[Import]] = {}
        self._values: dict[tuple[int, str], list[tuple[int, str]]] = {}
        self._bound: dict[int, frozenset[str]] = {}
        self._globals: dict[tuple[int, str], Meaning] = {}
        self._seen: dict[tuple[int, str], Meaning] = {}
        self._typed: dict[tuple[int, str], Meaning] = {}
        self._bases: dict[int, tuple[Meaning, ...]] = {}
        self._orders: dict[int, tuple[int, ...]] = {}
        self._depth = _Depth()
        for number, one in enumerate(facts):
            if one.language == PYTHON:
                self._register(tree.files[number], one)

    def _register(self, node: int, facts: FileFacts) -> None:
        first = node + 1
        for offset, definition in enumerate(facts.definitions):
            self.members.setdefault(first + definition.parent, {})[definition.name] = first + offset
        for row in facts.imports:
            if row.name == "*":
                self._stars.setdefault(node, []).append(row)
            else:
                name = row.alias or row.name or row.module.partition(".")[0]
                self._imports.setdefault(first + row.scope, {})[name] = row
        for one in facts.assigned:
            scope = first + one.scope
            is_own = one.target.startswith("self.")
            key = (self.tree.parent[scope], one.target[5:]) if is_own else (scope, one.target)
            kept = self._values.setdefault(key, [])
            if len(kept) < _VALUES_KEPT:
                kept.append((scope, one.value))
        for scope, names in facts.bound.items():
            self._bound[first + scope] = names

    def definition(self, node: int) -> Definition:
        """The facts of a node inside a file."""
        number = self.tree.file[node]
        return self.facts[number].definitions[node - self.tree.files[number] - 1]

    def is_class(self, node: int) -> bool:
        """Whether a node is a class."""
        return self.tree.kind[node] == NodeKind.CLASS

    def trace(self, scope: int, chain: str) -> tuple[Meaning, int]:
        """What a chain means in a scope, and the last definition passed on the way, -1 for none."""
        (head, calls), *rest = split_chain(chain)
        meaning, calls = self._head(scope, head, calls)
        meaning = self._called(meaning, calls)
        passed = meaning.target if meaning.sort == Sort.NODE else -1
        for name, calls in rest:
            # what is missing from a class has no members either
            meaning = UNKNOWN if meaning.sort == Sort.MISSING else self._member(meaning, name)
            if meaning.sort == Sort.NODE:
                passed = meaning.target
            meaning = self._called(meaning, calls)
        return meaning, passed

    def mean(self, scope: int, chain: str) -> Meaning:
        """What a chain means in a scope; UNKNOWN where names lead in circles."""
        if self._depth.is_spent:
            return UNKNOWN
        with self._depth:
            return self.trace(scope, chain)[0]

    def value(self, meaning: Meaning) -> Meaning:
        """Follow an attribute to what is assigned to it, and a property to what it returns."""
        if meaning.sort != Sort.NODE:
            return meaning
        kind = self.tree.kind[meaning.target]
        if kind == NodeKind.ATTRIBUTE:
            parent, name = self.tree.parent[meaning.target], self.tree.name[meaning.target]
            return self._assigned(parent, name.rpartition(".")[2])
        if kind == NodeKind.FUNCTION and self._is_property(meaning.target):
            return self._returned(meaning.target)
        return meaning

    def bases(self, node: int) -> tuple[Meaning, ...]:
        """What the bases of a class mean, in order, without keywords."""
        if node not in self._bases:
            self._bases[node] = ()
            scope, rows = self.tree.parent[node], self.definition(node).bases
            self._bases[node] = tuple(self.value(self.mean(scope, base)) for base in rows if "=" not in base)
        return self._bases[node]

    def order(self, node: int) -> tuple[int, ...]:
        """The method resolution order of a class over the classes of the snapshot, itself first."""
        if node not in self._orders:
            self._orders[node] = (node,)
            bases = () if self._depth.is_spent else self.bases(node)
            parents = [base.target for base in bases if base.sort == Sort.NODE and self.is_class(base.target)]
            with self._depth:
                lines = [list(self.order(parent)) for parent in parents if parent != node]
            self._orders[node] = (node, *_merge([*lines, parents], node))
        return self._orders[node]

    def has_foreign_base(self, node: int) -> bool:
        """Whether a class may have members that the snapshot does not show."""
        return any(base.sort != Sort.NODE for one in self.order(node) for base in self.bases(one))

    def find_member(self, order: Sequence[int], name: str) -> Meaning | None:
        """A member of the first class of an order that has it."""
        for node in order:
            found = self.members.get(node, {}).get(name)
            if found is not None:
                return Meaning(Sort.NODE, found)
        return None

    def imported(self, file: int, row: Import) -> Meaning:
        """What an import gives: a definition, a module or folder, FOREIGN, or MISSING of a module that is there."""
        if not row.name and not row.alias:
            top = row.module.partition(".")[0]
            return self._place(self.modules.find(file, top, 0))
        place = self.modules.find(file, row.module, row.level)
        if not row.name or place is None:
            return self._place(place)
        found = self._in_place(place, row.name)
        return Meaning(Sort.MISSING) if found.sort == Sort.UNKNOWN else found

    def module(self, file: int, row: Import) -> Meaning:
        """The module that an import reads from."""
        return self._place(self.modules.find(file, row.module, row.level))

    def _place(self, place: int | str | None) -> Meaning:
        if place is None:
            return FOREIGN
        if isinstance(place, str):
            return Meaning(Sort.FOLDER, self.tree.packages[place])
        return Meaning(Sort.MODULE, place)

    def _in_place(self, place: int | str, name: str) -> Meaning:
        if not isinstance(place, str):
            found = self._global(place, name)
            if found.sort != Sort.UNKNOWN:
                return found
        child = self.modules.child(place, name)
        return UNKNOWN if child is None else self._place(child)

    def _head(self, scope: int, name: str, calls: int) -> tuple[Meaning, int]:
        """What a chain begins with, and how many of its calls are left to make."""
        if name == "super" and calls:
            owner = self._class_around(scope)
            return (Meaning(Sort.PARENT, owner), calls - 1) if owner is not None else (UNKNOWN, 0)
        key = (scope, name)
        if key not in self._seen:
            self._seen[key] = UNKNOWN
            self._seen[key] = self._look_up(scope, name)
        return self._seen[key], calls

    def _look_up(self, scope: int, name: str) -> Meaning:
        if name == "''":
            return BUILTIN
        if name in ("self", "cls"):
            owner = self._class_around(scope)
            if owner is not None:
                return Meaning(Sort.OBJECT if name == "self" else Sort.NODE, owner)
        current, file = scope, self.tree.file[scope]
        while current != self.tree.files[file]:
            # a class body is seen from itself alone
            if current == scope or not self.is_class(current):
                found = self._in_scope(current, name)
                if found is not None:
                    return found
            current = self.tree.parent[current]
        found = self._global(file, name)
        return BUILTIN if found.sort == Sort.UNKNOWN and name in _BUILTINS else found

    def _in_scope(self, scope: int, name: str) -> Meaning | None:
        if name in self.members.get(scope, ()):
            return Meaning(Sort.NODE, self.members[scope][name])
        if name in self._imports.get(scope, ()):
            return self.imported(self.tree.file[scope], self._imports[scope][name])
        if name in self._bound.get(scope, ()):
            found = self._assigned(scope, name)
            return LOCAL if found.sort == Sort.UNKNOWN else found
        return None

    def _global(self, file: int, name: str) -> Meaning:
        key = (file, name)
        if key not in self._globals:
            self._globals[key] = UNKNOWN
            self._globals[key] = self._find_global(file, name)
        return self._globals[key]

    def _find_global(self, file: int, name: str) -> Meaning:
        node = self.tree.files[file]
        if name in self.members.get(node, ()):
            return Meaning(Sort.NODE, self.members[node][name])
        if self._depth.is_spent:
            return UNKNOWN
        with self._depth:
            if name in self._imports.get(node, ()):
                return self.imported(file, self._imports[node][name])
            return self._from_stars(file, name)

    def _from_stars(self, file: int, name: str) -> Meaning:
        foreign = False
        for row in self._stars.get(self.tree.files[file], ()) if not name.startswith("_") else ():
            place = self.modules.find(file, row.module, row.level)
            foreign = foreign or place is None
            found = self._in_place(place, name) if place is not None else UNKNOWN
            if found.sort != Sort.UNKNOWN:
                return found
        return FOREIGN if foreign and name not in _BUILTINS else UNKNOWN

    def _assigned(self, owner: int, name: str) -> Meaning:
        """The first known meaning among the values assigned to a name of a scope."""
        key = (owner, name)
        if key not in self._typed:
            self._typed[key] = UNKNOWN
            with self._depth:
                meanings = (self.value(self.mean(scope, value)) for scope, value in self._values.get(key, ()))
                self._typed[key] = next((meaning for meaning in meanings if meaning.sort not in _OPEN), UNKNOWN)
        return self._typed[key]

    def _member(self, meaning: Meaning, name: str) -> Meaning:
        meaning = self.value(meaning)
        if meaning.sort == Sort.MODULE:
            return self._in_place(meaning.target, name)
        if meaning.sort == Sort.FOLDER:
            return self._in_place(self.tree.path[meaning.target], name)
        if meaning.sort == Sort.PARENT:
            order = self.order(meaning.target)[1:]
        elif meaning.sort == Sort.OBJECT or (meaning.sort == Sort.NODE and self.is_class(meaning.target)):
            order = self.order(meaning.target)
        else:
            return UNKNOWN if meaning.sort == Sort.NODE else meaning
        return self.find_member(order, name) or Meaning(Sort.MISSING, meaning.target)

    def _called(self, meaning: Meaning, calls: int) -> Meaning:
        for _ in range(calls):
            meaning = self.value(meaning)
            if meaning.sort == Sort.NODE and self.is_class(meaning.target):
                meaning = Meaning(Sort.OBJECT, meaning.target)
            elif meaning.sort == Sort.NODE and self.tree.kind[meaning.target] == NodeKind.FUNCTION:
                meaning = self._returned(meaning.target)
            elif meaning.sort not in (Sort.FOREIGN, Sort.BUILTIN):
                meaning = UNKNOWN
        return meaning

    def _returned(self, function: int) -> Meaning:
        """An object of the class that a function is annotated to return."""
        returns = self.definition(function).returns
        found = self.value(self.mean(self.tree.parent[function], returns)) if returns else UNKNOWN
        if found.sort == Sort.NODE and self.is_class(found.target):
            return Meaning(Sort.OBJECT, found.target)
        return found if found.sort in (Sort.FOREIGN, Sort.BUILTIN) else UNKNOWN

    def _is_property(self, node: int) -> bool:
        return any(row.rpartition(".")[2] in _PROPERTIES for row in self.definition(node).decorators)

    def _class_around(self, scope: int) -> int | None:
        """The class whose method a scope is, or lies in."""
        top = self.tree.files[self.tree.file[scope]]
        while scope != top:
            parent = self.tree.parent[scope]
            if self.tree.kind[scope] == NodeKind.FUNCTION and self.is_class(parent):
                return parent
            scope = parent
        return None


def _merge(lines: list[list[int]], node: int) -> list[int]:
    """Merge resolution orders as C3 does; where that is impossible, the first line goes first."""
    merged: list[int] = []
    lines = [line for line in lines if line]
    while lines:
        tails = {one for line in lines for one in line[1:]}
        chosen = next((line[0] for line in lines if line[0] not in tails), lines[0][0])
        if chosen != node:
            merged.append(chosen)
        lines = [rest for line in lines if (rest := [one for one in line if one != chosen])]
    return merged
