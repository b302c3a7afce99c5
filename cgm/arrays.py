"""Graphs, indexes and histories as files of `.npz` arrays.

Knows their columns and how names and details become bytes. Does not know where files lie (`cgm.store`). No pickle.
"""

import io
import json
import os
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from cgm.details import DetailRows
from cgm.errors import ArtifactError
from cgm.graph import CodeGraph
from cgm.history import History
from cgm.protocols import DenseIndex, LexicalIndex
from cgm.store import read_bytes, write_bytes

_SEPARATOR = "\0"  # the only character that neither a path nor a name in source can hold
_Arrays = dict[str, NDArray[Any]]
_Loaded = TypeVar("_Loaded")


def save_graph(path: Path, graph: CodeGraph) -> None:
    """Write a code graph as `.npz`.

    Raises:
        ArtifactError: a name or path is no text that can be read again. Others as `write_bytes`.
    """
    _save_arrays(path, _graph_arrays(graph))


def load_graph(path: Path) -> CodeGraph:
    """Read what `save_graph` wrote.

    Raises:
        ArtifactError: the file is damaged.
    """
    return _load_arrays(path, _graph_from_arrays)


def save_lexical(path: Path, index: LexicalIndex) -> None:
    """Write a lexical index as `.npz`. Raises as `write_bytes`."""
    arrays: _Arrays = {
        "nodes": index.nodes,
        "vocabulary": _pack(list(index.vocabulary)),
        "fields": _pack(list(index.fields)),
    }
    for name in ("indptr", "documents", "counts"):
        arrays |= {f"{name}{position}": array for position, array in enumerate(getattr(index, name))}
    _save_arrays(path, arrays)


def load_lexical(path: Path) -> LexicalIndex:
    """Read what `save_lexical` wrote. Raises as `load_graph`."""
    return _load_arrays(path, _lexical_from_arrays)


def save_dense(path: Path, index: DenseIndex) -> None:
    """Write a dense index as `.npz`. Raises as `write_bytes`."""
    state = {f"state.{name}": array for name, array in index.state.items()}
    # floats hardly shrink
    _save_arrays(path, {"nodes": index.nodes, "vectors": index.vectors} | state, level=0)


def load_dense(path: Path) -> DenseIndex:
    """Read what `save_dense` wrote. Raises as `load_graph`."""
    return _load_arrays(path, _dense_from_arrays)


def save_history(path: Path, history: History) -> None:
    """Write a history as `.npz`. Raises as `write_bytes`."""
    arrays: _Arrays = {name: getattr(history, name) for name in _HISTORY_COLUMNS}
    arrays |= {name: _pack(getattr(history, name)) for name in _HISTORY_TEXT}
    arrays["gaps"] = np.frombuffer(json.dumps(dict(history.gaps)).encode(), dtype=np.uint8)
    _save_arrays(path, arrays)


def load_history(path: Path) -> History:
    """Read what `save_history` wrote. Raises as `load_graph`."""
    return _load_arrays(path, _history_from_arrays)


def _pack(names: Sequence[str]) -> NDArray[Any]:
    text = _SEPARATOR.join(names)
    if text.count(_SEPARATOR) > max(0, len(names) - 1):
        raise ArtifactError("a stored name must not hold NUL")
    try:
        return np.frombuffer(text.encode("utf-8", "surrogateescape"), dtype=np.uint8)
    except UnicodeEncodeError as error:
        raise ArtifactError(f"a stored name must be text: {error}") from error


def _unpack(packed: NDArray[Any], count: int) -> tuple[str, ...]:
    if not count:
        return ()
    names = tuple(packed.tobytes().decode("utf-8", "surrogateescape").split(_SEPARATOR))
    if len(names) != count:
        raise ValueError(f"expected {count} names, got {len(names)}")
    return names


def _save_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], level: int = 1) -> None:
    """Write `.npz`, deflated at `level`: numpy's own writer knows only level 6, at five times the seconds."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, np.asarray(array), allow_pickle=False)
    write_bytes(path, buffer.getvalue())


def _load_arrays(path: Path, build: Callable[[_Arrays], _Loaded]) -> _Loaded:
    content = io.BytesIO(read_bytes(path))
    with suppress(OSError):  # a folder that cannot be written is not pruned either
        os.utime(path)
    try:
        with np.load(content, allow_pickle=False) as archive:
            return build(dict(archive))
    except (ValueError, KeyError, TypeError, zipfile.BadZipFile, EOFError) as error:
        raise ArtifactError(f"{path} is damaged: {error}") from error


_GRAPH_TEXT = ("node_name", "node_path")
_GRAPH_OBJECTS = (*_GRAPH_TEXT, "unlinked", "node_details")
_GRAPH_COLUMNS = tuple(field.name for field in fields(CodeGraph) if field.name not in _GRAPH_OBJECTS)


def _graph_arrays(graph: CodeGraph) -> _Arrays:
    arrays: _Arrays = {name: getattr(graph, name) for name in _GRAPH_COLUMNS}
    arrays |= {name: _pack(getattr(graph, name)) for name in _GRAPH_TEXT}
    arrays["node_details"] = np.frombuffer(graph.node_details.lines, dtype=np.uint8)
    arrays["unlinked"] = np.frombuffer(json.dumps(dict(graph.unlinked)).encode(), dtype=np.uint8)
    return arrays


def _graph_from_arrays(arrays: _Arrays) -> CodeGraph:
    count = len(arrays["node_kind"])
    columns: dict[str, Any] = {name: arrays[name] for name in _GRAPH_COLUMNS}
    columns |= {name: _unpack(arrays[name], count) for name in _GRAPH_TEXT}
    details = DetailRows(arrays["node_details"].tobytes())
    if len(details) not in (0, count):
        raise ValueError(f"expected details of {count} nodes, got {len(details)}")
    return CodeGraph(**columns, unlinked=json.loads(arrays["unlinked"].tobytes()), node_details=details)


def _lexical_from_arrays(arrays: _Arrays) -> LexicalIndex:
    names = _unpack(arrays["fields"], int(arrays["fields"].tobytes().count(0)) + 1)
    columns = {
        name: tuple(arrays[f"{name}{position}"] for position in range(len(names)))
        for name in ("indptr", "documents", "counts")
    }
    size = len(columns["indptr"][0]) - 1
    vocabulary = {term: number for number, term in enumerate(_unpack(arrays["vocabulary"], size))}
    return LexicalIndex(nodes=arrays["nodes"], vocabulary=vocabulary, fields=names, **columns)


_HISTORY_TEXT = ("commit_id", "message")
_HISTORY_COLUMNS = tuple(field.name for field in fields(History) if field.name not in (*_HISTORY_TEXT, "gaps"))


def _history_from_arrays(arrays: _Arrays) -> History:
    columns: dict[str, Any] = {name: arrays[name] for name in _HISTORY_COLUMNS}
    columns |= {name: _unpack(arrays[name], len(arrays["commit_time"])) for name in _HISTORY_TEXT}
    return History(**columns, gaps=json.loads(arrays["gaps"].tobytes()))


def _dense_from_arrays(arrays: _Arrays) -> DenseIndex:
    state = {name.removeprefix("state."): array for name, array in arrays.items() if name.startswith("state.")}
    return DenseIndex(nodes=arrays["nodes"], vectors=arrays["vectors"], state=state)
