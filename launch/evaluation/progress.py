"""What a person sees of `cgm-eval`: what runs now, how many verdicts there are, and what they say at the end.

Knows how to draw. Does not know how verdicts come about. Progress goes to stderr, bars on a terminal and a line now
and then elsewhere; findings go to stdout.
"""

import logging
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from eval.swebench.judge import Judged
from eval.swebench.validity import Validity
from launch.console import printable

_log = logging.getLogger(__name__)
_QUIET_SECONDS = 10.0
_SHOWN = 10


class TrialProgress(AbstractContextManager["TrialProgress"]):
    """A bar over all cases, and below it a line for each that runs."""

    def __init__(self, console: Console, total: int) -> None:
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        self._bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._all = self._bar.add_task("verdicts", total=total)
        self._lines: dict[str, TaskID] = {}
        self._outcomes: Counter[str] = Counter()
        self._total, self._told = total, time.monotonic()

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def started(self, title: str) -> None:
        """Show that something runs."""
        self._lines[title] = self._bar.add_task(f"  {printable(title)}", total=None)

    def done(self, title: str, outcome: str) -> None:
        """Count the outcome of what ran."""
        self.ended(title)
        self.counted(outcome)

    def ended(self, title: str) -> None:
        """Show that something runs no more."""
        self._bar.remove_task(self._lines.pop(title))

    def counted(self, outcome: str) -> None:
        """Count an outcome."""
        self._outcomes[outcome] += 1
        self._bar.update(self._all, advance=1, description=_counted(self._outcomes))
        if self._bar.disable and time.monotonic() - self._told > _QUIET_SECONDS:
            self._told = time.monotonic()
            _log.info("%d of %d: %s", self._outcomes.total(), self._total, _counted(self._outcomes))


def show_verdicts(console: Console, judged: Sequence[Judged], summary: Mapping[str, Any], folder: Path) -> None:
    """Print outcomes by number, what the infrastructure failed, and where the run folder lies."""
    table = Table("outcome", box=None, header_style="bold")
    table.add_column("instances", justify="right")
    for outcome, number in summary["outcomes"].items():
        table.add_row(outcome.replace("_", " "), str(number))
    console.print(table)
    for item in [item for item in judged if item.error][:_SHOWN]:
        line = f"{item.case.name}: {item.error}: {item.verdict.message}"
        console.print(Text(printable(line), style="yellow"), soft_wrap=True)
    share = f"{summary['resolved']} of {summary['judged']} resolved in {summary['wall_seconds']:.0f} s"
    console.print(Text.assemble((share, "bold"), f": {printable(str(folder))}"), soft_wrap=True)


def show_validities(console: Console, found: Sequence[Validity], summary: Mapping[str, Any], excluded: Path) -> None:
    """Print how many instances can be judged, which cannot and why, and where these are listed."""
    for item in [item for item in found if item.reason][:_SHOWN]:
        console.print(Text(printable(f"{item.instance_id}: {item.reason}"), style="yellow"), soft_wrap=True)
    good = sum(not item.reason for item in found)
    told = f"{good} of {len(found)} instances can be judged here ({summary['wall_seconds']:.0f} s)"
    rest = f"; for the others: exclude={printable(str(excluded))}" if good < len(found) else ""
    console.print(Text.assemble((told, "bold"), rest), soft_wrap=True)


def _counted(outcomes: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in sorted(outcomes.items()))
