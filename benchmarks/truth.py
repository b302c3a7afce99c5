"""Call pairs seen at run time against the CALLS edges of a graph, ours or a peer's.

Knows places, traces and scores; the same rules for every tool. Does not know how a trace is made (`tracer`) nor how a
tool makes its graph.

A place is (path, qualified name): definitions with equal names in one file count as one, module code has the name "".
An edge to a class stands for its own `__init__` and `__new__`, or for nothing that can be seen. A call in a decorator,
a default or a base is run by the code around the definition; an edge from the definition itself counts as well.
"""

import ast
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Place = tuple[str, str]
Pair = tuple[Place, Place]

_CONSTRUCTORS = ("__init__", "__new__")
DIRECT = ("", "builtin")
ANY = (*DIRECT, "wrapped", "foreign")


@dataclass(frozen=True)
class Outline:
    """What one file defines: classes, functions, and the lines of headers with the definition they belong to."""

    classes: frozenset[str]
    functions: frozenset[str]
    headers: Mapping[int, str]


@dataclass(frozen=True)
class Call:
    """A pair that ran, and the other callers that an edge may name instead."""

    pair: Pair
    via: str
    line: int
    others: tuple[Place, ...] = ()

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """The edges that state this call."""
        return (self.pair, *((other, self.pair[1]) for other in self.others))


@dataclass(frozen=True)
class Trace:
    """What ran: places, and calls between them."""

    ran: frozenset[Place]
    calls: tuple[Call, ...]


@dataclass(frozen=True)
class Score:
    """How many of some things were found."""

    found: int
    total: int

    def __str__(self) -> str:
        share = f"{100 * self.found / self.total:.1f} %" if self.total else "-"
        return f"{share} ({self.found} of {self.total})"


def outline(source: str) -> Outline:
    """Read off what a Python file defines, without running it."""
    classes: set[str] = set()
    functions: set[str] = set()
    headers: dict[int, str] = {}
    for name, node in _definitions(ast.parse(source), ""):
        (classes if isinstance(node, ast.ClassDef) else functions).add(name)
        first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
        headers.update(dict.fromkeys(range(first, max(node.body[0].lineno, node.lineno + 1)), name))
    return Outline(frozenset(classes), frozenset(functions), headers)


_Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def _definitions(node: ast.AST, prefix: str) -> Iterator[tuple[str, _Definition]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _Definition):
            name = f"{prefix}{child.name}"
            yield name, child
            yield from _definitions(child, f"{name}.")
        else:
            yield from _definitions(child, prefix)


def outlines(root: Path, paths: Iterable[str]) -> dict[str, Outline]:
    """Outlines of those files of a checkout that are valid Python."""
    found = {}
    for path in sorted(set(paths)):
        try:
            found[path] = outline((root / path).read_text(encoding="utf-8"))
        except (OSError, SyntaxError, ValueError):
            continue
    return found


def read_trace(lines: Iterable[str], known: Mapping[str, Outline]) -> Trace:
    """Read what `tracer` wrote; what is no definition of a known file (made by `exec`, say) is left out."""
    ran: set[Place] = set()
    calls: dict[tuple[Pair, str], Call] = {}
    for row in map(json.loads, lines):
        if "ran" in row:
            ran.add(tuple(row["ran"]))
            continue
        caller, callee = tuple(row["caller"]), tuple(row["callee"])
        if _is_known(caller, known) and _is_known(callee, known):
            call = _call((caller, callee), row["via"], row["line"], known[caller[0]])
            before = calls.get((call.pair, call.via))
            others = {*call.others, *(before.others if before else ())}
            calls[call.pair, call.via] = Call(call.pair, call.via, call.line, tuple(sorted(others)))
    return Trace(frozenset(place for place in ran if _is_known(place, known)), tuple(calls.values()))


def _is_known(place: Place, known: Mapping[str, Outline]) -> bool:
    path, name = place
    return path in known and (not name or name in known[path].functions or name in known[path].classes)


def _call(pair: Pair, via: str, line: int, source: Outline) -> Call:
    header = source.headers.get(line, "")
    is_around = header and header.rpartition(".")[0] == pair[0][1]
    return Call(pair, via, line, ((pair[0][0], header),) if is_around else ())


def visible(edges: Iterable[Pair], known: Mapping[str, Outline]) -> set[Pair]:
    """Edges between definitions of known files, those to classes replaced by those to their constructors."""
    found: set[Pair] = set()
    for caller, (path, name) in edges:
        if not _is_known(caller, known) or path not in known or caller == (path, name):
            continue
        if name in known[path].functions:
            found.add((caller, (path, name)))
        elif name in known[path].classes:
            members = (f"{name}.{one}" for one in _CONSTRUCTORS)
            found.update((caller, (path, one)) for one in members if one in known[path].functions)
    return found


def is_inside(pair: Pair, packages: Collection[str]) -> bool:
    """Whether both ends lie below one of some folders, the sources of a package, and in no folder `tests`."""
    return all(_is_source(path, packages) for path, _ in pair)


def _is_source(path: str, packages: Collection[str]) -> bool:
    return "tests" not in path.split("/") and any(path.startswith(f"{one}/") for one in packages)


def select(trace: Trace, via: Sequence[str] = DIRECT) -> list[Call]:
    """The calls that went one of some ways, each pair once; no function's call of itself."""
    found: dict[Pair, Call] = {}
    for call in trace.calls:
        if call.via in via and call.pair[0] != call.pair[1]:
            found.setdefault(call.pair, call)
    return list(found.values())


def missed(calls: Iterable[Call], edges: Collection[Pair]) -> list[Call]:
    """The calls that no edge states."""
    return [call for call in calls if not any(pair in edges for pair in call.pairs)]


def recall(calls: Collection[Call], edges: Collection[Pair]) -> Score:
    """The share of calls that an edge states."""
    return Score(len(calls) - len(missed(calls, edges)), len(calls))


def unseen(trace: Trace, edges: Iterable[Pair], via: Sequence[str] = ANY) -> tuple[list[Pair], int]:
    """The edges from what ran that were not seen running in some ways, and how many edges leave what ran."""
    callers = trace.ran | {pair[0] for call in trace.calls for pair in call.pairs}
    seen = {pair for call in trace.calls if call.via in via for pair in call.pairs}
    judged = [pair for pair in edges if pair[0] in callers]
    return sorted(pair for pair in judged if pair not in seen), len(judged)
