"""Runs untrusted, model-written code apart from the machine: no network, no secrets, read-only files, hard limits.

Knows two mechanisms, bubblewrap and the namespaces of util-linux `unshare`, and takes the first that works; without
one it refuses, unless isolation `none` is asked for by name. Inside, only system folders, the interpreter and the
folders that are handed in exist; a home directory is an empty one in memory. The memory limit holds for each process.
Does not know what the code is for, nor how a repository is read.
"""

import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import IO

from cgm.errors import SandboxError, require
from cgm.store import scratch_folder

MECHANISMS = ("bwrap", "unshare")
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store", "/gnu/store")
_SETTINGS = ("ld.so.cache", "alternatives", "localtime", "ssl", "passwd", "group", "nsswitch.conf", "hosts")
_EMPTY = ("/tmp", "/var/tmp", "/dev/shm", "/run")  # noqa: S108 - mount points inside the sandbox, not files of ours
_NOBODY = 65534
_LINKS = 40  # as many as Linux follows
_MIB = 1 << 20
_CONFINE = Path(__file__).with_name("confine.py")


@dataclass(frozen=True)
class Limits:
    """What a program may use: wall-clock seconds; memory of a process; processes and threads; one file; kept output."""

    seconds: float = 60.0
    memory_mb: int = 2048
    processes: int = 64
    file_mb: int = 64
    output_kb: int = 64


@dataclass(frozen=True)
class Outcome:
    """How a program ended: exit code (128 + signal if killed), the tail of what it printed, and whether it ran over."""

    code: int
    output: str
    timed_out: bool
    seconds: float


