from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cgm.errors import ConfigError
from cgm.train.config import BatchConfig, TrainConfig

torch = pytest.importorskip("torch", reason="the extra training is not installed")


def test_every_answer_token_of_a_step_counts_alike(
    make: Callable[..., Any], settings: TrainConfig, tmp_path: Path
) -> None:
    from cgm.train.batches import Passes
    from cgm.train.dataset import Samples, select_rows
    from cgm.train.example import read_examples
    from cgm.train.parallel import Parallel

    loaded = make()
    rows = select_rows(read_examples(Path(settings.data) / "train.jsonl"), (), loaded.samples.chat, 128)
    passes = Passes(Samples(rows, loaded.samples), BatchConfig(samples=4, at_once=1, tokens=128), 0).of_step(0)
    with torch.no_grad():
        said = [loaded.model.eval()(one.batch) for one in passes]
    counts = [one.answer_tokens for one in passes]
    assert len(set(counts)) > 1
    expected = sum(one.loss.item() * count for one, count in zip(said, counts, strict=True)) / sum(counts)

    parallel = Parallel(replace(settings, batch=BatchConfig(samples=4, at_once=1)), tmp_path)
    parallel.take(loaded.model)
    learnt = parallel.learn(passes, 0, dict.fromkeys(("encoder", "adapter", "lm"), 1e-3))
    parallel.close()
    assert learnt.loss == pytest.approx(expected, rel=1e-5)
    assert learnt.answer_tokens == sum(counts)
    assert learnt.norm > 0


def test_sharding_needs_several_processes(settings: TrainConfig, tmp_path: Path) -> None:
    from cgm.train.parallel import Parallel

    with pytest.raises(ConfigError, match="sharding=fsdp2 needs several processes"):
        Parallel(replace(settings, sharding="fsdp2"), tmp_path)
