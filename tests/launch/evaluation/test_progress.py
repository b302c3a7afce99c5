import io
import logging
from pathlib import Path

import pytest
from rich.console import Console

from cgm.artifacts import Verdict
from eval.swebench.judge import Case, Judged
from eval.swebench.validity import Validity
from launch.evaluation import progress
from launch.evaluation.progress import TrialProgress, show_validities, show_verdicts


def _console(*, terminal: bool = False) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=100, highlight=False)


def _shown(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_terminal_shows_what_runs_and_how_many_there_are_of_each_outcome() -> None:
    console = _console(terminal=True)
    with TrialProgress(console, 3) as bar:
        bar.started("a-1")
        bar.done("a-1", "resolved")
        bar.started("b-2\x1b[2J")
        bar.done("b-2\x1b[2J", "does_not_apply")
        bar.started("c-3")
        bar._bar.refresh()
        text = _shown(console)
    assert "c-3" in text
    assert "1 does not apply, 1 resolved" in text
    assert "\x1b[2J" not in text


def test_elsewhere_a_line_is_written_now_and_then(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(progress, "_QUIET_SECONDS", -1.0)
    with caplog.at_level(logging.INFO), TrialProgress(_console(), 2) as bar:
        bar.started("a-1")
        bar.done("a-1", "unresolved")
    assert caplog.messages == ["1 of 2: 1 unresolved"]


def test_verdicts_are_shown_by_outcome_and_failures_by_name() -> None:
    console = _console()
    verdict = Verdict("a-1", "infrastructure", message="the engine\nis gone")
    judged = [Judged(Case({"instance_id": "a-1"}, ""), verdict, error="SandboxError")]
    summary = {"outcomes": {"infrastructure": 1}, "resolved": 0, "judged": 0, "wall_seconds": 2.0}
    show_verdicts(console, judged, summary, Path("run"))
    assert "a-1: SandboxError: the engine\\nis gone" in _shown(console)
    assert "0 of 0 resolved in 2 s: run" in _shown(console)


def test_what_cannot_be_judged_is_shown_with_the_file_that_leaves_it_out() -> None:
    console = _console()
    found = [Validity("a-1", ("resolved",), "unresolved", ""), Validity("b-2", ("empty",), "unresolved", "gold fails")]
    show_validities(console, found, {"wall_seconds": 1.0}, Path("exclude.txt"))
    assert "b-2: gold fails" in _shown(console)
    assert "1 of 2 instances can be judged here (1 s); for the others: exclude=exclude.txt" in _shown(console)
