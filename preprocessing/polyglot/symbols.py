"""What a chain means where it stands, in any language but Python.

Knows scopes, imports, shared name spaces, bases, and what is said of variables' types. Does not know edges
(`preprocessing.polyglot.linker`) nor how an import names a file (`preprocessing.polyglot.origins`).
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from cgm.graph import NodeKind
from preprocessing.facts import EXTENDS, MODULE, Import
from preprocessing.languages import ImportRule
from preprocessing.meanings import BUILTIN, FOREIGN, LOCAL, UNKNOWN, Meaning, Sort
from preprocessing.polyglot.exports import OPEN_SORTS, Depth, Exports, pick
from preprocessing.polyglot.name_spaces import NameSpaces
from preprocessing.polyglot.origins import Origins
from preprocessing.polyglot.registry import Registry
from preprocessing.polyglot.variables import RETURNED


@lru_cache(maxsize=1 << 16)
def split_use(chain: str) -> tuple[tuple[tuple[str, int], ...], int]:
    """The names of a chain, each with how often it is called, and its number of arguments, -1 for no call."""
    path, slash, arguments = chain.rpartition("/")
    parts = (path if slash else chain).split(".")
    count = int(arguments.partition(":")[0]) if slash else -1
    return tuple((part.rstrip("()!"), part.count("()")) for part in parts), count


def argument_chains(chain: str) -> list[str]:
    """The arguments of a call as chains, none where they are not written."""
    _, _, written = chain.rpartition("/")[2].partition(":")
    return written.split(",") if written else []


class Symbols:
    """Answers what chains mean in the files of one family of languages. Scopes are nodes of the tree."""

    def __init__(self, registry: Registry, origins: Origins) -> None:
        self.registry = registry
        self.tree = registry.tree
        self._origins = origins
        self._spaces = NameSpaces(registry)
        self._heads: dict[tuple[int, str, bool], Meaning] = {}
        self._typed: dict[tuple[int, str], Meaning] = {}
        self._bases: dict[int, list[tuple[str, Meaning, int]]] = {}
        self._orders: dict[int, tuple[int, ...]] = {}
        self._depth = Depth()
        self.exports = Exports(self, registry, origins, self._depth)
        self._bring_home()

    def _bring_home(self) -> None:
        """Find the owners of what stands outside of them; what is registered of values needs them."""
        homes = [(node, self._find_owner(self.tree.parent[node], owner)) for node, owner in self.registry.strangers]
        for node, home in homes:
            if home is not None:
                self.registry.adopt(node, home)
        for file, clause in self.registry.foreign_bases:
            home = self._find_owner(file, clause.subject)
            if home is not None:
                self.registry.bases.setdefault(home, []).append((clause.kind, clause.value, clause.line))
        self.registry.assign()
        self._heads.clear()
        self._typed.clear()

    def _find_owner(self, scope: int, name: str) -> int | None:
        if name == "self":
            # what makes objects without being a class is the function around
            return self.registry.class_around(scope) or scope
        found = self.mean(scope, name)
        return found.target if found.sort == Sort.NODE else None

    def trace(self, scope: int, chain: str) -> tuple[Meaning, int]:
        """What a chain means in a scope, and the last definition passed on the way, -1 for none."""
        parts, arguments = split_use(chain)
        if self.registry.language(scope).has_name_spaces and (alias := self._spaces.alias(scope, parts[0][0])):
            parts = (*split_use(f"{alias}{'()' * parts[0][1]}")[0], *parts[1:])
        meaning, passed, number = UNKNOWN, -1, 0
        while number < len(parts):
            if number == 1 and meaning.sort == Sort.UNKNOWN:
                meaning = self._named_in_full(scope, [name for name, _ in parts])
                return (meaning, meaning.target if meaning.sort == Sort.NODE else -1)
            if meaning.sort == Sort.MISSING:
                # what is missing from a class has no members either
                return UNKNOWN, passed
            meaning, used = self._step(scope, meaning if number else None, parts[number:], arguments)
            if meaning.sort == Sort.NODE:
                passed = meaning.target
            number += used
            meaning = self._called(meaning, parts[number - 1][1])
        return meaning, passed

    def _named_in_full(self, scope: int, names: list[str]) -> Meaning:
        """What a name with its whole package means, where imports are of that kind."""
        if self.registry.language(scope).imports != ImportRule.PACKAGE:
            return UNKNOWN
        found = self.exports.imported(self.tree.file[scope], Import(MODULE, ".".join(names), "", "", 0, 0))
        return found if found.sort == Sort.NODE else UNKNOWN

    def _step(
        self, scope: int, inside: Meaning | None, parts: Sequence[tuple[str, int]], arguments: int
    ) -> tuple[Meaning, int]:
        """What the next part of a chain means, or the next parts together where they name what lies in name spaces."""
        first, most = UNKNOWN, 1
        if self.registry.language(scope).has_name_spaces and (inside is None or inside.sort == Sort.MODULE):
            most = next((size for size, (_, calls) in enumerate(parts, 1) if calls), len(parts))
        for size in range(1, most + 1):
            name = ".".join(part for part, _ in parts[:size])
            is_called = bool(parts[size - 1][1]) or (size == len(parts) and arguments >= 0)
            found = (
                self._head(scope, name, is_called) if inside is None else self.member(inside, name, is_called=is_called)
            )
            if found.sort not in (Sort.UNKNOWN, Sort.FOREIGN):
                return found, size
            first = found if size == 1 else first
        if inside is None and first.sort == Sort.UNKNOWN and self._is_crate(scope, parts):
            return FOREIGN, 1
        return first, 1

    def _is_crate(self, scope: int, parts: Sequence[tuple[str, int]]) -> bool:
        """Whether a path begins with what can only be the name of another crate."""
        name, calls = parts[0]
        is_rust = self.registry.language(scope).imports == ImportRule.CRATE
        return is_rust and len(parts) > 1 and not calls and name[:1].islower()

    def mean(self, scope: int, chain: str) -> Meaning:
        """What a chain means in a scope; UNKNOWN where names lead in circles."""
        if self._depth.is_spent:
            return UNKNOWN
        with self._depth:
            return self.trace(scope, chain)[0]

    def written_type(self, scope: int, name: str) -> str:
        """The first that is said of a variable's value in a scope or one around it, as a chain; empty for nothing."""
        while self.tree.parent[scope] >= 0:
            if values := self.registry.values.get((scope, name)):
                return values[0][1]
            scope = self.tree.parent[scope]
        return ""

    def value(self, meaning: Meaning) -> Meaning:
        """Follow an attribute to what is said of its value."""
        if meaning.sort != Sort.NODE or self.tree.kind[meaning.target] != NodeKind.ATTRIBUTE:
            return meaning
        node = meaning.target
        return self._assigned(self.registry.owner.get(node, self.tree.parent[node]), self.registry.name(node))

    def bases(self, node: int) -> list[tuple[str, Meaning, int]]:
        """The bases of a class: kind of clause, meaning and line, in order."""
        if node not in self._bases:
            self._bases[node] = []
            rows = self.registry.bases.get(node, ())
            scope = self.tree.parent[node]
            spaces = self._spaces.around(node) if self.registry.language(node).has_name_spaces else ()
            self._bases[node] = [(kind, self._base(scope, chain, spaces), line) for kind, chain, line in rows]
        return self._bases[node]

    def _base(self, scope: int, chain: str, spaces: Sequence[str]) -> Meaning:
        """What a base means around its class: the class itself does not say."""
        for space in spaces:
            found = self.mean(scope, f"{space}.{chain}")
            if found.sort == Sort.NODE:
                return found
        return self.mean(scope, chain)

    def order(self, node: int) -> tuple[int, ...]:
        """A class and all its bases of the snapshot, breadth first."""
        if node not in self._orders:
            found = [node]
            for one in found:
                found.extend(base for base in self.parents(one) if base not in found)
            self._orders[node] = tuple(found)
        return self._orders[node]

    def parents(self, node: int) -> list[int]:
        """The bases of a class that are of the snapshot, what it extends before what it implements."""
        rows = sorted(self.bases(node), key=lambda row: row[0] != EXTENDS)
        return [base.target for _, base, _ in rows if base.sort == Sort.NODE and self.registry.is_class(base.target)]

    def has_foreign_base(self, node: int) -> bool:
        """Whether a class may have members that the snapshot does not show."""
        return any(base.sort != Sort.NODE for one in self.order(node) for _, base, _ in self.bases(one))

    def find_member(self, order: Iterable[int], name: str, *, is_called: bool = False) -> Meaning | None:
        """A member of the first class of an order that has it."""
        for node in order:
            found = self.registry.own(node, name)
            if found:
                return pick(self.tree, found, is_called=is_called)
        return None

    def _head(self, scope: int, name: str, is_called: bool) -> Meaning:
        key = (scope, name, is_called)
        if key not in self._heads:
            self._heads[key] = UNKNOWN
            self._heads[key] = self._look_up(scope, name, is_called)
        return self._heads[key]

    def _look_up(self, scope: int, name: str, is_called: bool) -> Meaning:
        if name == "''":
            return BUILTIN
        if name in ("self", "cls", "super"):
            owner = self.registry.class_around(scope)
            sort = {"self": Sort.OBJECT, "cls": Sort.NODE, "super": Sort.PARENT}[name]
            return Meaning(sort, owner) if owner is not None else UNKNOWN
        language = self.registry.language(scope)
        current, file = scope, self.tree.file[scope]
        top = self.tree.files[file]
        while current != top:
            found = self._in_scope(current, name, is_called)
            if found is not None:
                return found
            current = self.tree.parent[current]
        found = self._global(scope, name, is_called)
        return BUILTIN if found.sort == Sort.UNKNOWN and name in language.builtins else found

    def _in_scope(self, scope: int, name: str, is_called: bool) -> Meaning | None:
        language = self.registry.language(scope)
        owner = scope if self.tree.kind[scope] == NodeKind.CLASS else self.registry.owner.get(scope)
        if self.tree.kind[scope] == NodeKind.FUNCTION:
            if name in self.registry.members.get(scope, ()):
                return pick(self.tree, self.registry.members[scope][name], is_called=is_called)
            if name in self.registry.imports.get(scope, ()):
                return self.exports.imported(self.tree.file[scope], self.registry.imports[scope][name])
            # a variable and a method may share their name where functions are no values
            found = self._parameter(scope, name) if not (is_called and language.methods_apart) else None
            if found is not None or owner is None:
                return found
        if owner is not None and (language.implicit_self or self.registry.is_name_space(owner)):
            if name == self.registry.name(owner):
                return Meaning(Sort.NODE, owner)
            return self.find_member(self.order(owner), name, is_called=is_called) or self._parameter(owner, name)
        return self._parameter(scope, name)

    def _parameter(self, scope: int, name: str) -> Meaning | None:
        """What a type's parameter may be: its bound."""
        if name not in self.registry.bound.get(scope, ()):
            return None
        found = self._assigned(scope, name)
        return LOCAL if found.sort == Sort.UNKNOWN else found

    def _global(self, scope: int, name: str, is_called: bool) -> Meaning:
        file = self.tree.file[scope]
        node = self.tree.files[file]
        language = self.registry.language(node)
        for space in (*self._spaces.around(scope), "") if language.has_name_spaces else ("",):
            found = self.known(file, f"{space}.{name}" if space else name, is_called=is_called)
            if found.sort != Sort.UNKNOWN:
                return found
        if language.imports == ImportRule.CRATE and "." not in name:
            found = self.exports.module(file, name)
        if found.sort == Sort.UNKNOWN:
            found = self.exports.from_stars(file, name)
        if found.sort != Sort.UNKNOWN:
            return found
        return self._parameter(node, name) or UNKNOWN

    def known(self, file: int, name: str, *, is_called: bool) -> Meaning:
        """What a file defines, imports or shares under a name."""
        node = self.tree.files[file]
        if name in self.registry.members.get(node, ()):
            return pick(self.tree, self.registry.members[node][name], is_called=is_called)
        if name in self.registry.imports.get(node, ()):
            return self.exports.imported(file, self.registry.imports[node][name])
        if name in self.registry.language(node).own_modules:
            return self.exports.group((file,))
        nodes = self._shared(file, name)
        return pick(self.tree, nodes, is_called=is_called) if nodes else UNKNOWN

    def _shared(self, file: int, name: str) -> list[int]:
        """The definitions that a file means by a name of the name space that it shares."""
        space = self._origins.space(file)
        if space is None:
            return []
        nodes = self.registry.spaces.get((space, name), [])
        kept = self.registry.private.get((space, name), ())
        nodes = [*nodes, *(node for node in kept if self._origins.sees(file, self.tree.file[node]))]
        if len(nodes) < 2:
            return nodes
        nearest = set(self._origins.nearest(file, [self.tree.file[node] for node in nodes]))
        return [node for node in nodes if self.tree.file[node] in nearest]

    def alternatives(self, scope: int, node: int) -> list[int]:
        """A function with those that overload it, or stand in for it elsewhere in the name space that files share."""
        siblings = self.registry.siblings(node)
        if node in self.registry.owner or self.tree.parent[node] != self.tree.files[self.tree.file[node]]:
            return siblings
        shared = self._shared(self.tree.file[scope], self.registry.definition(node).name)
        others = [one for one in shared if self.tree.kind[one] == self.tree.kind[node] and one not in siblings]
        return [*siblings, *others] if node in shared else siblings

    def _assigned(self, owner: int, name: str) -> Meaning:
        """The first known meaning among the values assigned to a name of a scope."""
        key = (owner, name)
        if key not in self._typed:
            self._typed[key] = UNKNOWN
            values = self.registry.values.get(key, ())
            meanings = (self.value(self.mean(scope, value)) for scope, value in values)
            self._typed[key] = next((meaning for meaning in meanings if meaning.sort not in OPEN_SORTS), UNKNOWN)
        return self._typed[key]

    def member(self, meaning: Meaning, name: str, *, is_called: bool) -> Meaning:
        """What a name means inside of what is known; MISSING of a class that has no such member."""
        if meaning.sort == Sort.NODE and not self.registry.is_class(meaning.target):
            found = self.find_member((meaning.target,), name, is_called=is_called)
            if found is not None:
                return found
            if self.tree.kind[meaning.target] == NodeKind.FUNCTION:
                if name in self.registry.language(meaning.target).callers:
                    return meaning
                meaning = self._returned(meaning.target)
        meaning = self.value(meaning)
        if meaning.sort == Sort.MODULE:
            return self.exports.inside(meaning, name, is_called=is_called)
        if meaning.sort == Sort.PARENT:
            order: Sequence[int] = self.order(meaning.target)[1:]
        elif meaning.sort == Sort.OBJECT or (meaning.sort == Sort.NODE and self.registry.is_class(meaning.target)):
            order = self.order(meaning.target)
        else:
            return UNKNOWN if meaning.sort == Sort.NODE else meaning
        return self.find_member(order, name, is_called=is_called) or Meaning(Sort.MISSING, meaning.target)

    def _called(self, meaning: Meaning, calls: int) -> Meaning:
        for _ in range(calls):
            meaning = self.value(meaning)
            if meaning.sort == Sort.NODE and self.registry.is_class(meaning.target):
                meaning = Meaning(Sort.OBJECT, meaning.target)
            elif meaning.sort == Sort.NODE and self.tree.kind[meaning.target] == NodeKind.FUNCTION:
                meaning = self._returned(meaning.target)
            elif meaning.sort not in (Sort.FOREIGN, Sort.BUILTIN, Sort.OBJECT):
                meaning = UNKNOWN
        return meaning

    def _returned(self, function: int) -> Meaning:
        """An object of the class that a function is written to return."""
        returns = self.registry.definition(function).returns
        found = self.value(self.mean(function, returns)) if returns else self._assigned(function, RETURNED)
        if not returns and found.sort == Sort.NODE:
            # it gives back the class itself, or a function
            return found
        if found.sort == Sort.NODE and self.registry.is_class(found.target):
            return Meaning(Sort.OBJECT, found.target)
        return found if found.sort in (Sort.OBJECT, Sort.FOREIGN, Sort.BUILTIN) else UNKNOWN
