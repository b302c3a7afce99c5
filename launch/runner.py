"""Many instances over processes.

Knows scheduling, worker processes and their deaths. Does not know what happens to an instance (`launch.pipeline`).
Outcomes are the same for any number of workers; they come in no particular order.
"""

import itertools
import logging
import multiprocessing
import os
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait

from cgm.artifacts import Failure
from cgm.errors import StorageError, WorkerError
from launch.dataset import Instance
from launch.meter import peak_mib
from launch.pipeline import Announce, Outcome, Pipeline
from launch.scheduling import next_of
from launch.schema import RunConfig

_log = logging.getLogger(__name__)
_DEATHS = 2  # of worker processes, after which an instance is not tried again


@dataclass(frozen=True)
class Report:
    """An outcome, the process that reached it, and the most memory that process has held, in MiB."""

    outcome: Outcome
    process: int
    peak_mib: float


def run_instances(
    config: RunConfig, pipeline: Pipeline, instances: Sequence[Instance], announce: Announce
) -> Iterator[Report]:
    """Take every instance through the pipeline of `config`; yield each when it is through.

    `announce` is told of each stage that begins, where the work is done in this process.

    Raises:
        WorkerError: a worker process met an error that is none of ours.
        StorageError: a file of ours cannot be written.
    """
    if config.workers == 1 or len(instances) == 1:
        for instance in by_repository(instances):
            yield _report(pipeline.run(instance, announce))
    else:
        yield from _spread(config, instances)


def by_repository(instances: Sequence[Instance]) -> list[Instance]:
    """Keep the instances of a repository together, in the order in which repositories first occur."""
    groups: dict[str, list[Instance]] = {}
    for instance in instances:
        groups.setdefault(instance.issue.repo, []).append(instance)
    return list(itertools.chain.from_iterable(groups.values()))


def next_instance(waiting: Sequence[Instance], running: Sequence[Instance]) -> Instance:
    """The next instance; so the first ones of a repository, which parse it whole, are not done at the same time."""
    return next_of(waiting, running, lambda instance: instance.issue.repo)


def _spread(config: RunConfig, instances: Sequence[Instance]) -> Iterator[Report]:
    waiting = by_repository(instances)
    deaths: Counter[str] = Counter()
    busy = [_Worker(config) for _ in range(min(config.workers, len(waiting)))]
    try:
        for worker in busy:
            worker.take(waiting, busy)
        while busy:
            for ready in wait([worker.pipe for worker in busy]):
                worker = next(worker for worker in busy if worker.pipe is ready)
                report = worker.receive()
                if report is None:
                    report = _death(worker, waiting, deaths)
                    busy[busy.index(worker)] = worker = _Worker(config)
                if report is not None:
                    yield report
                if not worker.take(waiting, busy):
                    busy.remove(worker)
                    worker.stop()
    finally:
        for worker in busy:
            worker.stop()


class _Worker:
    """A process that takes one instance after the other."""

    def __init__(self, config: RunConfig) -> None:
        # spawned, not forked: a fork would copy the locks of threads that numeric libraries have started
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.instance: Instance | None = None
        self._process = context.Process(target=_serve, args=(theirs, config), daemon=True)
        self._process.start()
        theirs.close()

    def take(self, waiting: list[Instance], busy: Sequence["_Worker"]) -> bool:
        """Send the process the instance that suits it best; False where none waits."""
        running = [worker.instance for worker in busy if worker is not self and worker.instance]
        self.instance = next_instance(waiting, running) if waiting else None
        if self.instance:
            waiting.remove(self.instance)
            with suppress(BrokenPipeError):  # it is dead already, as `receive` will find
                self.pipe.send(self.instance)
        return self.instance is not None

    def receive(self) -> Report | None:
        """What the process reports; None if a signal ended it.

        Raises:
            WorkerError: an error that is none of ours ended it; its traceback is on stderr.
            StorageError: it could not write a file of ours.
        """
        try:
            answer = self.pipe.recv()
        except (EOFError, ConnectionResetError):
            self._process.join()
            if (self._process.exitcode or 0) > 0:
                raise WorkerError(f"a worker process stopped with exit code {self._process.exitcode}") from None
            return None
        if isinstance(answer, StorageError):
            raise answer
        assert isinstance(answer, Report)
        return answer

    def stop(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.join()
        self.pipe.close()


def _death(worker: _Worker, waiting: list[Instance], deaths: Counter[str]) -> Report | None:
    """Put the instance of a killed process back; at its second death it is a failure."""
    worker.stop()
    instance = worker.instance
    assert instance is not None
    name = instance.issue.instance_id
    deaths[name] += 1
    _log.warning("a worker process was killed, perhaps for want of memory, while busy with %s", name)
    if deaths[name] < _DEATHS:
        waiting.insert(0, instance)
        return None
    message = f"a worker process must outlive its instance, got {deaths[name]} killed; perhaps for want of memory"
    return Report(Outcome(name, failure=Failure(name, "worker", WorkerError.__name__, message)), os.getpid(), 0.0)


def _serve(pipe: "Connection[Report | StorageError, Instance]", config: RunConfig) -> None:
    threading.Thread(target=_follow_parent, daemon=True).start()
    pipeline = Pipeline(config)
    with suppress(EOFError, KeyboardInterrupt):
        while True:
            instance = pipe.recv()
            try:
                pipe.send(_report(pipeline.run(instance, _silent)))
            except StorageError as error:
                pipe.send(error)


def _follow_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _silent(instance_id: str, stage: str) -> None:
    del instance_id, stage


def _report(outcome: Outcome) -> Report:
    return Report(outcome, os.getpid(), peak_mib())
