import hashlib
import importlib.util
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest
from rich.console import Console

from cgm.artifacts import Patch
from cgm.errors import RepositoryError
from eval.sandbox import Sandbox

DEMO = Path(__file__).parents[2] / "examples" / "demo.py"
CODE = {"calc.py": "def add(a, b):\n    return a - b\n", "calc-1.0.dist-info/METADATA": "Name: calc\n"}
DIFF = "--- a/calc.py\n+++ b/calc.py\n@@ -1,2 +1,2 @@\n def add(a, b):\n-    return a - b\n+    return a + b\n"


@pytest.fixture(scope="module")
def demo() -> ModuleType:
    spec = importlib.util.spec_from_file_location("demo", DEMO)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["demo"] = module
    spec.loader.exec_module(module)
    return module


def wheel_of(folder: Path, files: dict[str, str]) -> Path:
    path = folder / "calc-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def console() -> Console:
    return Console(file=io.StringIO(), width=120)


def test_a_release_in_the_cache_is_not_downloaded_again(demo: ModuleType, tmp_path: Path) -> None:
    wheel = wheel_of(tmp_path, CODE)
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert demo.fetch(demo.Release("no-such-project", "1.0", wheel.name, sha256), tmp_path) == wheel


def test_a_release_is_unpacked_without_its_metadata(demo: ModuleType, tmp_path: Path) -> None:
    demo.unpack(wheel_of(tmp_path, CODE), tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").rglob("*")] == ["calc.py"]


def test_a_release_that_would_leave_its_folder_is_refused(demo: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="must stay within its folder"):
        demo.unpack(wheel_of(tmp_path, {"../evil.py": ""}), tmp_path / "out")
    assert not (tmp_path / "evil.py").exists()


@pytest.mark.parametrize(
    ("diff", "repaired", "said"),
    [(DIFF, True, "passes"), ("", False, "none of them"), (DIFF.replace("a - b", "a * b"), False, "refuses the patch")],
)
def test_a_patch_is_proven_by_git_and_by_the_reproduction(
    demo: ModuleType, tmp_path: Path, diff: str, repaired: bool, said: str
) -> None:
    script = tmp_path / "reproduce.py"
    script.write_text("import calc\nassert calc.add(1, 1) == 2\n")
    repository = tmp_path / "calc-1.0"
    demo.unpack(wheel_of(tmp_path, CODE), repository)
    screen = console()
    assert not demo.reproduce(screen, script, repository, Sandbox())
    assert demo.prove(screen, Patch("i", "m", diff), repository, script, Sandbox()) == repaired
    assert said in screen.file.getvalue()
    assert "a - b" in (repository / "calc.py").read_text()


def test_the_example_has_an_issue_and_a_reproduction_that_compiles(demo: ModuleType) -> None:
    folder = DEMO.parent / demo.RELEASE.name
    assert (folder / "ISSUE.md").read_text().startswith("# ")
    compile((folder / "reproduce.py").read_text(), "reproduce.py", "exec")


def run_demo(**environment: str) -> "subprocess.CompletedProcess[str]":
    everything = os.environ | {"PYTHONPATH": str(DEMO.parents[1])} | environment
    return subprocess.run([sys.executable, str(DEMO)], env=everything, capture_output=True, text=True, check=False)


def test_without_a_sandbox_nothing_is_run_and_the_way_on_is_named(tmp_path: Path) -> None:
    done = run_demo(PATH=str(tmp_path), XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: untrusted code cannot be isolated here")
    assert line.endswith("to go on without: make demo ARGS=isolation=none")
    assert not done.stdout
    assert not list(tmp_path.iterdir())


def test_isolation_may_be_given_up_by_name_alone(demo: ModuleType) -> None:
    screen = console()
    assert demo.open_sandbox(screen, ["retriever=bm25", "isolation=none"]).mechanism == "none"
    assert "isolation=none: code that the model writes runs as you" in screen.file.getvalue()


@pytest.mark.slow
def test_the_whole_command_repairs_the_release_with_the_local_model(demo: ModuleType, tmp_path: Path) -> None:
    pytest.importorskip("openvino_genai", reason="the extra `local` is not installed")
    models = os.environ.get("R4_TEST_MODELS", "")
    if not models and "R4_TEST_DOWNLOAD" not in os.environ:
        pytest.skip("set R4_TEST_MODELS to a folder of models, or R4_TEST_DOWNLOAD=1 to download one")
    example, repository = DEMO.parent / demo.RELEASE.name, tmp_path / demo.RELEASE.name
    try:
        demo.unpack(demo.fetch(demo.RELEASE, demo.cache_folder()), repository)
    except RepositoryError as error:
        pytest.skip(str(error))
    inputs = [f"repo={repository}", f"issue={example / 'ISSUE.md'}", f"check={example / 'reproduce.py'}"]
    places = [f"llm.folder={models}", f"cache_dir={tmp_path / 'cache'}", f"run_dir={tmp_path / 'run'}"]
    command = [sys.executable, "-c", "from launch.run import main; main()", *inputs, *demo.SETTINGS, *places]
    done = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": str(DEMO.parents[1])}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    patch = demo.read_finding(tmp_path / "run").patch
    assert demo.prove(console(), patch, repository, example / "reproduce.py", Sandbox()), done.stdout


@pytest.mark.slow
@pytest.mark.network
def test_the_demonstration_repairs_the_release() -> None:
    done = run_demo()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "repaired" in done.stdout
