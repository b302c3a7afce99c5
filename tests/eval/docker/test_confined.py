"""What needs no engine; containers under a real one are in test_containers_docker.py."""

from collections.abc import Iterator

import pytest

from eval.docker.confined import bounded

CUT = b"\n[the output was cut off here]\n"


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_nothing_is_lost_below_the_limit(size: int) -> None:
    text = bytes(range(256)) * 20
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    assert b"".join(bounded(iter(pieces), len(text))) == text


def test_what_goes_beyond_is_cut_and_not_read() -> None:
    read = []

    def endless() -> Iterator[bytes]:
        while True:
            read.append(1)
            yield b"x" * 10

    assert b"".join(bounded(endless(), 95)) == b"x" * 95 + CUT
    assert len(read) == 10


def test_the_first_pieces_come_at_once_and_later_ones_in_blocks() -> None:
    blocks = [len(block) for block in bounded(iter([b"x" * 10] * 100_000), 1 << 20)]
    assert blocks[0] == 10
    # the reader appends each block to all before it, so there must be few of them
    assert len(blocks) < 200
    assert sum(blocks) == 1_000_000
