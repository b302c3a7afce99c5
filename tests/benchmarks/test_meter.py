import subprocess
import time

import pytest
import speed
from meter import Cost, run_apart, time_call


def test_seconds_of_processes_that_were_started_count() -> None:
    busy = "print(sum(range(3_000_000)))"
    _, cost = time_call(lambda: subprocess.run(["python3", "-c", busy], check=True, capture_output=True))
    assert cost.cpu > 0.01
    assert cost.wall > 0


def test_waiting_takes_wall_seconds_and_no_others() -> None:
    _, cost = time_call(lambda: time.sleep(0.2))
    assert cost.wall >= 0.2
    assert cost.cpu < 0.2


def test_a_call_gives_what_it_returns() -> None:
    assert time_call(lambda: [1, 2])[0] == [1, 2]


def test_a_failure_in_a_process_of_its_own_is_one_here(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        run_apart(speed.cold_graph, "/nowhere", "")
    assert "repository must exist" in capfd.readouterr().err


def test_a_cost_is_a_row_to_read() -> None:
    assert str(Cost(1.234, 2.0, 99.6)).split() == ["1.23", "s", "CPU", "2.00", "s", "wall", "100", "MiB"]
