import json
import subprocess
import sys
from pathlib import Path

import pytest

from cgm.artifacts import Gold
from cgm.errors import DatasetError
from cgm.store import write_rows
from eval.localization import Found, load_gold, locate, summarize

_GOLD = [
    Gold("a-1", ("a.py", "b.py"), ("a.py:f", "b.py:C.m")),
    Gold("a-2", ("a.py",), ("a.py:f",)),
    Gold("a-3", ("c.py",), ()),
]
_RANKINGS = {
    "a-1": {"files": ["a.py", "a.py", "x.py", "b.py"], "functions": ["b.py:C.m", "x.py:g"]},
    "a-3": {"files": ["c.py"], "functions": []},
}

# the definitions of the benchmark, written as plainly as possible
_REFERENCE = """
import json, sys
rankings, gold = (
    [json.loads(line) for line in open(path)] for path in sys.argv[1:]
)
predicted = {row["instance_id"]: row for row in rankings}
truth = [row for row in gold if row["functions"]]
total = {}
for row in truth:
    found = predicted.get(row["instance_id"], {"files": [], "functions": []})
    for level, cutoffs in (("files", (1, 3, 5, 10, 20)), ("functions", (1, 5, 10, 20))):
        ranked, want = list(dict.fromkeys(found[level])), set(row[level])
        values = {}
        for k in cutoffs:
            hit = len(want & set(ranked[:k]))
            values |= {f"strict@{k}": hit == len(want), f"any@{k}": hit > 0, f"recall@{k}": hit / len(want)}
        places = [place for place, item in enumerate(ranked, 1) if item in want]
        values["MRR"] = 1 / places[0] if places else 0
        for name, value in values.items():
            total.setdefault(level, {}).setdefault(name, []).append(value)
print(json.dumps({level: {name: sum(c) / len(c) for name, c in rows.items()} for level, rows in total.items()}))
"""


def test_gold_without_functions_is_left_out_and_a_missing_ranking_is_a_miss() -> None:
    assert locate(_RANKINGS, _GOLD) == [Found("a-1", (1, 3), (None, 1)), Found("a-2", (None,), (None,))]


def test_means_agree_with_a_hand_count() -> None:
    summary = summarize(locate(_RANKINGS, _GOLD))
    assert summary["files"]["n"] == summary["functions"]["n"] == 2
    assert (summary["files"]["strict@1"], summary["files"]["strict@3"]) == (0.0, 0.5)
    assert (summary["files"]["recall@1"], summary["files"]["MRR"]) == (0.25, 0.5)
    assert (summary["functions"]["any@1"], summary["functions"]["strict@20"]) == (0.5, 0.0)


def test_metrics_agree_with_the_benchmark_definitions(tmp_path: Path) -> None:
    write_rows(tmp_path / "rankings", ({"instance_id": key, **row} for key, row in _RANKINGS.items()))
    write_rows(
        tmp_path / "gold", ({"instance_id": g.instance_id, "files": g.files, "functions": g.functions} for g in _GOLD)
    )
    done = subprocess.run(
        [sys.executable, "-c", _REFERENCE, tmp_path / "rankings", tmp_path / "gold"], capture_output=True, check=True
    )
    ours = summarize(locate(_RANKINGS, list(load_gold(tmp_path / "gold").values())))
    for level, expected in json.loads(done.stdout).items():
        assert {name: value for name, value in ours[level].items() if name != "n"} == pytest.approx(expected, abs=0)


def test_no_gold_gives_no_numbers() -> None:
    assert summarize([]) == {"files": {"n": 0}, "functions": {"n": 0}}


@pytest.mark.parametrize(
    ("lines", "rule"),
    [
        ('{"instance_id": "a"}', "gold:1: a gold row must have"),
        ('{"instance_id": "a", "files": "x", "functions": []}', "gold:1: Gold.files must be a list"),
        ('{"instance_id": "a", "files": [], "functions": ["x:f"]}', "gold:1: a gold row with functions"),
        ("\n{", "gold:2: not JSON"),
        ('{"instance_id": "a", "files": [], "functions": []}\n' * 2, "gold:2: instance_id must be unique"),
    ],
)
def test_a_malformed_gold_file_is_refused_with_its_line(tmp_path: Path, lines: str, rule: str) -> None:
    (tmp_path / "gold").write_text(lines)
    with pytest.raises(DatasetError, match=rule):
        load_gold(tmp_path / "gold")
