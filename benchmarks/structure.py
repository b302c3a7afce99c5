"""EXTENDS and IMPORTS edges of a graph against what an interpreter says.

Knows the rows that `introspect` writes, and scores. Does not know how a graph is made.

- EXTENDS: of the classes that the process had, the bases (`__bases__`) that the checkout defines. Recall: the pairs
  that the graph has; precision: the graph's pairs of such classes that are right. Ancestors (`__mro__`) likewise,
  against what is reached by EXTENDS edges. A class that was never made judges nothing.
- IMPORTS: the names of import statements that ran and gave something of the checkout. Recall: those with an edge from
  their file to a place that `introspect` accepts, or (`files`) to any place in an accepted file; precision: the edges
  whose line ran and that lead to an accepted place of that line. An import that never ran, or failed, judges nothing,
  and neither does the implicit import of parent packages.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from truth import Pair, Place, Score


@dataclass(frozen=True)
class Structure:
    """What an interpreter said: bases and ancestors by class, accepted targets by import statement's file and line."""

    bases: dict[Place, set[Place]] = field(default_factory=dict)
    ancestors: dict[Place, set[Place]] = field(default_factory=dict)
    imports: dict[tuple[str, int], list[tuple[str, frozenset[Place]]]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ImportEdge:
    """An IMPORTS edge and the line where it stands."""

    source: str
    target: Place
    line: int


@dataclass(frozen=True)
class Comparison:
    """Recall and precision, and what was missed and what was wrong."""

    recall: Score
    precision: Score
    missed: list[str]
    wrong: list[str]


def read_structure(lines: Iterable[str]) -> Structure:
    """Read what `introspect` wrote."""
    found = Structure()
    for row in map(json.loads, lines):
        if "class" in row:
            place = tuple(row["class"])
            found.bases.setdefault(place, set()).update(map(tuple, row["bases"]))
            found.ancestors.setdefault(place, set()).update(map(tuple, row["mro"]))
        elif "import" in row:
            statement = found.imports.setdefault(tuple(row["import"]), [])
            statement.append((row["name"], frozenset(map(tuple, row["targets"]))))
        elif "failed" in row:
            found.failed.append(f"{row['failed']}: {row['error']}")
    return found


def reachable(edges: Iterable[Pair]) -> dict[Place, set[Place]]:
    """All that each place reaches by one or more edges."""
    targets: dict[Place, set[Place]] = {}
    for source, target in edges:
        targets.setdefault(source, set()).add(target)
    return {source: _reached(targets, source) for source in targets}


def _reached(targets: Mapping[Place, Collection[Place]], source: Place) -> set[Place]:
    found: set[Place] = set()
    ready = [source]
    while ready:
        for one in targets.get(ready.pop(), ()):
            if one not in found:
                found.add(one)
                ready.append(one)
    return found


def compare_classes(truth: Mapping[Place, Collection[Place]], edges: Iterable[Pair]) -> Comparison:
    """Hold pairs of classes against bases or ancestors; only pairs of classes that are in `truth` are judged."""
    right = {(one, base) for one, bases in truth.items() for base in bases if base != one}
    stated = {(one, base) for one, base in edges if one in truth and base in truth and base != one}
    return Comparison(
        Score(len(right & stated), len(right)),
        Score(len(right & stated), len(stated)),
        [_shown(pair) for pair in sorted(right - stated)],
        [_shown(pair) for pair in sorted(stated - right)],
    )


def _shown(pair: Pair) -> str:
    return f"{pair[0][0]}:{pair[0][1]} -> {pair[1][0]}:{pair[1][1]}"


def compare_imports(truth: Structure, edges: Collection[ImportEdge], *, files: bool = False) -> Comparison:
    """Hold import edges against the statements that ran; with `files`, any place in the right file is right."""
    stated: dict[str, set[Place]] = {}
    for edge in edges:
        stated.setdefault(edge.source, set()).add(_at(edge.target, files))
    names = [
        (path, line, name, {_at(place, files) for place in places})
        for (path, line), statement in sorted(truth.imports.items())
        for name, places in statement
        if any(place[0] != path for place in places)
    ]
    missed = [row for row in names if not row[3] & stated.get(row[0], set())]
    judged = [edge for edge in edges if (edge.source, edge.line) in truth.imports]
    wrong = [edge for edge in judged if _at(edge.target, files) not in _accepted(truth, edge, files)]
    return Comparison(
        Score(len(names) - len(missed), len(names)),
        Score(len(judged) - len(wrong), len(judged)),
        [f"{path}:{line} {name} -> {sorted(places)}" for path, line, name, places in missed],
        [f"{edge.source}:{edge.line} -> {edge.target[0]}:{edge.target[1]}" for edge in wrong],
    )


def _at(place: Place, files: bool) -> Place:
    return (place[0], "") if files else place


def _accepted(truth: Structure, edge: ImportEdge, files: bool) -> set[Place]:
    return {_at(place, files) for _, places in truth.imports[edge.source, edge.line] for place in places}
