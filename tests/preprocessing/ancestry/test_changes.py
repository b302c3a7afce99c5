import pytest

from preprocessing.ancestry.changes import Change, Changes, decode_changes, encode_changes

_CHANGES = Changes(
    3,
    (Change("a\udcff.py", ("b.py",), ([(1, 2, 3, 4)],)), Change("c", ("", "c"), (None, []))),
    ("d.py",),
)


def test_changes_come_back_as_they_were() -> None:
    found = decode_changes(encode_changes(_CHANGES))
    assert found is not None
    rows = [
        change._replace(hunks=tuple(one and [tuple(row) for row in one] for one in change.hunks))
        for change in found.changes
    ]
    assert found._replace(changes=tuple(rows)) == _CHANGES


@pytest.mark.parametrize("place", range(0, len(encode_changes(_CHANGES)), 7))
def test_damaged_changes_are_none(place: int) -> None:
    content = bytearray(encode_changes(_CHANGES))
    content[place] ^= 0xFF
    assert decode_changes(bytes(content)) is None
    assert decode_changes(bytes(content[:place])) is None
