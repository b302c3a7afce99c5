import json
from collections import Counter
from pathlib import Path

import pytest
import sample
from edges import Edge

SOURCE = "import functools\n\n\n@functools.cache\ndef g():\n    pass\n\n\ndef f():\n    g()\n"
# thirty edges are sure, eight likely, two faint
EDGES = [
    Edge("CALLS", ("a.py", f"f{number}"), ("a.py", "g"), 10, 1.0 if number >= 10 else 0.1 if number < 2 else 0.5)
    for number in range(40)
] + [Edge("EXTENDS", ("a.py", "x"), ("a.py", "y"))]


def draw(root: Path, count: int, seed: int = 1) -> list[dict[str, object]]:
    (root / "a.py").write_text(SOURCE)
    return [json.loads(line) for line in sample.draw({"one": (root, EDGES), "two": (root, EDGES)}, count, seed)]


def test_a_sample_takes_as_many_of_each_package_and_half_of_them_unsure(tmp_path: Path) -> None:
    rows = draw(tmp_path, 9)
    assert [row["package"] for row in rows] == ["one"] * 4 + ["two"] * 5
    assert [row["confidence"] for row in rows] == [0.1, 0.5, 1.0, 1.0, 0.1, 0.5, 1.0, 1.0, 1.0]


def test_where_few_are_faint_sure_ones_fill_the_sample(tmp_path: Path) -> None:
    rows = draw(tmp_path, 48)
    assert Counter(row["confidence"] for row in rows) == {0.1: 4, 0.5: 12, 1.0: 32}


def test_the_same_edges_are_drawn_again_and_others_with_another_seed(tmp_path: Path) -> None:
    assert draw(tmp_path, 12) == draw(tmp_path, 12) != draw(tmp_path, 12, seed=2)


def test_a_row_shows_the_call_and_the_header_of_what_is_called(tmp_path: Path) -> None:
    row = draw(tmp_path, 2)[0]
    assert (row["text"], row["header"], row["verdict"]) == ("g()", "def g():", "")


def test_only_judged_edges_that_the_graph_still_has_count(tmp_path: Path) -> None:
    path = tmp_path / "judged.jsonl"
    verdicts = {"f20": "right", "f21": "right", "f22": "wrong", "f4": "possible", "gone": "wrong"}
    rows = [
        {"package": "one", "caller": ["a.py", name], "callee": ["a.py", "g"], "verdict": verdict}
        for name, verdict in verdicts.items()
    ]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    judged = sample.Judged(path)
    judged.add("one", EDGES)
    judged.add("two", EDGES)
    *said, drawn, weighted, caution = judged.lines()
    assert [line.partition(" [")[0] for line in said] == [
        "judged, likely (1 of 8 edges): right 0.0 % (0 of 1)",
        "judged, sure (3 of 30 edges): right 66.7 % (2 of 3)",
    ]
    assert drawn == (
        "judged, as drawn: right 50.0 % (2 of 4) [15.0, 85.0], possible 25.0 % (1 of 4) [4.6, 69.9], "
        "wrong 25.0 % (1 of 4) [4.6, 69.9]"
    )
    # two thirds of 30 and none of 8 are right
    assert weighted == "judged, all edges: right 52.6 %, possible 21.1 %, wrong 26.3 %"
    assert caution.startswith("(favourable: of edges judged 0 right, 0 possible, 1 wrong are gone")


def test_where_the_graph_has_all_judged_edges_nothing_is_cautioned(tmp_path: Path) -> None:
    path = tmp_path / "judged.jsonl"
    path.write_text(
        json.dumps({"package": "one", "caller": ["a.py", "f20"], "callee": ["a.py", "g"], "verdict": "right"})
    )
    judged = sample.Judged(path)
    judged.add("one", EDGES)
    assert not any(line.startswith("(") for line in judged.lines())


def test_without_verdicts_nothing_is_said(tmp_path: Path) -> None:
    judged = sample.Judged(tmp_path / "absent.jsonl")
    judged.add("one", EDGES)
    assert list(judged.lines()) == []


@pytest.mark.parametrize("path", sample.JUDGED, ids=lambda path: path.stem)
def test_the_shipped_verdicts_are_of_the_three_kinds_and_have_reasons(path: Path) -> None:
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(rows) == 200
    assert {row["verdict"] for row in rows} <= set(sample.VERDICTS)
    assert {row["package"] for row in rows} == set(sample.PACKAGES)
    assert all(row["reason"] for row in rows)
