"""Which identifiers and numbers stand where in a source, and how often.

Knows bytes, spans of prose and zones of scopes. Does not know a grammar (`preprocessing.python.syntax`) nor how words
become search terms (`cgm.text`).

Legend: W words of a source, S spans, P postings.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress, count

import numpy as np
from numpy.typing import NDArray

from preprocessing.facts import BODY, COMMENTS, DOCSTRING, FIELDS, MODULE, SIGNATURE, STRINGS, Words
from preprocessing.zones import Zones

_IntArray = NDArray[np.int64]
_BoolArray = NDArray[np.bool_]
_WORD_BYTES = bytes(byte for byte in range(128) if chr(byte).isalnum() or byte == ord("_"))
_OTHER_BYTES = bytes(byte for byte in range(256) if byte not in _WORD_BYTES)
_BLANKED = bytes.maketrans(_OTHER_BYTES, b" " * len(_OTHER_BYTES))
# names may hold letters beyond ASCII
_BLANKED_NAMES = bytes.maketrans(_OTHER_BYTES[:-128], b" " * (len(_OTHER_BYTES) - 128))
_SPACE, _DOT, _QUOTE, _DOUBLE_QUOTE = b" .'\""
_PROSE_WORD = re.compile(rb"[A-Za-z_]\w*|[0-9]+")
# words of the grammar; None, True and False are kept, since messages name them
_GRAMMAR = {
    word: number
    for number, word in enumerate(
        b"and as assert async await break class continue def del elif else except finally for from global if import in "
        b"is lambda nonlocal not or pass raise return try while with yield".split()
    )
}


@dataclass(frozen=True, eq=False)
class Tokens:
    """The W words of a source in order: the number of each among the different ones, and where it stands."""

    numbers: Mapping[bytes, int]  # those of the grammar first
    number: _IntArray  # W
    start: _IntArray  # W
    end: _IntArray  # W
    part: _IntArray  # W: STRINGS, COMMENTS, or -1 for code
    grammar: int = len(_GRAMMAR)


def find_tokens(
    source: bytes, prose: "Prose", *, names: bool = False, grammar: Mapping[bytes, int] = _GRAMMAR
) -> Tokens:
    """Split a source at all that is no letter, digit or underscore of ASCII or, for `names`, beyond it.

    `grammar` numbers the words of the language from 0.
    """
    text = source.translate(_BLANKED_NAMES if names else _BLANKED)
    is_word = np.frombuffer(b" %b " % text, dtype=np.uint8) != _SPACE
    borders = np.flatnonzero(is_word[1:] != is_word[:-1])
    numbers = defaultdict(count(len(grammar)).__next__, grammar)
    words = text.split()
    number = np.fromiter(map(numbers.__getitem__, words), dtype=np.int64, count=len(words))
    start = borders[::2]
    return Tokens(numbers, number, start, borders[1::2], prose.parts(start), len(grammar))


class Prose:
    """The spans of strings and comments in a source."""

    def __init__(self, strings: Iterable[tuple[int, int]], comments: Iterable[tuple[int, int]]) -> None:
        spans = [(start, end, STRINGS) for start, end in strings] + [(start, end, COMMENTS) for start, end in comments]
        rows = np.array(sorted(spans) or [(0, 0, STRINGS)], dtype=np.int64)
        self._start, self._end, self._part = rows.T

    def parts(self, positions: _IntArray) -> _IntArray:
        """STRINGS, COMMENTS, or -1 for code, of each position."""
        span = np.maximum(np.searchsorted(self._start, positions, side="right") - 1, 0)
        inside = (positions >= self._start[span]) & (positions < self._end[span])
        return np.where(inside, self._part[span], -1)


def find_names(source: bytes, tokens: Tokens, names: Collection[bytes] | None, *, before: bytes = b"") -> list[int]:
    """Where in the code one of `names`, None for any but the grammar's, stands that is no attribute.

    With `before`, only where that byte follows.
    """
    chosen = np.full(len(tokens.numbers), names is None)
    if names is not None:
        chosen[[number for word in names if (number := tokens.numbers.get(word)) is not None]] = True
    chosen[: len(_GRAMMAR)] = False
    is_chosen = chosen[tokens.number] & (tokens.part < 0)
    if before:
        is_chosen &= _byte_at(source, tokens.end) == before[0]
    starts = tokens.start[is_chosen]
    positions: list[int] = starts[_byte_at(source, starts - 1) != _DOT].tolist()
    return positions


def count_words(source: bytes, prose: "Prose", zones: Zones, grammar: Mapping[bytes, int] = _GRAMMAR) -> Words:
    """Count the words of each scope and field; a string's prefix and the name of a definition are none."""
    tokens = find_tokens(source, prose, grammar=grammar)
    zone = np.searchsorted(zones.positions, tokens.start, side="right") - 1
    part, found = zones.fields[zone], tokens.part
    is_code = found < 0
    # a docstring is a string, a doc comment a comment
    part = np.where(is_code | (part == DOCSTRING), part, found)
    kept = ~is_code | ~_is_name_or_prefix(source, tokens, zones)
    kept &= (tokens.number >= tokens.grammar) | ((part != SIGNATURE) & (part != BODY))
    return _tally(
        tuple(tokens.numbers),
        zones.scopes[zone[kept]].astype(np.int64),
        part[kept].astype(np.int64),
        tokens.number[kept],
    )


def _is_name_or_prefix(source: bytes, tokens: Tokens, zones: Zones) -> _BoolArray:
    following = _byte_at(source, tokens.end)
    begins_name = np.zeros(len(source) + 1, dtype=bool)
    begins_name[zones.names] = True
    is_prefix: _BoolArray = (following == _QUOTE) | (following == _DOUBLE_QUOTE)
    return is_prefix | begins_name[tokens.start]


def count_prose(source: bytes) -> Words:
    """Count the words of a text without scopes."""
    counter = Counter(_PROSE_WORD.findall(source))
    size = len(counter)
    return Words(
        vocabulary=tuple(word.decode("ascii") for word in counter),
        scope=np.full(size, MODULE, dtype=np.int32),
        part=np.full(size, BODY, dtype=np.int32),
        word=np.arange(size, dtype=np.int32),
        count=np.array(list(counter.values()), dtype=np.int32),
    )


def _byte_at(source: bytes, positions: _IntArray) -> NDArray[np.uint8]:
    """The byte at each position, a space before and behind the source."""
    return np.frombuffer(b" %b " % source, dtype=np.uint8)[positions + 1]


def _tally(vocabulary: Sequence[bytes], scope: _IntArray, part: _IntArray, number: _IntArray) -> Words:
    """Count equal rows, and keep the words that are left."""
    is_used = np.zeros(len(vocabulary), dtype=bool)
    is_used[number] = True
    word = np.cumsum(is_used)[number] - 1
    keys = np.sort(((scope + 1) * len(FIELDS) + part) * len(vocabulary) + word)
    firsts = np.flatnonzero(np.diff(keys, prepend=-1))
    owner, word = np.divmod(keys[firsts], len(vocabulary))
    return Words(
        vocabulary=tuple(b" ".join(compress(vocabulary, is_used.tolist())).decode("ascii").split()),
        scope=(owner // len(FIELDS) - 1).astype(np.int32),
        part=(owner % len(FIELDS)).astype(np.int32),
        word=word.astype(np.int32),
        count=np.diff(firsts, append=len(keys)).astype(np.int32),
    )
