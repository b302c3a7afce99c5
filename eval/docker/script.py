"""The row that the harness asks for: an image, an evaluation script and how its log is read.

Knows what rows of the older kind lack, and makes it from their specification. Rows of the newer kind pass as they are.
Does not know the installed harness (`eval.swebench.harness`) nor how images are made (`eval.docker.images`).
"""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from eval.swebench.specification import END, INSTALL, START, Specification
from eval.swebench.untrusted import touched_files

ACTIVATE = "/opt/miniconda3/bin/activate"
ENVIRONMENT = "testbed"
WORKDIR = "/testbed"
_ENOUGH = ("eval_script", "log_parser")


def is_complete(row: Mapping[str, Any]) -> bool:
    """Whether a row says itself how its tests run and how their log is read."""
    return all(row.get(name) for name in _ENOUGH)


def harness_row(row: Mapping[str, Any], spec: Specification | None, parser: str = "") -> dict[str, Any]:
    """A row that release 5 takes, but for its image; `spec` and `parser` serve where it says not how it is tested."""
    asked = {
        "instance_id": row["instance_id"],
        "repo": row["repo"],
        "version": str(row.get("version", "")),
        "FAIL_TO_PASS": row["FAIL_TO_PASS"],
        "PASS_TO_PASS": row["PASS_TO_PASS"],
        "log_parser": row.get("log_parser") or parser,
        "eval_type": row.get("eval_type") or "pass_and_fail",
        "image_assets": row.get("image_assets"),
    }
    return asked | {"eval_script": row.get("eval_script") or (evaluation_script(spec) if spec else "")}


def evaluation_script(spec: Specification) -> str:
    """What runs in the container once the repair is applied: installation, the row's test files, its tests."""
    files = touched_files(spec.test_patch)
    enter = [f"source {ACTIVATE}", f"conda activate {ENVIRONMENT}", f"cd {WORKDIR}"]
    lines = [
        *enter,
        f"git config --global --add safe.directory {WORKDIR}",
        "git status",
        *spec.prepare,
        INSTALL,
        *_put_back(spec.base_commit, files),
        f"git apply -v - <<'{_delimiter(spec.test_patch)}'",
        spec.test_patch.removesuffix("\n"),
        _delimiter(spec.test_patch),
        f": '{START}'",
        spec.test_command,
        f": '{END}'",
        *_put_back(spec.base_commit, files),
    ]
    return "\n".join(lines) + "\n"


def _put_back(commit: str, files: Sequence[str]) -> list[str]:
    """Give each file the content of the base commit, or remove it where that has none."""
    names = [shlex.quote(name) for name in sorted(files)]
    return [f"git checkout -q {commit} -- {name} || rm -f -- {name}" for name in names]


def _delimiter(text: str) -> str:
    """A word that ends a here-document and is no line of it."""
    word = "END_OF_TEST_PATCH"
    while word in text:
        word += "_"
    return word
