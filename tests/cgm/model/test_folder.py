import json
from pathlib import Path

import pytest

from cgm.errors import ArtifactError, ConfigError, ModelUnavailableError, StorageError
from cgm.model.config import CodeGraphConfig, LMConfig, LoraConfig
from cgm.model.folder import SETTINGS, check_weights, identify, read_settings, write_settings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "weights.safetensors").write_bytes(b"weights")
    write_settings(tmp_path, CodeGraphConfig(lm=LMConfig(path="org/model"), lm_lora=LoraConfig(4, targets=["q_proj"])))
    return tmp_path


def test_settings_come_back_as_they_were_written(folder: Path) -> None:
    config = read_settings(folder)
    assert config.lm.path == "org/model"
    assert config.lm_lora == LoraConfig(4, targets=["q_proj"])


def test_a_folder_within_the_models_own_is_found_wherever_that_lies(folder: Path) -> None:
    (folder / "org" / "model").mkdir(parents=True)
    assert read_settings(folder).lm.path == str(folder / "org" / "model")


def test_a_model_is_told_apart_by_its_weights(folder: Path) -> None:
    before = identify(folder)
    check_weights(folder)
    (folder / "weights.safetensors").write_bytes(b"others")
    with pytest.raises(ArtifactError, match=f"must have the sha256 {before[:12]}, got"):
        check_weights(folder)
    write_settings(folder, read_settings(folder))
    assert identify(folder) != before


def test_a_folder_without_settings_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError, match=f"got no {SETTINGS}"):
        read_settings(tmp_path)


@pytest.mark.parametrize(
    "text", ["", "[]", '{"format": 2}', '{"format": 1}', '{"format": 1, "model": {"lm": {"x": 1}}}']
)
def test_damaged_settings_are_refused(folder: Path, text: str) -> None:
    (folder / SETTINGS).write_text(text)
    with pytest.raises(ArtifactError, match=SETTINGS):
        read_settings(folder)


def test_a_meaningless_value_in_settings_is_refused(folder: Path) -> None:
    row = json.loads((folder / SETTINGS).read_text())
    row["model"]["graph"]["hops"] = 0
    (folder / SETTINGS).write_text(json.dumps(row))
    with pytest.raises(ConfigError, match=r"model\.graph\.hops must be >= 1"):
        read_settings(folder)


def test_settings_without_weights_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot read"):
        write_settings(tmp_path, CodeGraphConfig())
