"""How a Code Graph Model is trained, as plain settings.

Knows every setting and the rule of every value; those of the model are in `cgm.model.config`. Does not know torch nor
files.
"""

from dataclasses import dataclass, field
from typing import Any

from cgm.errors import require
from cgm.model.config import CodeGraphConfig
from cgm.train.example import TASKS

SCHEDULES = ("cosine", "linear", "constant", "plateau")
PRECISIONS = ("float32", "bfloat16")
SHARDINGS = ("none", "fsdp2")
KEPT = ("best", "last")
DEVICES = ("auto", "cpu")


@dataclass
class BatchConfig:
    """What a step learns from: the same samples in the same order on any number of processes."""

    samples: int = 32  # of one step, all processes together
    at_once: int = 1  # of one pass through the model; samples / (at_once * processes) passes are accumulated
    packed: bool = False  # whether the samples of a pass share rows
    tokens: int = 4096  # of a sample's prompt and answer; longer ones are left out and counted

    def __post_init__(self) -> None:
        for name in ("samples", "at_once", "tokens"):
            require(getattr(self, name) >= 1, f"batch.{name} must be >= 1", getattr(self, name))

    def passes(self, processes: int) -> int:
        """How many passes a process makes for one step.

        Raises:
            ConfigError: the samples of a step cannot be dealt out evenly.
        """
        together = self.at_once * processes
        rule = f"batch.samples must be a multiple of batch.at_once * processes = {together}"
        require(self.samples % together == 0, rule, self.samples)
        return self.samples // together


@dataclass
class OptimizerConfig:
    """AdamW. Source of the defaults: CGM, its published training settings."""

    lr: float = 1e-4
    adapter_lr: float = 0.0  # 0: as lr
    encoder_lr: float = 0.0  # 0: as lr
    weight_decay: float = 0.1  # of matrices alone
    beta1: float = 0.9
    beta2: float = 0.95
    epsilon: float = 1e-8
    clip: float = 1.0  # of the gradient's norm; 0: not at all

    def __post_init__(self) -> None:
        require(self.lr > 0, "optimizer.lr must be > 0", self.lr)
        for name in ("adapter_lr", "encoder_lr", "weight_decay", "clip"):
            require(getattr(self, name) >= 0, f"optimizer.{name} must be >= 0", getattr(self, name))
        for name in ("beta1", "beta2"):
            require(0 <= getattr(self, name) < 1, f"optimizer.{name} must lie in [0, 1)", getattr(self, name))
        require(self.epsilon > 0, "optimizer.epsilon must be > 0", self.epsilon)

    def rate(self, part: str) -> float:
        """The highest learning rate of a part of the model."""
        return {"adapter": self.adapter_lr, "encoder": self.encoder_lr}.get(part, 0.0) or self.lr


@dataclass
class ScheduleConfig:
    """How the learning rates go. `plateau` halves them whenever evaluations get no better."""

    kind: str = "cosine"
    warmup: float = 0.03  # share of the steps in which the rates rise
    adapter_steps: int = 0  # the first so many steps change the adapter alone
    floor: float = 1e-3  # the lowest share of the highest rate
    plateau_patience: int = 1  # evaluations without gain before `plateau` halves the rates

    def __post_init__(self) -> None:
        require(self.kind in SCHEDULES, f"schedule.kind must be one of {', '.join(SCHEDULES)}", self.kind)
        require(0 <= self.warmup <= 1, "schedule.warmup must lie in [0, 1]", self.warmup)
        require(self.adapter_steps >= 0, "schedule.adapter_steps must be >= 0", self.adapter_steps)
        require(0 <= self.floor <= 1, "schedule.floor must lie in [0, 1]", self.floor)
        require(self.plateau_patience >= 1, "schedule.plateau_patience must be >= 1", self.plateau_patience)


@dataclass
class EvaluationConfig:
    """How often the model is tried on validation.jsonl, as after the last step, and when training stops early."""

    every: int = 200  # steps; 0: at the end alone
    rows: int = 0  # the first so many; 0: all
    patience: int = 0  # stop after so many evaluations without gain; 0: never
    gain: float = 0.0  # by which the loss must fall to count as one
    keep: str = "best"  # the model that is saved: that of the best evaluation, or the last one

    def __post_init__(self) -> None:
        for name in ("every", "rows", "patience", "gain"):
            require(getattr(self, name) >= 0, f"evaluation.{name} must be >= 0", getattr(self, name))
        require(self.keep in KEPT, f"evaluation.keep must be one of {', '.join(KEPT)}", self.keep)


@dataclass
class CheckpointConfig:
    """What a run that was killed goes on from."""

    every: int = 200  # steps; 0: none
    keep: int = 2  # the newest so many

    def __post_init__(self) -> None:
        require(self.every >= 0, "checkpoints.every must be >= 0", self.every)
        require(self.keep >= 1, "checkpoints.keep must be >= 1", self.keep)


@dataclass
class TrainConfig:
    """One training run. What is trained is in `model.trained`, how (whole or low-rank) in `model.lm_lora`."""

    data: str = ""  # the folder of a training set, as cgm-data makes it
    tasks: list[str] = field(default_factory=list)  # learn these alone; empty: all
    start: str = ""  # the folder of a saved model whose weights are taken over, an earlier phase of training
    model: CodeGraphConfig = field(default_factory=CodeGraphConfig)
    device: str = "auto"  # auto: a GPU where there is one; cpu
    trackers: list[str] = field(default_factory=lambda: ["tensorboard"])  # and mlflow, wandb, as accelerate knows them
    run_dir: str = ""
    seed: int = 0
    epochs: float = 1.0  # over the rows that fit
    steps: int = 0  # instead of epochs; 0: as many as the epochs need
    precision: str = "bfloat16"  # of the computation; trained weights and their moments are float32
    gradient_checkpointing: bool = False  # compute activations again on the way back: less memory, a third more time
    sharding: str = "none"  # fsdp2: weights, gradients and moments spread over the processes
    deepspeed: dict[str, Any] = field(default_factory=dict)  # DeepSpeed's own settings; empty: without it
    batch: BatchConfig = field(default_factory=BatchConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    checkpoints: CheckpointConfig = field(default_factory=CheckpointConfig)

    def __post_init__(self) -> None:
        strange = sorted(set(self.tasks) - set(TASKS))
        require(not strange, f"tasks must be among {', '.join(TASKS)}", ", ".join(strange))
        require(self.device in DEVICES, f"device must be one of {', '.join(DEVICES)}", self.device)
        require(self.epochs > 0, "epochs must be > 0", self.epochs)
        require(self.steps >= 0, "steps must be >= 0", self.steps)
        require(self.precision in PRECISIONS, f"precision must be one of {', '.join(PRECISIONS)}", self.precision)
        require(self.sharding in SHARDINGS, f"sharding must be one of {', '.join(SHARDINGS)}", self.sharding)
        require(not (self.is_sharded and self.deepspeed), "sharding must be none with deepspeed", self.sharding)
        spread = self.is_sharded or self.deepspeed.get("zero_optimization", {}).get("stage", 0) == 3
        rule = "model.lm.quantization must be empty where weights are spread over processes (fsdp2, ZeRO-3)"
        require(not (spread and self.model.lm.quantization), rule, self.model.lm.quantization)

    @property
    def is_sharded(self) -> bool:
        """Whether weights are spread by PyTorch's own means."""
        return self.sharding != "none"

    def last_step(self, rows: int) -> int:
        """The number of steps that a set of so many rows is trained for."""
        return self.steps or max(1, round(self.epochs * rows / self.batch.samples))
