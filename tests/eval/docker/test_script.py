import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from eval.docker.script import ACTIVATE, evaluation_script, harness_row, is_complete
from eval.swebench.specification import Specification


def test_a_script_installs_lays_out_the_tests_and_runs_them_between_the_marks(spec: Specification) -> None:
    lines = evaluation_script(replace(spec, prepare=("touch prepared",))).splitlines()
    order = [
        f"source {ACTIVATE}",
        "conda activate testbed",
        "touch prepared",
        f"git checkout -q {spec.base_commit} -- test_cart.py || rm -f -- test_cart.py",
        "git apply -v - <<'END_OF_TEST_PATCH'",
        ": '>>>>> Start Test Output'",
        "python check.py",
        ": '>>>>> End Test Output'",
    ]
    places = [lines.index(line) for line in order]
    assert places == sorted(places)
    # afterwards the tests are put back, as the official scripts do
    assert lines[-1] == order[3]


def test_a_script_leaves_the_row_s_tests_whatever_a_repair_made_of_them(
    spec: Specification, repositories: Path, tmp_path: Path
) -> None:
    """The lines between the installation and the tests, run by a real shell on a real repository."""
    new = "diff --git a/new.py b/new.py\nnew file mode 100644\n--- /dev/null\n+++ b/new.py\n@@ -0,0 +1 @@\n+row\n"
    project = repositories / "shop__cart"
    (project / "test_cart.py").write_text("of the repair\n")
    (project / "new.py").write_text("of the repair\n")
    lines = evaluation_script(replace(spec, test_patch=spec.test_patch + new)).splitlines()
    script = "\n".join(lines[lines.index("git status") + 2 : lines.index(": '>>>>> Start Test Output'")])
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    subprocess.run(["bash", "-c", script], cwd=project, check=True, capture_output=True, env=env)
    assert "test_total" in (project / "test_cart.py").read_text()
    assert (project / "new.py").read_text() == "row\n"


def test_no_test_patch_can_end_its_here_document(spec: Specification) -> None:
    patch = f"END_OF_TEST_PATCH\n{spec.test_patch}"
    script = evaluation_script(replace(spec, test_patch=patch))
    assert "<<'END_OF_TEST_PATCH_'\n" in script
    assert "\nEND_OF_TEST_PATCH_\n" in script


def test_names_of_files_are_quoted(spec: Specification) -> None:
    script = evaluation_script(replace(spec, test_patch=spec.test_patch.replace("test_cart.py", "it's.py")))
    assert "-- 'it'\"'\"'s.py' || rm -f -- 'it'\"'\"'s.py'\n" in script


def row(**fields: object) -> dict[str, object]:
    return {
        "instance_id": "shop__cart-1",
        "repo": "shop/cart",
        "FAIL_TO_PASS": ["a"],
        "PASS_TO_PASS": [],
        **fields,
    }


def test_a_row_s_own_script_and_parser_win(spec: Specification) -> None:
    own = row(eval_script="mine", log_parser="parse_mine", eval_type="fail_only", version=3)
    made = harness_row(own, spec, "parse_theirs")
    assert (made["eval_script"], made["log_parser"]) == ("mine", "parse_mine")
    assert (made["eval_type"], made["version"]) == ("fail_only", "3")


def test_a_row_of_the_older_kind_is_completed(spec: Specification) -> None:
    made = harness_row(row(), spec, "parse_theirs")
    assert (made["eval_script"], made["log_parser"]) == (evaluation_script(spec), "parse_theirs")
    assert made["eval_type"] == "pass_and_fail"


@pytest.mark.parametrize(
    ("fields", "complete"),
    [({}, False), ({"eval_script": "x"}, False), ({"eval_script": "x", "log_parser": "y"}, True)],
)
def test_a_row_is_complete_with_a_script_and_a_parser(fields: dict[str, object], complete: bool) -> None:
    assert is_complete(row(**fields)) is complete
