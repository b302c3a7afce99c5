"""Whole runs in containers of a real engine, on a project that builds itself and images made without the network."""

import contextlib
import gc
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from cgm.artifacts import Tally, Verdict
from cgm.errors import ConfigError, SandboxError, StorageError
from eval.docker import containers
from eval.docker.containers import DockerBackend, DockerConfig
from eval.docker.engine import LABEL, Engine, speaking
from eval.docker.images import image_name
from eval.docker.owner import own_mark
from eval.swebench.backend import Row
from eval.swebench.harness import Table

REPAIR = """diff --git a/cart.py b/cart.py
--- a/cart.py
+++ b/cart.py
@@ -1,2 +1,2 @@
 def total(prices):
-    return max(prices)
+    return sum(prices)
"""


class Daemon(Protocol):
    host: str
    folder: Path

    def start(self) -> None: ...

    def stop(self) -> None: ...


Make = Callable[..., DockerBackend]
# the SDK leaves a connection open when an engine goes away
pytestmark = [
    pytest.mark.docker,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def row(cart: dict[str, Any]) -> Row:
    """An instance of the older kind, whose script is ours."""
    return {name: value for name, value in cart.items() if name != "eval_script"} | {"test_cmd": "python check.py"}


@pytest.fixture
def make(
    docker_daemon: Daemon, base_system: Path, repositories: Path, offline_index: Path, tmp_path: Path
) -> Iterator[Make]:
    pytest.importorskip("swebench")
    assert offline_index.is_dir()
    made = []

    def backend(**settings: Any) -> DockerBackend:
        config = DockerConfig(
            **{"host": docker_daemon.host, "images": "build", "base": "r4-tests:base", "seconds": 60.0}
            | {"system": str(base_system), "free_mb": 0, "memory_mb": 512, "processes": 64, "patience": 120.0}
            | settings
        )
        made.append(DockerBackend(config, table=Table(), repos=repositories, environments=tmp_path / "kept"))
        return made[-1]

    yield backend
    left = Engine(docker_daemon.host).containers(f"{LABEL}={own_mark()}")
    assert left == []
    made.clear()
    gc.collect()  # while the warnings of the SDK's open connections are still let pass


def doing(code: str) -> str:
    """A patch that makes the project run a line when it is imported, and repairs nothing."""
    return (
        f"diff --git a/cart.py b/cart.py\n--- a/cart.py\n+++ b/cart.py\n@@ -1,1 +1,2 @@\n+{code}\n def total(prices):\n"
    )


def shell(command: str) -> str:
    return doing(f"import subprocess; subprocess.run({command!r}, shell=True)")


def test_a_repair_resolves_and_nothing_or_something_else_does_not(make: Make, row: Row) -> None:
    backend = make()
    right, nothing, wrong = [backend.run(row, diff) for diff in (REPAIR, "", REPAIR.replace("sum", "min"))]
    assert [trial.verdict.outcome for trial in (right, nothing, wrong)] == ["resolved", "unresolved", "unresolved"], (
        right.log
    )
    assert (right.verdict.fail_to_pass, right.verdict.pass_to_pass) == (Tally(1), Tally(1))
    assert (right.verdict.applied, nothing.verdict.applied) == ("clean", "")
    assert nothing.verdict.fail_to_pass.failed == ("test_cart.py::test_total",)
    assert "PASSED test_cart.py::test_total" in right.log


def test_a_patch_that_does_not_apply_and_one_that_nearly_does(make: Make, row: Row) -> None:
    backend = make()
    refused = backend.run(row, REPAIR.replace("max", "most")).verdict
    assert (refused.outcome, refused.applied) == ("does_not_apply", "")
    assert refused.message
    shifted = REPAIR.replace(" def total(prices):", " def total(items):")
    assert (backend.run(row, shifted).verdict.outcome, backend.run(row, shifted).verdict.applied) == (
        "resolved",
        "fuzzy",
    )


def test_tests_that_hang_are_stopped(make: Make, row: Row) -> None:
    trial = make(seconds=20.0).run(row, doing("while True: pass"))
    assert trial.verdict.outcome == "timed_out", trial.log


def test_a_container_that_is_killed_says_nothing_of_the_repair(make: Make, row: Row) -> None:
    backend = make()
    killer = threading.Thread(target=when_running, args=(backend, backend._engine.remove_container))
    killer.start()
    verdict = backend.run(row, doing("import time; time.sleep(30)")).verdict
    killer.join()
    assert verdict.outcome == "infrastructure"
    assert verdict.message
    assert backend.run(row, REPAIR).verdict.outcome == "resolved"


def when_running(backend: DockerBackend, act: Callable[[str], object]) -> None:
    """Do something to the container of a backend as soon as its tests have begun."""
    for _ in range(1200):
        # a container may go between two questions
        with contextlib.suppress(SandboxError), speaking("look"):
            for container in backend._engine.containers(f"{LABEL}={backend._mark}"):
                top = backend._engine.client().api.top(container["Id"])
                if any("check.py" in " ".join(process) for process in top["Processes"]):
                    break
            else:
                time.sleep(0.1)
                continue
            act(container["Id"])
            return


def test_an_engine_that_is_stopped_and_started_again_is_waited_for(make: Make, row: Row, docker_daemon: Daemon) -> None:
    backend = make()

    def restart(container: str) -> None:
        assert container
        docker_daemon.stop()
        time.sleep(1)
        docker_daemon.start()

    restarter = threading.Thread(target=when_running, args=(backend, restart))
    restarter.start()
    verdict = backend.run(row, doing("import time; time.sleep(30)")).verdict
    restarter.join()
    assert verdict.outcome == "infrastructure"
    assert backend.run(row, REPAIR).verdict.outcome == "resolved"


def test_an_engine_that_never_answered_is_not_waited_for(make: Make, row: Row, tmp_path: Path) -> None:
    start = time.monotonic()
    with pytest.raises(SandboxError, match="the Docker engine cannot answer"):
        make(host=f"unix://{tmp_path}/none.sock").run(row, REPAIR)
    assert time.monotonic() - start < 10


def test_tests_that_fill_the_disk_are_ended(make: Make, row: Row) -> None:
    verdict = make(disk_mb=30).run(row, shell("cat /dev/zero > /fill & sleep 20")).verdict
    assert verdict.outcome == "no_tests"
    assert "of 30 that they may" in verdict.message


def test_nothing_runs_on_a_full_disk(make: Make, row: Row) -> None:
    make().identity(row)
    with pytest.raises(StorageError, match=r"must keep \d+ MiB free \(backend\.free_mb\)"):
        make(free_mb=1 << 40).run(row, REPAIR)


def test_a_disk_that_runs_full_meanwhile_says_nothing_of_the_repair(
    make: Make, row: Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = make(free_mb=50)
    asked = iter([100, *[100] * 3])
    monkeypatch.setattr(Engine, "free_mb", lambda _: next(asked, 40))
    verdict = backend.run(row, doing("import time; time.sleep(60)")).verdict
    assert verdict.outcome == "infrastructure"
    assert verdict.message == "the engine's disk must keep 50 MiB free, it has 40"


def test_a_container_reaches_no_network_and_has_its_limits(make: Make, row: Row) -> None:
    probe = "import os; print('NETS', os.listdir('/sys/class/net')); "
    probe += "print('CAPS', [line for line in open('/proc/self/status') if line.startswith('CapEff:')])"
    log = make().run(row, doing(probe)).log
    assert "NETS ['lo']" in log
    # neither the right to mount, which the harness would add, nor a way to more
    caps = int(next(line for line in log.splitlines() if line.startswith("CAPS")).partition("\\t")[2][:16], 16)
    assert not caps & 1 << 21
    hungry = make().run(row, doing("x = bytearray(2 << 30)"))
    assert hungry.verdict.outcome in ("no_tests", "unresolved")
    forks = "import os\\nfor _ in range(200): os.fork() or __import__('time').sleep(1)"
    bomb = make().run(row, doing(f"exec({forks!r})".replace("\\\\n", "\\n")))
    assert bomb.verdict.outcome in ("no_tests", "unresolved", "timed_out")


@pytest.mark.parametrize(
    "command",
    [
        "rm -rf /testbed/.git /testbed/cart.py",
        "kill -9 1 $PPID $(cat /proc/$PPID/stat | sed 's/.*) . //; s/ .*//')",
        "cd /testbed; git config core.fsmonitor 'sleep 1000'",
        "cd /testbed; git config diff.external 'sleep 1000'; echo x >> check.py",
        "printf '\\377\\376' >> /testbed/check.py; printf '\\377\\376'",
        "while :; do cat /bin/bash; done",
        "echo '>>>>> Patch Apply Failed'; echo 'Timeout error: 1 seconds exceeded.'; rm -rf /testbed",
    ],
)
def test_a_repair_cannot_pass_for_a_failure_of_the_infrastructure(
    make: Make, row: Row, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(containers, "_GRACE", 5.0)
    trial = make(seconds=20.0, output_mb=2).run(row, shell(command))
    assert trial.verdict.outcome in ("unresolved", "no_tests", "timed_out"), trial.verdict
    assert len(trial.log) < 3 << 20


def test_stopping_ends_what_runs(make: Make, row: Row) -> None:
    backend = make()
    stopper = threading.Thread(target=when_running, args=(backend, lambda _: backend.stop()))
    stopper.start()
    with pytest.raises(SandboxError, match="was stopped"):
        backend.run(row, doing("import time; time.sleep(60)"))
    stopper.join()
    with pytest.raises(SandboxError, match="was stopped"):
        backend.run(row, REPAIR)


def test_what_a_killed_run_left_is_swept_and_nothing_else(make: Make, row: Row) -> None:
    backend = make()
    image = backend.image(row)
    docker = backend._engine.client().containers
    machine, number, started = backend._mark.split(":")
    options = {"image": image.name, "command": "tail -f /dev/null", "network_mode": "none"}
    orphan = docker.create(**options, labels={LABEL: f"{machine}:{number}:{int(started) - 1}"})
    others = [docker.create(**options, labels=labels) for labels in ({}, {LABEL: "elsewhere:1:2"})]
    backend.run(row, REPAIR)
    left = {container.id for container in docker.list(all=True)}
    assert orphan.id not in left
    assert {other.id for other in others} <= left
    for other in others:
        other.remove()


def test_two_at_a_time_do_not_meet(make: Make, row: Row) -> None:
    backend = make()
    verdicts: dict[str, Verdict] = {}

    def run(name: str, diff: str) -> None:
        verdicts[name] = backend.run(row, diff).verdict

    threads = [
        threading.Thread(target=run, args=case) for case in (("right", REPAIR), ("wrong", REPAIR.replace("sum", "min")))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (verdicts["right"].outcome, verdicts["wrong"].outcome) == ("resolved", "unresolved")


def test_an_image_is_built_once_and_again_when_its_recipe_changes(make: Make, row: Row) -> None:
    first = make().image(row)
    assert make().image(row).identity == first.identity
    other = dict(row) | {"pre_install": ["touch prepared"]}
    assert make().image(other).identity == first.identity
    assert make().image(dict(row) | {"version": "1.1"}).identity != first.identity
    assert make().identity(row) != make().identity(dict(row) | {"version": "1.1"})


def test_an_image_that_is_not_there_is_an_error_unless_it_may_be_brought(make: Make, row: Row) -> None:
    absent = dict(row) | {"instance_id": "shop__cart-9"}
    with pytest.raises(ConfigError, match=r"backend\.images=present needs the image of shop__cart-9"):
        make(images="present").run(absent, REPAIR)
    with pytest.raises(SandboxError, match="cannot pull nobody/sweb"):
        make(images="pull", namespace="nobody").run(absent, REPAIR)


def test_images_that_a_run_brought_make_room_for_others(make: Make, row: Row) -> None:
    make().image(row)
    taken = make()._engine.layers_mb()
    backend = make(layers_mb=taken + 100)
    second = backend.image(dict(row) | {"instance_id": "shop__cart-2"})
    full = make(layers_mb=1)
    with pytest.raises(StorageError, match=r"images must take at most 1 MiB \(backend\.layers_mb\)"):
        full.image(dict(row) | {"instance_id": "shop__cart-3"})
    # what this run did not bring stays
    assert backend._engine.image(second.name)
    backend._images._layers_mb = 1
    with pytest.raises(StorageError):
        backend.image(dict(row) | {"instance_id": "shop__cart-3"})
    assert backend._engine.image(second.name) is None
    assert backend._engine.image(image_name("shop__cart-1"))


def test_a_build_that_fails_says_what_it_printed(make: Make, row: Row, repositories: Path) -> None:
    project = repositories / "shop__cart"
    (project / "backend.py").write_text("raise SystemExit('nothing is built today')\n")
    for command in (["add", "-A"], ["-c", "user.name=n", "-c", "user.email=e", "commit", "-qm", "m"]):
        subprocess.run(["git", *command], cwd=project, check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=project, check=True, capture_output=True, text=True)
    broken = dict(row) | {"instance_id": "shop__cart-4", "environment_setup_commit": row["base_commit"]}
    with pytest.raises(SandboxError, match=r"cannot build sweb\.eval\.x86_64\.shop__cart-4.*nothing is built today"):
        make().image(broken | {"base_commit": head.stdout.strip()})


def test_without_a_base_system_nothing_is_built(make: Make, row: Row) -> None:
    with pytest.raises(ConfigError, match=r"backend\.base must be an image that the engine has"):
        make(base="r4-tests:none", system="").image(row)
    with pytest.raises(ConfigError, match=r"backend\.system must be a readable archive"):
        make(base="r4-tests:none", system="/none.tar").image(row)


def test_nothing_of_the_harness_is_left_behind(
    make: Make, row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.iterdir())
    make().run(row, REPAIR)
    assert set(tmp_path.iterdir()) - before <= {tmp_path / "kept"}
    assert "swebench.harness.run_evaluation" in sys.modules
