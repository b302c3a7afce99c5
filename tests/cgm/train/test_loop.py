from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cgm.errors import ConfigError, ModelError
from cgm.model.config import LoraConfig, TrainedParts
from cgm.train.config import BatchConfig, CheckpointConfig, EvaluationConfig, ScheduleConfig, TrainConfig

torch = pytest.importorskip("torch", reason="the extra training is not installed")
Train = Callable[..., Any]


def _weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return dict(load_file(folder / "model" / "weights.safetensors"))


def test_a_model_learns(train: Train, settings: TrainConfig) -> None:
    settings = replace(settings, steps=25, evaluation=EvaluationConfig(every=0))
    run = train(settings)
    assert sum(run.watch.losses[-3:]) < 0.8 * sum(run.watch.losses[:3])
    assert run.watch.steps == list(range(1, 26))
    ((step, scores),) = run.watch.tried
    assert (step, len(scores)) == (25, 5)


def test_the_trained_model_answers_as_any_model_of_the_reader(train: Train, settings: TrainConfig) -> None:
    from cgm.model.llm import CodeGraphLLM, CodeGraphLLMConfig
    from cgm.protocols import Message, Sampling

    run = train(settings)
    llm = CodeGraphLLM(CodeGraphLLMConfig(path=str(run.folder / "model"), device="cpu"))
    (answer,) = llm.generate((Message("user", "What does total call?"),), Sampling(max_tokens=4))
    assert answer.completion_tokens == 4


