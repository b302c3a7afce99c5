"""What a chain may mean.

Knows the sorts of things and how sets of them are joined. Does not know how a meaning is found
(`preprocessing.python.names`).
"""

from collections.abc import Iterable
from typing import NamedTuple


class Sort:
    """What kind of thing a chain means; `target` is a node, a number of a file, place or parameter, or nothing.

    Plain numbers and no Enum, whose members take long to look up and to hash.
    """

    UNKNOWN = 0
    FOREIGN = 1  # of another distribution
    BUILTIN = 2
    LOCAL = 3  # bound in a function, of unknown type
    MISSING = 4  # no such member of this class, or of a module where target is -1
    MODULE = 5  # target: number of the file
    FOLDER = 6  # target: node of the package
    NODE = 7  # target: the definition itself
    OBJECT = 8  # target: the class it is an instance of
    PARENT = 9  # target: the class whose super() it is
    SELF = 10  # target: the class it is an instance of, or of a class below
    KIND = 11  # target: the class that it is, or one below
    HOLDER = 12  # target: number of the place whose elements it holds
    GIVER = 13  # target: number of the place; a method of a holder that gives an element
    PARAMETER = 14  # target: number of the parameter
    PENDING = 15  # depends on what is passed as a parameter; the last, so that it ends a sorted set


class Meaning(NamedTuple):
    """One thing that a chain may mean."""

    sort: int
    target: int = -1


Meanings = tuple[Meaning, ...]
UNKNOWN = Meaning(Sort.UNKNOWN)
FOREIGN = Meaning(Sort.FOREIGN)
BUILTIN = Meaning(Sort.BUILTIN)
LOCAL = Meaning(Sort.LOCAL)
MISSING = Meaning(Sort.MISSING)
PENDING = Meaning(Sort.PENDING)
NOTHING: Meanings = ()
TOO_MANY = Meaning(Sort.UNKNOWN, -2)
MOST_MEANINGS = 48
INSTANCES = frozenset({Sort.OBJECT, Sort.SELF})
OPEN = frozenset({Sort.UNKNOWN, Sort.LOCAL, Sort.MISSING, Sort.HOLDER, Sort.GIVER, Sort.PARAMETER, Sort.PENDING})


def join(parts: Iterable[Meanings]) -> Meanings:
    """All meanings of several sets, sorted; TOO_MANY alone where they are too many to mean anything."""
    kept = [part for part in parts if part]
    if len(kept) < 2:
        return kept[0] if kept else NOTHING
    found = {meaning for part in kept for meaning in part}
    return (TOO_MANY,) if len(found) > MOST_MEANINGS or TOO_MANY in found else tuple(sorted(found))


def is_open(meanings: Meanings) -> bool:
    """Whether a set, sorted as `join` does, depends on what is passed as a parameter."""
    return bool(meanings) and meanings[-1].sort >= Sort.PARAMETER
