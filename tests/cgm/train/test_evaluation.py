from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cgm.train.config import TrainConfig
from cgm.train.dataset import Samples, select_rows
from cgm.train.example import Example

torch = pytest.importorskip("torch", reason="the extra training is not installed")


@pytest.fixture
def parallel(settings: TrainConfig, tmp_path: Path) -> Iterator[Any]:
    from cgm.train.parallel import Parallel

    one = Parallel(settings, tmp_path)
    yield one
    one.close()


@pytest.fixture
def samples(make: Callable[..., Any], examples: Callable[[int], list[Example]], parallel: Any) -> Samples:
    loaded = make()
    parallel.take(loaded.model)
    return Samples(select_rows(examples(5), (), loaded.samples.chat, 128), loaded.samples)


@pytest.mark.parametrize("at_once", [1, 2, 5])
def test_each_row_has_the_loss_that_it_has_by_itself(samples: Samples, parallel: Any, at_once: int) -> None:
    from cgm.model.batch import collate
    from cgm.train.evaluation import evaluate

    scores = evaluate(parallel, samples, at_once)
    assert [score.example_id for score in scores] == [row.example_id for row in samples.rows.examples]
    with torch.no_grad():
        for place, score in enumerate(scores):
            alone = parallel.model(collate([[samples.build(place)]]))
            assert score.tokens == len(samples.build(place).answer)
            assert score.loss == pytest.approx(alone.loss.item() * score.tokens, rel=1e-4)


def test_a_row_is_right_when_greedy_decoding_gives_its_answer(samples: Samples, parallel: Any) -> None:
    from cgm.model.batch import collate
    from cgm.model.generation import Decoding, generate
    from cgm.train.evaluation import evaluate

    row = samples.rows.examples[0]
    asked = replace(samples.build(0), answer=())
    decoding = Decoding(frozenset(), max_tokens=3)
    ((made,),) = generate(parallel.model, collate([[asked]]), decoding)
    for end, expected in ((made.tokens[2], True), ((made.tokens[2] + 1) % 300, False)):
        known = replace(asked, answer=(*made.tokens[:2], end))
        own = _Fixed(samples.rows.first(1), samples.builder, known)
        (score,) = evaluate(parallel, own, 1)
        assert (score.example_id, score.right) == (row.example_id, expected)


class _Fixed(Samples):
    """One row whose sample is given."""

    def __init__(self, rows: Any, builder: Any, sample: Any) -> None:
        super().__init__(rows, builder)
        self._sample = sample

    def build(self, place: int) -> Any:
        assert place == 0
        return self._sample


def test_means_count_every_token_alike() -> None:
    from cgm.train.evaluation import RowScore, mean, means_by_task

    scores = [RowScore("a", "api", "r", 6.0, 2, right=True), RowScore("b", "unit_test", "r", 2.0, 6, right=False)]
    assert (mean(scores).loss, mean(scores).right, mean(scores).rows, mean(scores).tokens) == (1.0, 0.5, 2, 8)
    assert {task: found.loss for task, found in means_by_task(scores).items()} == {"api": 3.0, "unit_test": 2.0 / 6}
    assert mean([]).loss == 0
