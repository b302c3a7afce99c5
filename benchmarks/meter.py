"""CPU seconds, wall seconds and memory of a call in a process of its own.

Knows processes. Does not know what is measured. Seconds count the processes that the call starts, such as git; they
do not count starting Python.
"""

import importlib
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Cost:
    """What a call took: seconds, and the most MiB that its process held."""

    cpu: float
    wall: float
    mib: float

    def __str__(self) -> str:
        return f"{self.cpu:8.2f} s CPU {self.wall:8.2f} s wall {self.mib:6.0f} MiB"


def time_call(call: Callable[[], Any]) -> tuple[Any, Cost]:
    """Call in this process; the memory is the most that the process has held so far."""
    cpu, wall = _cpu_seconds(), time.perf_counter()
    result = call()
    mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return result, Cost(_cpu_seconds() - cpu, time.perf_counter() - wall, mib)


def run_apart(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function of a script in this folder in a new process; arguments and result are JSON values."""
    script = Path(function.__code__.co_filename)
    command = [sys.executable, __file__, script.stem, function.__name__, json.dumps(arguments, default=str)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)  # noqa: S603 (this script)
    return json.loads(done.stdout)


def _cpu_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _serve(module: str, function: str, arguments: str) -> None:
    print(json.dumps(getattr(importlib.import_module(module), function)(*json.loads(arguments))))


if __name__ == "__main__":
    _serve(*sys.argv[1:])
