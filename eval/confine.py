"""The program that a sandbox starts first: it shuts the door behind itself and then runs the untrusted one.

Run as text by an isolated interpreter (`python -I -S -c`), with a JSON `Order` as its argument, so it stands on the
standard library alone and imports nothing of the project. Knows mounts, limits and privileges of Linux. Does not
know which namespaces it was put into (`eval.sandbox`).
"""

import ctypes
import fcntl
import json
import os
import resource
import socket
import struct
import sys
from pathlib import Path
from typing import Any

_MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_BIND, _MS_REC = 2, 4, 8, 4096, 16384
_SYS_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE, _MOUNT_ATTR_RDONLY = 442, -100, 0x8000, 1
_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _CAPABILITY_VERSION_3 = 24, 38, 0x20080522
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 1
_DEVICES = ("null", "zero", "full", "random", "urandom")

_libc = ctypes.CDLL(None, use_errno=True)


def main(order: dict[str, Any]) -> int:
    """Build the file tree if asked to, give up privileges, run the program, and return its exit code."""
    if order["root"]:
        _raise_loopback()
        _build_root(order)
    for name, value in order["limits"].items():
        limit = getattr(resource, name)
        hard = resource.getrlimit(limit)[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (bound, bound))
    if order["confined"]:
        _give_up_privileges(order["user"])
    os.write(order["ready"], b"ready")
    os.close(order["ready"])
    return _run(order["argv"], order["cwd"])


def _raise_loopback() -> None:
    """Let the program talk to servers of its own: a new network namespace has 127.0.0.1, but down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        fcntl.ioctl(handle, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))


def _build_root(order: dict[str, Any]) -> None:
    root = order["root"]
    _mount("tmpfs", root, "tmpfs", _MS_NOSUID | _MS_NODEV, "mode=755")
    for folder in ("dev", "proc"):
        Path(root, folder).mkdir()
    for folder in order["empty"]:
        _mkdir(root + folder)
        _mount("tmpfs", root + folder, "tmpfs", _MS_NOSUID | _MS_NODEV, f"mode=1777,size={order['empty_bytes']}")
    for device in _DEVICES:
        _bind(f"/dev/{device}", f"{root}/dev/{device}")
    for folder in order["readable"]:
        _bind(os.path.realpath(folder), root + folder)
        _make_read_only(root + folder, _AT_RECURSIVE)
    for folder in order["writable"]:
        _bind(os.path.realpath(folder), root + folder)
    for link, target in order["links"].items():
        _mkdir(str(Path(root + link).parent))
        Path(root + link).symlink_to(target)
    _mount("proc", f"{root}/proc", "proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC, "")
    _make_read_only(root, 0)
    os.chroot(root)
    os.chdir("/")


def _mkdir(path: str) -> None:
    Path(path).mkdir(parents=True, exist_ok=True)


def _bind(source: str, target: str) -> None:
    if Path(source).is_dir():
        _mkdir(target)
    elif not Path(target).exists():
        _mkdir(str(Path(target).parent))
        Path(target).touch()
    _mount(source, target, "", _MS_BIND | _MS_REC, "")


def _mount(source: str, target: str, kind: str, flags: int, data: str) -> None:
    arguments = [text.encode("utf-8", "surrogateescape") for text in (source, target, kind)]
    if _libc.mount(*arguments, ctypes.c_ulong(flags), data.encode()):
        raise OSError(ctypes.get_errno(), "cannot mount", target)


def _make_read_only(path: str, flags: int) -> None:
    # mount_setattr changes this one attribute alone, so flags that the host has locked stay as they are
    attributes = struct.pack("QQQQ", _MOUNT_ATTR_RDONLY, 0, 0, 0)
    target = path.encode("utf-8", "surrogateescape")
    if _libc.syscall(
        ctypes.c_long(_SYS_MOUNT_SETATTR), ctypes.c_int(_AT_FDCWD), target, ctypes.c_uint(flags), attributes, 32
    ):
        raise OSError(ctypes.get_errno(), "cannot make read-only", path)


def _give_up_privileges(user: int | None) -> None:
    """Become `user` where one is given, lose every capability, and never gain one again."""
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    else:
        for capability in range(64):
            _libc.prctl(_PR_CAPBSET_DROP, ctypes.c_ulong(capability), 0, 0, 0)
        _libc.capset(struct.pack("Ii", _CAPABILITY_VERSION_3, 0), bytes(24))
    if _libc.prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), 0, 0, 0):
        raise OSError(ctypes.get_errno(), "cannot give up privileges")


def _run(argv: list[str], cwd: str) -> int:
    """Run as a child: process 1 of a namespace ignores signals, and would leave orphans unreaped."""
    child = os.fork()
    if not child:
        _become(argv, cwd)
    while True:
        process, status = os.wait()
        if process == child:
            code = os.waitstatus_to_exitcode(status)
            return 128 - code if code < 0 else code


def _become(argv: list[str], cwd: str) -> None:
    try:
        os.chdir(cwd)
        os.execv(argv[0], argv)  # noqa: S606 - argv is a list, no shell is involved
    except OSError as error:
        os.write(2, f"{argv[0]}: {error}\n".encode())
    finally:
        os._exit(127)


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
