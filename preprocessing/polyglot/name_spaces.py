"""Name spaces inside files: which prefixes a name may be known under where it stands.

Knows the dotted names of definitions, and what a file uses as its own. Does not know what a name means.
"""

from preprocessing.facts import USING, WITHIN
from preprocessing.polyglot.registry import Registry


class NameSpaces:
    """The name spaces around scopes, and other names for things, of the files of a registry."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._used: dict[int, list[str]] = {}
        self._inside: dict[int, list[str]] = {}
        self._aliases: dict[int, dict[str, str]] = {}
        self._around: dict[int, tuple[str, ...]] = {}
        for file in registry.files:
            for clause in registry.facts[file].clauses:
                if clause.kind == USING and clause.subject:
                    self._aliases.setdefault(file, {}).setdefault(clause.subject, clause.value)
                elif clause.kind == USING:
                    self._used.setdefault(file, []).append(clause.value)
                elif clause.kind == WITHIN:
                    self._inside.setdefault(file, []).append(clause.value)

    def around(self, scope: int) -> tuple[str, ...]:
        """The name spaces whose names a scope may use as they are, the innermost first."""
        if scope not in self._around:
            tree = self._registry.tree
            file = tree.file[scope]
            top, outermost = tree.files[file], scope
            while outermost != top and tree.parent[outermost] != top:
                outermost = tree.parent[outermost]
            # what a file says outside of its definitions may stand in any of its name spaces
            inside = self._inside.get(file, []) if outermost == top else self._above(outermost)
            self._around[scope] = (*inside, *self._used.get(file, ()))
        return self._around[scope]

    def _above(self, node: int) -> list[str]:
        spaces = self._registry.definition(node).name.split(".")[:-1]
        return [".".join(spaces[:size]) for size in range(len(spaces), 0, -1)]

    def alias(self, scope: int, name: str) -> str:
        """What a file knows as a name, empty where that is nothing but itself."""
        return self._aliases.get(self._registry.tree.file[scope], {}).get(name, "")
