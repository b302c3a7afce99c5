import subprocess
import sys

import pytest

from eval.docker.owner import is_orphan, own_mark


def mark_of_another() -> tuple[subprocess.Popen[str], str]:
    code = "from eval.docker.owner import own_mark; print(own_mark(), flush=True); input()"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def test_a_process_is_told_from_its_successors() -> None:
    machine, number, started = own_mark().split(":")
    assert not is_orphan(own_mark())
    assert is_orphan(f"{machine}:{number}:{int(started) - 1}")


def test_what_a_living_process_made_is_no_orphan_until_it_dies() -> None:
    process, mark = mark_of_another()
    with process:
        assert not is_orphan(mark)
        process.communicate("")
    assert is_orphan(mark)


@pytest.mark.parametrize("mark", ["", "image", "elsewhere:1:2", ":::", "elsewhere:x:y"])
def test_what_cannot_be_told_is_left_alone(mark: str) -> None:
    assert not is_orphan(mark)
