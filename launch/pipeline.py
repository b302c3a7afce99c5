"""The wiring: one instance through the chosen stages, each output kept in the stage cache.

Knows the order of stages, what each one is given, and what its output depends on. Does not know how any stage works,
nor how many instances there are (`launch.runner`).
"""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from cgm.artifacts import Failure, Patch, Ranking, Rewrite, Subgraph, Usage, from_row, to_row
from cgm.errors import CgmError, IssueError, StorageError
from cgm.model.folder import identify
from cgm.protocols import LLM, Check, Codebase
from cgm.recorded import CachedLLM, RecordingLLM
from cgm.store import BlobCache, StageCache, fingerprint, read_bytes
from eval.reproduction import ReproductionCheck
from eval.sandbox import Sandbox
from launch.backends import bench_identity, make_bench, wants_bench
from launch.codebase import CodebaseCache, Count, Embedded, Indexed, describe
from launch.dataset import Instance, own_files
from launch.identity import answers_identity, option_identity, stage_identity
from launch.meter import Clock, MeteredLLM
from launch.schema import Choice, RunConfig, build
from preprocessing.edges import Unlinked
from preprocessing.snapshot import Snapshot, open_snapshot

_Output = TypeVar("_Output")
Announce = Callable[[str, str], None]


@dataclass(frozen=True)
class Step:
    """What a stage cost one instance: seconds and usage spent now, and saved where its output was cached."""

    cached: bool
    seconds: float = 0.0
    seconds_saved: float = 0.0
    usage: Usage = field(default_factory=Usage)
    usage_saved: Usage = field(default_factory=Usage)


@dataclass
class Outcome:
    """All that became of one instance."""

    instance_id: str
    rewrite: Rewrite | None = None
    subgraph: Subgraph | None = None
    ranking: Ranking | None = None
    patch: Patch | None = None
    failure: Failure | None = None
    steps: dict[str, Step] = field(default_factory=dict)
    counts: tuple[Count, ...] = ()


class Pipeline:
    """The chosen stages with their services, ready for any number of instances.

    Raises:
        ConfigError: a stage needs a service that is not configured.
    """

    def __init__(self, config: RunConfig) -> None:
        folder = Path(config.cache_dir)
        self.cache = StageCache(folder / "stages")
        self.names = [name for name in config.stages if getattr(config, name).option.target]
        services = _services(config, folder)
        self.llm: MeteredLLM | None = services["llm"]
        self.stages = {name: build(getattr(config, name), services) for name in self.names}
        self.codebases = CodebaseCache(self.cache, self.stages["preprocessing"], services["embedder"])
        self.identities = _identities(config, self.names)
        self.opened: tuple[Instance, Snapshot] | None = None

    def run(self, instance: Instance, announce: Announce) -> Outcome:
        """Take one instance through the stages; a `CgmError` becomes its `Failure`.

        Raises:
            StorageError: a file of ours cannot be written, which no other instance would survive.
        """
        chain = Chain(self, instance)
        try:
            chain.run(announce)
        except StorageError:
            raise
        except CgmError as error:
            chain.fail(error)
        return chain.close()

    def snapshot(self, instance: Instance) -> Snapshot:
        """The files of an instance's repository, listed once where it was the last that was asked for."""
        if self.opened is None or self.opened[0] != instance:
            commit = instance.issue.base_commit
            self.opened = instance, open_snapshot(instance.location, commit, left_out=instance.left_out)
        return self.opened[1]

    def list_unlinked(self, instance: Instance) -> tuple[Unlinked, ...]:
        """Every reference of an instance's repository that is no edge of its graph. Raises as `codebase`."""
        found: tuple[Unlinked, ...] = self.stages["preprocessing"].list_unlinked(self.snapshot(instance))
        return found

    def codebase(self, instance: Instance) -> Codebase:
        """The codebase that an instance was taken through. Raises as `preprocessing.snapshot.open_snapshot`."""
        chain = Chain(self, instance)
        chain.open()
        return chain.codebase()


