"""Which of several functions of one name a call means.

Knows numbers and types of arguments and parameters. Does not know how a call was found
(`preprocessing.polyglot.linker`).
"""

import re
from collections.abc import Sequence

from cgm.details import NodeDetails, Parameter, decode_details
from cgm.graph import NodeKind
from preprocessing.meanings import Sort
from preprocessing.polyglot.registry import Registry
from preprocessing.polyglot.symbols import Symbols, argument_chains, split_use

_OPEN_ENDED = 1000
_ARGUMENTS_OF_TYPE = re.compile(r"<.*>|\[\s*\]|\.\.\.", re.DOTALL)
_LAST_NAME = re.compile(r"\w+(?=\W*$)")
_NUMBERS = ("int", "long", "double", "float", "short", "byte", "char")
_BOXED = {"int": "Integer", "char": "Character", "boolean": "Boolean", "long": "Long", "double": "Double"}
# types that take many others
_ANY = frozenset({"Object", "auto", "T", "E", "K", "V", "R", "U", "Comparable", "Number", "CharSequence", ""})


class Overloads:
    """Chooses among functions by what a call gives them."""

    def __init__(self, registry: Registry, symbols: Symbols) -> None:
        self._registry = registry
        self._symbols = symbols
        self._lines: dict[int, list[str]] = {}
        self._arities: dict[int, tuple[int, int]] = {}

    def detail(self, node: int) -> NodeDetails:
        """What a definition says of itself."""
        tree = self._registry.tree
        file = tree.file[node]
        if file not in self._lines:
            self._lines[file] = self._registry.facts[file].details.split("\n")
        return decode_details(self._lines[file][node - tree.files[file]])

    def arity(self, node: int) -> tuple[int, int]:
        """The least and the most arguments that a function takes."""
        if node not in self._arities:
            parameters = self.detail(node).parameters
            needed = sum(1 for one in parameters if not one.default and not _takes_rest(one))
            is_open = any(map(_takes_rest, parameters))
            self._arities[node] = (needed, _OPEN_ENDED if is_open else len(parameters))
        return self._arities[node]

    def fitting(self, functions: Sequence[int], source: int, chain: str) -> list[int]:
        """The functions that a call in a scope may mean: all of them where none fits."""
        _, arguments = split_use(chain)
        if len(functions) < 2 or arguments < 0:
            return list(functions)
        ranges = [(node, self.arity(node)) for node in functions]
        found = [node for node, (least, most) in ranges if least == most == arguments]
        found = found or [node for node, (least, most) in ranges if least <= arguments <= most] or list(functions)
        return self._by_types(found, source, argument_chains(chain)) if len(found) > 1 else found

    def _by_types(self, functions: list[int], source: int, arguments: Sequence[str]) -> list[int]:
        """Those whose parameters fit the arguments' types best; nothing is known of an argument without a name."""
        given = [self._types(source, chain) for chain in arguments]
        if not any(given):
            return functions
        scores = [_score(self.detail(node).parameters, given) for node in functions]
        best = max(scores)
        return [node for node, score in zip(functions, scores, strict=True) if score == best]

    def _types(self, scope: int, chain: str) -> tuple[str, ...]:
        """The names of the types that an argument is of, its own first; none where it is not known."""
        meaning = self._symbols.value(self._symbols.mean(scope, chain))
        if meaning.sort == Sort.OBJECT:
            return tuple(self._registry.name(node) for node in self._symbols.order(meaning.target))
        name = self._written(scope, chain)
        if not name:
            return ()
        return (name, *((_BOXED[name],) if name in _BOXED else ()), *(_NUMBERS if name in _NUMBERS else ()))

    def _written(self, scope: int, chain: str) -> str:
        """The type that is written for an argument that is no object of this repository."""
        if chain.endswith("()"):
            called = self._symbols.mean(scope, f"{chain.removesuffix('()')}/0")
            if called.sort == Sort.NODE and self._registry.tree.kind[called.target] == NodeKind.FUNCTION:
                return self._registry.definition(called.target).returns.rpartition(".")[2]
            return "" if "." in chain else chain.removesuffix("()")
        written = self._symbols.written_type(scope, chain)
        return written.removesuffix("()").rpartition(".")[2] if written.endswith("()") else ""


def _takes_rest(parameter: Parameter) -> bool:
    return parameter.name.startswith((".", "*"))


def _score(parameters: Sequence[Parameter], given: Sequence[tuple[str, ...]]) -> tuple[int, int]:
    """How many arguments do not fit, as a number below 0, and how well the others do."""
    misfits = points = 0
    for parameter, types in zip(parameters, given, strict=False):
        last = _LAST_NAME.search(_ARGUMENTS_OF_TYPE.sub("", parameter.type))
        name = last[0] if last is not None else ""
        if not types or name in _ANY:
            continue
        if name in types:
            points += 2 if name == types[0] else 1
        else:
            misfits -= 1
    return misfits, points
