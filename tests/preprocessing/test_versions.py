from pathlib import Path

import pytest

from preprocessing import versions
from preprocessing.versions import code_version


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "inner").mkdir()
    for path in ("a.py", "b.py", "inner/c.py", "inner/notes.txt"):
        (tmp_path / path).write_text(path)
    monkeypatch.setattr(versions.resources, "files", lambda _: tmp_path)
    code_version.cache_clear()
    return tmp_path


def version(*places: str) -> str:
    code_version.cache_clear()
    return code_version(*places)


@pytest.mark.parametrize(
    ("path", "changes"), [("a.py", True), ("inner/c.py", True), ("b.py", False), ("inner/notes.txt", False)]
)
def test_a_version_changes_with_the_named_modules_and_folders_alone(package: Path, path: str, *, changes: bool) -> None:
    before = version("a", "inner/")
    (package / path).write_text("changed")
    assert (version("a", "inner/") != before) == changes


def test_a_module_that_comes_to_a_folder_changes_its_version(package: Path) -> None:
    before = version("a", "inner/")
    (package / "inner" / "d.py").write_text("")
    assert version("a", "inner/") != before


@pytest.mark.usefixtures("package")
def test_a_module_that_is_not_there_is_no_version() -> None:
    with pytest.raises(FileNotFoundError):
        version("gone")
