"""The report on one run as a page: what was resolved, where the rest was lost, and every verdict.

Knows what the page says, and where its bars and dots stand, in percent. Does not know how it looks (`templates/`), how
anything is counted (`eval.swebench.resolution`), nor where the page is kept. Nothing on it moves or loads.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from cgm.artifacts import OUTCOMES, Verdict
from eval.report.page import environment, render_still
from eval.swebench.resolution import Resolution, Share

_LANES = 5  # heights at which dots that lie close together are drawn
_ENVIRONMENT = environment({"outcome_name": lambda name: name.replace("_", " ")})


@dataclass(frozen=True)
class Bar:
    """A share on a scale of 0 to 100: its value, and Wilson's interval from `low` to `high`."""

    share: Share
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Part:
    """An outcome's part of a bar, in percent from the left."""

    outcome: str
    number: int
    start: float
    width: float


@dataclass(frozen=True)
class Dot:
    """An instance by the seconds of its tests, on a logarithmic scale of 0 to 100, in one of the lanes."""

    verdict: Verdict
    x: float
    lane: int


def resolution_page(title: str, report: Resolution, verdicts: Sequence[Verdict]) -> str:
    """Render the page, which needs neither a network nor any other file."""
    ticks, dots = place_seconds(verdicts)
    return render_still(
        _ENVIRONMENT,
        "resolution.html",
        ("resolution.css",),
        title=title,
        report=report,
        resolved=_bar(report.resolved),
        funnel=[_bar(share) for share in report.funnel],
        repositories=[_bar(share) for share in report.repositories],
        parts=_parts(report.outcomes),
        ticks=ticks,
        dots=dots,
        lanes=_LANES,
        verdicts=verdicts,
    )


def place_seconds(verdicts: Sequence[Verdict]) -> tuple[list[tuple[float, str]], list[Dot]]:
    """Ticks (percent, label) at powers of ten around all times, and a dot for each verdict whose tests ran."""
    ran = [verdict for verdict in verdicts if verdict.applied and verdict.seconds > 0]
    timed = sorted(ran, key=lambda verdict: verdict.seconds)
    if not timed:
        return [], []
    first, last = floor(log10(timed[0].seconds)), ceil(log10(timed[-1].seconds))
    last += first == last
    powers = range(first, last + 1)

    def at(seconds: float) -> float:
        return round(100 * (log10(seconds) - first) / (last - first), 2)

    ticks = [(at(10.0**power), f"{10.0**power:g} s") for power in powers]
    return ticks, [Dot(verdict, at(verdict.seconds), number % _LANES) for number, verdict in enumerate(timed)]


def _bar(share: Share) -> Bar:
    value = 100 * share.hits / share.n if share.n else 0.0
    return Bar(share, round(value, 4), round(100 * share.low, 4), round(100 * share.high, 4))


def _parts(outcomes: Mapping[str, int]) -> list[Part]:
    total, start = sum(outcomes.values()), 0.0
    parts = []
    for outcome in (name for name in OUTCOMES if outcomes.get(name)):
        width = 100 * outcomes[outcome] / total
        parts.append(Part(outcome, outcomes[outcome], round(start, 3), round(width, 3)))
        start += width
    return parts
