"""The past of a code graph's nodes: the commits that touched them, and the nodes that changed with them.

Knows columns and how to ask them. Does not know git, nor how lines are followed through commits (`preprocessing`).

Legend: C commits, T touches, K pairs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Touch(NamedTuple):
    """One commit's change of a node, by the commit's position, with the lines that it added and took away."""

    commit: int
    added: int
    deleted: int


class Neighbour(NamedTuple):
    """A node that changed with another in `commits` commits; recent and small ones weigh most."""

    node: int
    weight: float
    commits: int


@dataclass(frozen=True, eq=False)
class History:
    """The ancestors of a base commit, and what they did to the files, classes and functions of its code graph.

    Commits stand newest first, each after all of its descendants that were read; times are seconds since 1970.
    `commit_files` counts all files that a commit changed, also those that are no more; `commit_merge` is the position
    of the merge that brought a commit in, -1 on the line of first parents. `message` is cut where it is long. Touches
    are sorted by node, then by commit. Lines are -1 where they were not counted: in files without functions. Pairs
    stand in both directions, sorted by node, then by falling weight, and only the strongest of a node are kept; a file
    is paired with files, a function with functions. `gaps` counts, by reason, what could not be read or followed.
    """

    commit_id: tuple[str, ...]  # C
    commit_time: NDArray[np.int64]  # C
    author_time: NDArray[np.int64]  # C
    commit_files: NDArray[np.int32]  # C
    commit_merge: NDArray[np.int32]  # C
    message: tuple[str, ...]  # C
    touch_node: NDArray[np.int32]  # T
    touch_commit: NDArray[np.int32]  # T
    touch_added: NDArray[np.int32]  # T
    touch_deleted: NDArray[np.int32]  # T
    pair_node: NDArray[np.int32]  # K
    pair_other: NDArray[np.int32]  # K
    pair_weight: NDArray[np.float32]  # K
    pair_commits: NDArray[np.int32]  # K
    gaps: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.commit_id)

    @property
    def complete(self) -> bool:
        """Whether all of the past was read and followed."""
        return not self.gaps

    def subject(self, commit: int) -> str:
        """The first line of a commit's message."""
        return self.message[commit].partition("\n")[0]

    def touches(self, node: int) -> list[Touch]:
        """The commits that touched a node, newest first."""
        first, last = np.searchsorted(self.touch_node, (node, node + 1))
        columns = (self.touch_commit, self.touch_added, self.touch_deleted)
        return [Touch(*row) for row in zip(*(column[first:last].tolist() for column in columns), strict=True)]

    def neighbours(self, node: int) -> list[Neighbour]:
        """The nodes that changed together with a node, strongest first."""
        first, last = np.searchsorted(self.pair_node, (node, node + 1))
        columns = (self.pair_other, self.pair_weight, self.pair_commits)
        return [Neighbour(*row) for row in zip(*(column[first:last].tolist() for column in columns), strict=True)]
