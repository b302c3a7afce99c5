import re

import pytest

from cgm.artifacts import Verdict
from eval.report.comparison_page import Pair, comparison_page
from eval.swebench.resolution import compare_runs

FIRST = {name: Verdict(name, "resolved" if name == "a" else "unresolved") for name in "abcd"}
SECOND = {name: Verdict(name, "unresolved" if name == "a" else "resolved") for name in "abc"}


def test_the_page_says_what_was_gained_lost_and_left_out() -> None:
    text = re.sub(r"<[^>]+>", " ", comparison_page("old <run>", [("new", compare_runs(FIRST, SECOND))]))
    for words in ("3 instances with verdicts on both", "Gained: 2", "Lost: 1", "Left out: 1", "2 / 1", "+33.3"):
        assert words in text
    assert "old &lt;run&gt;" in text


def test_nothing_on_the_page_runs_or_loads() -> None:
    html = comparison_page("old", [("new", compare_runs(FIRST, SECOND))])
    assert "script-src 'none'" in html
    assert not re.search(r"<(script|link|img|iframe)|\ssrc=|href=|@import|url\(|\sstyle=", html)


def test_a_difference_of_nothing_stands_in_the_middle() -> None:
    middle, low, high = Pair("new", compare_runs(FIRST, FIRST)).places
    assert (middle, low, high) == (50.0, 50.0, 50.0)
    middle, low, high = Pair("new", compare_runs(FIRST, SECOND)).places
    assert middle == pytest.approx(66.667)
    assert 0 <= low <= middle <= high <= 100
