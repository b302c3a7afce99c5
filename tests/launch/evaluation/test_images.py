"""The task as a person runs it, with no engine and with a real one."""

import gc
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest
from rich.console import Console

from cgm.store import write_rows
from eval.docker.containers import DockerConfig
from launch.command import run_command
from launch.evaluate import evaluate_job
from launch.evaluation.images import Built, building, show_images
from launch.evaluation.settings import register_evaluation
from launch.schema import Choice, config_class, find_option

REPAIR = """diff --git a/cart.py b/cart.py
--- a/cart.py
+++ b/cart.py
@@ -1,2 +1,2 @@
 def total(prices):
-    return max(prices)
+    return sum(prices)
"""
Command = Callable[..., int]
# the SDK leaves a connection open when an engine does not answer
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


class Daemon(Protocol):
    host: str


def test_images_are_built_whichever_backend_was_chosen() -> None:
    local = find_option("backend", "local")
    assert building(Choice(local, config_class(local)())).config == DockerConfig(images="build")
    chosen = building(Choice(find_option("backend", "docker"), DockerConfig(base="mine:1")))
    assert (chosen.option.name, chosen.config) == ("docker", DockerConfig(base="mine:1", images="build"))


def test_what_is_there_and_what_is_not_is_shown(tmp_path: Path) -> None:
    console = Console(record=True, width=120, file=(tmp_path / "shown").open("w"))
    found = [
        Built("a-1", "sweb.eval.a", 3 << 20, 2.5),
        Built("b-2", error="RepositoryError", message="no git directory of b"),
    ]
    show_images(console, found, tmp_path)
    console.file.close()
    text = console.export_text()
    assert "sweb.eval.a" in text
    assert "no git directory of b" in text
    assert "1 of 2 images are there" in text


@pytest.fixture
def cgm_eval(
    home: Path, repositories: Path, cart: dict[str, Any], offline_index: Path, monkeypatch: pytest.MonkeyPatch
) -> Command:
    """Run the command in this process on one instance."""
    assert offline_index.is_dir()
    pytest.importorskip("swebench")
    register_evaluation()
    row = {name: value for name, value in cart.items() if name != "eval_script"}
    write_rows(home / "rows.jsonl", [row | {"test_cmd": "python check.py", "patch": REPAIR}])
    patch = {"instance_id": row["instance_id"], "model_name_or_path": "m", "model_patch": REPAIR}
    write_rows(home / "patches.jsonl", [patch])

    def run(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["cgm-eval", f"repos={repositories}", "dataset=rows.jsonl", *arguments])
        monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
        return run_command(evaluate_job, "eval")

    return run


def test_an_engine_that_is_not_there_is_named(cgm_eval: Command, home: Path) -> None:
    assert cgm_eval("task=images", "backend=docker", f"backend.host=unix://{home}/none.sock", "run_dir=run") == 2
    [built] = json.loads((home / "run" / "images.json").read_text())
    assert built["instance_id"] == "shop__cart-1"
    assert built["error"] == "SandboxError"
    assert built["message"].startswith("the Docker engine cannot answer: ")
    gc.collect()


@pytest.mark.docker
def test_an_image_is_built_and_a_patch_judged_in_it(
    cgm_eval: Command, home: Path, docker_daemon: Daemon, base_system: Path
) -> None:
    where = ("backend=docker", f"backend.host={docker_daemon.host}", "backend.free_mb=0")
    assert cgm_eval("task=images", *where, "backend.base=r4-tests:base", f"backend.system={base_system}") == 0
    assert cgm_eval("predictions=patches.jsonl", *where, "run_dir=run") == 0
    [verdict] = [json.loads(line) for line in (home / "run" / "verdicts.jsonl").read_text().splitlines()]
    assert (verdict["outcome"], verdict["backend"]) == ("resolved", "docker")
