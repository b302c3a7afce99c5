"""Who made a container: a mark of this process that no other process will ever bear.

Knows how Linux tells processes apart, one that bears the same number later included. Does not know containers.
"""

import os
import socket
from pathlib import Path


def own_mark() -> str:
    """The mark of this process."""
    return _mark(os.getpid())


def is_orphan(mark: str) -> bool:
    """Whether a mark is that of a process of this machine that is no more; what cannot be told is none."""
    machine, _, rest = mark.partition(":")
    number = rest.partition(":")[0]
    if machine != _machine() or not number.isdecimal() or not Path("/proc/self/stat").exists():
        return False
    return _mark(int(number)) != mark


def _mark(process: int) -> str:
    return f"{_machine()}:{process}:{_started(process)}"


def _machine() -> str:
    """The machine since it was started."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    return boot.read_text(encoding="ascii").strip() if boot.exists() else socket.gethostname()


def _started(process: int) -> str:
    """When a process was started, in ticks; empty where there is none."""
    try:
        # the name of a program stands in brackets and may hold anything
        return (
            Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19]
        )
    except OSError:
        return ""
