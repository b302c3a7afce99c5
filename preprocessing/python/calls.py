"""What one file calls: by name, with which arguments, and through operators and protocols.

Knows the shapes of calls. Does not know what is called.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice

from tree_sitter import Node

from preprocessing.facts import Passed, Use
from preprocessing.python.chains import (
    CONTAINERS,
    LITERAL,
    LONGEST_NAME,
    NAME,
    NEXT,
    OPERATORS,
    PLAIN,
    PLAIN_LITERAL,
    UNNAMED,
    alternatives,
    arguments,
    chain,
    elements,
    plain_chain,
)
from preprocessing.python.scopes import Scopes
from preprocessing.python.syntax import Syntax, first_child
from preprocessing.python.values import Values

_CALLED = re.compile(rb"(%b(?:\.%b)*+)\(" % (NAME, NAME))
_OPENED = re.compile(rb"\(\s*+")
_ARGUMENT = re.compile(rb"(?:(%b)\s*+=(?!=)\s*+)?+(?:(%b)|%b)\s*+(?:,\s*+|(?=\)))" % (NAME, PLAIN, PLAIN_LITERAL))
_CONSTANTS = frozenset({"None", "True", "False"})
# calls that pass nothing on to the repository's code
_DEAF_WORDS = """
    abs all any bool bytes callable chr dict dir divmod enumerate float format frozenset getattr hasattr hash
    hex id int issubclass iter len list max min next open ord pow print range repr reversed round set str sum
    super tuple type zip split join strip startswith endswith encode decode warn warning info debug error format
    replace lower upper
    """
_DEAF = frozenset(_DEAF_WORDS.split())
_INSERTS = {
    "append": 0, "appendleft": 0, "add": 0, "push": 0, "put": 0, "insert": 1, "setdefault": 1, "extend": 0, "update": 0,
}  # fmt: skip
_INSERTS_ALL = frozenset({"extend", "update"})
_COMPARISONS = {
    "==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "in": "contains", "not in": "contains",
}  # fmt: skip
# what builtin functions call on their first argument
_PROTOCOLS = {
    "next": (".__next__",), "iter": (".__iter__",), "len": (".__len__",), "str": (".__str__",), "repr": (".__repr__",),
    "bool": (".__bool__",), "hash": (".__hash__",), "int": (".__int__",), "float": (".__float__",),
    "abs": (".__abs__",), "dir": (".__dir__",), "bytes": (".__bytes__",), "format": (".__format__",),
    "reversed": (".__reversed__",), "list": (NEXT[:-2],), "tuple": (NEXT[:-2],), "set": (NEXT[:-2],),
    "sorted": (NEXT[:-2],), "sum": (NEXT[:-2],), "any": (NEXT[:-2],), "all": (NEXT[:-2],), "dict": (NEXT[:-2],),
    "enumerate": (NEXT[:-2],), "frozenset": (NEXT[:-2],), "aiter": (".__aiter__",), "anext": (".__anext__",),
}  # fmt: skip
_MOST_PASSED = 60
_Given = tuple[str, str]  # position or keyword of an argument, and its chain


class Calls:
    """Rows of one file: calls, what they pass, and calls that no call expression writes down."""

    def __init__(self, syntax: Syntax, scopes: Scopes, values: Values) -> None:
        self.positions: set[int] = set()
        self._called: dict[tuple[int, str], int] = {}
        self._implied: dict[tuple[int, str], int] = {}
        self._passed: dict[tuple[int, str], dict[str, None]] = {}
        self._syntax = syntax
        self._scopes = scopes
        self._values = values
        self._callers, self._borders = scopes.callers, scopes.positions
        nodes = syntax.all("call")
        starts = [node.start_byte for node in nodes]
        for node, start, following in zip(nodes, starts, [*starts, -1][1:], strict=True):
            # of calls that begin together, the last is the innermost
            self._call(node, start, is_innermost=start != following)
        self._decorators()
        self._implicit()

    def _decorators(self) -> None:
        scopes = self._scopes
        for outer, outline in enumerate(scopes.definitions):
            for decorator, start in zip(outline.decorators, scopes.decorator_starts[outer], strict=True):
                self._called.setdefault((outline.parent, decorator), start)

    def _implicit(self) -> None:
        syntax = self._syntax
        for node in syntax.all("with"):
            self._context(node)
        for node in syntax.all("for"):
            self._protocol(node.child_by_field_name("right"), NEXT[:-2])
        for node in syntax.all("deleted"):
            self._protocol(node.child_by_field_name("value"), ".__delitem__")
        for node in syntax.all("stored"):
            self._protocol(node.child_by_field_name("value"), ".__setitem__")
        targets = {node.id for node in (*syntax.all("deleted"), *syntax.all("stored"))}
        for node in syntax.all("subscript"):
            if node.id not in targets:
                self._protocol(node.child_by_field_name("value"), ".__getitem__")
        for node in syntax.all("operator"):
            self._operator(node)
        for node in syntax.all("comparison"):
            self._comparison(node)

    @property
    def called(self) -> tuple[Use, ...]:
        """What each scope calls, in order of the first calls."""
        return self._syntax.uses(self._called)

    @property
    def implicit(self) -> tuple[Use, ...]:
        """What operators and protocols call."""
        return self._syntax.uses(self._implied)

    @property
    def passed(self) -> list[Passed]:
        """What calls pass, in order of the calls."""
        return [Passed(*key, " ".join(given)) for key, given in self._passed.items() if given]

    def _call(self, node: Node, start: int, *, is_innermost: bool) -> None:
        found = _CALLED.match(self._syntax.source, start) if is_innermost else None
        name, end = (plain_chain(found[1]), found.end(1)) if found is not None else (None, start)
        if name is None or end - start > LONGEST_NAME:
            function = node.child_by_field_name("function")
            if function is None:
                return
            name, end = chain(self._syntax, function), function.end_byte
        self.positions.add(start)
        scope = self._callers[bisect_right(self._borders, start) - 1]
        # the last line of a chain is where its called name stands
        self._called.setdefault((scope, name), end - 1)
        if name in _PROTOCOLS:
            self._protocol(next(iter(arguments(node)), None), *_PROTOCOLS[name])
        last = _heard(name)
        if last and (given := self._given(node, end)):
            self._take(scope, name, last, given)

    def _given(self, node: Node, start: int) -> Sequence[_Given]:
        """The arguments of a call that are chains; they begin at `start`."""
        end = node.end_byte
        if end - start <= 2:
            return ()
        given = _plain_arguments(self._syntax.source[start:end]) if end - start <= LONGEST_NAME else None
        return self._given_nodes(node) if given is None else given

    def _given_nodes(self, node: Node) -> list[_Given]:
        given: list[_Given] = []
        for number, argument in enumerate(arguments(node)):
            place, value = str(number), argument
            if argument.type == "keyword_argument":
                name, inner = argument.child_by_field_name("name"), argument.child_by_field_name("value")
                if name is None or inner is None:
                    continue
                place, value = self._syntax.text(name), inner
            elif argument.type == "list_splat":
                break
            given.extend((place, one) for one in self._chains(value))
        return given

    def _chains(self, node: Node) -> list[str]:
        """The chains that an expression may mean, in brackets for the elements of a display."""
        chains = []
        for value in alternatives(node):
            if value.type in CONTAINERS:
                inner = [chain(self._syntax, element) for _, element in islice(elements(value), _MOST_PASSED)]
                chains += [f"[{one}" for one in inner if _is_named(one)]
            else:
                chains.append(chain(self._syntax, value))
        return [one for one in chains if _is_named(one)]

    def _take(self, scope: int, name: str, last: str, given: Sequence[_Given]) -> None:
        if name == "isinstance":
            for _, value in given[1:]:
                self._values.narrow(scope, given[0][1], value.removeprefix("["))
            return
        receiver = name.rpartition(".")[0]
        if receiver and last in _INSERTS:
            place = str(_INSERTS[last])
            for at, value in given:
                if at == place:
                    held = value.removeprefix("[") + (NEXT if last in _INSERTS_ALL and value[0] != "[" else "")
                    self._values.insert(scope, receiver, held)
        rows = self._passed.setdefault((scope, name), {})
        for at, value in given:
            if len(rows) < _MOST_PASSED:
                rows[f"{at}={value}"] = None

    def _add(self, node: Node, name: str) -> None:
        start = node.start_byte
        self._implied.setdefault((self._scopes.caller_at(start), name), start)

    def _protocol(self, node: Node | None, *methods: str) -> None:
        """Note that methods of an object are called for what is done with it."""
        if node is None:
            return
        for value in alternatives(node):
            held = chain(self._syntax, value) if value.type not in CONTAINERS else LITERAL
            for method in methods if _is_named(held) else ():
                self._add(value, held + method)

    def _context(self, node: Node) -> None:
        value = node.child_by_field_name("value")
        while value is not None and value.type in ("parenthesized_expression", "as_pattern"):
            value = first_child(value)
        self._protocol(value, ".__enter__", ".__exit__")

    def _operator(self, node: Node) -> None:
        operator = node.child_by_field_name("operator")
        name = OPERATORS.get(operator.type) if operator is not None else None
        if name:
            self._protocol(node.child_by_field_name("left"), f".__{name}__")
            self._protocol(node.child_by_field_name("right"), f".__r{name}__")

    def _comparison(self, node: Node) -> None:
        operands = node.named_children
        operators = [child.type for child in node.children_by_field_name("operators")]
        for left, operator, right in zip(operands, operators, operands[1:], strict=False):
            name = _COMPARISONS.get(operator)
            if name:
                self._protocol(right if name == "contains" else left, f".__{name}__")


@lru_cache(maxsize=1 << 12)
def _heard(name: str) -> str:
    """The last name of a called chain; empty where it passes nothing on."""
    last = name.rpartition(".")[2]
    return "" if last in _DEAF or last.startswith("assert") else last


@lru_cache(maxsize=1 << 13)
def _plain_arguments(source: bytes) -> tuple[_Given, ...] | None:
    """The arguments between brackets where all are written in one of the usual forms; None where one is not."""
    opened, end = _OPENED.match(source), len(source)
    position, given, number = opened.end() if opened is not None else end, [], 0
    while position < end - 1:
        found = _ARGUMENT.match(source, position)
        if found is None:
            return None
        name, value = found.groups()
        if value is not None:
            written = plain_chain(value) if len(value) <= LONGEST_NAME else None
            if written is None:
                return None
            if written not in _CONSTANTS:  # nor does what is plain begin without a name
                given.append((str(number) if name is None else name.decode("utf-8", "replace"), written))
        position, number = found.end(), number + 1
    return tuple(given) if position == end - 1 else None


def _is_named(value: str) -> bool:
    return value != LITERAL and not value.startswith((UNNAMED, LITERAL)) and value not in _CONSTANTS
