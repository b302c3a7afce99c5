"""Names of small snapshots, for the tests of what answers questions about them."""

from collections.abc import Callable, Mapping

import pytest

from preprocessing.python.modules import Modules
from preprocessing.python.names import Names
from preprocessing.python.parse import parse_python
from preprocessing.tree import build_tree


@pytest.fixture
def names_of() -> Callable[[Mapping[str, str]], Names]:
    """Registers Python files, which come sorted by path."""

    def build(files: Mapping[str, str]) -> Names:
        facts = [parse_python(source.encode()) for source in files.values()]
        return Names(build_tree("r", list(files), facts), Modules(dict(enumerate(files))), facts)

    return build


@pytest.fixture
def node_of() -> Callable[[Names, str], int]:
    """Finds a definition of `a.py`, or that file under an empty name."""

    def find(names: Names, name: str) -> int:
        rows = list(zip(names.tree.path, names.tree.name, strict=True))
        return rows.index(("a.py", name or "a.py"))

    return find
