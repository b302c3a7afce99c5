"""Which files a Go import names: those of one package in one folder.

Knows module paths and packages. Does not know what a file defines. Files are numbers into `paths`.
"""

from collections import Counter
from collections.abc import Sequence

from preprocessing.facts import PACKAGE, FileFacts
from preprocessing.polyglot.origins import Origin, Plain, declared_names

_TEST = "_test"


class FolderOrigins(Plain):
    """Folders below the module path that a go.mod declares; without any, folders that end an import's path."""

    def __init__(self, paths: Sequence[str], facts: Sequence[FileFacts], files: Sequence[int]) -> None:
        self._space: dict[int, str] = {}
        self._roots = {row.value: path.rpartition("/")[0] for path, row in declared_names(paths, facts, "go.mod")}
        packages: dict[str, dict[str, list[int]]] = {}
        for file in files:
            folder = paths[file].rpartition("/")[0]
            package = next((row.value for row in facts[file].clauses if row.kind == PACKAGE), "")
            self._space[file] = f"{folder}:{package}"
            packages.setdefault(folder, {}).setdefault(package, []).append(file)
        self._files = {folder: _main_package(found) for folder, found in packages.items()}

    def find(self, importer: int, module: str) -> Origin | None:
        """The files of the package that a path names, None where it is not of this snapshot."""
        del importer
        folder = self._folder(module)
        files = self._files.get(folder) if folder is not None else None
        return Origin(tuple(files)) if files else None

    def space(self, file: int) -> str | None:
        """The package of a file: its tests may be of one of their own."""
        return self._space[file]

    def _folder(self, module: str) -> str | None:
        parts = module.split("/")
        for size in range(len(parts), 0, -1):
            root = self._roots.get("/".join(parts[:size]))
            if root is not None:
                return "/".join(filter(None, (root, *parts[size:])))
        if self._roots or "." not in parts[0]:
            return None
        # a project without modules is imported by where it is hosted
        return next((end for size in range(1, len(parts)) if (end := "/".join(parts[size:])) in self._files), None)


def _main_package(packages: dict[str, list[int]]) -> list[int]:
    """The package of a folder that others import: the largest that is none of tests."""
    sizes = Counter({name: len(files) for name, files in packages.items() if not name.endswith(_TEST)})
    return packages[min(sizes, key=lambda name: (-sizes[name], name))] if sizes else []
