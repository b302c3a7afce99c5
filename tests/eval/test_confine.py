"""The confined side alone, as a program that is handed an order; what it keeps out is tested with the sandbox."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from eval import confine


def obey(argv: list[str], cwd: str = "/", **limits: int) -> tuple[int, bytes, bytes]:
    """Run an order without confinement: exit code, output, and what came through the ready pipe."""
    read_end, write_end = os.pipe()
    order: dict[str, Any] = {"root": "", "limits": limits, "confined": False, "ready": write_end}
    command = [sys.executable, "-I", "-S", str(Path(confine.__file__)), json.dumps(order | {"argv": argv, "cwd": cwd})]
    done = subprocess.run(command, capture_output=True, pass_fds=[write_end], check=False)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as stream:
        return done.returncode, done.stdout + done.stderr, stream.read()


def test_it_says_that_the_door_is_shut_before_it_runs_the_program() -> None:
    assert obey([sys.executable, "-c", "print('ran')"]) == (0, b"ran\n", b"ready")


def test_the_ready_pipe_is_closed_to_the_program() -> None:
    code, output, _ = obey(
        [sys.executable, "-S", "-c", "import os; print(sorted(map(int, os.listdir('/proc/self/fd'))))"]
    )
    assert (code, output) == (0, b"[0, 1, 2, 3]\n")  # 3 is the listing itself


@pytest.mark.parametrize(("code", "expected"), [("exit(7)", 7), ("import os; os.kill(os.getpid(), 9)", 137)])
def test_the_exit_code_is_the_programs(code: str, expected: int) -> None:
    assert obey([sys.executable, "-c", code])[0] == expected


def test_limits_hold_in_the_program() -> None:
    program = "import resource; print(resource.getrlimit(resource.RLIMIT_NOFILE))"
    assert obey([sys.executable, "-c", program], RLIMIT_NOFILE=99)[1] == b"(99, 99)\n"


def test_a_missing_folder_to_start_in_is_named() -> None:
    code, output, _ = obey([sys.executable, "-c", ""], cwd="/nowhere")
    assert code == 127
    assert b"/nowhere" in output
