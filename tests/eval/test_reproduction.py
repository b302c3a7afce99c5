import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cgm.errors import SandboxError, StorageError
from eval.reproduction import ReproductionCheck
from eval.sandbox import Limits, Sandbox

FILES = {"src/calc.py": b"def add(a, b):\n    return a - b\n", "data.txt": b"2\n", "top.py": b"VALUE = 1\n"}
FIXED = {"src/calc.py": "def add(a, b):\n    return a + b\n"}
SCRIPT = "from calc import add\nprint('sum', add(1, 1))\nassert add(1, 1) == int(open('data.txt').read())\n"


def check_of(tmp_path: Path, script: str = SCRIPT, seconds: float = 20.0) -> ReproductionCheck:
    path = tmp_path / "reproduce.py"
    path.write_text(script)
    sandbox = Sandbox(limits=Limits(seconds=seconds))
    return ReproductionCheck(path, lambda: iter(FILES.items()), sandbox=sandbox)


def test_the_script_fails_before_the_repair_and_passes_after(tmp_path: Path) -> None:
    check = check_of(tmp_path)
    before, after = check.run({}), check.run(FIXED)
    assert (before.passed, after.passed) == (False, True)
    assert "sum 0" in before.output
    assert "AssertionError" in before.output


def test_what_one_run_changed_or_added_is_gone_in_the_next(tmp_path: Path) -> None:
    check = check_of(tmp_path, "import calc, extra\nassert calc.add(1, 1) == 2\n")
    assert check.run(FIXED | {"extra.py": ""}).passed
    assert "No module named 'extra'" in check.run(FIXED).output
    assert not check.run({"extra.py": ""}).passed


def test_root_and_src_are_import_roots(tmp_path: Path) -> None:
    assert check_of(tmp_path, "import calc, top\nassert top.VALUE == 1\n").run({}).passed


def test_the_script_cannot_change_the_copy(tmp_path: Path) -> None:
    check = check_of(tmp_path, "open('data.txt', 'w').write('0')\n")
    assert "Read-only file system" in check.run({}).output or "Permission denied" in check.run({}).output


def test_a_script_that_never_ends_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"reproduce\.py did not finish within 1 s"):
        check_of(tmp_path, "while True: pass\n", seconds=1.0).run({})


@pytest.mark.parametrize("path", ["../outside.py", "/etc/passwd", "a/../../b", ""])
def test_a_changed_file_outside_the_repository_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(SandboxError, match="must lie in the repository"):
        check_of(tmp_path).run({path: "x"})


def test_a_script_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"missing\.py"):
        ReproductionCheck(tmp_path / "missing.py", dict)  # type: ignore[arg-type]


def test_the_copy_is_made_once_and_vanishes_with_the_check(tmp_path: Path) -> None:
    asked = []

    def files() -> Iterator[tuple[str, bytes]]:
        asked.append(1)
        yield from FILES.items()

    script = tmp_path / "reproduce.py"
    script.write_text(SCRIPT)
    check = ReproductionCheck(script, files)
    check.run({})
    check.run(FIXED)
    copy = check._copy
    assert copy is not None
    assert copy.is_dir()
    del check
    assert (len(asked), copy.exists()) == (1, False)


def test_files_of_a_bare_git_repository_serve_as_well(tmp_path: Path) -> None:
    work, bare = tmp_path / "work", tmp_path / "bare.git"
    for path, content in FILES.items():
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        (work / path).write_bytes(content)

    def git(*arguments: str) -> bytes:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.invalid")
        return subprocess.run(["git", *identity, *arguments], capture_output=True, check=True).stdout

    git("init", "-q", str(work))
    git("-C", str(work), "add", ".")
    git("-C", str(work), "commit", "-q", "-m", "first")
    git("clone", "-q", "--bare", str(work), str(bare))
    script = tmp_path / "reproduce.py"
    script.write_text(SCRIPT)
    check = ReproductionCheck(script, lambda: [(path, git("-C", str(bare), "show", f"HEAD:{path}")) for path in FILES])
    assert [check.run({}).passed, check.run(FIXED).passed] == [False, True]


def test_no_place_for_the_copy_is_a_storage_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check = check_of(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(StorageError, match="cannot make a temporary folder"):
        check.run({})
