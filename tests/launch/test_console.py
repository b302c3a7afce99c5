import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cgm.artifacts import Failure, Patch, Ranked, Ranking, Sample
from launch.console import RunProgress, printable, show_findings, show_graph, show_summary, show_written
from launch.pipeline import Outcome


def _console(*, terminal: bool = False) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=100, highlight=False)


def _shown(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_name_cannot_steer_the_terminal() -> None:
    assert printable("a\nb\x1b[2J\u202e") == "a\\nb\\x1b[2J\\u202e"


def test_findings_show_places_reasons_and_the_patch_whole() -> None:
    console = _console()
    long = "+" + "x" * 300
    ranking = Ranking("a", (Ranked("a[red].py", 1.0, "named in the issue"),), (Ranked("a.py:f\n", 1.0, "called"),))
    show_findings(console, Outcome("a", ranking=ranking, patch=Patch("a", "m", f"--- a\n{long}\n")))
    assert "a[red].py  named in the issue" in _shown(console)
    assert "a.py:f\\n  called" in _shown(console)
    assert long in _shown(console)


def test_an_empty_patch_says_why() -> None:
    console = _console()
    samples = (Sample("x", "refused", "no such line"), Sample("y", "refused", "no such line"))
    show_findings(console, Outcome("a", patch=Patch("a", "m", "", samples=samples)))
    assert _shown(console) == "no patch: no such line\n"


@pytest.mark.parametrize(
    ("checked", "passed", "last"),
    [
        (True, True, "passes the check"),
        (True, False, "no answer passes the check; shown is the most frequent repair"),
        (False, False, "+x"),
    ],
)
def test_a_patch_says_whether_it_passes_where_there_is_a_check(*, checked: bool, passed: bool, last: str) -> None:
    console = _console()
    patch = Patch("a", "m", "--- a\n+x\n", passed=passed)
    show_findings(console, Outcome("a", patch=patch), checked=checked)
    assert _shown(console).splitlines()[-1 if checked else -2] == last


def test_the_summary_shows_stages_and_metrics() -> None:
    console = _console()
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "cost": 0.25}
    stage: dict[str, Any] = {"computed": 2, "cached": 1, "failed": 0, "seconds": 3.0, "usage": usage}
    level = {"n": 3, "strict@1": 0.5, "MRR": 0.75}
    show_summary(console, {"stages": {"rewriter": stage}}, {"files": level, "functions": {"n": 0}})
    rows = [line.split() for line in _shown(console).splitlines()]
    assert ["rewriter", "2", "1", "0", "3.00", "15", "0.2500"] in rows
    assert ["files", "3", "50.0", "75.0"] in rows


def test_a_graph_is_shown_with_what_it_leaves_out_the_most_frequent_first() -> None:
    console = _console()
    stage = {"seconds": 1.25, "cached": 0}
    graph = {
        "nodes": {"FILE": 1, "CLASS": 0, "FUNCTION": 1200},
        "edges": {"CALLS": 7},
        "files": {"python": 1},
        "lines": {"python": 40000},
        "unlinked": {"CALLS local": 2, "CALLS builtin": 1500, "file: too\x1blarge": 3, "part: torn": 2},
    }
    memory = {"largest_process": 99.6}
    show_graph(console, "shop\n", {"graph": graph, "stages": {"preprocessing": stage}, "peak_memory_mib": memory})
    first, *lines = _shown(console).splitlines()
    total = "1,201 nodes, 7 edges, 1 file, 40,000 lines"
    assert first == f"shop\\n: {total}; built in 1.25 s, peak memory 100 MiB"
    assert ["FILE", "1", "CALLS", "7", "python", "1", "40,000"] in [line.split() for line in lines]
    assert not [line for line in lines if "CLASS" in line]
    assert lines[-3:] == [
        "CALLS not linked: builtin 1,500, local 2",
        "files not looked into: too\\x1blarge 3",
        "parts of files not looked into: torn 2",
    ]


def test_a_page_is_shown_as_a_link_and_any_other_file_by_its_path() -> None:
    console = _console()
    show_written(console, Path("/runs/graph.html"))
    show_written(console, Path("/runs/nodes.jsonl"))
    assert _shown(console) == "to open in a browser: file:///runs/graph.html\nwritten: /runs/nodes.jsonl\n"


def test_progress_elsewhere_than_on_a_terminal_is_a_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("launch.console._QUIET_SECONDS", 0.0)
    console = _console()
    with caplog.at_level("INFO"), RunProgress(console, 2) as progress:
        progress.stage("a-1", "rewriter")
        progress.done(Outcome("a-1", failure=Failure("a-1", "rewriter", "ModelError", "down")))
    assert caplog.messages == ["1 of 2 instances done, 1 failed"]
    assert _shown(console) == ""


def test_progress_on_a_terminal_is_a_bar_that_names_the_stage() -> None:
    console = _console(terminal=True)
    with RunProgress(console, 2) as progress:
        progress.stage("a-1", "rewriter")
        progress._bar.refresh()
    assert "a-1 rewriter" in _shown(console)
