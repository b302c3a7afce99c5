import json
from pathlib import Path

import evaluate
from edges import Edge
from packages import Checkout, Package

SOURCES = {
    "src/shop/a.py": "def f():\n    g()\n    h()\n\n\ndef g():\n    pass\n\n\ndef h():\n    pass\n",
    "tests/test_a.py": "from shop.a import f\n\n\ndef test_f():\n    f()\n",
}
F, G, H, TEST = ("src/shop/a.py", "f"), ("src/shop/a.py", "g"), ("src/shop/a.py", "h"), ("tests/test_a.py", "test_f")


def checkout(work: Path) -> Checkout:
    found = Checkout(Package("shop", "1", ["src/shop"], [], []), work)
    for path, text in SOURCES.items():
        (found.root / path).parent.mkdir(parents=True)
        (found.root / path).write_text(text)
    pairs = [(TEST, F), (F, G)]
    found.calls.parent.mkdir()
    calls = [{"caller": one, "callee": other, "line": 2, "via": ""} for one, other in pairs]
    rows = [{"import": ["tests/test_a.py", 1], "name": "shop.a:f", "targets": [F]}]
    found.calls.write_text("".join(f"{json.dumps(row)}\n" for row in calls))
    found.structure.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return found


def test_a_row_of_calls_is_what_a_hand_counts(tmp_path: Path) -> None:
    truth = evaluate.read_truth(checkout(tmp_path))
    edges = [Edge("CALLS", F, G), Edge("CALLS", F, H), Edge("CALLS", H, G)]
    figures = evaluate.judge_calls(truth, edges)
    # of F-G inside and TEST-F, the first is stated; of F-G and F-H, whose caller ran, the first was seen; h never ran
    assert evaluate.call_row("shop", "R4", figures) == "| shop | R4 | 1 | 100.0 | 2 | 50.0 | 50.0 | 50.0 | 0.75 |"


def test_a_row_of_structure_is_what_a_hand_counts(tmp_path: Path) -> None:
    truth = evaluate.read_truth(checkout(tmp_path))
    figures = evaluate.judge_structure(truth, [Edge("IMPORTS", ("tests/test_a.py", ""), G, 1)])
    row = evaluate.structure_row("shop", "R4", figures)
    assert row == "| shop | R4 | 0 | - | - | 0 | - | - | 1 | 0.0 | 0.0 | 100.0 |"


def test_lists_name_what_is_missed_and_what_was_never_seen(tmp_path: Path) -> None:
    truth = evaluate.read_truth(checkout(tmp_path))
    edges = [Edge("CALLS", F, H)]
    lines = list(evaluate.lists(evaluate.judge_calls(truth, edges), evaluate.judge_structure(truth, edges)))
    assert "src/shop/a.py:2 f -> src/shop/a.py:g" in lines
    assert "src/shop/a.py:f -> src/shop/a.py:h" in lines
    assert "tests/test_a.py:1 shop.a:f -> [('src/shop/a.py', 'f')]" in lines
