"""Which file an import names.

Knows module names, source roots and relative imports. Does not know what a module holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import takewhile

_SOURCE_ROOTS = frozenset({"src", "lib", "python", "Lib"})
_SUFFIXES = (".py", ".pyi")  # of two files of one module the source counts, not the stub


@dataclass(eq=False)
class Modules:
    """Module files and folders of a snapshot; a place is a file's number, or a folder's path.

    `paths` are those of the Python files, in order.
    """

    paths: Mapping[int, str]
    _files: dict[str, int] = field(default_factory=dict)  # `a/b` of a/b.py and of a/b/__init__.py
    _folders: set[str] = field(default_factory=set)
    _packages: set[str] = field(default_factory=set)
    _rooted: dict[str, list[int]] = field(default_factory=dict)  # `a/b` below a source root

    def __post_init__(self) -> None:
        """Register every Python file under the names it can be imported by."""
        for suffix in _SUFFIXES:
            for number, path in self.paths.items():
                if path.endswith(suffix):
                    self._add(number, path.removesuffix(suffix))
        for stem, number in self._files.items():
            self._add_rooted(stem, number)

    def _add(self, number: int, stem: str) -> None:
        folder, _, name = stem.rpartition("/")
        if name == "__init__":
            stem = folder
            self._packages.add(folder)
        self._files.setdefault(stem, number)
        while folder not in self._folders:
            self._folders.add(folder)
            folder = folder.rpartition("/")[0]

    def _add_rooted(self, stem: str, number: int) -> None:
        """Name a file from its outermost package, or from a folder that is called like a source root."""
        root = stem.rpartition("/")[0]
        while root in self._packages and root:
            root = root.rpartition("/")[0]
        name = stem.removeprefix(f"{root}/")
        if root and ("/" in name or stem in self._packages or root.rpartition("/")[2] in _SOURCE_ROOTS):
            self._rooted.setdefault(name, []).append(number)

    def find(self, importer: int, module: str, level: int) -> int | str | None:
        """The file or folder of `from <level dots><module> import ...`, None where it is not of this snapshot."""
        stem = self.stem(importer, module, level)
        return self._at(stem) if level else self._absolute(self.paths[importer].rpartition("/")[0], stem)

    def stem(self, importer: int, module: str, level: int) -> str:
        """The path that an import names, without what a file's name ends with; from a root where it has no dots."""
        name = module.replace(".", "/")
        if not level:
            return name
        folder = self.paths[importer].rpartition("/")[0]
        for _ in range(level - 1):
            folder = folder.rpartition("/")[0]
        return "/".join(filter(None, (folder, name)))

    def child(self, place: int | str, name: str) -> int | str | None:
        """The module or folder `name` inside a package."""
        if isinstance(place, str):
            return self._at(f"{place}/{name}" if place else name)
        folder, _, base = self.paths[place].rpartition("/")
        return self._at(f"{folder}/{name}" if folder else name) if base.startswith("__init__.") else None

    def table(self) -> set[tuple[str, int | str]]:
        """What is found under each name, which may be but the end of what an import names.

        The modules of a folder are found otherwise where it becomes a package.
        """
        stems: list[tuple[str, int | str]] = [*self._files.items(), *((folder, folder) for folder in self._folders)]
        stems += ((name, number) for name, numbers in self._rooted.items() for number in numbers)
        packaged = ((stem, "package") for stem in self._files if stem.rpartition("/")[0] in self._packages)
        return {(stem.rpartition("/")[2], f"{stem} {place}") for stem, place in (*stems, *packaged)}

    def _at(self, stem: str) -> int | str | None:
        if stem in self._files:
            return self._files[stem]
        return stem if stem in self._folders else None

    def _absolute(self, folder: str, name: str) -> int | str | None:
        if not name:
            return None
        if name in self._files:
            return self._files[name]
        if found := self._rooted.get(name):
            return max(found, key=lambda number: _shared_folders(self.paths[number], folder))
        if folder and folder not in self._packages and f"{folder}/{name}" in self._files:
            return self._files[f"{folder}/{name}"]
        return self._folder(name)

    def _folder(self, name: str) -> str | None:
        for candidate in (name, *(f"{root}/{name}" for root in sorted(_SOURCE_ROOTS))):
            if candidate in self._folders:
                return candidate
        return None


def _shared_folders(path: str, folder: str) -> int:
    """How many folders two paths have in common from the top."""
    pairs = zip(path.split("/"), folder.split("/"), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
