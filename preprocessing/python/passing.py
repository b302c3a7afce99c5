"""What parameters are given, over all calls of a snapshot.

Knows how calls pass values on. Does not know edges. Only parameters on which some meaning depends are looked at.
"""

from collections.abc import Iterable
from functools import partial

from preprocessing.meanings import TOO_MANY, Meaning, Meanings, Sort
from preprocessing.python.names import ROUNDS, Names
from preprocessing.python.told import Told

_MOST_PASSED = 512
_CARRIED = frozenset({Sort.NODE, Sort.OBJECT, Sort.SELF, Sort.KIND, Sort.HOLDER, Sort.MODULE})
_FLOWS = tuple(f"given after round {number}" for number in range(ROUNDS - 1))
Site = tuple[int, str, bool]  # scope, chain that is called, whether an object comes before the arguments


class Passing:
    """Call sites by function, as each round finds them, and what flows through them into parameters.

    `handed` is what a function gets by position without such a site, as a decorator gets what it decorates.
    """

    def __init__(self, names: Names) -> None:
        self._names = names
        self.sites = [Told[Site](names.memo, f"sites of round {number}") for number in range(ROUNDS - 1)]
        self.handed = Told[tuple[int, Meaning]](names.memo, "handed")
        names.derivations |= {flow: partial(self._direct, number) for number, flow in enumerate(_FLOWS)}

    def flow(self, wanted: Iterable[int], number: int) -> dict[int, Meanings]:
        """What the wanted parameters are given, by number, through any number of calls, as found in a round."""
        given: dict[int, set[Meaning]] = {}
        sources: dict[int, set[int]] = {}
        waiting = sorted(wanted)
        while waiting:
            parameter = waiting.pop()
            if parameter in given:
                continue
            direct = self._names.ask((_FLOWS[number], parameter, ""))
            given[parameter] = {one for one in direct if one.sort in _CARRIED}
            sources[parameter] = {one.target for one in direct if one.sort == Sort.PARAMETER}
            waiting += sorted(sources[parameter])
        _spread(given, sources)
        return {parameter: _bounded(found) for parameter, found in given.items() if found}

    def _direct(self, number: int, parameter: int, _: str) -> Meanings:
        """What the sites that are known after a round pass as a parameter themselves."""
        function, name = self._names.parameters[parameter]
        parts = [
            meanings
            for told in self.sites[: number + 1]
            for scope, chain, is_bound in told.of(function)
            for meanings in self._names.argument(scope, chain, function, name, is_bound=is_bound)
        ]
        names = self._names.bindings.parameters.get(function, ())
        handed = self.handed.of(function)
        parts.append(tuple(value for place, value in handed if place < len(names) and names[place] == name))
        return tuple(sorted({one for part in parts for one in part}))


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
