from collections.abc import Callable
from pathlib import Path

import pytest
from patches import COLUMNS, candidates, edited_files, edited_functions, kind_of, table

from cgm.artifacts import Gold, Patch, Sample, Subgraph, SubgraphNode, Usage, Verdict, to_row
from cgm.protocols import Codebase
from cgm.store import read_rows, write_rows

_DIFF = """diff --git a/shop/price.py b/shop/price.py
--- a/shop/price.py
+++ b/shop/price.py
@@ -{line},1 +{line},1 @@
-old
+new
"""


@pytest.mark.parametrize(
    ("sample", "kind"),
    [
        (Sample("", "chosen"), "change"),
        (Sample("", "applied", "tests: 1 passed before"), "change"),
        (Sample("", "refused", "the answer holds no SEARCH/REPLACE block"), "unread"),
        (Sample("", "refused", "after the edit a.py is not valid Python: no"), "invalid"),
        (Sample("", "refused", "the edits change nothing: the new lines are the old lines"), "idle"),
        (Sample("", "refused", "the edit of a.py changes only comments or blank space"), "idle"),
    ],
)
def test_an_answer_is_counted_as_far_as_it_came(sample: Sample, kind: str) -> None:
    assert kind_of(sample) == kind


def test_gold_is_the_innermost_function_of_each_line_and_files_that_are_there(
    read_codebase: Callable[..., Codebase],
) -> None:
    text = "class Price:\n    def of(self):\n        def inner():\n            return 1\n        return inner()\n"
    graph = read_codebase({"shop/price.py": text}).graph
    found = [edited_functions(graph, _DIFF.format(line=line)) for line in (1, 2, 4, 5)]
    inner, outer = "shop/price.py:Price.of.inner", "shop/price.py:Price.of"
    assert found == [[], [outer], [inner], [outer]]
    made = "diff --git a/b.py b/b.py\nnew file mode 100644\n--- /dev/null\n+++ b/b.py\n@@ -0,0 +1 @@\n+x = 1\n"
    assert edited_files(_DIFF.format(line=1) + made) == ["shop/price.py"]


def test_a_run_is_a_row(tmp_path: Path) -> None:
    run, names = tmp_path / "base", ("shop__cart-1", "shop__cart-2")
    diff = _DIFF.format(line=3)
    samples = (Sample("", "refused", "the answer is empty"), Sample("", "chosen", diff=diff))
    patches = [
        Patch(names[0], "m", diff, samples=samples, usage=Usage(2, 0, 100, 10)),
        Patch(names[1], "m", "", samples=samples[1:], usage=Usage(1, 0, 50, 5)),
    ]
    node = SubgraphNode(1, "FUNCTION", "shop/price.py", "total", 2, 4, 1.0)
    write_rows(tmp_path / "rows.jsonl", ({"instance_id": name, "repo": "shop/cart"} for name in names))
    write_rows(run / "repairs.jsonl", map(to_row, patches))
    write_rows(run / "subgraphs.jsonl", (to_row(Subgraph(name, (), (node,), ())) for name in names))
    gold = {name: Gold(name, ("shop/price.py",), ("shop/price.py:total",)) for name in names}
    (cells,) = table(tmp_path / "rows.jsonl", gold, [run])
    assert dict(zip(COLUMNS, cells, strict=True)) == {
        "run": "base",
        "issues": "2",
        "answers": "3",
        "edits found": "2 (67 %)",
        "valid Python": "2 (67 %)",
        "change code": "2 (67 %)",
        "patches": "1",
        "gold file": "1",
        "gold function": "1",
        "in any answer": "2",
        "resolved": "",
        "prompt tokens": "150",
        "answer tokens": "15",
    }
    write_rows(run / "verdicts.jsonl", [to_row(Verdict(names[0], "resolved")), to_row(Verdict(names[1], "empty"))])
    (cells,) = table(tmp_path / "rows.jsonl", gold, [run])
    assert cells[COLUMNS.index("resolved")] == "1"


def test_the_different_repairs_of_a_run_become_predictions(tmp_path: Path) -> None:
    samples = [Sample("", "applied", diff=diff) for diff in ("a", "b", "a")]
    patches = [Patch("i-1", "m", "a", samples=(*samples, Sample("", "refused", "no"))), Patch("i-2", "m", "")]
    patches.append(Patch("i-3", "m", "c", samples=(Sample("", "chosen", diff="c"),)))
    write_rows(tmp_path / "repairs.jsonl", map(to_row, patches))
    candidates(tmp_path, tmp_path / "out")
    found = {
        path.name: [(row["instance_id"], row["model_patch"]) for _, row in read_rows(path)]
        for path in (tmp_path / "out").iterdir()
    }
    assert found == {"1.jsonl": [("i-1", "a"), ("i-3", "c")], "2.jsonl": [("i-1", "b")]}
