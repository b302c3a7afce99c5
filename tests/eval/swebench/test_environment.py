import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from cgm.errors import ConfigError, RepositoryError, SandboxError, StorageError
from eval.swebench import environment
from eval.swebench.environment import Environments, find_interpreter, overlay
from eval.swebench.specification import Specification


@pytest.fixture
def environments(tmp_path: Path, repositories: Path) -> Environments:
    return Environments(tmp_path / "kept", repositories)


def run(python: Path, code: str) -> str:
    return subprocess.run([python, "-c", code], check=True, capture_output=True, cwd="/").stdout.decode().strip()


@pytest.mark.usefixtures("offline_index")
def test_an_environment_holds_what_a_project_needs_but_not_the_project(
    environments: Environments, spec: Specification
) -> None:
    made = environments.get(spec)
    names = {path.name for path in made.packages.iterdir()}
    assert {"shelf.py", "wheel.py", "pip"} <= names
    assert "cart.py" not in names
    assert not (made.folder / "source").exists()
    assert made.size > 1000


@pytest.mark.usefixtures("offline_index")
def test_an_environment_is_made_once_even_by_two_at_a_time(
    environments: Environments, spec: Specification, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    makes = []
    make = Environments._make
    monkeypatch.setattr(Environments, "_make", lambda self, *args: makes.append(1) or make(self, *args))
    threads = [threading.Thread(target=environments.get, args=(spec,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(makes), len(environments.kept())) == (1, 1)
    assert environments.get(replace(spec, instance_id="shop__cart-2", base_commit="0" * 40)).folder.parent == (
        tmp_path / "kept"
    )
    assert len(makes) == 1


@pytest.mark.usefixtures("offline_index")
def test_other_requirements_make_another_environment(environments: Environments, spec: Specification) -> None:
    first = environments.get(spec)
    second = environments.get(replace(spec, packages=(), requirements="requirements.txt"))
    assert first.folder != second.folder
    assert not (second.packages / "shelf.py").exists()
    assert [size for _, size in environments.kept()] == [
        made.size for made in sorted((first, second), key=lambda made: made.folder.name)
    ]


@pytest.mark.usefixtures("offline_index")
def test_an_environment_whose_making_was_cut_off_is_made_again(environments: Environments, spec: Specification) -> None:
    made = environments.get(spec)
    (made.folder / "r4-environment.json").write_text('{"complete": false}')
    (made.packages / "shelf.py").unlink()
    assert (environments.get(spec).packages / "shelf.py").is_file()


@pytest.mark.usefixtures("offline_index")
def test_clearing_removes_what_was_made_and_nothing_else(
    environments: Environments, spec: Specification, tmp_path: Path
) -> None:
    made = environments.get(spec)
    mine = tmp_path / "kept" / "mine"
    mine.mkdir()
    (tmp_path / "kept" / "link").symlink_to(made.folder)
    assert environments.clear(keep=[made.folder.name]) == 0
    assert environments.clear() == made.size
    assert not made.folder.exists()
    assert mine.is_dir()


@pytest.mark.usefixtures("offline_index")
def test_a_folder_of_somebody_else_in_the_way_is_left_alone(environments: Environments, spec: Specification) -> None:
    folder = environments.get(spec).folder
    (folder / "r4-environment.json").unlink()
    with pytest.raises(StorageError, match="is none of ours"):
        environments.get(spec)
    assert (folder / "env").is_dir()


@pytest.mark.usefixtures("offline_index")
def test_an_overlay_sees_what_lies_below_and_hides_it_by_its_own(
    environments: Environments, spec: Specification, tmp_path: Path
) -> None:
    made = environments.get(spec)
    folder = tmp_path / "overlay"
    folder.mkdir()
    python = overlay(made, folder)
    assert run(python, "import shelf; print(shelf.VALUE)") == "1"
    assert run(python, "import sys; print(sys.prefix)") == str(folder)
    own = next(folder.glob("lib/python*/site-packages"))
    (own / "shelf.py").write_text("VALUE = 2\n")
    assert run(python, "import shelf; print(shelf.VALUE)") == "2"
    assert (made.packages / "shelf.py").read_text() == "VALUE = 1\n"
    said = subprocess.run([folder / "bin" / "pip", "--version"], check=True, capture_output=True)
    assert b"pip" in said.stdout
    assert (folder / "bin" / "pip").read_bytes().startswith(b"#!" + bytes(folder))


@pytest.mark.usefixtures("offline_index")
def test_what_uv_cannot_install_is_an_error_with_its_words(environments: Environments, spec: Specification) -> None:
    with pytest.raises(SandboxError, match=r"uv pip install failed: .*nowhere-to-be-found"):
        environments.get(replace(spec, packages=("nowhere-to-be-found",)))
    assert [size for _, size in environments.kept()] == [0]


@pytest.mark.usefixtures("offline_index")
def test_a_requirement_that_is_withdrawn_is_replaced(
    environments: Environments, spec: Specification, repositories: Path
) -> None:
    project = repositories / "shop__cart"
    (project / "more.txt").write_text("types-pkg_resources>=0.1  # for mypy\n")
    for command in (["add", "-A"], ["-c", "user.name=n", "-c", "user.email=e", "commit", "-qm", "m"]):
        subprocess.run(["git", *command], cwd=project, check=True)
    with pytest.raises(SandboxError, match="types-setuptools"):
        environments.get(replace(spec, environment_commit="HEAD", requirements="requirements.txt"))


def test_requirements_for_conda_are_refused(environments: Environments, spec: Specification) -> None:
    with pytest.raises(ConfigError, match=r"environment\.yml asks for conda"):
        environments.get(replace(spec, requirements="environment.yml"))


def test_requirements_that_are_not_there_are_an_error(environments: Environments, spec: Specification) -> None:
    with pytest.raises(ConfigError, match=r"has no none\.txt at"):
        environments.get(replace(spec, requirements="none.txt"))


def test_a_repository_that_is_not_there_is_an_error(tmp_path: Path, spec: Specification) -> None:
    with pytest.raises(RepositoryError, match="no git directory of shop/cart"):
        Environments(tmp_path / "kept", tmp_path).get(spec)


def test_without_uv_nothing_is_made(
    environments: Environments, spec: Specification, monkeypatch: pytest.MonkeyPatch
) -> None:
    git = environment.shutil.which("git")
    assert git is not None
    found = {"git": git}
    monkeypatch.setattr(environment.shutil, "which", lambda name, **_: found.get(name))
    with pytest.raises(ConfigError, match="uv, which is not on the PATH"):
        environments.get(spec)


def test_an_interpreter_is_found_by_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("3.9.2", "3.9.18", "3.9-dev", "3.10.1"):
        folder = tmp_path / "versions" / name / "bin"
        folder.mkdir(parents=True)
        (folder / "python").touch()
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert find_interpreter("3.9") == tmp_path / "versions" / "3.9.18" / "bin" / "python"


@pytest.mark.parametrize("version", ["2.7", "3.99", "../3", ""])
def test_an_interpreter_that_is_not_there_is_an_error(version: str) -> None:
    with pytest.raises(ConfigError, match="CPython"):
        find_interpreter(version)


def test_interpreters_on_the_path_serve_without_pyenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "none"))
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    (tmp_path / name).symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert find_interpreter(name.removeprefix("python")) == Path(sys.executable).resolve()
