from contextlib import suppress
from pathlib import Path

import pytest

from cgm.errors import SandboxError
from eval.swap import swapped, write_inside


def _texts(root: Path) -> dict[str, str]:
    return {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*") if path.is_file()}


def test_files_have_other_texts_for_a_while_and_come_back_whatever_happens(tmp_path: Path) -> None:
    write_inside(tmp_path, "a/b.py", b"old")
    with suppress(RuntimeError), swapped(tmp_path, {"a/b.py": "new", "c/d.py": "more"}):
        assert _texts(tmp_path) == {"a/b.py": "new", "c/d.py": "more"}
        raise RuntimeError
    assert _texts(tmp_path) == {"a/b.py": "old"}


@pytest.mark.parametrize("path", ["", "../x.py", "/etc/passwd", "a/../../x.py", "link.py", "folder/x.py"])
def test_no_path_leads_out_not_even_by_a_link(tmp_path: Path, path: str) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    for folder in (root, outside):
        folder.mkdir()
    (outside / "x.py").write_text("kept")
    (root / "link.py").symlink_to(outside / "x.py")
    (root / "folder").symlink_to(outside)
    with pytest.raises(SandboxError, match="must lie in the repository"), swapped(root, {path: "gone"}):
        pass
    assert _texts(outside) == {"x.py": "kept"}
