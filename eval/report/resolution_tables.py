"""Reports on resolved issues as Markdown and as JSON.

Knows how a report reads. Does not know how it is counted (`eval.swebench.resolution`).
"""

import json
from collections.abc import Iterator, Sequence

from cgm.artifacts import to_row
from eval.report.tables import header, interval, paired_cells, row
from eval.swebench.resolution import Comparison, Resolution, Share


def resolution_json(report: Resolution | Comparison) -> str:
    """A report as a JSON object; shares lie in [0, 1]."""
    return json.dumps(to_row(report), indent=2, ensure_ascii=True) + "\n"


def resolution_markdown(report: Resolution) -> str:
    """The report on one run, in percent; what says nothing of a repair is named below the tables."""
    lines = [*_headline(report), "", *_shares("stage", report.funnel), "", *_shares("repository", report.repositories)]
    lines += ["", *_counts(report), *_names("Infrastructure failed, not counted", report.infrastructure)]
    lines += _names("Without a verdict so far, not counted", report.pending)
    return "\n".join(lines) + "\n"


def comparison_markdown(names: tuple[str, str], found: Comparison) -> str:
    """Two runs, the second against the first, in percent."""
    lines = [f"{names[1]} against {names[0]}, {found.shared} instances with verdicts on both", ""]
    lines += _shares("run", (found.first, found.second), names)
    lines += ["", *header(["difference", "95 % interval", "better", "worse", "McNemar p"])]
    lines.append(row(paired_cells(found.difference)))
    for title, group in (("Gained", found.gained), ("Lost", found.lost), ("Left out", found.left_out)):
        lines += _names(title, group)
    return "\n".join(lines) + "\n"


def _headline(report: Resolution) -> Iterator[str]:
    share = report.resolved
    rate = f", {100 * share.hits / share.n:.1f} % (95 % interval {interval(share.low, share.high)})" if share.n else ""
    yield f"{share.hits} of {share.n} resolved{rate}; {report.instances} instances in all."
    usage = report.usage
    tokens = f"{usage.prompt_tokens} prompt tokens, {usage.completion_tokens} completion tokens, {usage.cost:.4f} USD"
    yield f"Tests {report.seconds:.1f} s; {usage.calls} model calls, {tokens}."


def _shares(what: str, shares: Sequence[Share], names: Sequence[str] = ()) -> Iterator[str]:
    yield from header([what, "hits", "n", "%", "95 % interval"])
    for name, share in zip(names or [share.name for share in shares], shares, strict=True):
        percent = f"{100 * share.hits / share.n:.1f}" if share.n else ""
        yield row([name, str(share.hits), str(share.n), percent, interval(share.low, share.high)])


def _counts(report: Resolution) -> Iterator[str]:
    yield from header(["outcome", "instances"])
    for name, number in report.outcomes.items():
        yield row([name.replace("_", " "), str(number)])
    for name, number in report.applied.items():
        yield row([f"applied: {name}", str(number)])


def _names(title: str, names: Sequence[str]) -> list[str]:
    return ["", f"{title} ({len(names)}): {', '.join(names)}"] if names else []
