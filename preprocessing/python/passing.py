"""What parameters are given, over all calls of a snapshot.

Knows how calls pass values on. Does not know edges. Only parameters on which some meaning depends are looked at.
"""

from collections.abc import Iterable

from preprocessing.meanings import TOO_MANY, Meaning, Meanings, Sort
from preprocessing.python.names import Names

_MOST_PASSED = 512
_CARRIED = frozenset({Sort.NODE, Sort.OBJECT, Sort.SELF, Sort.KIND, Sort.HOLDER, Sort.MODULE})
Site = tuple[int, str, bool]  # scope, chain that is called, whether an object comes before the arguments


class Passing:
    """Call sites by function, and what flows through them into parameters."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._sites: dict[int, dict[Site, None]] = {}
        self._handed: dict[int, dict[int, set[Meaning]]] = {}

    def add(self, function: int, site: Site) -> None:
        """Note that a function is called."""
        self._sites.setdefault(function, {})[site] = None

    def hand(self, function: int, place: int, value: Meaning) -> None:
        """Note that a function gets a value by position, as a decorator gets what it decorates."""
        self._handed.setdefault(function, {}).setdefault(place, set()).add(value)

    def flow(self, wanted: Iterable[int]) -> dict[int, Meanings]:
        """What the wanted parameters are given, by number, through any number of calls."""
        given: dict[int, set[Meaning]] = {}
        sources: dict[int, set[int]] = {}
        waiting = sorted(wanted)
        while waiting:
            parameter = waiting.pop()
            if parameter in given:
                continue
            direct = self._direct(parameter)
            given[parameter] = {one for one in direct if one.sort in _CARRIED}
            sources[parameter] = {one.target for one in direct if one.sort == Sort.PARAMETER}
            waiting += sorted(sources[parameter])
        _spread(given, sources)
        return {parameter: _bounded(found) for parameter, found in given.items() if found}

    def _direct(self, parameter: int) -> set[Meaning]:
        function, name = self._names.parameters[parameter]
        found: set[Meaning] = set()
        for scope, chain, is_bound in self._sites.get(function, ()):
            for meanings in self._names.argument(scope, chain, function, name, is_bound=is_bound):
                found.update(meanings)
        for place, values in self._handed.get(function, {}).items():
            names = self._names.bindings.parameters.get(function, ())
            if place < len(names) and names[place] == name:
                found.update(values)
        return found


def _spread(given: dict[int, set[Meaning]], sources: dict[int, set[int]]) -> None:
    """Let what parameters are given reach those that they are passed on to."""
    takers: dict[int, list[int]] = {}
    for taker, its in sources.items():
        for source in its:
            takers.setdefault(source, []).append(taker)
    changed = [parameter for parameter, found in given.items() if found]
    while changed:
        source = changed.pop()
        for taker in takers.get(source, ()):
            before = len(given[taker])
            if before <= _MOST_PASSED:
                given[taker] |= given[source]
                if len(given[taker]) > before:
                    changed.append(taker)


def _bounded(found: set[Meaning]) -> Meanings:
    return tuple(sorted(found)) if len(found) <= _MOST_PASSED else (TOO_MANY,)
