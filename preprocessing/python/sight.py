"""Which definitions code can have to do with, by where they stand.

Knows tests, imports of files and classes inside functions. Does not know what a call means.
"""

from cgm.graph import NodeKind
from preprocessing.meanings import Sort
from preprocessing.python.names import Names


class Sight:
    """Answers whether a definition is within sight of a caller."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._tree = names.tree
        self._tests: dict[str, bool] = {}
        self._seen: tuple[int, frozenset[int]] = (-1, frozenset())

    def may_call(self, source: int, target: int) -> bool:
        """Whether a call that does not name what it runs may run it: code never calls its tests so."""
        return self.is_test(source) or not self.is_test(target)

    def sees(self, source: int, target: int) -> bool:
        """Whether a caller may hold objects of the class that a method is of.

        Those of a class of tests are held where it stands or is imported, and inside its function if it has one.
        """
        if not self.is_test(target):
            return True
        around = self._function_around(self._tree.parent[target])
        if around >= 0:
            return self._is_within(source, around)
        file, other = self._tree.file[source], self._tree.file[target]
        return file == other or other in self._imported(file)

    def is_test(self, node: int) -> bool:
        """Whether a definition is of a test's file."""
        # not cgm.text.is_source_path, which says what an issue's fix may be in: code does call its vendored copies
        path = self._tree.path[node]
        if path not in self._tests:
            self._tests[path] = any(part.startswith(("test", "conftest")) for part in path.split("/"))
        return self._tests[path]

    def _function_around(self, node: int) -> int:
        kind, parent = self._tree.kind, self._tree.parent
        while kind[node] >= NodeKind.CLASS:
            if kind[node] == NodeKind.FUNCTION:
                return node
            node = parent[node]
        return -1

    def _is_within(self, node: int, around: int) -> bool:
        while node >= 0 and node != around:
            node = self._tree.parent[node]
        return node == around

    def _imported(self, file: int) -> frozenset[int]:
        """The files of all that a file imports."""
        if self._seen[0] != file:
            names, rows = self._names, self._names.bindings.imports(file)
            meanings = [one for row in rows for one in (names.module(file, row), *names.imported(file, row))]
            files = (
                one.target if one.sort == Sort.MODULE else self._tree.file[one.target]
                for one in meanings
                if one.sort in (Sort.MODULE, Sort.NODE)
            )
            self._seen = file, frozenset(files)
        return self._seen[1]

    def forget(self) -> None:
        """Forget what was found, since it was only noted for whoever asked first."""
        self._seen = (-1, frozenset())