def test_the_same_run_gives_the_same_losses_and_another_seed_others(
    train: Train, settings: TrainConfig, tmp_path: Path
) -> None:
    losses = [train(replace(settings, seed=n // 2), tmp_path / str(n)).watch.losses for n in range(3)]
    assert losses[0] == losses[1]
    assert losses[0] != losses[2]


def test_a_run_that_goes_on_has_the_losses_of_one_that_was_never_stopped(
    train: Train, settings: TrainConfig, tmp_path: Path
) -> None:
    whole = train(replace(settings, steps=5), tmp_path / "whole")
    stopped = tmp_path / "stopped"
    train(replace(settings, steps=5), stopped)
    newest = max((stopped / "checkpoints").iterdir())
    assert newest.name == "step_00000005"
    for path in newest.iterdir():
        path.unlink()
    newest.rmdir()
    again = train(replace(settings, steps=5), stopped)
    assert again.watch.steps == [5]
    assert again.watch.losses == whole.watch.losses[4:]
    assert all(torch.equal(value, _weights(stopped)[name]) for name, value in _weights(whole.folder).items())


def test_a_finished_run_makes_no_further_step(train: Train, settings: TrainConfig) -> None:
    first = train(settings)
    again = train(settings)
    assert (again.watch.steps, again.watch.tried) == ([], [])
    assert again.trainer.progress == first.trainer.progress


def test_what_is_not_trained_does_not_change(train: Train, settings: TrainConfig) -> None:
    from cgm.model.checkpoint import build_model

    settings.model.trained = TrainedParts(encoder=False, adapter=True, lm=True)
    settings.model.lm_lora = LoraConfig(rank=4)
    torch.manual_seed(settings.seed)
    before = {name: one.detach().clone() for name, one in build_model(settings.model).model.named_parameters()}
    after = dict(train(settings).trainer._material.loaded.model.named_parameters())
    changed = {name for name, value in before.items() if not torch.equal(value, after[name].detach())}
    assert {name for name in before if "adapter." in name or "lora_" in name} == changed


def test_the_adapter_warms_up_alone(train: Train, settings: TrainConfig) -> None:
    settings.schedule = ScheduleConfig(kind="constant", warmup=0, adapter_steps=2)
    run = train(replace(settings, steps=2))
    torch.manual_seed(settings.seed)
    from cgm.model.checkpoint import build_model

    start = dict(build_model(settings.model).model.named_parameters())
    after = dict(run.trainer._material.loaded.model.named_parameters())
    changed = {name.partition(".")[0] for name, value in start.items() if not torch.equal(value, after[name])}
    assert changed == {"adapter"}
    assert [rates["lm"] for rates in run.watch.rates] == [0.0, 0.0]


def test_training_stops_when_evaluations_get_no_better(train: Train, settings: TrainConfig) -> None:
    settings.evaluation = EvaluationConfig(every=1, patience=2, gain=100.0)
    run = train(replace(settings, steps=9))
    assert [step for step, _ in run.watch.tried] == [1, 2, 3]
    assert run.trainer.progress.stopped
    assert train(replace(settings, steps=9)).watch.steps == []


@pytest.mark.parametrize(("keep", "step"), [("best", 1), ("last", 3)])
def test_the_model_of_the_best_evaluation_or_the_last_one_is_kept(
    train: Train, settings: TrainConfig, keep: str, step: int
) -> None:
    from safetensors.torch import load_file

    # a gain that only the first evaluation can have
    settings.evaluation = EvaluationConfig(every=1, gain=100.0, keep=keep)
    run = train(replace(settings, steps=3, checkpoints=CheckpointConfig(every=1, keep=9)))
    state = load_file(run.folder / "checkpoints" / f"step_{step:08d}" / "state.safetensors")
    assert all(torch.equal(value, state[f"weight/{name}"]) for name, value in _weights(run.folder).items())


def test_a_later_phase_takes_over_what_an_earlier_one_learnt(
    train: Train, settings: TrainConfig, tmp_path: Path
) -> None:
    settings.model.trained = TrainedParts(encoder=False, adapter=True, lm=False)
    first = train(settings, tmp_path / "first")
    settings.model.trained = TrainedParts(encoder=False, adapter=False, lm=True)
    settings.model.lm_lora = LoraConfig(rank=4)
    second = train(replace(settings, start=str(first.folder / "model")), tmp_path / "second")
    learnt, kept = _weights(first.folder), _weights(second.folder)
    assert all(torch.equal(value, kept[name]) for name, value in learnt.items())
    assert any("lora_" in name for name in kept)


@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_less_memory_and_less_precision_give_nearly_the_same_losses(
    train: Train, settings: TrainConfig, tmp_path: Path, precision: str, checkpointing: bool
) -> None:
    reference = train(replace(settings, steps=2), tmp_path / "reference").watch.losses
    other = replace(settings, steps=2, precision=precision, gradient_checkpointing=checkpointing)
    losses = train(other, tmp_path / "other").watch.losses
    assert losses == pytest.approx(reference, rel=1e-5 if precision == "float32" else 0.05)


def test_a_loss_that_is_no_number_stops_the_run(train: Train, settings: TrainConfig) -> None:
    settings.optimizer = replace(settings.optimizer, lr=1e30, clip=0.0)
    settings.schedule = ScheduleConfig(kind="constant", warmup=0)
    with pytest.raises(ModelError, match=r"the loss must be a number, got (nan|inf) in step"):
        train(replace(settings, steps=8))


def test_nothing_to_train_is_refused(train: Train, settings: TrainConfig) -> None:
    settings.model.trained = TrainedParts(encoder=False, adapter=False, lm=False)
    with pytest.raises(ConfigError, match=r"model\.trained must name a part"):
        train(settings)


def test_a_tracker_that_is_not_installed_is_refused(train: Train, settings: TrainConfig) -> None:
    with pytest.raises(ConfigError, match=r"trackers must be installed .* got 'aim'"):
        train(replace(settings, trackers=["aim"]))


def test_accumulated_passes_are_one_batch(train: Train, settings: TrainConfig, tmp_path: Path) -> None:
    # dropout is drawn for each pass, so that passes of other sizes agree only without it
    _without_dropout(settings)
    losses = [
        train(replace(settings, batch=BatchConfig(samples=4, at_once=at_once, tokens=128)), tmp_path / str(at_once))
        for at_once in (1, 2, 4)
    ]
    for run in losses[1:]:
        assert run.watch.losses == pytest.approx(losses[0].watch.losses, rel=1e-4)


def test_packed_rows_are_one_batch_too(train: Train, settings: TrainConfig, tmp_path: Path) -> None:
    _without_dropout(settings)
    plain = train(settings, tmp_path / "plain")
    packed = BatchConfig(samples=4, at_once=4, tokens=512, packed=True)
    assert train(replace(settings, batch=packed), tmp_path / "packed").watch.losses == pytest.approx(
        plain.watch.losses, rel=1e-4
    )


def _without_dropout(settings: TrainConfig) -> None:
    settings.model.trained = TrainedParts(encoder=False, adapter=True, lm=True)
