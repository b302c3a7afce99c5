import json
from pathlib import Path

import sample
from edges import Edge

SOURCE = "import functools\n\n\n@functools.cache\ndef g():\n    pass\n\n\ndef f():\n    g()\n"
EDGES = [
    Edge("CALLS", ("a.py", f"f{number}"), ("a.py", "g"), 10, 1.0 if number % 4 else 0.5) for number in range(40)
] + [Edge("EXTENDS", ("a.py", "x"), ("a.py", "y"))]


def draw(root: Path, count: int) -> list[dict[str, object]]:
    (root / "a.py").write_text(SOURCE)
    return [json.loads(line) for line in sample.draw({"one": (root, EDGES), "two": (root, EDGES)}, count)]


def test_a_sample_takes_as_many_of_each_package_and_half_of_them_unsure(tmp_path: Path) -> None:
    rows = draw(tmp_path, 13)
    assert [row["package"] for row in rows] == ["one"] * 6 + ["two"] * 7
    assert [row["confidence"] for row in rows[:6]] == [0.5] * 3 + [1.0] * 3


def test_where_few_are_unsure_the_others_fill_the_sample(tmp_path: Path) -> None:
    rows = draw(tmp_path, 60)
    assert len(rows) == 60
    assert sum(row["confidence"] == 0.5 for row in rows) == 20


def test_the_same_edges_are_drawn_again(tmp_path: Path) -> None:
    assert draw(tmp_path, 12) == draw(tmp_path, 12)


def test_a_row_shows_the_call_and_the_header_of_what_is_called(tmp_path: Path) -> None:
    row = draw(tmp_path, 2)[0]
    assert (row["text"], row["header"], row["verdict"]) == ("g()", "def g():", "")


def test_only_judged_edges_that_the_graph_still_has_count(tmp_path: Path) -> None:
    path = tmp_path / "judged.jsonl"
    verdicts = {"f1": "right", "f2": "right", "f3": "wrong", "f4": "possible", "gone": "wrong"}
    rows = [
        {"package": "one", "caller": ["a.py", name], "callee": ["a.py", "g"], "verdict": verdict}
        for name, verdict in verdicts.items()
    ]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    judged = sample.Judged(path)
    judged.add("one", EDGES)
    judged.add("two", EDGES)
    assert list(judged.lines()) == [
        "judged calls, sure: right 66.7 % (2 of 3), possible 0.0 % (0 of 3), wrong 33.3 % (1 of 3)",
        "judged calls, unsure: right 0.0 % (0 of 1), possible 100.0 % (1 of 1), wrong 0.0 % (0 of 1)",
    ]


def test_without_verdicts_nothing_is_said(tmp_path: Path) -> None:
    judged = sample.Judged(tmp_path / "absent.jsonl")
    judged.add("one", EDGES)
    assert list(judged.lines()) == []
