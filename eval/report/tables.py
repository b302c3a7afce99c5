"""Tables in Markdown.

Knows rows of cells, and how shares and differences are written in percent. Does not know what they measure.
"""

from collections.abc import Iterator, Sequence

from eval.statistics import Difference


def header(names: Sequence[str]) -> Iterator[str]:
    """The two lines that a table begins with."""
    yield row(names)
    yield row(["---"] * len(names))


def row(cells: Sequence[str]) -> str:
    """A line of a table; a cell holds no line end, and a bar in it is no border."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def interval(low: float, high: float) -> str:
    """Bounds of a share in percent."""
    return f"{100 * low:.1f} to {100 * high:.1f}"


def paired_cells(found: Difference) -> list[str]:
    """Difference in percent, its 95 % interval, how many are better and worse, and McNemar's p where there is one."""
    bounds = f"{100 * found.low:+.1f} to {100 * found.high:+.1f}"
    p = "" if found.p is None else f"{found.p:.3g}"
    return [f"{100 * found.mean:+.1f}", bounds, str(found.gained), str(found.lost), p]
