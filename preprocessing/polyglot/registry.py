"""What the files of one family of languages define, import, export and assign, by node.

Knows facts and the tree. Does not know what a name means (`preprocessing.polyglot.symbols`).
"""

import re
from collections.abc import Sequence

from cgm.graph import NodeKind
from preprocessing.facts import (
    EXPORT,
    EXTENDS,
    IMPLEMENTS,
    MODULE,
    OPEN,
    UNBOUND,
    Assigned,
    Clause,
    Definition,
    FileFacts,
    Import,
)
from preprocessing.languages import BY_NAME, ImportRule, Language
from preprocessing.polyglot.origins import Origins
from preprocessing.polyglot.uses import EXPORTED, local_name
from preprocessing.tree import Tree

_VALUES_KEPT = 3
_STATIC = "static"  # of one file alone, unless that is a header
_HEADERS = (".h", ".hh", ".hpp", ".hxx", ".h++", ".inl", ".ipp", ".tpp")
_OWN = "self."
NAME_SPACE = "namespace"  # said of a class by its pattern
_OWNED = re.compile(r"[\w$]+(?:\.[\w$]+)*(?=\.[^.]+$)")


class Registry:
    """Tables over the nodes of some files. Scopes are nodes of the tree; a file's node is its outermost scope.

    `adopted` are members that stand outside of their class or object, `owner` whose member each of them is. `makers`
    are the constructors of a class where they are called like it, which no member access means.
    """

    def __init__(self, tree: Tree, facts: Sequence[FileFacts], files: Sequence[int], origins: Origins) -> None:
        self.tree = tree
        self.facts = facts
        self.files = files
        self.members: dict[int, dict[str, list[int]]] = {}
        self.adopted: dict[int, dict[str, list[int]]] = {}
        self.owner: dict[int, int] = {}
        self.spaces: dict[tuple[str, str], list[int]] = {}
        self.private: dict[tuple[str, str], list[int]] = {}  # of a file alone, and of those that include it
        self.imports: dict[int, dict[str, Import]] = {}
        self.stars: dict[int, list[Import]] = {}
        self.exports: dict[int, dict[str, str]] = {}
        self.reexports: dict[int, dict[str, Import]] = {}
        self.values: dict[tuple[int, str], list[tuple[int, str]]] = {}
        self.bound: dict[int, frozenset[str]] = {}
        self.bases: dict[int, list[tuple[str, str, int]]] = {}  # kind, chain, line
        self.strangers: list[tuple[int, str]] = []  # members of what is called so
        self.foreign_bases: list[tuple[int, Clause]] = []  # file and clause
        self.makers: dict[int, list[int]] = {}
        self.unbound: set[int] = set()
        self.open: set[int] = set()
        self.hidden: dict[int, dict[str, list[int]]] = {}
        for file in files:
            self._define(file, origins.space(file))
            for row in facts[file].imports:
                self._import(tree.files[file] + 1 + row.scope, row)
            for clause in facts[file].clauses:
                self._clause(file, clause)

    def language(self, node: int) -> Language:
        """The language of a node's file."""
        return BY_NAME[self.facts[self.tree.file[node]].language]

    def definition(self, node: int) -> Definition:
        """The facts of a node inside a file."""
        number = self.tree.file[node]
        return self.facts[number].definitions[node - self.tree.files[number] - 1]

    def name(self, node: int) -> str:
        """The name of a node in what it is a member of."""
        name = self.definition(node).name
        owner = _OWNED.match(name)
        return name[owner.end() + 1 :] if owner else name

    def is_class(self, node: int) -> bool:
        """Whether a node has members that its objects share: a class, or a function that others are members of."""
        kind = self.tree.kind[node]
        return kind == NodeKind.CLASS or (kind == NodeKind.FUNCTION and node in self.adopted)

    def is_name_space(self, node: int) -> bool:
        """Whether a class is a name space, whose members are known within by their names alone."""
        return self.tree.kind[node] == NodeKind.CLASS and NAME_SPACE in self.definition(node).decorators

    def class_around(self, scope: int) -> int | None:
        """The class that a scope is, is a member of, or lies in."""
        top = self.tree.files[self.tree.file[scope]]
        while scope != top:
            if scope in self.owner:
                return self.owner[scope]
            if self.is_class(scope):
                return scope
            scope = self.tree.parent[scope]
        return None

    def siblings(self, node: int) -> list[int]:
        """A function and those that overload it: of one name in one class or file."""
        parent = self.owner.get(node, self.tree.parent[node])
        if self.is_class(parent):
            alike = self.own(parent, self.name(node))
        else:
            alike = self.members.get(parent, {}).get(self.definition(node).name, [])
        found = [one for one in alike if self.tree.kind[one] == self.tree.kind[node]] or [node]
        if self.language(node).overloads:
            return found
        # other languages may declare a function several times, but it is one
        return [one for one in found if not self.definition(one).is_abstract] or found

    def adopt(self, node: int, owner: int) -> None:
        """Make a definition a member of what it says it belongs to."""
        self.owner[node] = owner
        if self._is_maker(node, owner):
            self.makers.setdefault(owner, []).append(node)
        else:
            self.adopted.setdefault(owner, {}).setdefault(self.name(node), []).append(node)

    def constructors(self, node: int) -> list[int]:
        """The functions that making an object of a class calls; a language may give them one of several names."""
        names = self.language(node).constructors
        named = (self.own(node, name) for name in names if name)
        found = next(filter(None, [self.makers.get(node, []), *named]), [])
        return [one for one in found if self.tree.kind[one] == NodeKind.FUNCTION]

    def _is_maker(self, node: int, owner: int) -> bool:
        """Whether a function is a constructor that is called like its class."""
        if "" not in self.language(node).constructors or self.tree.kind[node] != NodeKind.FUNCTION:
            return False
        return self.tree.kind[owner] == NodeKind.CLASS and self.name(node) == self.name(owner)

    def own(self, node: int, name: str) -> list[int]:
        """The members of that name of a class or object, wherever they stand."""
        inside = self.members.get(node, {}).get(name, []) if self.tree.kind[node] != NodeKind.FUNCTION else []
        return [*inside, *self.adopted.get(node, {}).get(name, ())]

    def assign(self) -> None:
        """Register what is said of values; members must have been adopted."""
        for file in self.files:
            for row in self.facts[file].assigned:
                self._assign(self.tree.files[file] + 1 + row.scope, row)

    def _assign(self, scope: int, row: Assigned) -> None:
        owner = self.class_around(scope) if row.target.startswith(_OWN) else None
        key = (scope, row.target) if owner is None else (owner, row.target.removeprefix(_OWN))
        kept = self.values.setdefault(key, [])
        if len(kept) < _VALUES_KEPT:
            kept.append((scope, row.value))

    def _define(self, file: int, space: str | None) -> None:
        top = self.tree.files[file]
        hidden = {top + 1 + row.scope: row.subject for row in self.facts[file].clauses if row.kind == UNBOUND}
        self.unbound.update(hidden)
        self.open.update(top + 1 + row.scope for row in self.facts[file].clauses if row.kind == OPEN)
        for offset, row in enumerate(self.facts[file].definitions):
            node, parent = top + 1 + offset, top + 1 + row.parent
            if owner := _OWNED.match(row.name):
                self.strangers.append((node, owner[0]))
                self._place(node, file, space)
            elif node in hidden:
                self.hidden.setdefault(parent, {}).setdefault(row.name, []).append(node)
                if hidden[node] and parent != top:
                    self.strangers.append((node, hidden[node]))
            elif parent != top and self._is_maker(node, parent):
                self.makers.setdefault(parent, []).append(node)
            else:
                self._place(node, file, space)
        for scope, names in self.facts[file].bound.items():
            self.bound[top + 1 + scope] = names

    def _place(self, node: int, file: int, space: str | None) -> None:
        """Make a definition known by its name in what is around it, and in the name space that files share."""
        row, parent, name = self.definition(node), self.tree.parent[node], self.definition(node).name
        self.members.setdefault(parent, {}).setdefault(name, []).append(node)
        if parent in self.open:
            name = ".".join([*self.definition(parent).name.split(".")[:-1], name])
            parent = self.tree.parent[parent]
            self.members.setdefault(parent, {}).setdefault(name, []).append(node)
        is_private = _STATIC in row.decorators and not self.tree.path[node].endswith(_HEADERS)
        if space is not None and parent == self.tree.files[file]:
            table = self.private if is_private else self.spaces
            table.setdefault((space, name), []).append(node)

    def _import(self, scope: int, row: Import) -> None:
        if row.alias.startswith(EXPORTED) and row.name != "*":
            self.reexports.setdefault(scope, {})[row.alias.removeprefix(EXPORTED)] = row
        elif row.name == "*":
            self.stars.setdefault(scope, []).append(row)
        elif row.name or row.alias or self.language(scope).imports != ImportRule.PATH:
            # a path that is imported as it is gives no name
            self.imports.setdefault(scope, {}).setdefault(local_name(row), row)

    def _clause(self, file: int, clause: Clause) -> None:
        node = self.tree.files[file] + 1 + clause.scope
        if clause.kind == EXPORT:
            self.exports.setdefault(node, {}).setdefault(clause.subject, clause.value)
        elif clause.kind in (EXTENDS, IMPLEMENTS) and clause.subject:
            self.foreign_bases.append((node, clause))
        elif clause.kind in (EXTENDS, IMPLEMENTS) and clause.scope != MODULE:
            self.bases.setdefault(node, []).append((clause.kind, clause.value, clause.line))
