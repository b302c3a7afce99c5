"""Which scope, and which part of it, owns each byte of a source.

Knows borders between zones. Does not know a language, nor where its zones lie.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray


class Zones(NamedTuple):
    """Where zones begin, their scopes and fields, and where the names of definitions stand: three columns and one."""

    positions: NDArray[np.int32]
    scopes: NDArray[np.int32]
    fields: NDArray[np.int32]
    names: NDArray[np.int32]

    @classmethod
    def of(cls, positions: Sequence[int], owners: Sequence[tuple[int, int]], names: Iterable[int]) -> Self:
        """The zones that begin at sorted positions, each owned by a scope and a field, as arrays."""
        scopes, fields = np.array(owners, dtype=np.int32).T
        return cls(np.array(positions, dtype=np.int32), scopes, fields, np.array(sorted(names), dtype=np.int32))
