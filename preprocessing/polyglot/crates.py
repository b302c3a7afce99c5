"""Which file a Rust path names: modules below a crate, and crates of a workspace.

Knows where the files of modules lie, and Cargo's names of folders. Does not know what a file defines. Files are
numbers into `paths`.
"""

from collections.abc import Sequence

from preprocessing.facts import FileFacts
from preprocessing.polyglot.expressions import MODULE_AROUND, OWN_MODULE
from preprocessing.polyglot.origins import Origin, Plain, declared_names

_ROOTS = frozenset({"lib.rs", "main.rs"})
_OWN = frozenset({"self", OWN_MODULE})
_AROUND = frozenset({"super", MODULE_AROUND})


class CrateOrigins(Plain):
    """Paths of modules from the own module, the crate's first, or the name of a crate of this snapshot."""

    def __init__(self, paths: Sequence[str], facts: Sequence[FileFacts], files: Sequence[int]) -> None:
        self._paths = paths
        self._files = {paths[number]: number for number in files}
        self._crates: dict[str, int] = {}
        for path, row in declared_names(paths, facts, "Cargo.toml"):
            folder = path.rpartition("/")[0]
            root = next((self._files[one] for one in _entries(folder) if one in self._files), None)
            if root is not None:
                self._crates.setdefault(row.value, root)

    def find(self, importer: int, module: str) -> Origin | None:
        """The file of the longest part of a path that is a module, and the rest of the path."""
        parts = module.split(".") if module else []
        start = self._start(importer, parts)
        if start is None:
            return None
        file, used = start
        for number in range(used, len(parts)):
            child = self._child(file, parts[number])
            if child is None:
                return Origin((file,), tuple(parts[number:]))
            file = child
        return Origin((file,))

    def space(self, file: int) -> str | None:
        """A module shares nothing."""
        del file
        return None

    def _start(self, importer: int, parts: Sequence[str]) -> tuple[int, int] | None:
        """The file that a path begins in, and how many of its parts say so."""
        head = parts[0] if parts else "self"
        if head == "crate":
            return self._root(importer), 1
        if head in _OWN:
            return importer, min(len(parts), 1)
        if head in _AROUND:
            return self._above(importer, parts)
        if self._child(importer, head) is not None:
            return importer, 0
        if head in self._crates:
            return self._crates[head], 1
        root = self._root(importer)
        return (root, 0) if self._child(root, head) is not None else None

    def _above(self, file: int, parts: Sequence[str]) -> tuple[int, int] | None:
        used = 0
        while used < len(parts) and parts[used] in _AROUND:
            parent = self._parent(file)
            if parent is None:
                return None
            file, used = parent, used + 1
        return file, used

    def _root(self, file: int) -> int:
        parent = self._parent(file)
        while parent is not None:
            file, parent = parent, self._parent(parent)
        return file

    def _child(self, file: int, name: str) -> int | None:
        """The file of a module that another may declare."""
        for folder in self._child_folders(file):
            for path in (f"{folder}{name}.rs", f"{folder}{name}/mod.rs"):
                found = self._files.get(path)
                if found is not None and found != file:
                    return found
        return None

    def _child_folders(self, file: int) -> tuple[str, ...]:
        folder, _, base = self._paths[file].rpartition("/")
        here = f"{folder}/" if folder else ""
        if base == "mod.rs" or base in _ROOTS:
            return (here,)
        below = f"{here}{base.removesuffix('.rs')}/"
        # a test, example or binary is a crate of its own, whose modules lie beside it
        return (below, here) if self._parent(file) is None else (below,)

    def _parent(self, file: int) -> int | None:
        """The file of the module around a file's, None for the first of a crate."""
        folder, _, base = self._paths[file].rpartition("/")
        if base in _ROOTS:
            return None
        if base == "mod.rs":
            folder = folder.rpartition("/")[0]
        here = f"{folder}/" if folder else ""
        candidates = (f"{folder}.rs", *(f"{here}{name}" for name in ("mod.rs", "lib.rs", "main.rs")))
        return next((self._files[one] for one in candidates if one in self._files), None)


def _entries(folder: str) -> tuple[str, ...]:
    here = f"{folder}/" if folder else ""
    return tuple(f"{here}{name}" for name in ("src/lib.rs", "lib.rs", "src/main.rs", "main.rs"))
