"""The containment tree of a snapshot: repository, packages, files and what the files define.

Knows nodes and their order. Does not know references between them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from cgm.details import DetailRows
from cgm.graph import ROOT, CodeGraph, EdgeKind, NodeKind
from preprocessing.facts import FileFacts
from preprocessing.languages import BY_NAME

Edge = tuple[int, int, int, float, int]


@dataclass(eq=False)
class Tree:
    """Nodes as growing columns; `files[i]` is the node of file i, `file[n]` the file of node n (-1 above files).

    The definitions of a file follow its node, in order: scope s of file i is node `files[i] + 1 + s`.
    """

    kind: list[int] = field(default_factory=list)
    name: list[str] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    start: list[int] = field(default_factory=list)
    end: list[int] = field(default_factory=list)
    complexity: list[int] = field(default_factory=list)
    details: list[str] = field(default_factory=list)
    parent: list[int] = field(default_factory=list)
    file: list[int] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    packages: dict[str, int] = field(default_factory=dict)

    def _add(self, kind: int, name: str, path: str, lines: tuple[int, int], parent: int, file: int) -> int:
        self.kind.append(kind)
        self.name.append(name)
        self.path.append(path)
        self.start.append(lines[0])
        self.end.append(lines[1])
        self.parent.append(parent)
        self.file.append(file)
        return len(self.kind) - 1

    def add_file(self, path: str, facts: FileFacts) -> None:
        """Append a file with all it defines, and the packages above it that are not there yet."""
        folder, _, base = path.rpartition("/")
        kind = NodeKind.FILE if facts.language in BY_NAME else NodeKind.TEXTFILE
        lines = (1, facts.lines) if facts.lines else (0, 0)
        number = len(self.files)
        node = self._add(int(kind), base, path, lines, self._package(folder), number)
        self.files.append(node)
        self.complexity += (0, *(facts.complexity or [0] * len(facts.definitions)))
        self.details.append(facts.details or "\n" * (1 + len(facts.definitions)))
        for definition in facts.definitions:
            parent = node + 1 + definition.parent
            name = definition.name if parent == node else f"{self.name[parent]}.{definition.name}"
            self._add(definition.kind, name, path, (definition.start, definition.end), parent, number)

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
        self.complexity.append(0)
        self.details.append("\n")
        node = self.packages[path] = self._add(int(kind), name, path, (0, 0), parent, -1)
        return node

    def graph(self, edges: Sequence[Edge], unlinked: dict[str, int]) -> CodeGraph:
        """Freeze the tree with further edges."""
        count = len(self.kind) - 1
        # a definition stands where it begins; a file stands on no line of its folder
        within = [line if self.file[above] >= 0 else 0 for line, above in zip(self.start, self.parent, strict=True)]
        kinds, sources, targets, confidences, lines = zip(*edges, strict=True) if edges else ((),) * 5
        return CodeGraph(
            node_kind=np.array(self.kind, dtype=np.uint8),
            node_name=tuple(self.name),
            node_path=tuple(self.path),
            node_start=np.array(self.start, dtype=np.int32),
            node_end=np.array(self.end, dtype=np.int32),
            edge_kind=np.concatenate([np.full(count, EdgeKind.CONTAINS, np.uint8), np.array(kinds, np.uint8)]),
            edge_source=np.array([*self.parent[1:], *sources], dtype=np.int32),
            edge_target=np.array([*range(1, count + 1), *targets], dtype=np.int32),
            edge_confidence=np.concatenate([np.ones(count, np.float32), np.array(confidences, np.float32)]),
            edge_line=np.array([*within[1:], *lines], dtype=np.int32),
            unlinked=unlinked,
            node_complexity=np.array(self.complexity, dtype=np.int32),
            node_details=DetailRows("".join(self.details).encode("ascii")),
        )


def build_tree(repository: str, paths: Sequence[str], facts: Sequence[FileFacts]) -> Tree:
    """Build the tree of a repository whose files come sorted by path."""
    tree = Tree()
    assert tree.add_folder(NodeKind.REPO, repository, "", -1) == ROOT
    for path, one in zip(paths, facts, strict=True):
        tree.add_file(path, one)
    return tree
