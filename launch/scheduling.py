"""Which piece of work is begun next.

Knows that what is of one repository shares what its first piece makes. Does not know what work is.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

Work = TypeVar("Work")


def next_of(waiting: Sequence[Work], running: Sequence[Work], repository: Callable[[Work], str]) -> Work:
    """The first waiting piece of the repository that the fewest running ones are of; `waiting` is not empty."""
    busy = Counter(map(repository, running))
    return min(waiting, key=lambda work: busy[repository(work)])
