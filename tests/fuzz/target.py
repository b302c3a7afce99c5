"""What the fuzzer feeds and what must hold: a small repository as bytes, and the promises of its code graph.

Knows how any bytes become a repository, and the invariants. Does not know who makes the bytes: the coverage-guided
fuzzer (`fuzz_graph`), Hypothesis, or the corpus of past findings (`test_corpus`).
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cgm.arrays import load_graph, save_graph
from cgm.graph import ROOT, CodeGraph, EdgeKind, NodeKind
from cgm.graphml import from_graphml, graphml_lines
from cgm.json_export import to_cgm_json
from cgm.json_import import from_cgm_json
from preprocessing.snapshot import FileEntry, Snapshot
from preprocessing.stage import CodeGraphPreprocessor, PreprocessingConfig

RECORD = b"\x1e"  # ASCII's record separator ends a file; its first line is the path
_SPECIAL = frozenset({"", ".", "..", ".git"})  # git refuses these as parts of a path
_MOST_FILES = 12
_CONFIG = PreprocessingConfig(max_file_bytes=1 << 16, parse_timeout_s=20.0)


def pack(files: Mapping[str, bytes]) -> bytes:
    """Write a repository as `unpack` reads it."""
    return RECORD.join(os.fsencode(path) + b"\n" + content for path, content in files.items())


def unpack(data: bytes) -> dict[str, bytes]:
    """Read a repository of at most 12 files from any bytes; a path that git would refuse is left out."""
    files: dict[str, bytes] = {}
    for record in data.split(RECORD)[:_MOST_FILES]:
        first, _, content = record.partition(b"\n")
        path = os.fsdecode(first.replace(b"\0", b""))
        if not _SPECIAL.intersection(path.split("/")) and not _is_taken(path, files):
            files[path] = content
    return files


def _is_taken(path: str, files: Iterable[str]) -> bool:
    """Whether a path is a file already, lies below one, or is a folder of one."""
    return any(path == known or path.startswith(f"{known}/") or known.startswith(f"{path}/") for known in files)


@dataclass(frozen=True)
class _Contents:
    """The bytes of a repository that exists nowhere else."""

    files: Mapping[str, bytes]

    def read(self, entries: Iterable[FileEntry]) -> Iterator[bytes]:
        """Yield the content of each file."""
        return (self.files[entry.path] for entry in entries)


class _Blobs(dict[str, bytes]):
    """A blob store that lasts as long as one check."""

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """What the store holds of `keys`."""
        return {key: self[key] for key in keys if key in self}

    def put_many(self, values: Mapping[str, bytes]) -> None:
        """Keep values."""
        self.update(values)


def snapshot_of(files: Mapping[str, bytes]) -> Snapshot:
    """A snapshot of files in memory."""
    entries = [
        FileEntry(path, hashlib.sha1(content, usedforsecurity=False).hexdigest(), len(content), 0o100644)
        for path, content in sorted(files.items(), key=lambda item: os.fsencode(item[0]))
    ]
    return Snapshot("fuzzed", tuple(entries), _Contents(files))


def check_repository(files: Mapping[str, bytes]) -> None:
    """Build a repository's graph cold, warm and in parts, and assert all that the graph promises."""
    snapshot, blobs = snapshot_of(files), _Blobs()
    preprocessor = CodeGraphPreprocessor(_CONFIG, blobs=blobs)
    graph = preprocessor.preprocess(snapshot).graph
    check_graph(graph, files)
    # what the cache holds of every file gives the same graph, and so does a builder that knows another snapshot
    assert columns(CodeGraphPreprocessor(_CONFIG, blobs=blobs).preprocess(snapshot).graph) == columns(graph)
    if len(files) > 1:
        first = min(files)
        preprocessor.preprocess(snapshot_of({path: content for path, content in files.items() if path != first}))
        assert columns(preprocessor.preprocess(snapshot).graph) == columns(graph)
    check_interchange(graph)


def columns(graph: CodeGraph) -> tuple[object, ...]:
    """A graph's columns as values that compare."""
    arrays = (graph.node_kind, graph.node_start, graph.node_end, graph.edge_kind, graph.edge_source, graph.edge_target)
    rows = [column.tolist() for column in (*arrays, graph.edge_confidence, graph.edge_line)]
    details = [graph.details(node) for node in range(len(graph))]
    return graph.node_name, graph.node_path, rows, dict(graph.unlinked), graph.node_complexity.tolist(), details


def check_graph(graph: CodeGraph, files: Mapping[str, bytes]) -> None:
    """Assert that containment is a tree in order, and that every line and edge points at something."""
    count = len(graph)
    parents = graph.parent.tolist()
    assert parents[ROOT] == -1
    assert all(0 <= parent < node for node, parent in enumerate(parents) if node != ROOT)
    contains = graph.edge_kind == EdgeKind.CONTAINS
    assert int(contains.sum()) == count - 1
    assert set(graph.file_of_path) == set(files)
    lengths = np.array([_lines(files, path) for path in graph.node_path])
    assert np.all(graph.node_start <= graph.node_end)
    assert np.all(graph.node_end <= lengths)
    ends = np.concatenate([graph.edge_source, graph.edge_target])
    assert not len(ends) or (ends.min() >= 0 and ends.max() < count)
    assert np.all((graph.edge_confidence > 0) & (graph.edge_confidence <= 1))
    assert np.all(graph.edge_line[~contains] >= 1)
    assert len(graph.node_details) == count
    has_code = np.isin(graph.node_kind, (NodeKind.FUNCTION, NodeKind.LAMBDA))
    assert np.all(graph.node_complexity[~has_code] == 0)
    assert np.all(graph.edge_line <= lengths[graph.edge_source])


def _lines(files: Mapping[str, bytes], path: str) -> int:
    content = files.get(path, b"")
    return content.count(b"\n") + bool(content and not content.endswith(b"\n"))


def check_interchange(graph: CodeGraph) -> None:
    """Assert that a graph survives storage and the interchange formats."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "graph.npz")
        save_graph(path, graph)
        assert columns(load_graph(path)) == columns(graph)
    document = json.loads(json.dumps(to_cgm_json(graph, lambda node: f"text {node}")))
    copy, texts = from_cgm_json(document)
    assert columns(copy) == columns(graph)
    assert texts == tuple(f"text {node}" for node in range(len(graph)))
    assert columns(from_graphml("".join(graphml_lines(graph)).encode())) == columns(graph)
