import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cgm.arrays import (
    load_dense,
    load_graph,
    load_history,
    load_lexical,
    save_dense,
    save_graph,
    save_history,
    save_lexical,
)
from cgm.details import DetailRows, NodeDetails, encode_details
from cgm.errors import ArtifactError
from cgm.graph import CodeGraph
from cgm.history import History
from cgm.protocols import DenseIndex, LexicalIndex
from cgm.store import StageCache


def _graph() -> CodeGraph:
    return CodeGraph(
        node_kind=np.array([0, 2, 5], dtype=np.uint8),
        node_name=("shop", "a.py", "f\nnewline \udce9"),
        node_path=("", "a.py", "a.py"),
        node_start=np.array([0, 1, 2], dtype=np.int32),
        node_end=np.array([0, 9, 3], dtype=np.int32),
        edge_kind=np.array([0, 0], dtype=np.uint8),
        edge_source=np.array([0, 1], dtype=np.int32),
        edge_target=np.array([1, 2], dtype=np.int32),
        edge_confidence=np.ones(2, dtype=np.float32),
        edge_line=np.zeros(2, dtype=np.int32),
        unlinked={"builtin": 3},
        node_complexity=np.array([0, 0, 4], dtype=np.int32),
        node_details=DetailRows(b"\n\n" + encode_details(NodeDetails("def f()", docstring="\ud800")).encode()),
    )


def _same(first: Any, second: Any) -> bool:
    if isinstance(first, np.ndarray):
        return first.dtype == second.dtype and np.array_equal(first, second)
    if isinstance(first, tuple) and first and isinstance(first[0], np.ndarray):
        return len(first) == len(second) and all(map(_same, first, second))
    return bool(first == second)


def _all_same(first: Any, second: Any) -> bool:
    return all(_same(getattr(first, name), getattr(second, name)) for name in first.__dataclass_fields__)


def test_a_graph_comes_back_as_it_was(tmp_path: Path) -> None:
    save_graph(tmp_path / "g.npz", _graph())
    assert _all_same(_graph(), load_graph(tmp_path / "g.npz"))


@pytest.mark.parametrize(("name", "rule"), [("f\0g", "must not hold NUL"), ("f\ud800", "must be text")])
def test_a_name_that_could_not_be_read_again_is_not_stored(tmp_path: Path, name: str, rule: str) -> None:
    with pytest.raises(ArtifactError, match=rule):
        save_graph(tmp_path / "graph.npz", replace(_graph(), node_name=("shop", "a.py", name)))
    assert list(tmp_path.iterdir()) == []


def test_a_lexical_index_comes_back_as_it_was(tmp_path: Path) -> None:
    index = LexicalIndex(
        nodes=np.array([1, 2], dtype=np.int32),
        vocabulary={"parse": 0, "html": 1},
        fields=("name", "text"),
        indptr=(np.array([0, 1, 2], dtype=np.int32), np.array([0, 0, 1], dtype=np.int32)),
        documents=(np.array([0, 1], dtype=np.int32), np.array([1], dtype=np.int32)),
        counts=(np.array([1, 1], dtype=np.uint16), np.array([4], dtype=np.uint16)),
    )
    save_lexical(tmp_path / "l.npz", index)
    assert _all_same(index, load_lexical(tmp_path / "l.npz"))


@pytest.mark.parametrize("messages", [("why \u00fc\n\nbody", "", "\udc80"), ("",), ()])
def test_a_history_comes_back_as_it_was(tmp_path: Path, messages: tuple[str, ...]) -> None:
    size = len(messages)
    integers, floats = np.arange(size, dtype=np.int32), np.ones(size, dtype=np.float32)
    history = History(
        commit_id=tuple(f"{number:040x}" for number in range(size)),
        commit_time=np.arange(size, dtype=np.int64),
        author_time=np.arange(size, dtype=np.int64),
        commit_files=integers,
        commit_merge=integers,
        message=messages,
        touch_node=integers,
        touch_commit=integers,
        touch_added=integers,
        touch_deleted=integers,
        pair_node=integers,
        pair_other=integers,
        pair_weight=floats,
        pair_commits=integers,
        gaps={"older commit": 3},
    )
    save_history(tmp_path / "h.npz", history)
    assert _all_same(history, load_history(tmp_path / "h.npz"))


def test_a_dense_index_comes_back_with_its_state(tmp_path: Path) -> None:
    index = DenseIndex(np.array([3], dtype=np.int32), np.ones((1, 2), dtype=np.float32), {"idf": np.arange(3.0)})
    save_dense(tmp_path / "d.npz", index)
    loaded = load_dense(tmp_path / "d.npz")
    assert _same(loaded.vectors, index.vectors)
    assert _same(loaded.nodes, index.nodes)
    assert _same(loaded.state["idf"], index.state["idf"])


@pytest.mark.parametrize("content", [b"", b"junk", b"PK\x03\x04"])
def test_damaged_arrays_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "g.npz").write_bytes(content)
    with pytest.raises(ArtifactError, match="is damaged"):
        load_graph(tmp_path / "g.npz")


def test_arrays_of_another_kind_are_refused(tmp_path: Path) -> None:
    save_dense(tmp_path / "d.npz", DenseIndex(np.zeros(1, dtype=np.int32), np.ones((1, 2), dtype=np.float32)))
    with pytest.raises(ArtifactError, match="is damaged"):
        load_graph(tmp_path / "d.npz")


def test_no_pickle_is_ever_loaded(tmp_path: Path) -> None:
    np.savez(tmp_path / "g.npz", node_kind=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ArtifactError, match="is damaged"):
        load_graph(tmp_path / "g.npz")


def test_arrays_that_were_read_last_are_dropped_last(tmp_path: Path) -> None:
    cache = StageCache(tmp_path)
    for age, key in enumerate(("newer", "older")):
        save_graph(cache.path("preprocessing", key, ".npz"), _graph())
        os.utime(cache.path("preprocessing", key, ".npz"), ns=(0, 10**18 - age))
    load_graph(cache.path("preprocessing", "older", ".npz"))
    assert cache.prune(cache.path("preprocessing", "older", ".npz").stat().st_size) == 1
    assert [path.stem for path in tmp_path.rglob("*.npz")] == ["older"]


@pytest.mark.parametrize("lines", [b"\n", b"\n" * 4])
def test_details_of_another_number_of_nodes_are_refused(tmp_path: Path, lines: bytes) -> None:
    save_graph(tmp_path / "g.npz", replace(_graph(), node_details=DetailRows(lines)))
    with pytest.raises(ArtifactError, match="expected details of 3 nodes"):
        load_graph(tmp_path / "g.npz")
