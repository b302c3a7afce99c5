"""Which files an import of any language but Python names.

Knows paths, packages and manifests. Does not know what a file defines. Files are numbers into `paths`.
"""

from collections.abc import Sequence
from posixpath import normpath
from typing import NamedTuple, Protocol

from preprocessing.facts import DECLARES, PACKAGE, Clause, FileFacts

_SCRIPT_SUFFIXES = (".ts", ".tsx", ".d.ts", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts")
_SCRIPT_ENTRIES = ("index", "src/index", "lib/index", "src/main", "source/index")


class Origin(NamedTuple):
    """The files that an import names together, and the names within them that are left of it."""

    files: tuple[int, ...]
    rest: tuple[str, ...] = ()


class Origins(Protocol):
    """Where imports of one family of languages lead."""

    def find(self, importer: int, module: str) -> Origin | None:
        """What an import of a file leads to, None where it is not of this snapshot."""

    def space(self, file: int) -> str | None:
        """The name space that a file shares with others without an import, None where it shares none."""

    def nearest(self, importer: int, files: Sequence[int]) -> list[int]:
        """The files, of some that define one name of a space, that a file means by it."""

    def sees(self, importer: int, file: int) -> bool:
        """Whether a file knows what another keeps to itself."""


class Plain:
    """Where all files of a name space are alike."""

    def nearest(self, importer: int, files: Sequence[int]) -> list[int]:
        """All of them."""
        del importer
        return list(files)

    def sees(self, importer: int, file: int) -> bool:
        """Itself alone."""
        return importer == file


class PathOrigins(Plain):
    """Paths relative to the importing file; other names are packages, some of which the snapshot may hold."""

    def __init__(self, paths: Sequence[str], facts: Sequence[FileFacts], files: Sequence[int]) -> None:
        self._paths = paths
        self._files = {paths[number]: number for number in files}
        self._packages: dict[str, str] = {}
        self._entries: dict[str, str] = {}
        for path, clause in declared_names(paths, facts, "package.json"):
            folder = path.rpartition("/")[0]
            self._packages.setdefault(clause.value, folder)
            self._entries[folder] = clause.subject

    def find(self, importer: int, module: str) -> Origin | None:
        """What an import of a file leads to."""
        if module.startswith("."):
            place = normpath(f"{self._paths[importer].rpartition('/')[0]}/{module}".lstrip("/"))
            place = "" if place == "." else place
            found = self._at(place)
            if found is None and place in self._entries:
                found = self._entry(place)
        else:
            found = self._in_package(module)
        return None if found is None else Origin((found,))

    def space(self, file: int) -> str | None:
        """A script shares nothing."""
        del file
        return None

    def _at(self, place: str) -> int | None:
        """The file at a path that may lack its suffix, have that of its compiled form, or be a folder."""
        stem, dot, suffix = place.rpartition(".")
        stems = [stem] if dot and suffix in ("js", "jsx", "mjs", "cjs") else []
        candidates = [place, *(f"{one}{end}" for one in (place, *stems) for end in _SCRIPT_SUFFIXES)]
        candidates += [f"{place}/index{end}".lstrip("/") for end in _SCRIPT_SUFFIXES]
        return next((self._files[one] for one in candidates if one in self._files), None)

    def _in_package(self, module: str) -> int | None:
        """A file of a package of this snapshot, by the name that its manifest declares."""
        parts = module.split("/")
        for size in range(len(parts), 0, -1):
            folder = self._packages.get("/".join(parts[:size]))
            if folder is not None:
                inner = "/".join(parts[size:])
                return self._first(folder, (inner, f"src/{inner}", f"lib/{inner}")) if inner else self._entry(folder)
        return None

    def _entry(self, folder: str) -> int | None:
        """The file that a folder with a manifest is imported as."""
        return self._first(folder, (*filter(None, [self._entries[folder]]), *_SCRIPT_ENTRIES))

    def _first(self, folder: str, places: Sequence[str]) -> int | None:
        found = (self._at(normpath(f"{folder}/{one}".lstrip("/"))) for one in places)
        return next((one for one in found if one is not None), None)


class PackageOrigins(Plain):
    """Dotted names below the packages that files declare."""

    def __init__(self, paths: Sequence[str], facts: Sequence[FileFacts], files: Sequence[int]) -> None:
        del paths
        self._space = [next((row.value for row in one.clauses if row.kind == PACKAGE), "") for one in facts]
        self._files: dict[str, list[int]] = {}
        for number in files:
            self._files.setdefault(self._space[number], []).append(number)

    def find(self, importer: int, module: str) -> Origin | None:
        """The package that begins a dotted name, and the rest of it."""
        del importer
        parts = module.split(".")
        for size in range(len(parts), 0, -1):
            files = self._files.get(".".join(parts[:size]))
            if files:
                return Origin(tuple(files), tuple(parts[size:]))
        return None

    def space(self, file: int) -> str | None:
        """The package of a file."""
        return self._space[file]


def declared_names(paths: Sequence[str], facts: Sequence[FileFacts], base: str) -> list[tuple[str, Clause]]:
    """What the manifests of one kind declare, with their paths, the outermost first."""
    found = [
        (path, clause)
        for path, one in zip(paths, facts, strict=True)
        if path.rpartition("/")[2] == base
        for clause in one.clauses
        if clause.kind == DECLARES
    ]
    return sorted(found, key=lambda row: (row[0].count("/"), row[0]))
