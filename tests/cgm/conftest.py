from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import strategies as st

from cgm.details import DetailRows, NodeDetails, Parameter, encode_details
from cgm.graph import CodeGraph, EdgeKind, NodeKind

# any characters, controls and lone surrogates too
_TEXT = st.text(st.characters(), max_size=6)
_LINES = st.integers(0, 2**31 - 1)
_DETAILS = st.builds(
    NodeDetails,
    _TEXT,
    st.lists(st.builds(Parameter, _TEXT, _TEXT, _TEXT), max_size=2).map(tuple),
    _TEXT,
    st.lists(_TEXT, max_size=2).map(tuple),
    _TEXT,
)


@st.composite
def _code_graphs(draw: st.DrawFn) -> CodeGraph:
    size = draw(st.integers(1, 8))

    def column(values: st.SearchStrategy[int]) -> "np.ndarray[tuple[int], np.dtype[np.int32]]":
        return np.array(draw(st.lists(values, min_size=size, max_size=size)), dtype=np.int32)

    names = st.lists(_TEXT, min_size=size, max_size=size).map(tuple)
    ends, confidences = st.integers(0, size - 1), st.floats(2**-20, 1.0, width=32)
    kinds = st.sampled_from([kind for kind in EdgeKind if kind != EdgeKind.CONTAINS])
    edges = draw(st.lists(st.tuples(kinds, ends, ends, confidences, _LINES), max_size=6))
    edges += [(EdgeKind.CONTAINS, draw(st.integers(0, node - 1)), node, 1.0, 0) for node in range(1, size)]
    edges = draw(st.permutations(edges))
    details = [draw(_DETAILS) for _ in range(size)]
    return CodeGraph(
        node_kind=np.array([0, *(draw(st.integers(1, len(NodeKind) - 1)) for _ in range(1, size))], dtype=np.uint8),
        node_name=draw(names),
        node_path=draw(names),
        node_start=column(_LINES),
        node_end=column(_LINES),
        edge_kind=np.array([edge[0] for edge in edges], dtype=np.uint8),
        edge_source=np.array([edge[1] for edge in edges], dtype=np.int32),
        edge_target=np.array([edge[2] for edge in edges], dtype=np.int32),
        edge_confidence=np.array([edge[3] for edge in edges], dtype=np.float32),
        edge_line=np.array([edge[4] for edge in edges], dtype=np.int32),
        unlinked=draw(st.dictionaries(_TEXT, st.integers(1, 9), max_size=2)),
        node_complexity=column(_LINES),
        node_details=DetailRows("".join(map(encode_details, details)).encode("ascii")),
    )


@pytest.fixture(scope="session")
def code_graphs() -> st.SearchStrategy[CodeGraph]:
    """Any code graph, however odd its texts."""
    return _code_graphs()


@pytest.fixture(scope="session")
def content_of() -> Callable[[CodeGraph], dict[str, object]]:
    """All that a graph holds, as plain values."""

    def content(graph: CodeGraph) -> dict[str, object]:
        columns = {name: getattr(graph, name) for name in graph.__dataclass_fields__}
        plain = {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in columns.items()}
        return plain | {"node_details": [graph.details(node) for node in range(len(graph))]}

    return content
