import json
from typing import Any

import pytest

from cgm.errors import DatasetError
from eval.swebench.specification import specification

PATCH = """diff --git a/tests/test_new.py b/tests/test_new.py
new file mode 100644
--- /dev/null
+++ b/tests/test_new.py
@@ -0,0 +1 @@
+pass
diff --git a/tests/data.json b/tests/data.json
--- a/tests/data.json
+++ b/tests/data.json
@@ -1 +1 @@
-1
+2
"""
SPEC = {
    "python": "3.9",
    "install": "python -m pip install -e '.[dev]'",
    "packages": "numpy=1.19 scipy>=1.5 cython",
    "pip_packages": ["pytest"],
    "pre_install": ["apt-get update", "sed -i s/a/b/ setup.py"],
    "test_cmd": "pytest -rA",
}
SPECS = {"shop/cart": {"1.0": SPEC}, "django/django": {"1.0": {"python": "3.6", "test_cmd": "./tests/runtests.py"}}}


def row_of(**fields: Any) -> dict[str, Any]:
    return {
        "instance_id": "shop__cart-1",
        "repo": "shop/cart",
        "version": "1.0",
        "base_commit": "b" * 40,
        "environment_setup_commit": "e" * 40,
        "test_patch": PATCH,
        "FAIL_TO_PASS": json.dumps(["t::a"]),
        "PASS_TO_PASS": [],
    } | fields


def test_a_row_without_a_script_is_completed_from_the_table() -> None:
    spec = specification(row_of(), SPECS)
    assert (spec.python, spec.extras, spec.requirements) == ("3.9", "[dev]", "")
    assert spec.packages == ("numpy==1.19", "scipy>=1.5", "cython", "pytest")
    assert spec.environment_commit == "e" * 40
    assert (spec.fail_to_pass, spec.pass_to_pass) == (("t::a",), ())


def test_tests_are_the_files_of_the_test_patch_that_are_no_data() -> None:
    spec = specification(row_of(), SPECS)
    assert spec.test_command == "pytest -rA tests/test_new.py"


def test_a_file_name_cannot_end_the_test_command() -> None:
    patch = "diff --git a/tests/a;b.py b/tests/a;b.py\n"
    assert specification(row_of(test_patch=patch), SPECS).test_command == "pytest -rA 'tests/a;b.py'"


def test_the_tests_of_django_are_modules() -> None:
    spec = specification(row_of(repo="django/django"), SPECS)
    assert spec.test_command == "./tests/runtests.py test_new"


def test_a_script_in_the_row_wins_over_the_table() -> None:
    script = "cd /testbed\n: '>>>>> Start Test Output'\npytest -x one.py\n: '>>>>> End Test Output'\ngit checkout .\n"
    spec = specification(row_of(eval_script=script, log_parser="parse_log_pytest", eval_type="fail_only"), SPECS)
    assert (spec.test_command, spec.log_parser, spec.eval_type) == ("pytest -x one.py", "parse_log_pytest", "fail_only")


def test_a_row_can_carry_all_that_the_table_would_say() -> None:
    fields = {"python": "3.11", "test_cmd": "pytest -q", "packages": "requirements.txt", "pip_packages": ["tox"]}
    spec = specification(row_of(repo="new/one", version="7", **fields), {})
    assert (spec.python, spec.requirements, spec.packages) == ("3.11", "requirements.txt", ("tox",))


def test_what_asks_for_system_packages_is_left_out_of_the_preparation() -> None:
    assert specification(row_of(), SPECS).prepare == ("sed -i s/a/b/ setup.py",)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"version": "9"}, "no specification of shop/cart 9"),
        ({"eval_script": "pytest"}, "no lines between the two markers"),
        ({"FAIL_TO_PASS": "[oops"}, "FAIL_TO_PASS is not a JSON list"),
        ({"PASS_TO_PASS": [1]}, "PASS_TO_PASS must list names"),
        ({"repo": "new/one", "python": "3.9"}, "neither the row nor the table has a test command"),
    ],
)
def test_a_row_that_says_too_little_is_refused(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(DatasetError, match=reason):
        specification(row_of(**fields), SPECS)


def test_a_row_that_lacks_fields_is_refused_by_their_names() -> None:
    with pytest.raises(DatasetError, match="shop__cart-1: no test_patch, FAIL_TO_PASS"):
        specification({"instance_id": "shop__cart-1", "repo": "r", "base_commit": "b", "PASS_TO_PASS": []}, SPECS)
