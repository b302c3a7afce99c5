import re

import pytest

from cgm.artifacts import Gold, Tally, Verdict
from eval.report.resolution_page import place_seconds, resolution_page
from eval.swebench.resolution import Trail, resolution

VERDICTS = {
    "a-1": Verdict("a-1", "resolved", Tally(1), Tally(2), applied="clean", seconds=2.0),
    "b-2": Verdict("b-2", "unresolved", Tally(0, ("test_<x>",)), Tally(2), applied="fuzzy", seconds=40.0),
    "c-3": Verdict("c-3", "does_not_apply", message="</style><script>alert(1)</script>"),
    "d-4": Verdict("d-4", "infrastructure"),
}
TRAILS = [Trail(name, "o/p", Gold(name, ("a.py",), ())) for name in (*VERDICTS, "e-5")]


def page() -> str:
    return resolution_page("a <model>", resolution(TRAILS, VERDICTS), list(VERDICTS.values()))


def test_the_page_says_what_became_of_every_instance() -> None:
    text = re.sub(r"<[^>]+>", "", page())
    assert re.search(r"1\s+of 3", text)
    for words in ("33.3 %, 95 % interval 6.1 to 79.2 %", "What became of 5 instances", "does not apply 1", "o/p"):
        assert words in text
    assert all(name in text for name in VERDICTS)
    assert "without a verdict so far 1" in text
    assert "unresolved, fuzzy" in text


def test_nothing_on_the_page_runs_or_loads_and_all_texts_are_escaped() -> None:
    html = page()
    assert "default-src 'none'" in html
    assert "script-src 'none'" in html
    assert not re.search(r"<(script|link|img|iframe)|\ssrc=|href=|@import|url\(", html)
    assert not re.search(r"\sstyle=", html)
    assert "&lt;/style&gt;&lt;script&gt;" in html
    assert "test_&lt;x&gt;" in html
    assert "<title>a &lt;model&gt;</title>" in html


def test_a_run_without_verdicts_has_a_page_too() -> None:
    html = resolution_page("nothing", resolution(TRAILS, {}), [])
    assert "no instance has a verdict" in html
    assert "Seconds of the tests" not in html


@pytest.mark.parametrize(
    ("seconds", "labels", "places"),
    [
        ((2.0, 20.0), ["1 s", "10 s", "100 s"], [15.05, 65.05]),
        ((1.0,), ["1 s", "10 s"], [0.0]),
        ((0.02, 0.05), ["0.01 s", "0.1 s"], [30.1, 69.9]),
        ((0.0,), [], []),
    ],
)
def test_seconds_stand_on_a_logarithmic_scale(
    seconds: tuple[float, ...], labels: list[str], places: list[float]
) -> None:
    ticks, dots = place_seconds([Verdict("a", "resolved", applied="clean", seconds=value) for value in seconds])
    assert [label for _, label in ticks] == labels
    assert [dot.x for dot in dots] == places


def test_an_instance_whose_tests_did_not_run_has_no_dot() -> None:
    assert place_seconds([Verdict("a", "does_not_apply", seconds=1.0)]) == ([], [])
