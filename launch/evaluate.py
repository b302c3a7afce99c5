"""The command `cgm-eval`: patches to verdicts, into a run folder.

Knows the command's tasks and exit codes. Exit codes: 0 every instance has a verdict, 1 a refused setting or input, 2
the infrastructure failed some instances (failures.jsonl), 130 interrupted.
"""

import signal
import sys
from collections.abc import Callable
from pathlib import Path

from omegaconf import DictConfig
from rich.console import Console

from cgm.artifacts import Failure, to_row
from cgm.store import StageCache, write_json, write_rows
from eval.swebench.table import fetch_table
from launch.backends import default_table
from launch.command import run_command
from launch.evaluation.functions import Functions
from launch.evaluation.images import build_images, image_backend, show_images, write_images
from launch.evaluation.judging import Judging, chosen_rows
from launch.evaluation.settings import EvalConfig, eval_config, register_evaluation
from launch.runfolder import open_run

_Begin = Callable[[], None]
_GIB = 1 << 30


def main() -> None:
    """Run the command line and leave with its exit code."""
    register_evaluation()
    # so that what runs is ended and cleaned up as after Ctrl-C
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(run_command(evaluate_job, "eval"))


def evaluate_job(config: DictConfig, folder: Path) -> int:
    """Run one configuration into its folder; the exit code.

    Raises:
        CgmError: a setting or input is refused, or a file of ours cannot be written.
    """
    settings = eval_config(config)
    code = _TASKS[settings.task](settings, folder, lambda: open_run(folder, config))
    StageCache(Path(settings.cache_dir) / "stages").prune(int(settings.cache_gib * _GIB))
    return code


def judge(settings: EvalConfig, folder: Path, begin: _Begin) -> int:
    """Give every instance a verdict: on its prediction, or on its gold patch and its base commit."""
    judging = Judging(settings)
    begin()
    found = judging.gold(folder) if settings.task == "gold" else judging.predictions(folder)
    write_json(folder / "summary.json", found.summary)
    write_rows(folder / "failures.jsonl", map(to_row, found.failures))
    return 2 if found.failures else 0


def make_table(settings: EvalConfig, folder: Path, begin: _Begin) -> int:
    """Fetch the specifications that rows of older datasets leave to the harness, and keep them for later runs."""
    path = Path(settings.table) if settings.table else default_table(Path(settings.cache_dir))
    begin()
    summary = {"repositories": fetch_table(path), "table": str(path)}
    write_json(folder / "summary.json", summary)
    told = f"specifications of {summary['repositories']} repositories: {path}"
    Console(highlight=False).print(told, soft_wrap=True, markup=False)
    return 0


def try_functions(settings: EvalConfig, folder: Path, begin: _Begin) -> int:
    """Ask a model for HumanEval's functions and run them."""
    functions = Functions(settings)
    begin()
    functions.run(folder)
    return 0


def make_images(settings: EvalConfig, folder: Path, begin: _Begin) -> int:
    """Build the Docker images of the instances that have none."""
    rows, builder = chosen_rows(settings), image_backend(settings)
    begin()
    found = list(build_images(builder, rows))
    failures = [Failure(built.instance_id, "images", built.error, built.message) for built in found if built.error]
    write_rows(folder / "failures.jsonl", map(to_row, failures))
    show_images(Console(highlight=False), found, write_images(folder, found))
    return 2 if failures else 0


_TASKS: dict[str, Callable[[EvalConfig, Path, _Begin], int]] = {
    "predictions": judge,
    "gold": judge,
    "table": make_table,
    "humaneval": try_functions,
    "images": make_images,
}
