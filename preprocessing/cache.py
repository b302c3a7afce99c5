"""The facts of files by key: those of the snapshot before in memory, all others as bytes in a store.

Knows what is worth keeping. Does not know what a key means nor how facts are made; whoever asks makes what is absent.
"""

import logging
from collections.abc import Iterable, Mapping

from cgm.protocols import BlobStore
from preprocessing.facts import FileFacts, decode_facts, encode_facts

_LOG = logging.getLogger(__name__)
_WORDS_OF_LINE = 2  # that differ, on average
_MOST_ROWS = 8_000_000  # in memory between snapshots: about a gigabyte


class FactsCache:
    """Facts under keys; without a store they last from one snapshot to the next."""

    def __init__(self, blobs: BlobStore | None) -> None:
        self._blobs = blobs
        self._kept: dict[str, FileFacts] = {}

    def get(self, keys: Iterable[str]) -> dict[str, FileFacts]:
        """What is known of `keys`; a damaged entry counts as absent. Nothing else stays in memory."""
        wanted = dict.fromkeys(keys)
        found = self._kept = {key: self._kept[key] for key in wanted if key in self._kept}
        missing = sorted(key for key in wanted if key not in found)
        stored = self._blobs.get_many(missing) if self._blobs is not None and missing else {}
        return found | _decoded(stored)

    def put(self, facts: Mapping[str, FileFacts]) -> None:
        """Store facts."""
        if self._blobs is not None and facts:
            self._blobs.put_many({key: encode_facts(one) for key, one in facts.items()})

    def keep(self, facts: Mapping[str, FileFacts]) -> bool:
        """Hold facts in memory for the next snapshot, unless they are too many; whether they are held."""
        is_small = sum(map(_rows, facts.values())) <= _MOST_ROWS
        self._kept = dict(facts) if is_small else {}
        return is_small


def _rows(facts: FileFacts) -> int:
    return len(facts.definitions) + len(facts.calls) + len(facts.references) + facts.lines * _WORDS_OF_LINE


def _decoded(blobs: Mapping[str, bytes]) -> dict[str, FileFacts]:
    found = {}
    for key, content in blobs.items():
        try:
            found[key] = decode_facts(content)
        except ValueError:
            _LOG.warning("facts under %r are damaged and will be made again", key)
    return found
