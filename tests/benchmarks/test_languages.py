from pathlib import Path

import languages
import pytest


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    root.mkdir()
    (root / "a.js").write_text("function f() {}\nfunction g() { f(); f(); }\nfunction h() {\n  missing();\n}\n")
    (root / "README.md").write_text("# Shop\n")
    return root


def test_a_row_counts_files_lines_and_calls(shop: Path) -> None:
    name, files, lines, _, _, nodes, calls, linked, sure = languages.row(shop)
    assert (name, files, lines, nodes, calls) == ("shop", "1", "5", "6", "1")
    # of g's line and of h's the first has its edge
    assert (linked, sure) == ("50%", "100%")


def test_a_repository_without_code_has_a_row(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Shop\n")
    assert languages.row(tmp_path)[6:] == ["0", "0%", "0%"]
