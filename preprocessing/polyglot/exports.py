"""What imports give, and what files export, in any language but Python.

Knows groups of files, exports under other names, and files that take over all names of others. Does not know scopes
(`preprocessing.polyglot.symbols`) nor how an import names a file (`preprocessing.polyglot.origins`).
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from cgm.graph import NodeKind
from preprocessing.facts import WITHIN, Import
from preprocessing.languages import ImportRule
from preprocessing.meanings import FOREIGN, UNKNOWN, Meaning, Sort
from preprocessing.polyglot.expressions import MODULE_AROUND, OWN_MODULE
from preprocessing.polyglot.origins import Origin, Origins
from preprocessing.polyglot.registry import Registry
from preprocessing.polyglot.uses import EXPORTED
from preprocessing.tree import Tree

_DEEPEST = 40
OPEN_SORTS = frozenset({Sort.UNKNOWN, Sort.LOCAL, Sort.MISSING})
_MISSING = Meaning(Sort.MISSING)


class Depth:
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


class Answers(Protocol):
    """What exports ask of names."""

    def mean(self, scope: int, chain: str) -> Meaning:
        """What a chain means in a scope."""

    def known(self, file: int, name: str, *, is_called: bool) -> Meaning:
        """What a file defines, imports or shares under a name."""

    def member(self, meaning: Meaning, name: str, *, is_called: bool) -> Meaning:
        """What a name means inside of what is known."""

    def find_member(self, order: Iterable[int], name: str, *, is_called: bool = False) -> Meaning | None:
        """A member of the first class of an order that has it."""


def pick(tree: Tree, nodes: Sequence[int], *, is_called: bool) -> Meaning:
    """One of several of a name: a function or class where it is called, else what is none."""
    functions = (NodeKind.FUNCTION, NodeKind.CLASS)
    fitting = (node for node in nodes if (tree.kind[node] in functions) == is_called)
    return Meaning(Sort.NODE, next(fitting, nodes[0]))


class Exports:
    """Answers what imports and files give in one family of languages."""

    def __init__(self, symbols: Answers, registry: Registry, origins: Origins, depth: Depth) -> None:
        self._groups: list[tuple[tuple[int, ...], str]] = []
        self._symbols = symbols
        self._registry = registry
        self._tree = registry.tree
        self._origins = origins
        self._depth = depth
        self._group_of: dict[tuple[tuple[int, ...], str], int] = {}
        self._inside = {
            (file, row.value) for file in registry.files for row in registry.facts[file].clauses if row.kind == WITHIN
        }
        self._star_files: dict[int, tuple[int, ...]] = {}

    def imported(self, file: int, row: Import) -> Meaning:
        """What an import gives: a definition, a group of files, FOREIGN, or MISSING of what is there."""
        origin = self._origins.find(file, row.module)
        if origin is None:
            return FOREIGN
        names = (*origin.rest, *((row.name,) if row.name and row.name != "*" else ()))
        meaning = self.group(origin.files)
        for name in names:
            found = self._symbols.member(meaning, name, is_called=False)
            if found.sort not in (Sort.NODE, Sort.MODULE):
                # a longer path below a known package is of another distribution
                return FOREIGN if len(origin.rest) > 1 and name == names[0] else _MISSING
            meaning = found
        return self._whole(meaning) if not names else meaning

    def origin(self, file: int, row: Import) -> Origin | None:
        """The files that an import reads from."""
        return self._origins.find(file, row.module)

    def group(self, files: tuple[int, ...], space: str = "") -> Meaning:
        """Some files, or a name space inside them, as one thing whose members are what they export."""
        key = (files, space)
        if key not in self._group_of:
            self._group_of[key] = len(self._groups)
            self._groups.append(key)
        return Meaning(Sort.MODULE, self._group_of[key])

    def inside(self, meaning: Meaning, name: str, *, is_called: bool) -> Meaning:
        """What a group of files gives under a name: a definition, or a name space."""
        files, space = self._groups[meaning.target]
        name = f"{space}.{name}" if space else name
        found = self.exported(files, name, is_called)
        if found.sort != Sort.UNKNOWN:
            return found
        holding = tuple(file for file in files if (file, name) in self._inside)
        return self.group(holding, name) if holding else found

    def _whole(self, meaning: Meaning) -> Meaning:
        """What a file stands for as a whole: what it exports as such, or itself."""
        files, _ = self._groups[meaning.target]
        value = self._registry.exports.get(self._tree.files[files[0]], {}).get("*") if len(files) == 1 else None
        if value is None:
            return meaning
        found = self._symbols.mean(self._tree.files[files[0]], value)
        return meaning if found.sort in OPEN_SORTS else found

    def module(self, file: int, name: str) -> Meaning:
        """A module or crate that a path may begin with."""
        origin = self._origins.find(file, name)
        return self.group(origin.files) if origin is not None and not origin.rest else UNKNOWN

    def from_stars(self, file: int, name: str) -> Meaning:
        """What a file knows under a name because it takes over all names of others; FOREIGN where it may."""
        if self._registry.language(self._tree.files[file]).imports == ImportRule.CRATE:
            found = self._through_stars(file, name, is_called=False)
            if found.sort != Sort.UNKNOWN:
                return found
        language = self._registry.language(self._tree.files[file])
        is_foreign = False
        for row in self._registry.stars.get(self._tree.files[file], ()):
            origin = self._origins.find(file, row.module)
            is_foreign = is_foreign or (origin is None and not row.alias.startswith(EXPORTED))
            if origin is None or row.alias.startswith(EXPORTED) or language.imports == ImportRule.INCLUDE:
                # what an included file defines is known to all that share its name space
                continue
            place = self.imported(file, row)
            if place.sort not in (Sort.MODULE, Sort.NODE):
                continue
            found = self._symbols.member(place, name, is_called=False)
            if found.sort in (Sort.NODE, Sort.MODULE):
                return found
        return FOREIGN if is_foreign and name not in language.builtins else UNKNOWN

    def exported(self, files: tuple[int, ...], name: str, is_called: bool) -> Meaning:
        """What some files give under a name; UNKNOWN where none does."""
        space = self._origins.space(files[0])
        if space is not None:
            nodes = self._registry.spaces.get((space, name))
            return pick(self._tree, nodes, is_called=is_called) if nodes else UNKNOWN
        for file in files:
            found = self._exported_by(file, name, is_called)
            if found.sort not in OPEN_SORTS:
                return found
        return UNKNOWN

    def _exported_by(self, file: int, name: str, is_called: bool) -> Meaning:
        if self._depth.is_spent:
            return UNKNOWN
        with self._depth:
            return self._find_export(file, name, is_called)

    def _find_export(self, file: int, name: str, is_called: bool) -> Meaning:
        node = self._tree.files[file]
        exports = self._registry.exports.get(node, {})
        if name in exports:
            found = self._symbols.mean(node, exports[name])
            if found.sort not in OPEN_SORTS:
                return found
        if name in self._registry.reexports.get(node, ()):
            return self.imported(file, self._registry.reexports[node][name])
        for table in (self._registry.members, self._registry.hidden):
            if name in table.get(node, ()):
                return pick(self._tree, table[node][name], is_called=is_called)
        if self._registry.language(node).imports == ImportRule.CRATE:
            return self._from_module(file, name, is_called)
        return self._from_whole(file, name, is_called)

    def _from_whole(self, file: int, name: str, is_called: bool) -> Meaning:
        """A member of what a file stands for as a whole, or of what it takes over from others."""
        node = self._tree.files[file]
        if "*" in self._registry.exports.get(node, ()):
            whole = self._symbols.mean(node, self._registry.exports[node]["*"])
            return whole if name == "default" else self._symbols.member(whole, name, is_called=is_called)
        if name == "default":
            return self.group((file,))
        return self._from_reexports(file, name, is_called)

    def _from_module(self, file: int, name: str, is_called: bool) -> Meaning:
        """What a module knows under a name without defining it: others may take it from there."""
        if name == MODULE_AROUND:
            return self.module(file, name)
        row = self._registry.imports.get(self._tree.files[file], {}).get(name)
        found = self.imported(file, row) if row is not None else self._through_stars(file, name, is_called=is_called)
        return self.module(file, f"{OWN_MODULE}.{name}") if found.sort == Sort.UNKNOWN else found

    def _through_stars(self, file: int, name: str, *, is_called: bool) -> Meaning:
        """What the modules and types give whose names a module takes over, however many lie between."""
        for place in self._taken_over(file):
            if self._tree.file[place] >= 0 and place == self._tree.files[self._tree.file[place]]:
                found = self._symbols.known(self._tree.file[place], name, is_called=is_called)
            else:
                found = self._symbols.find_member((place,), name, is_called=is_called) or UNKNOWN
            if found.sort not in (Sort.UNKNOWN, Sort.FOREIGN):
                return found
        return UNKNOWN

    def _taken_over(self, file: int) -> tuple[int, ...]:
        """The nodes of files and types all of whose names a module knows."""
        if file not in self._star_files:
            self._star_files[file] = ()
            found = [self._tree.files[file]]
            for node in found:
                inside = self._tree.file[node]
                rows = self._registry.stars.get(node, ())
                for place in (self.imported(inside, row) for row in rows):
                    nodes = self._files_of(place) if place.sort == Sort.MODULE else [place.target]
                    found += [one for one in nodes if place.sort in (Sort.MODULE, Sort.NODE) and one not in found]
            self._star_files[file] = tuple(found[1:])
        return self._star_files[file]

    def _files_of(self, meaning: Meaning) -> list[int]:
        return [self._tree.files[file] for file in self._groups[meaning.target][0]]

    def _from_reexports(self, file: int, name: str, is_called: bool) -> Meaning:
        for row in self._registry.stars.get(self._tree.files[file], ()):
            origin = self._origins.find(file, row.module) if row.alias.startswith(EXPORTED) else None
            found = self.exported(origin.files, name, is_called) if origin is not None else UNKNOWN
            if found.sort not in OPEN_SORTS:
                return found
        return UNKNOWN
