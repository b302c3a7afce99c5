from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import scaling

POINTS = [scaling.Point("small", 5_000, 0.1, 70.0), scaling.Point("large", 2_000_000, 50.0, 2000.0)]


def test_a_folder_is_measured_by_its_lines(tmp_path: Path) -> None:
    (tmp_path / "repos__small").mkdir()
    (tmp_path / "repos__small" / "a.py").write_text("def f(): ...\n" * 10)
    (found,) = scaling.measure_all([str(tmp_path / "repos__small")])
    assert (found.name, found.lines) == ("small", 10)
    assert found.seconds > 0


def test_the_table_says_what_a_hundred_thousand_lines_take() -> None:
    assert list(scaling.table(POINTS))[-1] == "| large | 2000 | 50.00 | 2.50 | 2000 | 100 |"


def test_the_plot_has_a_line_for_seconds_and_one_for_memory() -> None:
    picture = ET.fromstring(scaling.plot(POINTS))
    lines = [one for one in picture.iter() if one.tag.endswith("polyline")]
    assert [len(one.attrib["points"].split()) for one in lines] == [2, 2]
    assert "large" in [one.text for one in picture.iter()]


def test_names_of_repositories_of_nearly_one_size_do_not_meet() -> None:
    twins = [scaling.Point(str(number), 10_000 + number, 1.0, 70.0) for number in range(4)]
    picture = ET.fromstring(scaling.plot([*twins, POINTS[1]]))
    heights = {one.text: float(one.attrib["y"]) for one in picture.iter() if one.tag.endswith("text")}
    ordered = sorted(heights[twin.name] for twin in twins)
    assert all(lower - upper >= 11 for upper, lower in pairwise(ordered))  # the size of a letter
