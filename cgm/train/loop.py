"""The training loop: steps, evaluations, checkpoints, early stop.

Knows what follows on what. Does not know how processes share the work (`cgm.train.parallel`), nor clocks, progress bars
and trackers: whoever runs it is told what happens.

    checkpoints/    `cgm.train.checkpoint`
    model/          the trained model, which llm=code_graph_model loads
"""

import dataclasses
import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cgm.errors import ModelError, StorageError
from cgm.model.checkpoint import LoadedModel, own_names, save_model
from cgm.train.batches import Pass, Passes
from cgm.train.checkpoint import Progress, load_checkpoint, load_trained, save_checkpoint
from cgm.train.config import TrainConfig
from cgm.train.dataset import Samples
from cgm.train.evaluation import RowScore, evaluate, mean
from cgm.train.parallel import Learnt, Parallel
from cgm.train.schedule import part_share

CHECKPOINTS = "checkpoints"
MODEL = "model"


class Watcher(Protocol):
    """Who is told what happens, on the main process and all others alike."""

    def learnt(self, step: int, learnt: Learnt, rates: dict[str, float]) -> None:
        """A step was made; steps are counted from 1."""

    def evaluated(self, progress: Progress, scores: tuple[RowScore, ...]) -> None:
        """The model was tried on rows that it does not learn from."""


@dataclass(frozen=True, eq=False)
class Material:
    """What is trained, and on what; without validation rows the last model is the best one."""

    loaded: LoadedModel
    train: Samples
    validation: Samples | None = None


class Trainer:
    """One run in `folder`, which goes on from its newest checkpoint where there is one.

    Raises:
        ConfigError: the run has learnt from other rows.
        ArtifactError: its checkpoint is damaged or of another model.
    """

    def __init__(self, config: TrainConfig, material: Material, *, parallel: Parallel, folder: Path) -> None:
        self._config = config
        self._material = material
        self._parallel = parallel
        self._folder = folder
        self.last = config.last_step(len(material.train))
        self.progress = Progress(material.train.rows.digest)
        self._begin()

    def _begin(self) -> None:
        found = load_checkpoint(self._folder / CHECKPOINTS, self.progress.rows)
        if found:
            self.progress, state = found
            load_trained(self._material.loaded.model, state)
            self._parallel.take(self._material.loaded.model)
            self._parallel.restore(state, self.progress.step)
        else:
            self._parallel.take(self._material.loaded.model)

    def run(self, watcher: Watcher) -> Progress:
        """Train to the last step or until evaluations get no better, and leave the model in its folder.

        Raises:
            ModelError: the loss is no number any more.
            StorageError: a checkpoint or the model cannot be written.
        """
        parallel, config = self._parallel, self._config
        passes = Passes(self._material.train, config.batch, config.seed, parallel.process, parallel.processes)
        first = self.last if self.progress.stopped else self.progress.step
        for own in passes.stream(first, self.last):
            self._learn(own, watcher)
            if self._is_due(config.evaluation.every):
                self._evaluate(watcher)
            if self._is_due(config.checkpoints.every) or self.progress.stopped:
                self._save_checkpoint()
            if self.progress.stopped:
                break
        return self._end(watcher)

    def _learn(self, own: Sequence[Pass], watcher: Watcher) -> None:
        step = self.progress.step
        rates = self._rates(step)
        learnt = self._parallel.learn(own, step, rates)
        if not math.isfinite(learnt.loss):
            raise ModelError(f"the loss must be a number, got {learnt.loss} in step {step + 1}")
        self.progress = dataclasses.replace(
            self.progress,
            step=step + 1,
            answer_tokens=self.progress.answer_tokens + learnt.answer_tokens,
            places=self.progress.places + learnt.places,
        )
        watcher.learnt(step + 1, learnt, rates)

    def _rates(self, step: int) -> dict[str, float]:
        schedule, optimizer = self._config.schedule, self._config.optimizer
        return {
            part: optimizer.rate(part) * part_share(schedule, part, step, self.last, self.progress.halvings)
            for part in self._material.loaded.model.parts()
        }

    def _is_due(self, every: int) -> bool:
        return every > 0 and self.progress.step % every == 0 and self.progress.step < self.last

    def _evaluate(self, watcher: Watcher) -> None:
        if self._material.validation is None:
            return
        scores = evaluate(self._parallel, self._material.validation, self._config.batch.at_once)
        before = self.progress
        self.progress = judge(before, mean(scores).loss, self._config)
        if self._config.evaluation.keep == "best" and self.progress.stale == 0:
            self._save_model()
        watcher.evaluated(self.progress, scores)

    def _end(self, watcher: Watcher) -> Progress:
        """Evaluate what the last step made, once, and save it where it is what is kept."""
        if self.progress.evaluated < self.progress.step:
            self._evaluate(watcher)
        best = self._config.evaluation.keep == "best" and self._material.validation is not None
        if not best or not (self._folder / MODEL).exists():
            self._save_model()
        if self._config.checkpoints.every:
            self._save_checkpoint()
        return self.progress

    def _save_checkpoint(self) -> None:
        state = self._parallel.state()
        if self._parallel.is_main:
            save_checkpoint(self._folder / CHECKPOINTS, self.progress, state, self._config.checkpoints.keep)
        self._parallel.accelerator.wait_for_everyone()

    def _save_model(self) -> None:
        """Replace the folder of the model, whole or not at all."""
        loaded = self._material.loaded
        state = self._parallel.weights(sorted(own_names(loaded.model, loaded.config)))
        if self._parallel.is_main:
            part, old = self._folder / f".{MODEL}", self._folder / f".{MODEL}_before"
            shutil.rmtree(part, ignore_errors=True)
            save_model(loaded, part, state)
            _swap(part, self._folder / MODEL, old)
        self._parallel.accelerator.wait_for_everyone()


def judge(progress: Progress, loss: float, config: TrainConfig) -> Progress:
    """What an evaluation means: whether it is the best, and whether rates are halved or training stops."""
    gained = progress.best is None or loss < progress.best - config.evaluation.gain
    stale = 0 if gained else progress.stale + 1
    halved = not gained and stale % config.schedule.plateau_patience == 0
    return dataclasses.replace(
        progress,
        best=loss if gained else progress.best,
        stale=stale,
        halvings=progress.halvings + halved,
        evaluated=progress.step,
        stopped=0 < config.evaluation.patience <= stale,
    )


def _swap(part: Path, whole: Path, old: Path) -> None:
    try:
        shutil.rmtree(old, ignore_errors=True)
        if whole.exists():
            whole.rename(old)
        part.rename(whole)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise StorageError(f"cannot write {whole}: {error.strerror or error}") from error