class Sandbox:
    """Runs programs under one mechanism and one set of limits; `isolation` is auto, bwrap, unshare or none."""

    def __init__(self, isolation: str = "auto", limits: Limits | None = None) -> None:
        require(
            isolation in ("auto", "none", *MECHANISMS), "isolation must be one of auto, bwrap, unshare, none", isolation
        )
        self.limits = limits or Limits()
        self.mechanism = _choose(isolation)
        self.running = _Running()

    def stop(self) -> None:
        """End every program that runs, from another thread; `run` raises from now on."""
        self.running.stop()

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        readable: Sequence[Path] = (),
        writable: Sequence[Path] = (),
        env: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Run a program; paths are the same inside as outside, and `env` is added to a bare environment.

        Run by root, the program is the user nobody, to whom the writable folders are then given.

        Raises:
            SandboxError: a path is missing, the mechanism fails, or the sandbox was stopped.
            StorageError: no temporary folder can be made.
        """
        for path in (cwd, *readable, *writable):
            if not path.is_absolute() or not path.exists():
                raise SandboxError(f"a sandbox path must be absolute and exist, got {path}")
        if self.mechanism != "none" and not os.geteuid():
            for path in writable:
                os.chown(path, _NOBODY, _NOBODY)
        readable = [*_system_paths(), *_interpreter_paths(argv[0]), *readable]
        links = _links_outside([*readable, *writable], argv[0])
        with scratch_folder("r4-root-") as root, _ready_pipe() as (ready, ready_end):
            order = self._order(argv, cwd, ready_end) | {
                "root": str(root) if self.mechanism == "unshare" else "",
                "readable": [str(path) for path in readable],
                "writable": [str(path) for path in writable],
                "links": links,
            }
            process = _start([*self._prefix(readable, writable, links), *_confine(order)], env or {}, ready_end)
            with self.running.counting(process.pid):
                outcome = _watch(process, self.limits)
            if os.read(ready, 5) != b"ready":
                raise SandboxError(f"{self.mechanism} failed: {outcome.output.strip() or f'exit code {outcome.code}'}")
        return outcome

    def _order(self, argv: Sequence[str], cwd: Path, ready_end: int) -> dict[str, object]:
        """What `eval.confine` is told, less the file tree."""
        limits = self.limits
        return {
            "argv": list(argv),
            "cwd": str(cwd),
            "ready": ready_end,
            "confined": self.mechanism != "none",
            "user": _NOBODY if not os.geteuid() else None,
            "empty": _EMPTY,
            "empty_bytes": limits.file_mb * _MIB,
            "limits": {
                "RLIMIT_AS": limits.memory_mb * _MIB,
                "RLIMIT_CPU": int(limits.seconds) + 1,
                "RLIMIT_FSIZE": limits.file_mb * _MIB,
                "RLIMIT_CORE": 0,
                "RLIMIT_NOFILE": 256,
            }
            # without namespaces of its own the count would be that of all the user's processes
            | ({"RLIMIT_NPROC": limits.processes} if self.mechanism != "none" else {}),
        }

    def _prefix(self, readable: Sequence[Path], writable: Sequence[Path], links: Mapping[str, str]) -> list[str]:
        if self.mechanism == "bwrap":
            return _bwrap(readable, writable, links, self.limits.file_mb * _MIB)
        if self.mechanism == "unshare":
            user = ["--user", "--map-root-user"] if os.geteuid() else []
            return [_tool("unshare"), *user, "--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "--kill-child"]
        return []


class _Running:
    """The process groups that run now, for whoever ends them all."""

    def __init__(self) -> None:
        self._lock, self._groups, self._stopped = threading.Lock(), set[int](), False

    @contextmanager
    def counting(self, group: int) -> Iterator[None]:
        """Count a group while it is watched.

        Raises:
            SandboxError: all were stopped, before it or while it ran.
        """
        with self._lock:
            self._groups.add(group)
        if self._stopped:
            _kill_group(group)
        try:
            yield
        finally:
            with self._lock:
                self._groups.remove(group)
        if self._stopped:
            raise SandboxError("the sandbox was stopped")

    def stop(self) -> None:
        """End them, and those that come."""
        with self._lock:
            self._stopped = True
            for group in self._groups:
                _kill_group(group)


@lru_cache
def _choose(isolation: str) -> str:
    """The mechanism to use, proven by running a program under it."""
    if isolation == "none":
        return "none"
    reasons = []
    for mechanism in MECHANISMS if isolation == "auto" else (isolation,):
        reason = _refusal(mechanism)
        if not reason:
            return mechanism
        reasons.append(f"{mechanism}: {reason}")
    raise SandboxError(
        f"untrusted code cannot be isolated here ({'; '.join(reasons)}): install bubblewrap, or ask for isolation none"
    )


def _refusal(mechanism: str) -> str:
    """Why a mechanism does not work here; empty if it does."""
    if not shutil.which(mechanism):
        return "not installed"
    trial = Sandbox.__new__(Sandbox)
    trial.limits, trial.mechanism, trial.running = Limits(seconds=10), mechanism, _Running()
    try:
        outcome = trial.run([sys.executable, "-I", "-S", "-c", ""], cwd=Path("/"))
    except SandboxError as error:
        return str(error)
    return "" if not outcome.code else outcome.output.strip()


def _tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise SandboxError(f"{name} is not installed")
    return path


def _bwrap(readable: Sequence[Path], writable: Sequence[Path], links: Mapping[str, str], empty_bytes: int) -> list[str]:
    arguments = [_tool("bwrap"), "--unshare-net", "--unshare-pid", "--unshare-ipc", "--unshare-uts"]
    arguments += ["--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    # root needs no user namespace, and keeps what it takes to become nobody
    arguments += ["--unshare-user"] if os.geteuid() else ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    arguments += ["--dev", "/dev", "--proc", "/proc"]
    for folder in _EMPTY:
        arguments += ["--perms", "1777", "--size", str(empty_bytes), "--tmpfs", folder]
    for option, paths in (("--ro-bind", readable), ("--bind", writable)):
        for path in paths:
            arguments += [*_open_folders(path), option, str(path), str(path)]
    for link, target in links.items():
        arguments += [*_open_folders(Path(link)), "--symlink", target, link]
    return [*arguments, "--remount-ro", "/dev", "--remount-ro", "/", "--"]


def _open_folders(path: Path) -> list[str]:
    """Make the folders above a path, since those that bubblewrap makes by itself are closed to nobody."""
    return [word for parent in reversed(path.parents[:-1]) for word in ("--perms", "0755", "--dir", str(parent))]


def _confine(order: Mapping[str, object]) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", _CONFINE.read_text(encoding="utf-8"), json.dumps(order)]


def _system_paths() -> list[Path]:
    paths = [Path(folder) for folder in _SYSTEM] + [Path("/etc", name) for name in _SETTINGS]
    return [path for path in paths if path.exists()]


@lru_cache
def _interpreter_paths(program: str) -> tuple[Path, ...]:
    """What a Python needs to start, our own's and the program's, parents before what they hold."""
    prefixes = {Path(prefix) for prefix in (sys.prefix, sys.base_prefix, sys.exec_prefix)}
    found = [path for executable in (program, sys.executable) for path in _way_to(executable)]
    # the folders above a link on the way are none of Python's: ~/.local/bin/python would open all of ~/.local
    prefixes |= {path.parent.parent for path in found if _is_prefix(path.parent.parent)}
    prefixes |= {folder.resolve() for folder in prefixes}
    files = {path for path in found if path.is_file() and not path.is_symlink() and not _is_within(path, prefixes)}
    return tuple(sorted(path for path in prefixes | files if path != Path("/") and path.exists()))


def _links_outside(paths: Collection[Path], program: str) -> dict[str, str]:
    """The links on the way to an interpreter that lie in none of the paths, with what they link to."""
    links: dict[str, str] = {}
    for executable in (program, sys.executable):
        way = _way_to(executable)
        links |= {str(link): str(target) for link, target in pairwise(way) if not _is_within(link, paths)}
    return links


def _way_to(executable: str) -> list[Path]:
    """An executable, each link that it is reached by, and the file at the end."""
    way = [Path(executable)]
    while way[-1].is_symlink() and len(way) < _LINKS:
        way.append(Path(os.path.normpath(way[-1].parent / way[-1].readlink())))
    end = way[-1].resolve()
    return way if end == way[-1] or way[-1].is_symlink() else [*way, end]


def _is_prefix(folder: Path) -> bool:
    """Whether a Python is installed in a folder, as an environment or whole."""
    return (folder / "pyvenv.cfg").is_file() or any(folder.glob("lib*/python*/os.py"))


def _is_within(path: Path, folders: Collection[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders if folder != Path("/"))


@contextmanager
def _ready_pipe() -> Iterator[tuple[int, int]]:
    """A pipe on which the confined side says that the door is shut; reading it never waits."""
    read_end, write_end = os.pipe()
    os.set_blocking(read_end, False)
    try:
        yield read_end, write_end
    finally:
        os.close(read_end)


def _start(argv: Sequence[str], env: Mapping[str, str], ready_end: int) -> subprocess.Popen[bytes]:
    bare = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": "/tmp",  # noqa: S108 - the sandbox's own, in memory
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        # numerical libraries start a thread per core of the machine, which the process limit would count
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    try:
        return subprocess.Popen(  # noqa: S603 - running what it is given is this module's purpose
            argv,
            env=bare | dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=[ready_end],
            start_new_session=True,
        )
    except OSError as error:
        raise SandboxError(f"cannot start {argv[0]}: {error.strerror}") from error
    finally:
        os.close(ready_end)


def _watch(process: subprocess.Popen[bytes], limits: Limits) -> Outcome:
    """Collect the tail of the output until the process ends or its time is up, then leave nothing of it behind."""
    start = time.monotonic()
    assert process.stdout is not None
    with process, process.stdout as stream:
        tail = _read_tail(process, stream, limits)
        timed_out = process.poll() is None and time.monotonic() - start >= limits.seconds
        _kill_group(process.pid)
        code = process.wait()
    text = tail.decode("utf-8", "replace")
    return Outcome(128 - code if code < 0 else code, text, timed_out, time.monotonic() - start)


def _read_tail(process: subprocess.Popen[bytes], stream: IO[bytes], limits: Limits) -> bytes:
    deadline = time.monotonic() + limits.seconds
    tail = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0:
            # a short wait, since a process that left its group may hold the pipe open after the program has ended
            if selector.select(min(left, 0.1)):
                block = os.read(stream.fileno(), 1 << 16)
                if not block:
                    break
                tail += block
                del tail[: -limits.output_kb * 1024]
            elif process.poll() is not None:
                break
    _wait_until(process, deadline)
    return bytes(tail)


def _wait_until(process: subprocess.Popen[bytes], deadline: float) -> None:
    """Wait for a program that has closed its output but goes on."""
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return
