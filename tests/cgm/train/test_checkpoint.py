from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cgm.errors import ArtifactError, ConfigError, StorageError

torch = pytest.importorskip("torch", reason="the extra training is not installed")


def _state() -> dict[str, Any]:
    return {"weight/lm.a": torch.arange(3.0), "exp_avg/lm.a": torch.ones(3), "exp_avg_sq/lm.a": torch.zeros(3)}


def test_the_newest_checkpoint_is_read_and_older_ones_go(tmp_path: Path) -> None:
    from cgm.train.checkpoint import Progress, load_checkpoint, save_checkpoint

    for step in (5, 10, 100):
        save_checkpoint(tmp_path, Progress("rows", step=step, best=0.5), _state(), keep=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step_00000010", "step_00000100"]
    found = load_checkpoint(tmp_path, "rows")
    assert found is not None
    progress, state = found
    assert progress == Progress("rows", step=100, best=0.5)
    assert all(torch.equal(state[name], value) for name, value in _state().items())


def test_one_that_was_being_written_when_the_run_was_killed_is_not_seen(tmp_path: Path) -> None:
    from cgm.train.checkpoint import Progress, load_checkpoint, save_checkpoint

    save_checkpoint(tmp_path, Progress("rows", step=5), _state(), keep=2)
    (tmp_path / "step_00000005").rename(tmp_path / ".step_00000010")
    assert load_checkpoint(tmp_path, "rows") is None
    save_checkpoint(tmp_path, Progress("rows", step=10), _state(), keep=2)
    assert [path.name for path in tmp_path.iterdir()] == ["step_00000010"]


def test_a_checkpoint_of_other_rows_is_refused(tmp_path: Path) -> None:
    from cgm.train.checkpoint import Progress, load_checkpoint, save_checkpoint

    save_checkpoint(tmp_path, Progress("rows", step=5), _state(), keep=2)
    with pytest.raises(ConfigError, match=r"data must be what .*step_00000005 was trained on"):
        load_checkpoint(tmp_path, "others")


@pytest.mark.parametrize("name", ["progress.json", "state.safetensors"])
def test_a_damaged_checkpoint_is_named(tmp_path: Path, name: str) -> None:
    from cgm.train.checkpoint import Progress, load_checkpoint, save_checkpoint

    save_checkpoint(tmp_path, Progress("rows", step=5), _state(), keep=2)
    (tmp_path / "step_00000005" / name).write_bytes(b"{")
    with pytest.raises(ArtifactError, match=name):
        load_checkpoint(tmp_path, "rows")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    from cgm.train.checkpoint import Progress, save_checkpoint

    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot write"):
        save_checkpoint(tmp_path / "file", Progress("rows"), _state(), keep=2)


def test_a_checkpoint_of_other_parts_is_refused(make: Callable[..., Any]) -> None:
    from cgm.train.checkpoint import load_trained

    model = make().model
    state = {f"weight/{name}": weight.detach() + 1 for name, weight in model.named_parameters()}
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    load_trained(model, state)
    assert all(torch.equal(weight, before[name] + 1) for name, weight in model.named_parameters())
    with pytest.raises(ArtifactError, match=r"differs in adapter\.inner\.bias"):
        load_trained(model, {name: value for name, value in state.items() if "adapter.inner.bias" not in name})
