"""Graphs of snapshots one after the other: linked anew only where something else may come out.

Knows when going on from the snapshot before is worth it. Does not know how (`preprocessing.resolve`).
"""

from collections.abc import Sequence

from preprocessing.facts import FileFacts
from preprocessing.resolve import Linked, Linker

_MOST_CHANGED = 0.2  # of the files
_MOST_GROWN = 3  # what was ever looked for, beside what the first snapshot took


class GraphBuilder:
    """Builds graphs one after the other; a graph does not depend on those before."""

    def __init__(self) -> None:
        self._linker: Linker | None = None
        self._repository = ""
        self._size = 0

    def build(self, repository: str, paths: Sequence[str], facts: Sequence[FileFacts]) -> Linked:
        """Link the files of a snapshot. As `preprocessing.resolve.link`."""
        files = dict(zip(paths, facts, strict=True))
        # what stops half way is not gone on from
        linker, self._linker = self._linker, None
        changed = linker.changed(files) if linker is not None and self._may_follow(linker, repository) else None
        if linker is not None and changed is not None and len(changed) <= _MOST_CHANGED * len(files):
            linker.change(files, changed)
        else:
            if linker is not None:
                linker.release()  # two at once are too much
            linker = Linker(repository, files)
            self._repository, self._size = repository, len(linker)
        self._linker = linker
        return linker.linked(paths)

    def forget(self) -> None:
        """Link the next snapshot anew."""
        if self._linker is not None:
            self._linker.release()
        self._linker = None

    def _may_follow(self, linker: Linker, repository: str) -> bool:
        return repository == self._repository and len(linker) <= _MOST_GROWN * self._size
