"""Which files an include of C or C++ names, and whose names a file sees without one.

Knows folders, and that an included file's includes are included. Does not know what a file defines. Files are
numbers into `paths`.
"""

from collections.abc import Sequence
from itertools import takewhile
from posixpath import normpath

from preprocessing.facts import FileFacts
from preprocessing.polyglot.origins import Origin

_EVERYWHERE = ""  # the linker of C knows one space of names


class IncludeOrigins:
    """Paths relative to the including file, or below any folder; all files share what has external linkage."""

    def __init__(self, paths: Sequence[str], facts: Sequence[FileFacts], files: Sequence[int]) -> None:
        self._paths = paths
        self._facts = facts
        self._files = {paths[number]: number for number in files}
        self._by_base: dict[str, list[int]] = {}
        self._seen: dict[int, frozenset[int]] = {}
        for number in files:
            self._by_base.setdefault(paths[number].rpartition("/")[2], []).append(number)

    def find(self, importer: int, module: str) -> Origin | None:
        """The included file: beside the including one unless in <>, else one whose path ends so, the nearest."""
        name = module.strip("<>")
        folder = self._paths[importer].rpartition("/")[0]
        beside = self._files.get(normpath(f"{folder}/{name}".lstrip("/"))) if not module.startswith("<") else None
        if beside is not None:
            return Origin((beside,))
        end = normpath(name).lstrip("./")
        found = [one for one in self._by_base.get(end.rpartition("/")[2], ()) if self._ends(one, end)]
        return Origin((min(found, key=lambda one: self._distance(importer, one)),)) if found else None

    def space(self, file: int) -> str | None:
        """One space for all."""
        del file
        return _EVERYWHERE

    def nearest(self, importer: int, files: Sequence[int]) -> list[int]:
        """The files among some that an importer means: itself, else one it includes, else the nearest."""
        if importer in files:
            return [importer]
        seen = self._included(importer)
        visible = [file for file in files if file in seen]
        if visible:
            return visible
        least = min((self._distance(importer, file) for file in files), default=0)
        return [file for file in files if self._distance(importer, file) == least]

    def sees(self, importer: int, file: int) -> bool:
        """What it includes, as tests do with what they test."""
        return file in self._included(importer)

    def _ends(self, file: int, end: str) -> bool:
        return f"/{self._paths[file]}".endswith(f"/{end}")

    def _distance(self, importer: int, file: int) -> tuple[int, int]:
        here, there = self._paths[importer].split("/")[:-1], self._paths[file].split("/")[:-1]
        shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(here, there, strict=False)))
        return -shared, len(there)

    def _included(self, file: int) -> frozenset[int]:
        """All files that a file includes, over any number of others."""
        if file not in self._seen:
            found = [file]
            known = {file}
            for one in found:
                for row in self._facts[one].imports:
                    origin = self.find(one, row.module)
                    if origin is not None and origin.files[0] not in known:
                        known.add(origin.files[0])
                        found.append(origin.files[0])
            self._seen[file] = frozenset(known)
        return self._seen[file]
