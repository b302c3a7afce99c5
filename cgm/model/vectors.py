"""Vectors of texts that were encoded before, kept in memory up to a size.

Knows bytes under keys, oldest use first to go. Does not know what they mean.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence


class MemoryBlobs:
    """A `BlobStore` in memory that holds at most `most` bytes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """What is held of `keys`."""
        found = {key: self._kept[key] for key in keys if key in self._kept}
        for key in found:
            self._kept.move_to_end(key)
        return found

    def put_many(self, values: Mapping[str, bytes]) -> None:
        """Keep values, and let go of those that were not used for longest."""
        for key, value in values.items():
            self._size += len(value) - len(self._kept.get(key, b""))
            self._kept[key] = value
            self._kept.move_to_end(key)
        while self._size > self._most:
            _, dropped = self._kept.popitem(last=False)
            self._size -= len(dropped)
