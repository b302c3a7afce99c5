import json
from pathlib import Path
from typing import Any

import pytest

from cgm.artifacts import Issue
from cgm.errors import CgmError, DatasetError
from launch.dataset import load_instances, repository_folder
from launch.schema import RunConfig

_ROW = {"instance_id": "a-1", "repo": "a/b", "base_commit": "c", "problem_statement": "It fails."}


def _write(folder: Path, *rows: Any) -> RunConfig:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    (folder / "rows.jsonl").write_text("\n".join(lines))
    return RunConfig(dataset=str(folder / "rows.jsonl"), repos=str(folder))


def test_rows_become_instances_and_their_patches_stay_unread(tmp_path: Path) -> None:
    config = _write(
        tmp_path, {**_ROW, "patch": "the answer", "test_patch": "its proof"}, "", {**_ROW, "instance_id": "a-2"}
    )
    instances = load_instances(config)
    assert [instance.issue.instance_id for instance in instances] == ["a-1", "a-2"]
    assert instances[0].issue == Issue("a-1", "a/b", "c", "It fails.")
    assert instances[0].location == tmp_path / "a__b"


def test_a_repository_lies_under_owner_and_name() -> None:
    assert repository_folder(Path("/x"), "psf/requests") == Path("/x/psf__requests")


def test_an_issue_file_in_another_encoding_is_read(tmp_path: Path) -> None:
    (tmp_path / "issue.md").write_bytes(b"\xef\xbb\xbfBr\xfccke")
    (instance,) = load_instances(RunConfig(repo=str(tmp_path), issue=str(tmp_path / "issue.md")))
    assert instance.issue.problem_statement == "Br\N{REPLACEMENT CHARACTER}cke"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["[]"], "rows.jsonl:1: a line must be a JSON object, got list"),
        ([_ROW, "{"], "rows.jsonl:2: not JSON"),
        ([_ROW, _ROW], "rows.jsonl:2: instance_id must be unique, got 'a-1' twice"),
        ([{"instance_id": "a"}], "rows.jsonl:1: a row must have .* got no repo, base_commit, problem_statement"),
        ([{**_ROW, "repo": 3}], "rows.jsonl:1: repo must be a text, got 3"),
        ([{**_ROW, "base_commit": ""}], "rows.jsonl:1: base_commit must not be empty"),
        ([{**_ROW, "repo": "../../etc"}], "rows.jsonl:1: repo must be owner/name"),
        ([], "a dataset must have at least one row"),
    ],
)
def test_a_malformed_row_is_refused_with_its_line(tmp_path: Path, rows: list[Any], message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        load_instances(_write(tmp_path, *rows))


def test_an_unknown_id_is_refused(tmp_path: Path) -> None:
    config = _write(tmp_path, _ROW)
    (tmp_path / "ids").write_text("a-1 a-9")
    config.ids = str(tmp_path / "ids")
    with pytest.raises(DatasetError, match="every id must be in the dataset, got a-9"):
        load_instances(config)


def test_an_unreadable_list_of_ids_is_refused(tmp_path: Path) -> None:
    config = _write(tmp_path, _ROW)
    config.ids = str(tmp_path / "gone")
    with pytest.raises(CgmError, match="ids must be a readable file"):
        load_instances(config)
