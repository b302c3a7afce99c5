import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm.details import NO_DETAILS, DetailRows, NodeDetails, Parameter, decode_details, encode_details

_TEXT = st.text(st.characters(), max_size=8)  # lone surrogates too
_PARAMETERS = st.lists(st.builds(Parameter, _TEXT, _TEXT, _TEXT), max_size=3).map(tuple)
_DETAILS = st.builds(NodeDetails, _TEXT, _PARAMETERS, _TEXT, st.lists(_TEXT, max_size=2).map(tuple), _TEXT)


@given(st.lists(_DETAILS | st.just(NO_DETAILS), min_size=1, max_size=5))
def test_any_details_come_back_from_their_place(details: list[NodeDetails]) -> None:
    rows = DetailRows("".join(map(encode_details, details)).encode("ascii"))
    assert len(rows) == len(details)
    assert [rows[node] for node in range(len(details))] == details


def test_a_node_that_says_nothing_takes_one_byte() -> None:
    assert encode_details(NO_DETAILS) == "\n"
    assert decode_details("\n") == NO_DETAILS


def test_without_lines_every_node_says_nothing() -> None:
    assert DetailRows()[7] == NO_DETAILS


@pytest.mark.parametrize("line", ["{", "3", "[]", '["",3,"",[],""]', '["",[["a","","",""]],"",[],""]', "null"])
def test_damaged_details_are_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decode_details(line)
