"""Which statements to ask for when a model is asked for one at a time.

Knows how likely a statement is at fault: one that the issue quotes, as tracebacks do, before others, these by the words
that they share with the issue. Does not know the model: a small one edits well where it is told to, and is bad at
choosing the place.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cgm.text import terms
from reader.context import Context
from reader.syntax import statements

_LINES = 8  # a longer statement is asked for by its parts
_QUOTED = 12  # characters of a line from which on it is not in the issue by chance


@dataclass(frozen=True)
class _Place:
    view: Context
    words: frozenset[str]
    quoted: bool


def focus_statements(views: Sequence[Context], issue: str, most: int) -> tuple[Context, ...]:
    """Put each statement of the functions shown in focus, at most `most` of each function, likely ones first.

    `views` show one function each. A function stands where its likeliest statement puts it, its statements together.
    """
    places = [[_place(view, span, issue) for span in _statements(view)] for view in views]
    score = _Score([place.words for function in places for place in function], frozenset(terms(issue)))

    def likely(place: _Place) -> tuple[bool, float]:
        return place.quoted, score.of(place.words)

    # sorting in reverse keeps the order of equals
    ordered = [sorted(function, key=likely, reverse=True) for function in places if function]
    ordered.sort(key=lambda function: likely(function[0]), reverse=True)
    return tuple(place.view for function in ordered for place in function[:most])


class _Score:
    """Shared words by how rare they are among the statements, against all the words of a statement."""

    def __init__(self, statements: Sequence[frozenset[str]], asked: frozenset[str]) -> None:
        self._asked = asked
        self._count = len(statements)
        self._holding = Counter(word for words in statements for word in words)

    def of(self, words: frozenset[str]) -> float:
        """A number from 0 up; 0 where nothing is shared."""
        shared = self._weight(words & self._asked)
        return shared / math.sqrt(self._weight(words)) if shared else 0.0

    def _weight(self, words: frozenset[str]) -> float:
        return math.fsum(math.log1p(self._count / self._holding[word]) for word in words)


def _place(view: Context, span: tuple[int, int], issue: str) -> _Place:
    lines = [line.strip() for line in view.snippets[0].lines[span[0] - 1 : span[1]]]
    quoted = any(len(line) >= _QUOTED and line in issue for line in lines)
    return _Place(replace(view, focus=span), _words(view, span), quoted)


def _statements(view: Context) -> list[tuple[int, int]]:
    return [
        span
        for function in view.functions[:1]
        for span in statements(view.snippets[0].text, function.start, function.end, _LINES)
    ]


def _words(view: Context, span: tuple[int, int]) -> frozenset[str]:
    """The words of a statement and of the comment above it, which says what it is for."""
    lines, start = view.snippets[0].lines, span[0]
    while start > view.functions[0].start and lines[start - 2].lstrip().startswith("#"):
        start -= 1
    return frozenset(terms(" ".join(lines[start - 1 : span[1]])))
