"""A small training set and the settings of small runs on it."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cgm.artifacts import to_row
from cgm.model.config import AdapterConfig, CodeGraphConfig, EncoderConfig, GraphConfig, LMConfig
from cgm.store import read_rows, write_rows
from cgm.text_graph import TextGraph
from cgm.train.config import BatchConfig, CheckpointConfig, EvaluationConfig, OptimizerConfig, TrainConfig
from cgm.train.example import Example
from launch.command import run_command
from launch.training.settings import register_training

NAMES = ("total", "price", "checkout", "shipping", "discount", "refund", "weigh")


def make_example(number: int, task: str = "graph_query") -> Example:
    """A row about a function that calls others; rows differ in length, and every fifth has no graph."""
    name = NAMES[number % len(NAMES)]
    others = [NAMES[(number + step) % len(NAMES)] for step in range(1, 2 + number % 3)]
    texts = [f"FUNCTION shop/cart.py:{one}\ndef {one}(items): return {number}" for one in (name, *others)]
    edges = tuple((2, 0, place) for place in range(1, len(texts)))
    return Example(
        example_id=f"shop/cart:{number}",
        task=task,
        repository="shop/cart",
        commit="c" * 40,
        answer_commit="c" * 40,
        paths=("shop/cart.py",),
        licence="MIT",
        noise="",
        wording="template",
        system="You read code." if number % 2 else "",
        prompt=f"What does {name} call? " + "Name all of them. " * (number % 3),
        answer="\n".join(others),
        graph=TextGraph() if number % 5 == 4 else TextGraph(tuple(texts), edges, (0,)),
    )


@pytest.fixture
def examples() -> Callable[[int], list[Example]]:
    """The first so many rows."""
    return lambda count: [make_example(number, ("graph_query", "api")[number % 2]) for number in range(count)]


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 12 rows to learn from and 5 to be tried on."""
    folder = tmp_path_factory.mktemp("set")
    write_rows(folder / "train.jsonl", (to_row(make_example(number)) for number in range(12)))
    rows = (to_row(make_example(number, ("graph_query", "api")[number % 2])) for number in range(20, 25))
    write_rows(folder / "validation.jsonl", rows)
    return folder


@pytest.fixture
def settings(hub: Callable[[str], str], data: Path) -> TrainConfig:
    """A run of four steps of four rows, of all parts of a model with dropout."""
    model = CodeGraphConfig(
        lm=LMConfig(path=hub("qwen2"), attention="sdpa", dtype="float32"),
        encoder=EncoderConfig(kind="hf", path=hub("bert"), chunk_tokens=16),
        adapter=AdapterConfig(hidden=17),
        graph=GraphConfig(tokens=8),
    )
    model.trained.encoder = True
    return TrainConfig(
        data=str(data),
        model=model,
        device="cpu",
        trackers=[],
        steps=4,
        precision="float32",
        batch=BatchConfig(samples=4, at_once=2, tokens=128),
        optimizer=OptimizerConfig(lr=3e-3),
        evaluation=EvaluationConfig(every=0, keep="last"),
        checkpoints=CheckpointConfig(every=2),
    )


class Watch:
    """What a run tells."""

    def __init__(self) -> None:
        self.losses: list[float] = []
        self.steps: list[int] = []
        self.tried: list[tuple[int, tuple[Any, ...]]] = []
        self.rates: list[dict[str, float]] = []

    def learnt(self, step: int, learnt: Any, rates: dict[str, float]) -> None:
        self.steps.append(step)
        self.losses.append(learnt.loss)
        self.rates.append(rates)

    def evaluated(self, progress: Any, scores: tuple[Any, ...]) -> None:
        self.tried.append((progress.step, scores))


@dataclass
class Run:
    """What a finished run left and told."""

    folder: Path
    watch: Watch
    trainer: Any


@pytest.fixture
def train(tmp_path: Path) -> Callable[..., Run]:
    """Train in this process, as the command does, and have what was told."""
    pytest.importorskip("torch", reason="the extra training is not installed")
    from cgm.train.loop import Trainer
    from cgm.train.parallel import Parallel
    from launch.training.material import load_material

    def run(settings: TrainConfig, folder: Path | None = None) -> Run:
        folder = folder or tmp_path / "run"
        parallel = Parallel(settings, folder)
        watch = Watch()
        try:
            material, _ = load_material(settings, str(parallel.device))
            trainer = Trainer(settings, material, parallel=parallel, folder=folder)
            trainer.run(watch)
        finally:
            parallel.close()
        return Run(folder, watch, trainer)

    return run


@pytest.fixture(scope="session")
def run() -> Callable[[list[str]], int]:
    """Run the command in this process, with its arguments; the exit code."""
    pytest.importorskip("torch", reason="the extra training is not installed")
    from launch.train import train_model

    def command(arguments: list[str]) -> int:
        register_training()
        before = sys.argv
        sys.argv = ["cgm-train", *arguments]
        try:
            return run_command(train_model, "train")
        finally:
            sys.argv = before

    return command


@pytest.fixture(scope="session")
def told() -> Callable[[Path], list[dict[str, Any]]]:
    """The steps and evaluations that a run folder tells of."""
    return lambda folder: [row for _, row in read_rows(folder / "metrics.jsonl")]


@pytest.fixture(scope="session")
def losses(told: Callable[[Path], list[dict[str, Any]]]) -> Callable[[Path], list[float]]:
    """The losses of a run folder's steps."""
    return lambda folder: [row["loss"] for row in told(folder) if "loss" in row]


@pytest.fixture(scope="session")
def arguments(hub: Callable[[str], str], data: Path) -> list[str]:
    """Four steps of a model all of whose parts are trained, with dropout in its encoder."""
    return [
        *(f"data={data}", "device=cpu", "trackers=[]", "steps=4", "precision=float32"),
        *(f"model.lm.path={hub('qwen2')}", "model.lm.attention=sdpa", "model.lm.dtype=float32"),
        *("model.encoder.kind=hf", f"model.encoder.path={hub('bert')}", "model.encoder.chunk_tokens=16"),
        *("model.trained.encoder=true", "model.adapter.hidden=17", "model.graph.tokens=8"),
        *("batch.samples=4", "batch.at_once=1", "batch.tokens=128", "optimizer.lr=1e-3", "optimizer.epsilon=1e-5"),
        *("schedule.warmup=0", "evaluation.every=2", "checkpoints.every=2", "checkpoints.keep=9"),
    ]


@pytest.fixture(scope="session")
def alone(run: Callable[[list[str]], int], arguments: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run in one process."""
    folder = tmp_path_factory.mktemp("alone") / "run"
    assert run([*arguments, f"run_dir={folder}"]) == 0
    return folder
