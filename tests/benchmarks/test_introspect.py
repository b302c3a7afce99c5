import json
import subprocess
import sys
from typing import Any

import introspect
import pytest

FILES = {
    "pkg/__init__.py": "from pkg.base import Base, LIMIT\nfrom . import late as later\n",
    "pkg/base.py": "from collections import OrderedDict\nLIMIT = 3\n\n\nclass Base(OrderedDict):\n    pass\n",
    "pkg/late.py": (
        "import os.path\nimport pkg.base\nfrom pkg.base import *\nfrom pkg.base import OrderedDict, Base as Other\n"
        "from pkg import LIMIT\n\n\nclass Late(Other, dict):\n    def meth(self):\n        import pkg.never\n\n\n"
        "made = type('Made', (Late,), {})\n"
    ),
    "pkg/broken.py": "import pkg.absent\n",
    "space/inner.py": "import pkg\n",
}


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    root = tmp_path_factory.mktemp("checkout")
    for path, text in FILES.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text)
    out = root / "out.jsonl"
    command = [sys.executable, introspect.__file__, str(root), str(out), "pkg,space", "import sys; sys.path[0] = '.'"]
    subprocess.run(command, cwd=root, check=True)
    return [json.loads(line) for line in out.read_text().splitlines()]


def targets(rows: list[dict[str, Any]], path: str, name: str) -> list[list[str]]:
    found = [row["targets"] for row in rows if row.get("import", [""])[0] == path and row["name"] == name]
    assert len(found) == 1
    return found[0]  # type: ignore[no-any-return]


def test_a_module_leads_to_its_file(rows: list[dict[str, Any]]) -> None:
    assert targets(rows, "pkg/late.py", "pkg.base") == [["pkg/base.py", ""]]
    assert targets(rows, "pkg/__init__.py", ".:late") == [["pkg/late.py", ""]]
    assert targets(rows, "pkg/late.py", "pkg.base:*") == [["pkg/base.py", ""]]
    assert targets(rows, "space/inner.py", "pkg") == [["pkg/__init__.py", ""]]


def test_a_class_leads_to_its_definition_and_a_value_to_its_assignment(rows: list[dict[str, Any]]) -> None:
    assert targets(rows, "pkg/late.py", "pkg.base:Base") == [["pkg/base.py", "Base"]]
    assert targets(rows, "pkg/late.py", "pkg:LIMIT") == [["pkg/__init__.py", ""], ["pkg/base.py", "LIMIT"]]


def test_what_a_module_passes_on_from_elsewhere_leads_to_that_module(rows: list[dict[str, Any]]) -> None:
    assert targets(rows, "pkg/late.py", "pkg.base:OrderedDict") == [["pkg/base.py", ""]]
    assert targets(rows, "pkg/base.py", "collections:OrderedDict") == []
    assert targets(rows, "pkg/late.py", "os.path") == []


def test_imports_that_failed_or_never_ran_are_not_listed(rows: list[dict[str, Any]]) -> None:
    names = {row["name"] for row in rows if "import" in row}
    assert not names & {"pkg.never", "pkg.absent"}
    assert [row["failed"] for row in rows if "failed" in row] == ["pkg.broken"]


def test_classes_have_the_bases_and_ancestors_of_the_checkout(rows: list[dict[str, Any]]) -> None:
    classes = {tuple(row["class"]): row for row in rows if "class" in row}
    assert classes["pkg/late.py", "Late"]["bases"] == [["pkg/base.py", "Base"]]
    assert classes["pkg/base.py", "Base"]["mro"] == []
    assert set(classes) == {("pkg/late.py", "Late"), ("pkg/base.py", "Base")}
