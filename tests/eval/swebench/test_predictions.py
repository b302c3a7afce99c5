import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm.errors import DatasetError
from eval.swebench.predictions import MAX_ROW_MB, Prediction, load_predictions


def _row(name: str, diff: str | None = "diff") -> dict[str, Any]:
    return {"instance_id": name, "model_name_or_path": "model", "model_patch": diff}


def _lines(*rows: Any) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


_A, _B = _row("a-1"), _row("b-2", "other")


@pytest.mark.parametrize(
    "text",
    [
        _lines(_A, _B),
        "\n" + _lines(_A, _B).replace("\n", "\r\n\n"),
        json.dumps([_A, _B]),
        json.dumps([_A, _B], indent=2),
        json.dumps({"a-1": _A, "b-2": _B}),
        json.dumps({"a-1": _A, "b-2": _B}, indent=2),
    ],
)
def test_every_form_of_predictions_is_read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "predictions"
    path.write_text(text)
    found = load_predictions(path, ["a-1", "b-2"]).found
    assert list(found.values()) == [Prediction("a-1", "model", "diff"), Prediction("b-2", "model", "other")]


@pytest.mark.parametrize("text", [json.dumps(_A, indent=2), json.dumps({"a-1": "diff"}), _lines(_A)])
def test_a_single_prediction_is_read_in_every_form(tmp_path: Path, text: str) -> None:
    path = tmp_path / "predictions"
    path.write_text(text)
    assert load_predictions(path, ["a-1"]).found["a-1"].diff == "diff"


def test_every_row_and_every_instance_is_accounted_for(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text(_lines(_A, _row("x-9"), _A, _row("x-9")))
    read = load_predictions(path, ["c-3", "a-1", "b-2"])
    assert (list(read.found), read.missing) == (["a-1"], ("c-3", "b-2"))
    assert (read.unknown, read.repeated, read.oversized) == (("x-9", "x-9"), ("a-1",), ())


@pytest.mark.parametrize("patch", ["", None])
def test_an_empty_patch_is_a_prediction(tmp_path: Path, patch: str | None) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text(_lines({"instance_id": "a-1", "model_patch": patch}))
    assert load_predictions(path, ["a-1"]).found == {"a-1": Prediction("a-1", "", "")}


def test_predictions_of_an_instance_that_differ_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text(_lines(_A, _row("a-1", "another")))
    with pytest.raises(DatasetError, match=r"p\.jsonl:2: an instance must have one prediction, got two of 'a-1'"):
        load_predictions(path, ["a-1"])


def test_a_row_of_100_mb_is_counted_and_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    with path.open("w") as stream:
        stream.write('{"instance_id": "a-1", "model_patch": "')
        for _ in range(100):
            stream.write("x" * 1_000_000)
        stream.write('"}\n' + _lines(_B))
    tracemalloc.start()
    read = load_predictions(path, ["a-1", "b-2"])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (read.oversized, list(read.found), read.missing) == (("a-1",), ["b-2"], ())
    assert peak < 3 * MAX_ROW_MB << 20


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"instance_id": "a-1"\n', "not JSON"),
        (_lines(_A, [1]), ":2: a prediction must be an object, got list"),
        (_lines(_A, {"instance_id": "b-2"}), ":2: .* got no model_patch"),
        (_lines({"model_patch": "x", "instance_id": 7}), "instance_id must be a text, got 7"),
        (_lines({"instance_id": "a-1", "model_patch": {"a": 1}}), "model_patch must be a text"),
        (json.dumps([1]), "prediction 1: a prediction must be an object"),
        (json.dumps({"a-1": 5}, indent=1), "prediction a-1: a prediction must be an object"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_malformed_file_is_refused_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "p"
    path.write_text(text)
    with pytest.raises(DatasetError, match=message):
        load_predictions(path, ["a-1", "b-2"])


def test_a_file_that_is_absent_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="cannot read"):
        load_predictions(tmp_path / "absent", ["a-1"])


_JSON = st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=2))
_ROWS = st.fixed_dictionaries({}, optional={"instance_id": st.just("a-1") | _JSON, "model_patch": _JSON})


@given(st.one_of(st.binary(max_size=60), st.one_of(_JSON, _ROWS, st.lists(_ROWS, max_size=3)).map(json.dumps)))
def test_any_file_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes | str) -> None:
    path = tmp_path_factory.getbasetemp() / "predictions"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    try:
        read = load_predictions(path, ["a-1"])
    except DatasetError:
        return
    assert {*read.found, *read.missing, *read.oversized} == {"a-1"}
