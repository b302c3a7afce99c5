from dataclasses import replace
from pathlib import Path

import pytest

from cgm.artifacts import to_row
from cgm.errors import ArtifactError
from cgm.store import write_rows
from cgm.text_graph import TextGraph
from cgm.train.example import Example, read_examples

GRAPH = TextGraph(("REPO /", "FILE a.py\nx = 1"), ((0, 0, 1),), (1,))
EXAMPLE = Example(
    example_id="owner/shop@1:api:a.py:f",
    task="api",
    repository="owner/shop",
    commit="1" * 40,
    answer_commit="1" * 40,
    paths=("a.py",),
    licence="MIT",
    noise="",
    wording="template",
    system="Answer.",
    prompt="Which?",
    answer="a.py:f",
    graph=GRAPH,
)


def test_rows_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    rows = [EXAMPLE, replace(EXAMPLE, answer="zwölf\n")]
    write_rows(path, map(to_row, rows))
    assert list(read_examples(path)) == rows


def test_a_damaged_row_is_named_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    write_rows(path, [to_row(EXAMPLE), to_row(EXAMPLE) | {"prompt": 3}])
    with pytest.raises(ArtifactError, match=r"train\.jsonl:2: Example.prompt must be str"):
        list(read_examples(path))


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [("task", "poetry", "must be among"), ("noise", "loud", "must be among"), ("answer", " \n", "must not be empty")],
)
def test_a_meaningless_row_is_refused(field: str, value: str, rule: str) -> None:
    with pytest.raises(ArtifactError, match=rule):
        replace(EXAMPLE, **{field: value})
