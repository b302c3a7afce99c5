import numpy as np
import pytest

from cgm.errors import InputError
from cgm.model.config import GraphConfig
from cgm.model.links import link_chunks, token_positions, visible_pairs
from cgm.model.sample import Sample

torch = pytest.importorskip("torch", reason="the extra code-graph-model is not installed")


def sample(chunks: list[tuple[int, ...]], asked: int = 2, said: int = 2) -> Sample:
    links = link_chunks([(2, node, node + 1) for node in range(len(chunks) - 1)], np.ones(len(chunks), dtype=np.int64))
    return Sample(
        chunks=tuple(chunks),
        links=links,
        pairs=visible_pairs(links, GraphConfig()),
        positions=token_positions(links, [], "list"),
        prompt=tuple(range(100, 100 + asked)),
        answer=tuple(range(200, 200 + said)),
    )


def test_a_row_is_node_tokens_then_prompt_then_answer_then_padding() -> None:
    from cgm.model.batch import ANSWER, IGNORED, NODE, PADDING, PROMPT, collate

    batch = collate([[sample([(7,), (8, 9)])], [sample([], said=0)]], padding=5)
    assert batch.text_BT.tolist() == [[5, 5, 100, 101, 200, 201], [100, 101, 5, 5, 5, 5]]
    assert batch.role_BT[0].tolist() == [NODE, NODE, PROMPT, PROMPT, ANSWER, ANSWER]
    assert batch.segment_BT.tolist() == [[0] * 6, [0, 0] + [PADDING] * 4]
    assert batch.position_BT[:, :4].tolist() == [[0, 1, 2, 3], [0, 1, 0, 0]]
    assert batch.label_BT[0].tolist() == [IGNORED] * 4 + [200, 201]


def test_samples_packed_in_a_row_keep_their_segments_positions_and_links() -> None:
    from cgm.model.batch import collate

    batch = collate([[sample([(7,)]), sample([(8,), (9,)])]])
    assert batch.segment_BT.tolist() == [[0] * 5 + [1] * 6]
    assert batch.position_BT.tolist() == [[0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 5]]
    assert batch.place_M.tolist() == [0, 5, 6]
    assert batch.link_2E.tolist() == [[1], [2]]
    assert batch.kind_E.tolist() == [2]
    assert sorted(zip(*batch.pair_2P.tolist(), strict=True)) == [(0, 0), (1, 1), (1, 2), (2, 1), (2, 2)]


def test_equal_chunks_of_a_whole_batch_are_encoded_once() -> None:
    from cgm.model.batch import collate

    batch = collate([[sample([(7,), (8, 9)])], [sample([(8, 9), (7,), (8, 9)])]])
    assert batch.chunk_CK.tolist() == [[7, 0], [8, 9]]
    assert batch.length_C.tolist() == [1, 2]
    assert batch.chunk_M.tolist() == [0, 1, 1, 0, 1]


def test_a_batch_may_be_padded_to_a_width() -> None:
    from cgm.model.batch import collate

    assert collate([[sample([])]], width=9).text_BT.shape == (1, 9)


def test_samples_are_packed_into_few_rows_none_of_them_too_long_and_none_lost() -> None:
    from cgm.model.batch import pack

    lengths = [3, 9, 4, 2, 6, 1, 7]
    packed = pack([sample([], asked=length, said=0) for length in lengths], 10)
    assert sorted(len(one) for row in packed for one in row) == sorted(lengths)
    assert all(sum(map(len, row)) <= 10 for row in packed)
    assert len(packed) == 4


def test_a_sample_longer_than_a_row_is_refused() -> None:
    from cgm.model.batch import pack

    with pytest.raises(InputError, match="at most 3 tokens, got 4"):
        pack([sample([])], 3)


def test_an_empty_batch_or_row_is_refused() -> None:
    from cgm.model.batch import collate

    for rows in ([], [[]]):
        with pytest.raises(InputError, match="a batch must have rows of samples"):
            collate(rows)


def test_a_batch_goes_to_a_device_as_a_whole() -> None:
    from cgm.model.batch import collate

    batch = collate([[sample([(7,)])]])
    assert {tensor.device.type for tensor in batch.to("meta")} == {"meta"}
