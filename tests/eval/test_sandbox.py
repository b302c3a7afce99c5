"""Escape attempts, each really made, under every mechanism that works on this machine."""

import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cgm.errors import ConfigError, SandboxError, StorageError
from eval import sandbox
from eval.sandbox import MECHANISMS, Limits, Outcome, Sandbox

LIMITS = Limits(seconds=10.0, memory_mb=512, processes=32, file_mb=4, output_kb=4)


@pytest.fixture(params=MECHANISMS)
def mechanism(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    reason = sandbox._refusal(name)
    if reason:
        pytest.skip(f"{name} does not work here: {reason}")
    return name


def run(mechanism: str, code: str, cwd: Path = Path("/"), limits: Limits = LIMITS, **folders: list[Path]) -> Outcome:
    return Sandbox(mechanism, limits).run([sys.executable, "-c", code], cwd=cwd, **folders)


def processes_named(marker: str) -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if marker in command:
            found.append(command)
    return found


def vanishes(marker: str) -> bool:
    """Whether no process has the marker; the kernel takes a moment to bury what it has killed."""
    for _ in range(50):
        if not processes_named(marker):
            return True
        time.sleep(0.1)
    return False


def test_a_program_gives_its_output_and_exit_code(mechanism: str) -> None:
    outcome = run(mechanism, "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    assert (outcome.code, outcome.timed_out) == (3, False)
    assert {"out", "err"} == set(outcome.output.split())


def test_a_program_killed_by_a_signal_has_the_code_that_a_shell_gives(mechanism: str) -> None:
    assert run(mechanism, "import os, signal; os.kill(os.getpid(), signal.SIGTERM)").code == 128 + 15


def test_files_outside_cannot_be_written(mechanism: str, tmp_path: Path) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_text("before")
    tmp_path.chmod(0o777)
    kept.chmod(0o666)
    paths = [str(kept), str(tmp_path / "new"), "/usr/new", "/etc/new", "/new", "/dev/new", sys.prefix + "/new"]
    code = f"""
for path in {paths!r}:
    try:
        open(path, "w").write("after")
    except OSError:
        print("refused")
"""
    outcome = run(mechanism, code, readable=[tmp_path])
    assert outcome.output.split() == ["refused"] * 7
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]
    assert kept.read_text() == "before"


def test_a_writable_folder_can_be_written_and_keeps_what_was_written(mechanism: str, tmp_path: Path) -> None:
    outcome = run(mechanism, "open('made.txt', 'w').write('x')", cwd=tmp_path, writable=[tmp_path])
    assert outcome.code == 0, outcome.output
    assert (tmp_path / "made.txt").read_text() == "x"


def test_a_folder_that_was_not_handed_in_does_not_exist(mechanism: str, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("hunter2")
    outcome = run(mechanism, f"print(open({str(tmp_path / 'secret.txt')!r}).read())")
    assert outcome.code == 1
    assert "hunter2" not in outcome.output
    assert "FileNotFoundError" in outcome.output


def test_a_link_to_the_interpreter_opens_nothing_beside_it(mechanism: str, tmp_path: Path) -> None:
    environment, local = tmp_path / "environment", tmp_path / "local"
    for folder in (environment, local):
        (folder / "bin").mkdir(parents=True)
    (local / "secret.txt").write_text("hunter2")
    (local / "lib" / "python3.12" / "site-packages").mkdir(parents=True)
    (local / "bin" / "python3").symlink_to(Path(sys.executable).resolve())
    (environment / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).resolve().parent}\n")
    (environment / "bin" / "python").symlink_to(local / "bin" / "python3")
    tmp_path.chmod(0o755)
    code = f"import os, json, sys; print(sys.prefix, sorted(os.listdir({str(local)!r})))"
    for program in (environment / "bin" / "python", local / "bin" / "python3"):
        outcome = Sandbox(mechanism, LIMITS).run([str(program), "-c", code], cwd=Path("/"))
        assert outcome.code == 0, outcome.output
        assert outcome.output.endswith(" ['bin']\n")


def test_the_temporary_folder_is_private_and_empty(mechanism: str) -> None:
    marker = f"r4-marker-{os.getpid()}"
    outcome = run(mechanism, f"import os; print(os.listdir('/tmp')); open('/tmp/{marker}', 'w').write('x')")
    assert outcome.output.strip() == "[]"
    assert not Path("/tmp", marker).exists()


def test_secrets_of_the_environment_and_of_other_processes_cannot_be_read(
    mechanism: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_API_KEY", "hunter2")
    code = """
import os, pathlib
print(dict(os.environ))
for path in pathlib.Path("/proc").glob("[0-9]*/environ"):
    try:
        print(path.read_bytes())
    except OSError:
        pass
print(len(list(pathlib.Path("/proc").glob("[0-9]*"))), "processes")
"""
    outcome = run(mechanism, code)
    assert outcome.code == 0
    assert "hunter2" not in outcome.output
    assert int(outcome.output.split()[-2]) <= 3


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.settimeout(0.2)
        yield server


def test_the_network_cannot_be_reached(mechanism: str, listener: socket.socket) -> None:
    code = f"""
import socket
for address in (("127.0.0.1", {listener.getsockname()[1]}), ("192.0.2.1", 80), ("8.8.8.8", 53)):
    try:
        socket.create_connection(address, timeout=2)
        print("connected", address)
    except OSError:
        print("refused")
"""
    assert run(mechanism, code).output.split() == ["refused"] * 3
    with pytest.raises(TimeoutError):
        listener.accept()


def test_a_program_may_talk_to_a_server_of_its_own(mechanism: str) -> None:
    code = """
import socket
server = socket.create_server(("127.0.0.1", 0))
socket.create_connection(server.getsockname(), timeout=2).sendall(b"hello")
print(server.accept()[0].recv(5).decode())
"""
    assert run(mechanism, code).output.strip() == "hello"


def test_an_endless_loop_ends_with_its_time_and_leaves_no_process(mechanism: str) -> None:
    marker = f"r4-loop-{os.getpid()}-{mechanism}"
    code = f"import os\nos.fork()\nos.setsid() if os.getpid() != 1 and not os.fork() else None\nwhile True: '{marker}'"
    start = time.monotonic()
    outcome = run(mechanism, code, limits=Limits(seconds=1.0))
    assert outcome.timed_out
    assert time.monotonic() - start < 5
    assert vanishes(marker)


def test_a_daemon_does_not_outlive_its_program(mechanism: str) -> None:
    marker = f"r4-daemon-{os.getpid()}-{mechanism}"
    code = f"""
import os, subprocess, sys
command = [sys.executable, "-c", "import time; time.sleep(60) # {marker}"]
subprocess.Popen(command, start_new_session=True)
"""
    outcome = run(mechanism, code)
    assert (outcome.code, outcome.timed_out) == (0, False)
    assert outcome.seconds < 5
    assert vanishes(marker)


def test_a_fork_bomb_meets_the_process_limit(mechanism: str) -> None:
    marker = f"r4-bomb-{os.getpid()}-{mechanism}"
    code = f"""
import os, time
'{marker}'
count = 0
try:
    while True:
        if not os.fork():
            time.sleep(60)
            os._exit(0)
        count += 1
except BlockingIOError:
    print(count)
"""
    outcome = run(mechanism, code)
    assert 0 < int(outcome.output) <= LIMITS.processes
    assert vanishes(marker)


def test_a_memory_hog_meets_the_memory_limit(mechanism: str) -> None:
    outcome = run(mechanism, "block = bytearray(1 << 30); print('got it')")
    assert outcome.code == 1
    assert "MemoryError" in outcome.output


def test_one_file_cannot_fill_the_disk(mechanism: str, tmp_path: Path) -> None:
    code = "block = b'x' * (1 << 20)\nwith open('big', 'wb') as f:\n    [f.write(block) for _ in range(100)]"
    outcome = run(mechanism, code, cwd=tmp_path, writable=[tmp_path])
    assert outcome.code != 0
    assert (tmp_path / "big").stat().st_size <= LIMITS.file_mb << 20


def test_the_temporary_folder_cannot_fill_the_memory(mechanism: str) -> None:
    code = """
for number in range(10):
    open(f"/tmp/{number}", "wb").write(bytes(1 << 20))
"""
    assert "No space left" in run(mechanism, code).output


def test_of_a_huge_output_the_tail_is_kept(mechanism: str) -> None:
    outcome = run(mechanism, "print('x' * 50_000_000); print('the end')")
    assert outcome.code == 0
    assert len(outcome.output) <= LIMITS.output_kb * 1024
    assert outcome.output.endswith("the end\n")


def test_no_privilege_is_left(mechanism: str) -> None:
    code = """
import ctypes, os
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(int(status["CapEff"], 16), int(status["CapPrm"], 16), int(status["NoNewPrivs"]))
libc = ctypes.CDLL(None)
print(libc.mount(b"none", b"/usr", b"", 4096 | 32, b""))
print(libc.umount2(b"/usr", 2))
"""
    assert run(mechanism, code).output.split() == ["0", "0", "1", "-1", "-1"]


def test_a_path_that_does_not_exist_is_refused(mechanism: str, tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="must be absolute and exist"):
        run(mechanism, "", readable=[tmp_path / "missing"])


def test_a_program_that_does_not_exist_fails_with_a_line_that_names_it(mechanism: str) -> None:
    outcome = Sandbox(mechanism, LIMITS).run(["/nowhere/program"], cwd=Path("/"))
    assert outcome.code == 127
    assert "/nowhere/program" in outcome.output


def test_without_a_mechanism_the_sandbox_refuses_unless_none_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    sandbox._choose.cache_clear()
    try:
        with pytest.raises(SandboxError, match="bwrap: not installed; unshare: not installed"):
            Sandbox()
        assert Sandbox("none").mechanism == "none"
    finally:
        sandbox._choose.cache_clear()


def test_isolation_none_still_limits_time_memory_and_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "hunter2")
    assert "hunter2" not in run("none", "import os; print(os.environ)").output
    assert "MemoryError" in run("none", "bytearray(1 << 30)").output
    assert run("none", "while True: pass", limits=Limits(seconds=0.5)).timed_out


def test_an_unknown_isolation_is_refused() -> None:
    with pytest.raises(ConfigError, match="isolation must be one of"):
        Sandbox("docker")


def test_no_place_for_the_file_tree_is_a_storage_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    confined = Sandbox("none")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(StorageError, match="cannot make a temporary folder"):
        confined.run([sys.executable], cwd=Path("/"))