class Chain:
    """One instance on its way through a pipeline."""

    def __init__(self, pipeline: Pipeline, instance: Instance) -> None:
        self._pipeline = pipeline
        self._instance = instance
        self._issue = instance.issue
        self._outcome = Outcome(instance.issue.instance_id)
        self._clock = Clock()
        self._keys: dict[str, str] = {}
        self._snapshot: Snapshot | None = None
        self._codebase: Codebase | None = None

    def run(self, announce: Announce) -> None:
        """Run every chosen stage in order. Raises as the stages do."""
        for name in self._pipeline.names:
            announce(self._outcome.instance_id, name)
            with self._clock.stage(name):
                getattr(self, f"_{name}")()

    def fail(self, error: CgmError) -> None:
        """Record the failure that the current stage met."""
        message = " ".join(str(error).split())
        stage, llm = self._clock.current, self._pipeline.llm
        self._outcome.failure = Failure(self._issue.instance_id, stage, type(error).__name__, message)
        self._outcome.steps[stage] = Step(cached=False, usage=llm.take() if llm else Usage())

    def close(self) -> Outcome:
        """All that became of the instance, with what each stage took."""
        self._clock.lap()
        for name, seconds in self._clock.seconds.items():
            step = self._outcome.steps.get(name, Step(cached=False))
            self._outcome.steps[name] = dataclasses.replace(step, seconds=seconds)
        return self._outcome

    def _preprocessing(self) -> None:
        if len(self._pipeline.names) > 1 and not self._issue.problem_statement.strip():
            raise IssueError(f"an issue must have a text, got an empty one for {self._issue.instance_id}")
        self.open()

    def open(self) -> None:
        """Open the snapshot and index it, unless it was indexed before."""
        self._snapshot = self._pipeline.snapshot(self._instance)
        inputs = self._pipeline.codebases.inputs(self._snapshot)
        self._outcome.counts = self._step("preprocessing", Indexed, inputs, self._index).counts

    def _rewriter(self) -> None:
        stage = self._pipeline.stages["rewriter"]
        inputs = (to_row(self._issue),)
        self._outcome.rewrite = self._step("rewriter", Rewrite, inputs, lambda: stage.rewrite(self._issue))

    def _retriever(self) -> None:
        stage, rewrite = self._pipeline.stages["retriever"], self._outcome.rewrite
        self._outcome.subgraph = self._step(
            "retriever",
            Subgraph,
            self._inputs(rewrite),
            lambda: stage.retrieve(self._issue, rewrite, self.codebase(vectors=stage.needs_vectors)),
        )

    def _reranker(self) -> None:
        stage, rewrite, subgraph = self._pipeline.stages["reranker"], self._outcome.rewrite, self._outcome.subgraph
        self._outcome.ranking = self._step(
            "reranker",
            Ranking,
            self._inputs(rewrite, subgraph),
            lambda: stage.rerank(self._issue, rewrite, subgraph, self.codebase()),
        )

    def _reader(self) -> None:
        stage, subgraph, ranking = self._pipeline.stages["reader"], self._outcome.subgraph, self._outcome.ranking
        self._outcome.patch = self._step(
            "reader",
            Patch,
            self._inputs(subgraph, ranking),
            lambda: stage.read(self._issue, subgraph, ranking, self.codebase()),
        )

    def _inputs(self, *artifacts: Any) -> tuple[Any, ...]:
        return (self._keys["preprocessing"], to_row(self._issue), *map(to_row, artifacts))

    def _step(self, name: str, kind: type[_Output], inputs: tuple[Any, ...], compute: Callable[[], _Output]) -> _Output:
        """A stage's output, from the cache or computed and kept."""
        pipeline = self._pipeline
        key = self._keys[name] = fingerprint(name, pipeline.identities[name], *inputs)
        found = pipeline.cache.load(name, key, kind)
        if found:
            output, record = found
            saved = from_row(Usage, record["usage"])
            self._outcome.steps[name] = Step(cached=True, seconds_saved=record["seconds"], usage_saved=saved)
            return output
        output = compute()
        self._clock.lap()
        usage = pipeline.llm.take() if pipeline.llm else Usage()
        record = {"seconds": round(self._clock.seconds[name], 4), "usage": to_row(usage)}
        pipeline.cache.save(name, key, output, record)
        self._outcome.steps[name] = Step(cached=False, usage=usage)
        return output

    def _index(self) -> Indexed:
        assert self._snapshot is not None
        self._codebase = self._pipeline.codebases.build(self._snapshot, self._keys["preprocessing"])
        return describe(self._codebase)

    def codebase(self, *, vectors: bool = False) -> Codebase:
        """The codebase, read from the cache when the first stage needs it."""
        if self._codebase is None:
            assert self._snapshot is not None
            with self._clock.stage("preprocessing"):
                self._codebase = self._pipeline.codebases.load(self._snapshot, self._keys["preprocessing"])
        if vectors and self._codebase.dense is None:
            with self._clock.stage("embedder"):
                self._codebase = self._with_vectors(self._codebase)
        return self._codebase

    def _with_vectors(self, codebase: Codebase) -> Codebase:
        made: list[Codebase] = []

        def embed() -> Embedded:
            made.append(self._pipeline.codebases.embed(codebase, self._keys["embedder"]))
            dense = made[0].dense
            assert dense is not None
            return Embedded(*dense.vectors.shape)

        self._step("embedder", Embedded, (self._keys["preprocessing"],), embed)
        return made[0] if made else self._pipeline.codebases.load_vectors(codebase, self._keys["embedder"])


