"""The containment tree of a snapshot: repository, packages, files and what the files define.

Knows nodes and their order, and which definitions of a file are the same as before. Does not know references between
them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cgm.details import DetailRows
from cgm.graph import ROOT, CodeGraph, EdgeKind, NodeKind
from preprocessing.facts import MODULE, FileFacts
from preprocessing.languages import BY_NAME


@dataclass(frozen=True, eq=False)
class Links:
    """E edges as columns, each of E."""

    kind: NDArray[np.uint8]
    source: NDArray[np.int32]
    target: NDArray[np.int32]
    confidence: NDArray[np.float32]
    line: NDArray[np.int32]


NO_LINKS = Links(
    np.zeros(0, np.uint8), np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.float32), np.zeros(0, np.int32)
)


@dataclass(eq=False)
class Tree:
    """Nodes as growing columns; `files[i]` is the node of file i, `file[n]` the file of node n (-1 above files).

    `scopes[i][s]` is the node of scope s of file i, the last one that of the file itself, which is scope -1. In a tree
    that was just built they follow the file's node, in order. `place[n]` is the scope of node n in its file.
    """

    kind: list[int] = field(default_factory=list)
    name: list[str] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    start: list[int] = field(default_factory=list)
    end: list[int] = field(default_factory=list)
    parent: list[int] = field(default_factory=list)
    file: list[int] = field(default_factory=list)
    place: list[int] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    scopes: list[list[int]] = field(default_factory=list)
    packages: dict[str, int] = field(default_factory=dict)

    def _add(self, kind: int, name: str, path: str, lines: tuple[int, int], parent: int, at: tuple[int, int]) -> int:
        self.kind.append(kind)
        self.name.append(name)
        self.path.append(path)
        self.start.append(lines[0])
        self.end.append(lines[1])
        self.parent.append(parent)
        self.file.append(at[0])
        self.place.append(at[1])
        return len(self.kind) - 1

    def add_file(self, path: str, language: str) -> None:
        """Append a file that defines nothing yet, and the packages above it that are not there yet."""
        folder, _, base = path.rpartition("/")
        kind = NodeKind.FILE if language in BY_NAME else NodeKind.TEXTFILE
        node = self._add(int(kind), base, path, (0, 0), self._package(folder), (len(self.files), MODULE))
        self.files.append(node)
        self.scopes.append([node])

    def define(self, number: int, facts: FileFacts, known: Sequence[int]) -> None:
        """Give a file what it defines: for each definition its known node, or a new one where that is -1."""
        top = self.files[number]
        path = self.path[top]
        self.start[top], self.end[top] = (1, facts.lines) if facts.lines else (0, 0)
        scopes: list[int] = []
        for scope, (definition, node) in enumerate(zip(facts.definitions, known, strict=True)):
            parent = scopes[definition.parent] if definition.parent >= 0 else top
            name = definition.name if parent == top else f"{self.name[parent]}.{definition.name}"
            lines = definition.start, definition.end
            if node < 0:
                scopes.append(self._add(definition.kind, name, path, lines, parent, (number, scope)))
            else:
                self.name[node], self.place[node], (self.start[node], self.end[node]) = name, scope, lines
                scopes.append(node)
        self.scopes[number] = [*scopes, top]

    def is_there(self, node: int) -> bool:
        """Whether a node of a file, which had it once, is among those of its file still."""
        scopes, place = self.scopes[self.file[node]], self.place[node]
        return place < len(scopes) and scopes[place] == node

    def _package(self, folder: str) -> int:
        """The node of a folder, made with its parents where it is new."""
        new = []
        while folder not in self.packages:
            new.append(folder)
            folder = folder.rpartition("/")[0]
        node = self.packages[folder]
        for one in reversed(new):
            node = self.add_folder(NodeKind.PACKAGE, one, one, node)
        return node

    def add_folder(self, kind: NodeKind, name: str, path: str, parent: int) -> int:
        """Append the repository or a package."""
        node = self.packages[path] = self._add(int(kind), name, path, (0, 0), parent, (-1, MODULE))
        return node

    def order(self, files: Iterable[int]) -> list[int]:
        """The nodes of some files, and of the folders that they are in, in the order of a graph."""
        order, seen = [ROOT], {ROOT}
        for number in files:
            above: list[int] = []
            node = self.parent[self.files[number]]
            while node not in seen:
                above.append(node)
                node = self.parent[node]
            seen.update(above)
            *definitions, top = self.scopes[number]
            order += (*reversed(above), top, *definitions)
        return order

    def numbers(self, order: Sequence[int]) -> NDArray[np.int32]:
        """N: the number of each node in a graph of some order, -1 where it is not in it."""
        numbers = np.full(len(self.kind), -1, dtype=np.int32)
        numbers[order] = np.arange(len(order))
        return numbers

    def graph(
        self, files: Mapping[int, FileFacts], order: Sequence[int], links: Links, unlinked: dict[str, int]
    ) -> CodeGraph:
        """Freeze some files, which come with their facts as `order` has them, with further edges in that order."""
        chosen, number = np.array(order, dtype=np.int32), self.numbers(order)
        above = np.array(self.parent, dtype=np.int32)[chosen]
        start = np.array(self.start, dtype=np.int32)[chosen]
        parent = number[above[1:]]
        # a definition stands where it begins; a file stands on no line of its folder
        is_within = np.array(self.file, dtype=np.int32)[above[1:]] >= 0
        count = len(order) - 1
        complexity, details = self._said(files, number)
        return CodeGraph(
            node_kind=np.array(self.kind, dtype=np.uint8)[chosen],
            node_name=tuple(map(self.name.__getitem__, order)),
            node_path=tuple(map(self.path.__getitem__, order)),
            node_start=start,
            node_end=np.array(self.end, dtype=np.int32)[chosen],
            edge_kind=np.concatenate([np.full(count, EdgeKind.CONTAINS, np.uint8), links.kind]),
            edge_source=np.concatenate([parent, links.source]),
            edge_target=np.concatenate([np.arange(1, count + 1, dtype=np.int32), links.target]),
            edge_confidence=np.concatenate([np.ones(count, np.float32), links.confidence]),
            edge_line=np.concatenate([np.where(is_within, start[1:], 0).astype(np.int32), links.line]),
            unlinked=unlinked,
            node_complexity=complexity,
            node_details=details,
        )

    def _said(self, files: Mapping[int, FileFacts], number: NDArray[np.int32]) -> tuple[NDArray[np.int32], DetailRows]:
        """The complexity and the details of every node; folders have neither."""
        complexity: list[int] = []
        lines: list[str] = []
        for file, one in files.items():
            size, folders = len(one.definitions), int(number[self.files[file]]) - len(complexity)
            complexity += (*[0] * (folders + 1), *(one.complexity or [0] * size))
            lines += ["\n" * folders, one.details or "\n" * (1 + size)]
        if not files:
            return np.zeros(1, dtype=np.int32), DetailRows(b"\n")
        return np.array(complexity, dtype=np.int32), DetailRows("".join(lines).encode("ascii"))


def build_tree(repository: str, paths: Sequence[str], facts: Sequence[FileFacts]) -> Tree:
    """Build the tree of a repository whose files come sorted by path."""
    tree = Tree()
    assert tree.add_folder(NodeKind.REPO, repository, "", -1) == ROOT
    for number, (path, one) in enumerate(zip(paths, facts, strict=True)):
        tree.add_file(path, one.language)
        tree.define(number, one, [-1] * len(one.definitions))
    return tree


def same_definitions(old: FileFacts, new: FileFacts) -> list[int]:
    """The scope that each definition had before, -1 where something else than its lines has changed."""
    before = {key: scope for scope, key in enumerate(_identities(old))}
    kept: list[int] = []
    for definition, key in zip(new.definitions, _identities(new), strict=True):
        scope = before.get(key, -1)
        is_inside = definition.parent < 0 or (scope >= 0 and kept[definition.parent] == old.definitions[scope].parent)
        kept.append(scope if is_inside else -1)
    return kept


def _identities(facts: FileFacts) -> Iterator[tuple[object, ...]]:
    """What a definition is known by in its file: its names, all it says but lines, and which of equals it is."""
    names: list[str] = []
    seen: Counter[tuple[object, ...]] = Counter()
    for scope, one in enumerate(facts.definitions):
        # a lambda without a name is called after its line
        name = "<lambda>" if one.name.startswith("<") else one.name
        names.append(f"{names[one.parent]}.{name}" if one.parent >= 0 else name)
        said = (one.kind, names[scope], one.bases, one.decorators, one.returns, one.is_abstract)
        key = (*said, facts.parameters.get(scope))
        seen[key] += 1
        yield (*key, seen[key])
