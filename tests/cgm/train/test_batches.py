from collections.abc import Callable
from typing import Any

import pytest

from cgm.train.config import BatchConfig
from cgm.train.dataset import Samples, select_rows
from cgm.train.example import Example

torch = pytest.importorskip("torch", reason="the extra training is not installed")
CONFIG = BatchConfig(samples=4, at_once=2, tokens=128)


@pytest.fixture
def samples(make: Callable[..., Any], examples: Callable[[int], list[Example]]) -> Samples:
    loaded = make()
    return Samples(select_rows(examples(7), (), loaded.samples.chat, 128), loaded.samples)


def _answers(passes: list[Any]) -> list[list[int]]:
    from cgm.model.batch import IGNORED

    return sorted(row[row != IGNORED].tolist() for one in passes for row in one.batch.label_BT)


def test_processes_share_the_passes_of_one(samples: Samples) -> None:
    from cgm.train.batches import Passes

    for step in range(4):
        alone = Passes(samples, CONFIG, 3).of_step(step)
        both = [Passes(samples, CONFIG, 3, process, 2).of_step(step) for process in range(2)]
        assert [[one.number for one in own] for own in both] == [[0], [1]]
        together = sorted((one for own in both for one in own), key=lambda one: one.number)
        for one, other in zip(alone, together, strict=True):
            assert all(torch.equal(*pair) for pair in zip(one.batch, other.batch, strict=True))


def test_a_stream_from_the_middle_is_the_rest_of_the_whole(samples: Samples) -> None:
    from cgm.train.batches import Passes

    passes = Passes(samples, CONFIG, 0)
    whole = [_answers(own) for own in passes.stream(0, 5)]
    assert [_answers(own) for own in passes.stream(3, 5)] == whole[3:]
    assert list(passes.stream(5, 5)) == []


def test_packed_rows_hold_the_same_answers(samples: Samples) -> None:
    from cgm.model.batch import IGNORED
    from cgm.train.batches import Passes

    plain = Passes(samples, CONFIG, 0).of_step(0)
    packed = Passes(samples, BatchConfig(samples=4, at_once=4, tokens=512, packed=True), 0).of_step(0)
    assert [len(one.batch.text_BT) for one in packed] == [1]
    found = [packed[0].batch.label_BT != IGNORED]
    assert int(found[0].sum()) == sum(one.answer_tokens for one in plain) == packed[0].answer_tokens
    assert packed[0].places == sum(one.places for one in plain) == packed[0].batch.text_BT.numel()


def test_places_leave_padding_aside(samples: Samples) -> None:
    from cgm.train.batches import Passes

    (first, second) = Passes(samples, CONFIG, 0).of_step(0)
    lengths = sorted(len(samples.build(place)) for place in range(7))
    assert 4 * lengths[0] <= first.places + second.places <= 4 * lengths[-1]
    assert first.places < first.batch.text_BT.numel() or second.places < second.batch.text_BT.numel()
