"""Two versions of a file, compared line by line without git.

Knows lines whatever ends them. Does not know where versions come from.
"""

from rapidfuzz.distance import LCSseq

from preprocessing.ancestry.diffs import Hunk

_MOST_CELLS = 1 << 28  # of the table that compares them


def compare_lines(old: bytes, new: bytes) -> list[Hunk]:
    """The hunks between two versions of a file; all of it is one where they are too large to compare."""
    source, target = (text.replace(b"\r\n", b"\n").splitlines() for text in (old, new))
    if len(source) * len(target) > _MOST_CELLS:
        return [(0, len(source), 0, len(target))]
    hunks = []
    start = into = 0
    for block in LCSseq.opcodes(source, target).as_matching_blocks():  # the last one is empty
        if (start, into) != (block.a, block.b):
            hunks.append((start, block.a - start, into, block.b - into))
        start, into = block.a + block.size, block.b + block.size
    return hunks
