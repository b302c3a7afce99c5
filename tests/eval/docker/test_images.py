"""What needs no engine; images under a real one are in test_containers_docker.py."""

import io
import json
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from eval.docker import images
from eval.docker.images import (
    PREFIX,
    environment_dockerfile,
    image_name,
    instance_dockerfile,
    interpreter_dockerfile,
    published_name,
)
from eval.swebench.environment import Environments, find_interpreter
from eval.swebench.specification import INSTALL, Specification


def test_images_are_named_as_the_harness_names_them() -> None:
    assert image_name("Shop__Cart-1") == "sweb.eval.x86_64.shop__cart-1:latest"
    assert published_name("Shop__Cart-1", "swebench") == "swebench/sweb.eval.x86_64.shop_1776_cart-1:latest"


def commands(dockerfile: str) -> list[str]:
    """The shell script of a Dockerfile's last step."""
    step = dockerfile.rstrip("\n").rpartition("\nRUN ")[2]
    shell = json.loads(step)
    assert shell[:2] == ["/bin/bash", "-c"]
    return str(shell[2]).split("\n")


def test_an_instance_is_prepared_installed_and_committed(spec: Specification) -> None:
    text = instance_dockerfile("below:1", replace(spec, prepare=("sed -i 's/\"a\"/b/' setup.py",)))
    assert text.startswith("FROM below:1\nENV ")
    steps = commands(text)
    places = [steps.index(step) for step in ("sed -i 's/\"a\"/b/' setup.py", INSTALL)]
    assert places == sorted(places)
    assert steps[0] == "set -eo pipefail"
    assert "git" in steps[-1]
    assert "commit" in steps[-1]


def test_an_image_asks_no_index_and_no_history(spec: Specification) -> None:
    env = instance_dockerfile("below:1", spec).splitlines()[1]
    assert 'PIP_NO_INDEX="1"' in env
    assert 'SETUPTOOLS_SCM_PRETEND_VERSION="1.0"' in env


def test_the_check_of_a_base_system_passes_here_and_names_what_is_lost(tmp_path: Path) -> None:
    check = "\n".join(commands(interpreter_dockerfile("base:1"))).partition(" -c ")[2].strip("'")
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
    (tmp_path / "_ssl.py").write_text("raise ImportError('libssl.so.3: cannot open shared object file')\n")
    there = subprocess.run(
        [sys.executable, "-c", check], check=False, capture_output=True, text=True, env={"PYTHONPATH": str(tmp_path)}
    )
    assert there.returncode == 1
    assert "the base system lacks what the interpreter needs: libssl.so.3" in there.stderr


def test_the_stand_in_for_conda_activates_and_does_nothing_else(tmp_path: Path) -> None:
    stub = tmp_path / "activate"
    stub.write_text(images._CONDA)
    script = f"set -euo pipefail; source {stub}; conda activate testbed; echo $PATH; echo $CONDA_DEFAULT_ENV"
    said = subprocess.run(["bash", "-c", script], check=True, capture_output=True, text=True).stdout.splitlines()
    assert said[0].startswith(f"{PREFIX}/bin:")
    assert said[1] == "testbed"
    other = subprocess.run(["bash", "-c", f"source {stub}; conda install x"], check=False, capture_output=True)
    assert other.returncode == 1


def packed(*, fill: object, dockerfile: str = "FROM x\n") -> dict[str, tarfile.TarInfo]:
    assert callable(fill)
    with images._context(dockerfile, fill) as context, tarfile.open(fileobj=io.BytesIO(context.read())) as tar:
        return {member.name: member for member in tar.getmembers()}


def test_an_interpreter_is_packed_without_what_nobody_runs() -> None:
    python = find_interpreter(f"{sys.version_info.major}.{sys.version_info.minor}")
    version = python.name
    found = packed(fill=lambda tar: images._add_interpreter(tar, python))
    inside = f"files{PREFIX}"
    assert found["Dockerfile"].isfile()
    assert found[f"{inside}/bin/python"].linkname == version
    assert found[f"{inside}/bin/{version}"].mode & 0o111
    assert f"{inside}/lib/{version}/os.py" in found
    assert f"{inside}/lib/{version}/test/test_os.py" not in found
    assert not [name for name in found if "/site-packages/" in name or name.endswith(".a")]
    assert {member.uid for member in found.values() if member.isdir()} == {0}
    assert found[f"files{images.ACTIVATE}"].isfile()


@pytest.mark.usefixtures("offline_index")
def test_an_environment_is_packed_as_if_installed_into_the_interpreter(
    spec: Specification, repositories: Path, tmp_path: Path
) -> None:
    environment = Environments(tmp_path / "kept", repositories).get(spec)
    with images._context("FROM x\n", lambda tar: images._add_environment(tar, environment)) as context:
        content = context.read()
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        names, script = tar.getnames(), tar.extractfile(f"files{PREFIX}/bin/pip")
        assert script is not None
        text = script.read()
    assert any(name.endswith("site-packages/shelf.py") for name in names)
    assert not [name for name in names if name.endswith(("pyvenv.cfg", "bin/python", "bin/activate"))]
    assert f"{PREFIX}/bin/python".encode() in text
    assert str(tmp_path).encode() not in text


def test_an_environment_is_compiled_once() -> None:
    assert "compileall" in environment_dockerfile("below:1")
