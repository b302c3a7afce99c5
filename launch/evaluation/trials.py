"""Many cases over threads, since the work is done by other processes: sandboxes, containers.

Knows scheduling, and how a run ends before its time. Does not know how a case is judged (`eval.swebench.judge`).
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from eval.swebench.backend import Backend
from eval.swebench.judge import Case, Judge, Judged
from launch.scheduling import next_of


def run_cases(
    judge: Judge, backend: Backend, cases: Sequence[Case], workers: int, started: Callable[[Case], None]
) -> Iterator[Judged]:
    """Judge every case and yield each when it is done; whatever ends this early ends what runs as well."""
    waiting, running = list(cases), dict[Future[Judged], Case]()
    with ThreadPoolExecutor(workers) as pool:
        try:
            while waiting or running:
                while waiting and len(running) < workers:
                    case = next_case(waiting, list(running.values()))
                    waiting.remove(case)
                    started(case)
                    running[pool.submit(judge.judge, case)] = case
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    del running[future]
                    yield future.result()
        except BaseException:
            backend.stop()
            raise


def next_case(waiting: Sequence[Case], running: Sequence[Case]) -> Case:
    """The next case, so that what a repository's first one makes, such as an environment, is not waited for by all."""
    return next_of(waiting, running, lambda case: case.row["repo"])
