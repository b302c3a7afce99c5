import json
from pathlib import Path

import edges
from meter import Cost

from preprocessing.stage import build_graph


def test_our_edges_are_between_places(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("class A:\n    def f(self):\n        pass\n")
    (tmp_path / "b.py").write_text("from a import A\n\n\nclass B(A):\n    def g(self):\n        self.f()\n")
    found = {(one.kind, one.source, one.target, one.line) for one in edges.own_edges(build_graph(tmp_path))}
    assert found == {
        ("IMPORTS", ("b.py", ""), ("a.py", "A"), 1),
        ("EXTENDS", ("b.py", "B"), ("a.py", "A"), 4),
        ("CALLS", ("b.py", "B.g"), ("a.py", "A.f"), 6),
    }


def test_what_an_adapter_writes_is_read_with_its_cost(tmp_path: Path) -> None:
    cost = {"cpu": 1.5, "wall": 2.0, "mib": 30.0}
    row = {"kind": "CALLS", "source": ["a.py", "f"], "target": ["a.py", "g"]}
    out = tmp_path / "out.jsonl"
    out.write_text(f"{json.dumps({'cost': cost})}\n{json.dumps(row)}\n")
    found, took = edges.read_edges(out)
    assert took == Cost(**cost)
    assert edges.pairs(found, "CALLS") == [(("a.py", "f"), ("a.py", "g"))]
    assert edges.pairs(found, "EXTENDS") == []
