"""What a person sees of a run: progress while it works, tables and findings at its end.

Knows how to draw. Does not know how anything is computed. Progress goes to stderr, a bar on a terminal and a line now
and then elsewhere; findings go to stdout.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import TimeRemainingColumn as Remaining
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from cgm.artifacts import Ranked
from eval.localization import OVERVIEW_HEADER, overview_rows
from launch.pipeline import Outcome

_log = logging.getLogger(__name__)
_QUIET_SECONDS = 10.0
_SHOWN = 10
_LEFT_OUT = {"file:": "files not looked into", "part:": "parts of files not looked into"}
_PASSES = "passes the check"
_PASSES_NOT = "no answer passes the check; shown is the most frequent repair"


class RunProgress(AbstractContextManager["RunProgress"]):
    """Progress over instances."""

    def __init__(self, console: Console, total: int) -> None:
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[failed]}", markup=False),
            TimeElapsedColumn(),
            Remaining(),
        )
        self._bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bar.add_task("starting", total=total, failed="")
        self._total, self._done, self._failed = total, 0, 0
        self._told = time.monotonic()

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def stage(self, instance_id: str, stage: str) -> None:
        """Show that a stage of an instance begins."""
        self._bar.update(self._task, description=f"{printable(instance_id)} {stage}")

    def done(self, outcome: Outcome) -> None:
        """Count an instance."""
        self._done += 1
        self._failed += outcome.failure is not None
        failed = f"{self._failed} failed" if self._failed else ""
        self._bar.update(self._task, advance=1, description=printable(outcome.instance_id), failed=failed)
        if self._bar.disable and self._total > 1 and time.monotonic() - self._told > _QUIET_SECONDS:
            self._told = time.monotonic()
            _log.info("%d of %d instances done, %d failed", self._done, self._total, self._failed)


def show_findings(console: Console, outcome: Outcome, *, checked: bool = False) -> None:
    """Print the places to edit with their reasons, the patch where there is one, and what a check said of it."""
    if outcome.ranking:
        _show_places(console, "files", outcome.ranking.files)
        _show_places(console, "functions", outcome.ranking.functions)
    if outcome.patch and outcome.patch.diff:
        console.print(Text("patch", style="bold"))
        if console.is_terminal:
            console.print(Syntax(outcome.patch.diff, "diff", background_color="default"))
        else:
            console.print(Text(outcome.patch.diff), soft_wrap=True)
        if checked:
            console.print(_PASSES if outcome.patch.passed else _PASSES_NOT)
    elif outcome.patch:
        errors = "; ".join(dict.fromkeys(sample.error for sample in outcome.patch.samples if sample.error))
        console.print(Text(printable(f"no patch: {errors or 'no sample gave one'}")), soft_wrap=True)


def show_page(console: Console, page: Path) -> None:
    """Print where the page with the findings lies."""
    console.print(Text.assemble("to open in a browser: ", (page.as_uri(), "cyan")), soft_wrap=True)


def show_written(console: Console, path: Path) -> None:
    """Print where a file lies; a page as a link that a browser opens."""
    if path.suffix == ".html":
        return show_page(console, path)
    return console.print(Text.assemble("written: ", (printable(str(path)), "cyan")), soft_wrap=True)


def show_graph(console: Console, name: str, summary: dict[str, Any]) -> None:
    """Print what a code graph holds, what it does not link, and what it took."""
    graph, stage = summary["graph"], summary["stages"]["preprocessing"]
    totals = {what: sum(graph.get(what, {}).values()) for what in ("nodes", "edges", "files", "lines")}
    source = "from the cache" if stage["cached"] else "built"
    took = f"{source} in {stage['seconds']:.2f} s, peak memory {summary['peak_memory_mib']['largest_process']:.0f} MiB"
    counted = ", ".join(
        f"{number:,} {what.removesuffix('s') if number == 1 else what}" for what, number in totals.items()
    )
    console.print(Text.assemble((printable(name), "bold"), f": {counted}; {took}"), soft_wrap=True)
    columns = Table.grid(padding=(0, 5))
    columns.add_row(
        _counts_table("nodes", graph["nodes"]),
        _counts_table("edges", graph["edges"]),
        _counts_table("language", graph.get("files", {}), graph.get("lines", {})),
    )
    console.print(columns)
    for title, rows in _unlinked(graph.get("unlinked", {})).items():
        numbers = ", ".join(f"{reason} {number:,}" for reason, number in rows)
        console.print(Text.assemble((f"{printable(title)}: ", "bold"), printable(numbers)), soft_wrap=True)


def _counts_table(title: str, *columns: dict[str, int]) -> Table:
    """A row for each kind that occurs; a second column has lines beside files."""
    table = Table(title, box=None, header_style="bold", padding=(0, 1, 0, 0))
    for name in ("",) if len(columns) == 1 else ("files", "lines"):
        table.add_column(name, justify="right")
    for kind, number in columns[0].items():
        if number:
            table.add_row(printable(kind), *(f"{column.get(kind, 0):,}" for column in columns))
    return table


def _unlinked(counts: dict[str, int]) -> dict[str, list[tuple[str, int]]]:
    """References that became no edge by kind, files and parts left out, each by reason, the most frequent first."""
    found: dict[str, list[tuple[str, int]]] = {}
    for key, number in sorted(counts.items(), key=lambda item: -item[1]):
        kind, _, reason = key.partition(" ")
        title = _LEFT_OUT.get(kind, f"{kind} not linked")
        found.setdefault(title, []).append((reason, number))
    return dict(sorted(found.items()))


def show_summary(console: Console, summary: dict[str, Any], metrics: dict[str, Any] | None) -> None:
    """Print what each stage did and took, and the metrics where there are any."""
    table = Table("stage", box=None, header_style="bold")
    for name in ("computed", "cached", "failed", "seconds", "tokens", "cost $"):
        table.add_column(name, justify="right")
    for name, stage in summary["stages"].items():
        usage = stage["usage"]
        tokens = usage["prompt_tokens"] + usage["completion_tokens"]
        counts = (str(stage[key]) for key in ("computed", "cached", "failed"))
        table.add_row(name, *counts, f"{stage['seconds']:.2f}", str(tokens), f"{usage['cost']:.4f}")
    console.print(table)
    if metrics:
        console.print(metrics_table(metrics))


def metrics_table(metrics: Mapping[str, Any]) -> Table:
    """Strict Acc@k and MRR of a run, in percent, a row for each level."""
    level, *numbers = OVERVIEW_HEADER
    table = Table(level, box=None, header_style="bold")
    for name in numbers:
        table.add_column(name, justify="right")
    for cells in overview_rows(metrics):
        table.add_row(*cells)
    return table


def printable(text: str) -> str:
    """A text on one line, with characters that could steer a terminal escaped."""
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


def _show_places(console: Console, title: str, places: Sequence[Ranked]) -> None:
    console.print(Text(title, style="bold"))
    for number, place in enumerate(places[:_SHOWN], 1):
        line = Text.assemble(f"{number:3d}  ", (printable(place.label), "cyan"), f"  {printable(place.reason)}")
        console.print(line, soft_wrap=True)
