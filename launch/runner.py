"""Many instances over processes.

Knows scheduling, worker processes and their deaths. Does not know what happens to an instance (`launch.pipeline`).
Outcomes are the same for any number of workers; they come in no particular order.
"""

import itertools
import multiprocessing
import os
import resource
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from cgm.errors import WorkerError
from launch.dataset import Instance
from launch.pipeline import Announce, Outcome, Pipeline
from launch.schema import RunConfig

_MIB = 1 << 20


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
        WorkerError: a worker process died.
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
    """The first waiting instance of the repository that the fewest workers are busy with.

    So the first instances of a repository, which parse it whole, are not done twice at the same time.
    """
    busy = Counter(instance.issue.repo for instance in running)
    return min(waiting, key=lambda instance: busy[instance.issue.repo])


def _spread(config: RunConfig, instances: Sequence[Instance]) -> Iterator[Report]:
    waiting = by_repository(instances)
    running: dict[Future[Report], Instance] = {}
    # spawned, not forked: a fork would copy the locks of threads that numeric libraries have started
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(config.workers, context, _start_worker, (config,)) as pool:
        try:
            while waiting or running:
                while waiting and len(running) < config.workers:
                    chosen = next_instance(waiting, list(running.values()))
                    waiting.remove(chosen)
                    running[pool.submit(_work, chosen)] = chosen
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    yield future.result()
                    del running[future]
        except BrokenProcessPool as error:
            raise WorkerError(_death(running)) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _death(running: dict[Future[Report], Instance]) -> str:
    names = ", ".join(sorted(instance.issue.instance_id for instance in running.values()))
    return (
        f"a worker process was killed, perhaps for want of memory, during one of: {names}; what is done is kept: "
        "run again, with fewer workers"
    )


_pipeline: list[Pipeline] = []  # of this worker process


def _start_worker(config: RunConfig) -> None:
    threading.Thread(target=_follow_parent, daemon=True).start()
    _pipeline.append(Pipeline(config))


def _follow_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _work(instance: Instance) -> Report:
    return _report(_pipeline[0].run(instance, _silent))


def _silent(instance_id: str, stage: str) -> None:
    del instance_id, stage


def _report(outcome: Outcome) -> Report:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1 if sys.platform == "darwin" else 1024
    return Report(outcome, os.getpid(), peak * unit / _MIB)