def _services(config: RunConfig, folder: Path) -> dict[str, Any]:
    services: dict[str, Any] = {"blobs": BlobCache(folder / "blobs"), "check": None}
    if config.check:
        services["check"] = _reproduction(config)
    services["bench"] = make_bench(config) if wants_bench(config) else None
    services["llm"] = metered_llm(config.llm, folder, config.record)
    services["embedder"] = build(config.embedder, services)
    return services


def metered_llm(choice: Choice, folder: Path, record: str) -> MeteredLLM | None:
    """The chosen language model, its answers kept below `folder` and recorded where `record` names a file.

    Raises:
        ConfigError: a setting of the model makes no sense.
    """
    llm: LLM | None = build(choice, {"models": folder / "models"})
    if llm is None:
        return None
    if choice.option.name != "replay":
        llm = CachedLLM(llm, answers=BlobCache(folder / "answers"), identity=answers_identity(choice))
    if record:
        llm = RecordingLLM(llm, Path(record))
    return MeteredLLM(llm)


def _reproduction(config: RunConfig) -> Check:
    def files() -> Iterator[tuple[str, bytes]]:
        snapshot = open_snapshot(Path(config.repo), config.commit, left_out=own_files(config))
        return zip(snapshot.by_path, snapshot.read_bytes(list(snapshot.by_path)), strict=True)

    return ReproductionCheck(Path(config.check), files, sandbox=Sandbox(config.isolation))


def _contents(llm: Choice) -> list[str]:
    """What tells a language model apart from another at the same path."""
    if llm.option.name == "replay":
        return [fingerprint(read_bytes(Path(llm.config.path)).hex())]
    return [identify(Path(llm.config.path))] if llm.option.name == "code_graph_model" else []


def _identities(config: RunConfig, names: list[str]) -> dict[str, Any]:
    services: dict[str, Any] = {name: option_identity(getattr(config, name)) for name in ("embedder", "llm")}
    services["llm"] += _contents(config.llm)
    if config.check:
        services["check"] = fingerprint(read_bytes(Path(config.check)).hex())
    if wants_bench(config):
        services["bench"] = bench_identity(config)
    stages = {name: stage_identity(getattr(config, name), services) for name in names}
    return stages | {"embedder": services["embedder"]}
