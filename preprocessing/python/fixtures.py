"""Where pytest finds the fixtures that a test names as its parameters.

Knows test functions, fixture decorators and conftest files. Does not know what a fixture gives.
"""

from collections.abc import Iterable, Iterator

from cgm.graph import NodeKind
from preprocessing.python.bindings import Bindings
from preprocessing.python.memo import Fact, Memo
from preprocessing.tree import Tree

CONFTESTS = -2  # in the place of a scope, where a folder's conftest file is looked for
_CONFTEST = "conftest.py"


class Fixtures:
    """Scopes that may hold a fixture, nearest first."""

    def __init__(self, tree: Tree, bindings: Bindings, memo: Memo) -> None:
        self._tree = tree
        self._bindings = bindings
        self._memo = memo
        self._conftests: dict[str, int] = {}
        self.change(range(len(tree.files)))

    def change(self, files: Iterable[int]) -> set[Fact]:
        """Take the files that there are; the folders that have another conftest file now."""
        before, tree = self._conftests, self._tree
        nodes = (tree.files[file] for file in files)
        self._conftests = {tree.path[node].rpartition("/")[0]: node for node in nodes if tree.name[node] == _CONFTEST}
        return {(CONFTESTS, folder) for folder, _ in before.items() ^ self._conftests.items()}

    def is_fixture(self, node: int) -> bool:
        """Whether a node is a function that pytest calls for its value."""
        if self._tree.kind[node] != NodeKind.FUNCTION:
            return False
        names = (row.removesuffix("()").rpartition(".")[2] for row in self._bindings.definition(node).decorators)
        return any(name.endswith("fixture") for name in names)

    def takes_fixtures(self, function: int) -> bool:
        """Whether pytest gives a function its arguments."""
        return self._bindings.definition(function).name.startswith("test") or self.is_fixture(function)

    def scopes(self, function: int, name: str) -> Iterator[int]:
        """Scopes that bind a name which pytest may look for: classes around, the file, conftest files above."""
        scope = self._tree.parent[function]
        while self._tree.kind[scope] >= NodeKind.CLASS:
            if self._holds(scope, name, function):
                yield scope
            scope = self._tree.parent[scope]
        if self._holds(scope, name, function):
            yield scope
        folder = self._tree.path[function].rpartition("/")[0]
        while True:
            self._memo.look(CONFTESTS, folder)
            conftest = self._conftests.get(folder)
            if conftest is not None and conftest != scope and self._holds(conftest, name, function):
                yield conftest
            if not folder:
                return
            folder = folder.rpartition("/")[0]

    def _holds(self, scope: int, name: str, function: int) -> bool:
        """Whether a scope binds a name to more than the function itself, which may refine one of its own name."""
        binding = self._bindings.get(scope, name)
        return binding is not None and binding.nodes != [function]
