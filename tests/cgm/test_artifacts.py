import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm.artifacts import (
    Anchor,
    Edit,
    Entity,
    Failure,
    Gold,
    Issue,
    Patch,
    Ranked,
    Ranking,
    Rewrite,
    Sample,
    Subgraph,
    SubgraphEdge,
    SubgraphNode,
    Tally,
    Usage,
    Verdict,
    from_row,
    to_row,
)
from cgm.errors import ArtifactError

_ARTIFACTS = (
    Issue("a-1", "a/b", "c", "text"),
    Gold("a-1", ("a.py",), ()),
    Rewrite("a-1", (Entity("name", "f"),), ("k",), ("q",)),
    Subgraph(
        "a-1",
        (Anchor(1, 0.5, ("bm25",)),),
        (SubgraphNode(1, "FILE", "a.py", "a.py", 1, 2, 0.5),),
        (SubgraphEdge("CALLS", 1, 1),),
    ),
    Ranking("a-1", (Ranked("a.py", 1.0, "why"),), (), ("a.py",)),
    Patch(
        "a-1",
        "model",
        "diff",
        (Edit("a.py", 1, 0, "x"),),
        (Sample("answer", "chosen"),),
        Usage(1, 0, 2, 3, 0.5),
        passed=True,
    ),
    Failure("a-1", "reader", "ModelError", "down"),
    Verdict("a-1", "unresolved", Tally(1, ("t.py::b",)), Tally(9), "0f", "fuzzy", "docker", 2.5, 2, "dropped tox.ini"),
)


@pytest.mark.parametrize("artifact", _ARTIFACTS, ids=lambda artifact: type(artifact).__name__)
def test_an_artifact_survives_json(artifact: Any) -> None:
    assert from_row(type(artifact), json.loads(json.dumps(to_row(artifact)))) == artifact


@pytest.mark.parametrize("artifact", _ARTIFACTS, ids=lambda artifact: type(artifact).__name__)
def test_an_artifact_is_frozen_and_knows_its_instance(artifact: Any) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        artifact.instance_id = "b"
    assert to_row(artifact)["instance_id"] == "a-1"


@given(st.builds(Entity, st.text(), st.text(), st.floats(0, 1)))
def test_any_text_survives(entity: Entity) -> None:
    assert from_row(Entity, json.loads(json.dumps(to_row(entity)))) == entity


def test_an_issue_has_no_place_for_its_answer() -> None:
    assert not {field.name for field in dataclasses.fields(Issue)} & {"patch", "test_patch", "hints_text"}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"instance_id": "a"}, "Issue: .*missing 3 required"),
        ({**to_row(_ARTIFACTS[0]), "patch": "x"}, r"Issue: unknown fields \['patch'\]"),
        ({**to_row(_ARTIFACTS[0]), "repo": 1}, "Issue.repo must be str, got 1"),
        ([], "Issue: a row must be an object, got list"),
    ],
)
def test_a_row_of_another_shape_is_refused(row: Any, message: str) -> None:
    with pytest.raises(ArtifactError, match=message):
        from_row(Issue, row)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"files": "a.py"}, "Gold.files must be a list, got 'a.py'"),
        ({"files": [1]}, "Gold.files must be str, got 1"),
        ({"files": None}, "Gold.files must be a list, got None"),
    ],
)
def test_a_list_of_something_else_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ArtifactError, match=message):
        from_row(Gold, {"instance_id": "a", "files": [], "functions": []} | change)


def test_a_truth_value_is_no_number() -> None:
    with pytest.raises(ArtifactError, match=r"Usage\.calls must be int, got True"):
        from_row(Usage, {"calls": True})


def test_a_whole_number_serves_as_a_float() -> None:
    cost = from_row(Usage, {"cost": 2}).cost
    assert (cost, type(cost)) == (2.0, float)


def test_usages_add_up_by_field() -> None:
    assert Usage(1, 0, 10, 5, 0.5) + Usage(2, 1, 1, 1, 0.25) == Usage(3, 1, 11, 6, 0.75)


@pytest.mark.parametrize(("field", "value"), [("outcome", "passed"), ("applied", "almost")])
def test_a_verdict_of_another_kind_is_refused(field: str, value: str) -> None:
    row = to_row(Verdict("a-1", "resolved", applied="clean"))
    with pytest.raises(ArtifactError, match=f"Verdict.{field} must be one of .*, got '{value}'"):
        from_row(Verdict, row | {field: value})
