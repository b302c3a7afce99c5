"""Numbers for what has no node: places that hold elements, and parameters.

Knows names within scopes. Does not know what they mean.
"""

from collections.abc import Sequence

from preprocessing.meanings import Meaning

Place = tuple[int, str]  # scope, name


class Numbered:
    """Places in the order in which they were first named."""

    def __init__(self, sort: int) -> None:
        self._sort = sort
        self._places: list[Place] = []
        self._meanings: dict[Place, Meaning] = {}

    def __getitem__(self, number: int) -> Place:
        return self._places[number]

    def meaning(self, scope: int, name: str) -> Meaning:
        """The meaning that stands for a place."""
        key = (scope, name)
        found = self._meanings.get(key)
        if found is None:
            found = self._meanings[key] = Meaning(self._sort, len(self._places))
            self._places.append(key)
        return found


def positional(names: Sequence[str], place: int) -> str:
    """The parameter that takes an argument by position, with its star where it takes all that are left."""
    for number, name in enumerate(names):
        if name.startswith("**") or name == "*":
            return ""
        if number == place or name.startswith("*"):
            return name
    return ""
