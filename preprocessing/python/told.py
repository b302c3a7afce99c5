"""What files tell of functions that may stand elsewhere.

Knows who told what, and notes who looked. Does not know what is told.
"""

from collections.abc import Collection, Hashable
from typing import Generic, TypeVar

from preprocessing.python.memo import Fact, Memo

Row = TypeVar("Row", bound=Hashable)


class Told(Generic[Row]):
    """Rows under functions, as each file tells them; two files do not tell the same."""

    def __init__(self, memo: Memo, what: str) -> None:
        self._memo = memo
        self._what = what
        self._rows: dict[int, dict[Row, None]] = {}
        self._by_file: dict[int, set[tuple[int, Row]]] = {}

    def of(self, function: int) -> Collection[Row]:
        """All that is told of a function."""
        self._memo.look(function, self._what)
        return self._rows.get(function, {})

    def tell(self, file: int, rows: set[tuple[int, Row]]) -> set[Fact]:
        """Take what a file tells instead of what it told before; what is told otherwise now."""
        before = self._by_file.pop(file, set())
        for function, row in before - rows:
            del self._rows[function][row]
        for function, row in rows - before:
            self._rows.setdefault(function, {})[row] = None
        if rows:
            self._by_file[file] = rows
        return {(function, self._what) for function, _ in before ^ rows}
