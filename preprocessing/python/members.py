"""What members of meanings are: of modules, classes and their objects, of `super()`, of what holds elements.

Knows how each sort of meaning has members. Does not know scopes, calls or edges.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from preprocessing.meanings import BUILTIN, INSTANCES, NOTHING, OPEN, Meaning, Meanings, Sort, join

if TYPE_CHECKING:
    from preprocessing.python.names import Names

_GIVING_WORDS = """
    __aenter__ __anext__ __enter__ __getitem__ __next__ get most_common pop popitem popleft setdefault
    """
_GIVING = frozenset(_GIVING_WORDS.split())
# too many meanings have too many members: an answer that forgot them would shrink where what it stands on grows
KEPT = frozenset({Sort.FOREIGN, Sort.BUILTIN, Sort.PENDING, Sort.UNKNOWN})


class Members:
    """Looks up members by the sort of what has them."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._bindings = names.bindings
        self._classes = names.classes
        self._by_sort: dict[int, Callable[[Meaning, str], Meanings]] = {
            Sort.NODE: self._node_member,
            Sort.OBJECT: self._class_member,
            Sort.SELF: self._class_member,
            Sort.KIND: self._class_member,
            Sort.MODULE: lambda meaning, name: names.in_place(meaning.target, name),
            Sort.FOLDER: lambda meaning, name: names.in_place(names.tree.path[meaning.target], name),
            Sort.PARENT: self._parent_member,
            Sort.HOLDER: self._holder_member,
            Sort.PARAMETER: lambda meaning, name: names.opened(meaning.target, lambda one: self._member(one, name)),
        }

    def release(self) -> None:
        """Forget everything, as what refers to itself in circles."""
        vars(self).clear()

    def find(self, meanings: Meanings, name: str) -> Meanings:
        """A member of some meanings, attributes followed to their values first."""
        meanings = self._names.value(meanings)
        if len(meanings) == 1:
            return self._member(meanings[0], name)
        found = join(self._member(meaning, name) for meaning in meanings)
        if len(found) > 1 and not all(one.sort in OPEN for one in found):
            # a name that one meaning lacks is meant of another
            return tuple(one for one in found if one.sort not in OPEN or one.sort >= Sort.HOLDER)
        return found

    def _member(self, meaning: Meaning, name: str) -> Meanings:
        look_up = self._by_sort.get(meaning.sort)
        if look_up is not None:
            return look_up(meaning, name)
        return (meaning,) if meaning.sort in KEPT else NOTHING

    def _node_member(self, meaning: Meaning, name: str) -> Meanings:
        if self._classes.is_class(meaning.target):
            return self._class_member(meaning, name)
        if not self._names.is_function(meaning.target):
            return NOTHING
        # a member of what decorators make of the function
        return join(self._member(one, name) for one in self._names.wrappers(meaning.target) if one.sort in INSTANCES)

    def _class_member(self, meaning: Meaning, name: str) -> Meanings:
        if name.endswith("*"):
            return self._members_like(meaning.target, name[:-1])
        found = self._names.member(meaning.target, name)
        if found:
            return found
        if name == "__class__":
            # the class of a class is not followed
            of_instance = Meaning(Sort.KIND if meaning.sort == Sort.SELF else Sort.NODE, meaning.target)
            return (of_instance if meaning.sort in INSTANCES else BUILTIN,)
        return (Meaning(Sort.MISSING, meaning.target),)

    def _members_like(self, node: int, beginning: str) -> Meanings:
        """The methods of a class whose names begin so, the first of each name."""
        order, members = self._classes.order(node), self._bindings.members
        names = {name: None for one in order for name in members(one) if name.startswith(beginning)}
        methods = (self._classes.method(node, name) for name in names)
        return tuple(Meaning(Sort.NODE, method) for method in sorted(methods) if method >= 0)

    def _parent_member(self, meaning: Meaning, name: str) -> Meanings:
        owner = self._classes.first_owner(self._classes.order(meaning.target)[1:], name)
        return self._names.bound(owner, name) if owner >= 0 else (Meaning(Sort.MISSING, meaning.target),)

    def _holder_member(self, meaning: Meaning, name: str) -> Meanings:
        """A method that gives an element, or the i-th item; the holder itself under any other name."""
        if name in _GIVING:
            return (Meaning(Sort.GIVER, meaning.target),)
        if not name.startswith("__item"):
            return (meaning,)
        owner, base = self._names.places[meaning.target]
        item = f"{base}[{name[6:-2]}]"
        place = self._names.places.meaning(owner, item) if self._bindings.get(owner, item) is not None else meaning
        return (Meaning(Sort.GIVER, place.target),)
