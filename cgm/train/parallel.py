"""The processes that train a model together: one, several with a copy each, DeepSpeed's ZeRO, or FSDP2.

Knows how gradients of all processes become one step. Does not know data, schedules nor files.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from cgm.errors import ConfigError
from cgm.model.code_graph_model import CodeGraphModel
from cgm.train.acceleration import make_accelerator, set_passes
from cgm.train.batches import Pass
from cgm.train.config import TrainConfig
from cgm.train.optimizer import make_optimizer
from cgm.train.order import pass_seed
from cgm.train.sharding import keep_encoder_whole, shard_model
from cgm.train.shards import MOMENTS, begin_moments, set_moments, set_weight, whole_moment, whole_weight


@dataclass(frozen=True)
class Learnt:
    """What a step learnt from, over all processes; `norm` is the gradient's, before it is clipped."""

    loss: float
    answer_tokens: int
    places: int
    norm: float


class Parallel:
    """This process among those that train together.

    Raises:
        ConfigError: DeepSpeed or a tracker is not installed, there is nothing to shard among, or the samples of a step
            cannot be dealt out evenly.
    """

    def __init__(self, config: TrainConfig, folder: Path) -> None:
        self._config = config
        self.accelerator = make_accelerator(config, folder)
        self.passes = config.batch.passes(self.processes)
        set_passes(self.accelerator, self.passes)
        if config.is_sharded and self.processes < 2:
            raise ConfigError("sharding=fsdp2 needs several processes, launched with torchrun, got one")
        self.model: Any = None

    @property
    def process(self) -> int:
        """The number of this process."""
        return int(self.accelerator.process_index)

    @property
    def processes(self) -> int:
        """How many processes there are."""
        return int(self.accelerator.num_processes)

    @property
    def is_main(self) -> bool:
        """Whether this process is the one that writes."""
        return bool(self.accelerator.is_main_process)

    @property
    def device(self) -> torch.device:
        """Where this process computes."""
        found: torch.device = self.accelerator.device
        return found

    def take(self, module: CodeGraphModel) -> None:
        """Spread a model over the processes, with an optimizer of what is trained.

        Raises:
            ConfigError: nothing is trained.
        """
        config = self._config
        _settle_precision(module, config)
        if config.gradient_checkpointing:
            _checkpoint_gradients(module)
        if config.deepspeed:
            keep_encoder_whole(module.to(self.device))
        if config.is_sharded:
            shard_model(module.to(self.device), config.precision, self.device)
        # only now, since sharding puts other weights in the place of the whole ones
        self._module: Any = module
        self._trained = {name: weight for name, weight in module.named_parameters() if weight.requires_grad}
        optimizer, self._groups = make_optimizer(self._trained, config.optimizer)
        if config.is_sharded:
            self.model, self._optimizer = module, optimizer
        else:
            self.model, self._optimizer = self.accelerator.prepare(module, optimizer)
        if config.deepspeed:
            begin_moments(self._inner, 0)

    def learn(self, passes: Sequence[Pass], step: int, rates: Mapping[str, float]) -> Learnt:
        """Make one step from the passes of this process; every answer token of all processes counts alike.

        `rates` are the learning rates of the model's parts.
        """
        for group, part in zip(self._optimizer.param_groups, self._groups, strict=True):
            group["lr"] = rates[part]
        self.model.train()
        counts = torch.tensor([(one.answer_tokens, one.places) for one in passes]).sum(0)
        tokens, places = self.total(counts).tolist()
        # accumulation divides by the passes, and taking processes together by their number
        divisor = tokens / (len(passes) * self.processes)
        lost = torch.zeros((), device=self.device)
        norm: Any = None
        for one in passes:
            torch.manual_seed(pass_seed(self._config.seed, step, one.number))
            with self.accelerator.accumulate(self.model):
                loss = self.model(one.batch.to(self.device), divisor).loss
                self.accelerator.backward(loss)
                lost += loss.detach() * divisor
                if self.accelerator.sync_gradients:
                    norm = self._norm()
                self._step()
        return Learnt(float(self.total(lost)) / tokens, int(tokens), int(places), float(norm or 0.0))

    def total(self, value: Tensor) -> Tensor:
        """The sum of a value over all processes."""
        summed: Tensor = self.accelerator.reduce(value.to(self.device), "sum")
        return summed

    def gather(self, value: Tensor) -> Tensor:
        """The values of all processes, which must be of one shape, one after another."""
        gathered: Tensor = self.accelerator.gather(value.to(self.device))
        return gathered

    def weights(self, names: Sequence[str]) -> dict[str, Tensor]:
        """Whole weights by name, on the main process's CPU; elsewhere nothing. All processes must ask at once."""
        if self._config.is_sharded:
            self._module.reshard()  # the outermost weights stay whole after an evaluation
        known: dict[str, Any] = dict(self._module.named_parameters())
        buffers = dict(self._module.named_buffers())
        found = {}
        for name in names:
            whole = whole_weight(known[name]) if name in known else buffers[name]
            if self.is_main:
                found[name] = whole.detach().cpu().clone()
        return found

    def state(self) -> dict[str, Tensor]:
        """The trained weights and their moments under names of their own. Answers as `weights`."""
        found = {f"weight/{name}": whole for name, whole in self.weights(list(self._trained)).items()}
        for moment in MOMENTS:
            for name, weight in self._trained.items():
                whole = whole_moment(weight, self._inner, moment)
                if self.is_main:
                    found[f"{moment}/{name}"] = whole.detach().cpu().clone()
        return found

    def restore(self, state: Mapping[str, Tensor], step: int) -> None:
        """Go on from a state after `step` steps, whose weights the model had before it was taken."""
        if self._config.deepspeed:
            begin_moments(self._inner, step)
        for name, weight in self._trained.items():
            set_weight(weight, state[f"weight/{name}"])
            set_moments(weight, self._inner, {moment: state[f"{moment}/{name}"] for moment in MOMENTS}, step)

    def close(self) -> None:
        """End trackers and let go of the model."""
        for tracker in self.accelerator.trackers:
            tracker.finish()
        self.accelerator.free_memory()

    @property
    def _inner(self) -> Any:
        """The optimizer within accelerate's."""
        return getattr(self._optimizer, "optimizer", self._optimizer)

    def _norm(self) -> Any:
        clip = self._config.optimizer.clip or float("inf")
        return self.accelerator.clip_grad_norm_(self._trained.values(), clip)

    def _step(self) -> None:
        """Change the weights where the gradients are whole; ZeRO and accelerate know by themselves where."""
        if self._config.is_sharded and not self.accelerator.sync_gradients:
            return
        self._optimizer.step()
        self._optimizer.zero_grad()


def _settle_precision(module: CodeGraphModel, config: TrainConfig) -> None:
    """Hold what is trained in float32, and all of it where that is what is computed in."""
    for weight in module.parameters():
        if weight.is_floating_point() and (weight.requires_grad or config.precision == "float32"):
            weight.data = weight.data.float()


def _checkpoint_gradients(module: CodeGraphModel) -> None:
    for network in (module.lm, getattr(module.encoder, "model", None)):
        if network is not None:
            # its older name goes with transformers 6
            enable = getattr(network, "activation_checkpointing_enable", None) or network.gradient_checkpointing_enable
            enable({"use_reentrant": False})
