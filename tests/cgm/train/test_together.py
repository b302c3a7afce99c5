"""cgm-train in two processes, in every way that there is, beside one process."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the extra training is not installed")
_ROOT = Path(__file__).parents[3]
_WORKER = Path(__file__).with_name("worker.py")
_SECONDS = 300
Run = Callable[[list[str]], int]
Told = Callable[[Path], list[dict[str, Any]]]
Losses = Callable[[Path], list[float]]
_OFFLOADED = "+deepspeed.zero_force_ds_cpu_optimizer=false"  # AdamW of PyTorch's: nothing to compile
_WAYS = {
    "copies": [],
    "zero2": ["deepspeed=zero2"],
    "zero3": ["deepspeed=zero3", "deepspeed.zero_optimization.stage3_param_persistence_threshold=0"],
    "zero2_offload": ["deepspeed=zero2_offload", _OFFLOADED],
    "zero3_offload": ["deepspeed=zero3_offload", _OFFLOADED],
    "fsdp2": ["sharding=fsdp2"],
}
# low-rank updates beside weights in half precision, and a frozen encoder
_HALF = ["precision=bfloat16", "model.lm.dtype=bfloat16", "model.lm_lora.rank=4", "model.trained.encoder=false"]
_GO_ON = ("zero2", "zero3", "fsdp2")


class Together:
    """Runs of two processes."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def run(self, commands: list[list[str]]) -> None:
        """Run commands in two processes, one after another."""
        listed = self.root / "commands.json"
        listed.write_text(json.dumps(commands))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}
        shared |= {"PYTHONPATH": str(_ROOT), "OMP_NUM_THREADS": "1", "DS_ACCELERATOR": "cpu"}
        with contextlib.ExitStack() as stack:
            processes = [
                stack.enter_context(self._start(listed, os.environ | shared | {"RANK": str(rank)}, stack))
                for rank in range(2)
            ]
            stack.callback(lambda: [process.kill() for process in processes])
            codes = [process.wait(_SECONDS) for process in processes]
        assert codes == [0, 0], "".join((self.root / f"log_{rank}").read_text()[-4000:] for rank in range(2))

    def _start(self, listed: Path, env: dict[str, str], stack: contextlib.ExitStack) -> "subprocess.Popen[bytes]":
        log = stack.enter_context((self.root / f"log_{env['RANK']}").open("wb"))
        env |= {"LOCAL_RANK": env["RANK"]}
        return subprocess.Popen([sys.executable, str(_WORKER), str(listed)], env=env, stdout=log, stderr=log)


@pytest.fixture(scope="module")
def together(alone: Path, arguments: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs in two processes: one of each way, and one that goes on from a checkpoint of one process."""
    pytest.importorskip("deepspeed", reason="the extra deepspeed is not installed")
    both = Together(tmp_path_factory.mktemp("together"))
    for way in _GO_ON:
        copied = both.root / f"{way}_on" / "checkpoints" / "step_00000002"
        shutil.copytree(alone / "checkpoints" / "step_00000002", copied)
    names = [*((way, way) for way in _WAYS), *((f"{way}_on", way) for way in _GO_ON)]
    runs = [[*arguments, *_WAYS[way], f"run_dir={both.root / name}"] for name, way in names]
    half = [*arguments, *_WAYS["zero3"], *_HALF]
    stopped = [str(both.root / name / "checkpoints" / "step_00000002") for name in ("half", "half_on")]
    runs += [[*half, f"run_dir={both.root / 'half'}"], ["copy", *stopped], [*half, f"run_dir={both.root / 'half_on'}"]]
    both.run(runs)
    return both.root


@pytest.mark.parametrize("way", _WAYS)
def test_two_processes_have_the_losses_of_one(
    together: Path, alone: Path, told: Told, losses: Losses, way: str
) -> None:
    assert losses(together / way) == pytest.approx(losses(alone), rel=1e-4)
    for own, other in zip(told(together / way), told(alone), strict=True):
        if "evaluation" in own:
            assert own["evaluation"]["loss"] == pytest.approx(other["evaluation"]["loss"], rel=1e-4)
            assert own["evaluation"]["tokens"] == other["evaluation"]["tokens"]
        else:
            assert own["norm"] == pytest.approx(other["norm"], rel=1e-3)
            assert (own["answer_tokens"], own["places"]) == (other["answer_tokens"], other["places"])


@pytest.mark.parametrize("way", _WAYS)
def test_the_model_of_two_processes_is_that_of_one(together: Path, alone: Path, way: str) -> None:
    from safetensors.torch import load_file

    own, other = (load_file(folder / "model" / "weights.safetensors") for folder in (together / way, alone))
    assert own.keys() == other.keys()
    for name, value in own.items():
        torch.testing.assert_close(value, other[name], atol=2e-4, rtol=1e-3)


@pytest.mark.parametrize("way", _GO_ON)
def test_two_processes_go_on_where_one_stopped(together: Path, alone: Path, losses: Losses, way: str) -> None:
    assert losses(together / f"{way}_on") == pytest.approx(losses(alone)[2:], rel=1e-4)


def test_half_precision_goes_on_to_the_very_same_losses(together: Path, losses: Losses) -> None:
    assert losses(together / "half_on") == losses(together / "half")[2:]


@pytest.fixture
def gone_on(run: Run, arguments: list[str], losses: Losses) -> Callable[[Path], list[float]]:
    """The losses of a folder's run after it went on in this process."""

    def go_on(folder: Path) -> list[float]:
        assert run([*arguments, f"run_dir={folder}"]) == 0
        return losses(folder)

    return go_on


@pytest.mark.parametrize("way", _WAYS)
def test_one_process_goes_on_where_two_stopped(
    together: Path, alone: Path, losses: Losses, way: str, gone_on: Callable[[Path], list[float]], tmp_path: Path
) -> None:
    shutil.copytree(together / way / "checkpoints" / "step_00000002", tmp_path / "checkpoints" / "step_00000002")
    assert gone_on(tmp_path) == pytest.approx(losses(alone)[2:], rel=1e-4)
