"""Runs against the first of them as a page: what each resolved, what the later ones gained and lost.

Knows what the page says. Does not know how it looks (`templates/`), nor how anything is counted
(`eval.swebench.resolution`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from eval.report.page import environment, render_still
from eval.swebench.resolution import Comparison

_ENVIRONMENT = environment()


@dataclass(frozen=True)
class Pair:
    """A later run beside the first; the places of its difference and interval are on a scale of -100 to 100 %."""

    name: str
    found: Comparison

    @property
    def places(self) -> tuple[float, float, float]:
        """Mean, low and high, in percent from the left of a scale from -100 to 100."""
        difference = self.found.difference
        low, middle, high = (round(50 + 50 * value, 3) for value in (difference.low, difference.mean, difference.high))
        return middle, low, high


def comparison_page(first: str, pairs: Sequence[tuple[str, Comparison]]) -> str:
    """Render the page, which needs neither a network nor any other file."""
    shown = [Pair(name, found) for name, found in pairs]
    return render_still(_ENVIRONMENT, "comparison.html", ("resolution.css",), first=first, pairs=shown)
