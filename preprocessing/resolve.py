"""Phase 2: the facts of a snapshot's files into one code graph, and of the snapshots that follow.

Knows how the edges of files make a graph. Does not know how edges are found (`preprocessing.python.linker`,
`preprocessing.polyglot.linker`). Files and nodes keep their numbers from one snapshot to the next; in a graph they
come in order.

Legend: N nodes, E edges.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cgm.graph import CodeGraph
from preprocessing.edges import Edges, Unlinked
from preprocessing.facts import PYTHON, FileFacts
from preprocessing.languages import BY_NAME
from preprocessing.polyglot.linker import FamilyLinker, families
from preprocessing.python.linker import PythonLinker
from preprocessing.tree import NO_LINKS, Links, build_tree

_Files = Mapping[str, FileFacts]  # by path


@dataclass(frozen=True, eq=False)
class Linked:
    """A code graph and the node of each file, in the order of the files.

    `unlinked` lists what became no edge, where that was asked for.
    """

    graph: CodeGraph
    files: tuple[int, ...]
    unlinked: tuple[Unlinked, ...] = ()


def link(repository: str, paths: Sequence[str], facts: Sequence[FileFacts], *, lists_unlinked: bool = False) -> Linked:
    """Link the files of a snapshot; the result does not depend on their order, but `files` has it."""
    linker = Linker(repository, dict(zip(paths, facts, strict=True)), lists_unlinked=lists_unlinked)
    linked = linker.linked(paths)
    linker.release()
    return linked


class _Part(NamedTuple):
    """What linking a file, or a family of languages, gave."""

    links: Links
    unlinked: dict[str, int]
    listed: tuple[Unlinked, ...]


class Linker:
    """Links a snapshot and those that follow; the result does not depend on which were linked before."""

    def __init__(self, repository: str, files: _Files, *, lists_unlinked: bool = False) -> None:
        self._repository = repository
        self._lists_unlinked = lists_unlinked
        self._files = _in_order(files)
        self._numbers = {path: number for number, path in enumerate(self._files)}
        facts = list(self._files.values())
        self._tree = build_tree(repository, list(self._files), facts)
        self._order = list(range(len(self._tree.kind)))
        self._parts: dict[int, _Part] = {}
        self._python = PythonLinker(self._tree, self._python_files(), facts)
        self._link_python(self._python_files())
        self._families = self._link_families()

    def release(self) -> None:
        """Forget everything, as what refers to itself in circles."""
        self._python.release()

    def __len__(self) -> int:
        """How much was ever looked for."""
        return len(self._python)

    def changed(self, files: _Files) -> set[str]:
        """The paths of the files that are others than now, or only there or here."""
        ours = self._files
        return {path for path in files.keys() | ours.keys() if files.get(path) is not ours.get(path)}

    def change(self, files: _Files, changed: set[str]) -> None:
        """Go on to another snapshot of the repository, whose `changed` are known."""
        before = self._files
        self._files = _in_order(files)
        for path in sorted(changed - self._numbers.keys()):
            self._numbers[path] = len(self._numbers)
            self._tree.add_file(path, files[path].language)
        python = self._python_files()
        self._python.change({self._numbers[path]: files.get(path) for path in changed}, python)
        for path in changed - files.keys():
            self._parts.pop(self._numbers[path], None)
        self._order = self._tree.order(self._numbers[path] for path in self._files)
        self._link_python(python.keys() & {self._numbers[path] for path in changed})
        facts = (one for path in changed for one in (before.get(path), files.get(path)) if one is not None)
        if any(_is_told(one) for one in facts):
            self._families = self._link_families()

    def linked(self, paths: Sequence[str]) -> Linked:
        """The graph, and the nodes of some files."""
        parts = [*self._parts.values(), *self._families]
        unlinked: Counter[str] = Counter()
        for part in parts:
            unlinked.update(part.unlinked)
        files = {self._numbers[path]: facts for path, facts in self._files.items()}
        shown = self._tree.numbers(self._order)
        links = _in_graph([part.links for part in parts], shown)
        graph = self._tree.graph(files, self._order, links, dict(sorted(unlinked.items())))
        nodes = shown[[self._tree.files[self._numbers[path]] for path in paths]].tolist()
        listed = [row for part in parts for row in part.listed]
        return Linked(graph, tuple(nodes), tuple(sorted(listed, key=_place)))

    def _python_files(self) -> dict[int, str]:
        return {self._numbers[path]: path for path, facts in self._files.items() if facts.language == PYTHON}

    def _link_python(self, files: Iterable[int]) -> None:
        for file, edges in self._python.link(files, lists_unlinked=self._lists_unlinked).items():
            self._parts[file] = _part(edges)

    def _link_families(self) -> list[_Part]:
        """Link all other languages, over a tree of their own with the graph's numbers."""
        paths, facts = list(self._files), list(self._files.values())
        tree, ours = None, np.array(self._order, dtype=np.int32)
        parts = []
        for family in families(facts):
            tree = tree or build_tree(self._repository, paths, facts)
            edges = Edges(tree, lists_unlinked=self._lists_unlinked)
            FamilyLinker(tree, paths, facts, family, edges).link()
            part = _part(edges)
            links = replace(part.links, source=ours[part.links.source], target=ours[part.links.target])
            parts.append(part._replace(links=links))
        return parts


def _in_graph(parts: Sequence[Links], shown: NDArray[np.int32]) -> Links:
    """All edges in the graph's numbers, by kind and ends."""
    columns = [np.concatenate([getattr(one, field.name) for one in (NO_LINKS, *parts)]) for field in fields(Links)]
    kind, source, target, confidence, line = columns
    source, target = shown[source], shown[target]
    order = np.lexsort((target, source, kind))
    return Links(kind[order], source[order], target[order], confidence[order], line[order])


def _in_order(files: _Files) -> dict[str, FileFacts]:
    paths = sorted(files, key=lambda path: path.encode("utf-8", "surrogateescape"))
    return {path: files[path] for path in paths}


def _is_told(facts: FileFacts) -> bool:
    """Whether the linkers of other languages look at a file."""
    return facts.language != PYTHON and (facts.language in BY_NAME or bool(facts.clauses))


def _part(edges: Edges) -> _Part:
    return _Part(edges.links(), edges.unlinked(), edges.listed())


def _place(row: Unlinked) -> tuple[str, int, str, str, str]:
    return row.path, row.line, row.kind, row.chain, row.reason
