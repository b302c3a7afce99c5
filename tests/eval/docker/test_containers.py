"""What needs no engine; whole runs under a real one are in test_containers_docker.py."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cgm.artifacts import Tally, Verdict
from cgm.errors import ConfigError
from eval.docker.containers import DockerBackend, DockerConfig, container_options, verdict_of
from eval.docker.watch import Ending
from eval.swebench.harness import Grade, Record, Table

REPAIR = """diff --git a/cart.py b/cart.py
--- a/cart.py
+++ b/cart.py
@@ -1,2 +1,2 @@
 def total(prices):
-    return max(prices)
+    return sum(prices)
"""
APPLIED = "INFO - >>>>> Applied Patch:\nChecking patch\n2026 - INFO - Git diff before:\ndiff\n"
GRADE = Grade(ran=True, resolved=True, fail_to_pass=Tally(2), pass_to_pass=Tally(3))
RECORD = Record(GRADE, "PASSED a\n", APPLIED)


def read(record: Record, grade: Grade | None = None, ending: Ending | None = None) -> Verdict:
    return verdict_of("shop__cart-1", record, grade, ending or Ending())


def test_a_report_is_a_verdict_with_its_tests() -> None:
    assert read(RECORD, GRADE) == Verdict(
        "shop__cart-1", "resolved", Tally(2), Tally(3), applied="clean", backend="docker"
    )
    failed = Grade(ran=True, resolved=False, fail_to_pass=Tally(0, ("a",)), pass_to_pass=Tally(3))
    assert (read(RECORD, failed).outcome, read(RECORD, failed).fail_to_pass.failed) == ("unresolved", ("a",))


def test_a_report_without_results_says_how_the_log_ends() -> None:
    nothing = Grade(ran=False, resolved=False, fail_to_pass=Tally(), pass_to_pass=Tally())
    output = "ImportError: no cart\n+ : '>>>>> End Test Output'\n"
    verdict = read(replace(RECORD, report=nothing, output=output), nothing)
    assert verdict.outcome == "no_tests"
    assert "ImportError: no cart" in verdict.message or "+ :" in verdict.message


def test_a_patch_that_no_command_applies() -> None:
    journal = "INFO - Failed to apply patch to container: git apply --verbose\nINFO - >>>>> Patch Apply Failed:\n"
    journal += "patch: **** Only garbage was found\n\nTraceback (most recent call last):\n"
    verdict = read(Record(None, None, journal))
    assert (verdict.outcome, verdict.applied) == ("does_not_apply", "")
    assert verdict.message == "patch: **** Only garbage was found"


def test_a_patch_that_only_a_later_command_applies_is_fuzzy() -> None:
    journal = f"INFO - Failed to apply patch to container: git apply --verbose\n{APPLIED}"
    assert read(replace(RECORD, journal=journal), GRADE).applied == "fuzzy"


def test_a_patch_cannot_pretend_that_it_did_not_apply() -> None:
    journal = f"{APPLIED}+>>>>> Patch Apply Failed:\nError in evaluating model for x: engine gone\nTraceback"
    verdict = read(Record(None, None, journal))
    assert (verdict.outcome, verdict.message) == ("infrastructure", "engine gone")


@pytest.mark.parametrize(
    ("tail", "outcome"),
    [
        ("\n\nTimeout error: 4.0 seconds exceeded.", "timed_out"),
        ("\n\nTimeout error: 1800 seconds exceeded.", "timed_out"),
        ("", "infrastructure"),
    ],
)
def test_tests_that_the_harness_ended(tail: str, outcome: str) -> None:
    assert read(Record(None, f"PASSED a\n{tail}", APPLIED)).outcome == outcome


def test_what_the_watch_ended_is_as_it_says_unless_there_is_a_report() -> None:
    ending = Ending("the disk is full", "infrastructure")
    verdict = read(replace(RECORD, report=None), None, ending)
    assert (verdict.outcome, verdict.message, verdict.applied) == ("infrastructure", "the disk is full", "clean")
    assert read(RECORD, GRADE, ending).outcome == "resolved"


def test_a_log_that_stands_though_the_harness_failed_afterwards_is_graded() -> None:
    assert read(Record(None, "PASSED a\n", APPLIED), GRADE).outcome == "resolved"


def test_a_container_has_no_network_no_added_rights_and_bounds() -> None:
    options = container_options(DockerConfig(memory_mb=100, cpus=1.5, processes=7))
    assert (options["network_mode"], options["cap_add"]) == ("none", [])
    assert (options["mem_limit"], options["memswap_limit"]) == ("100m", "100m")
    assert (options["nano_cpus"], options["pids_limit"]) == (1_500_000_000, 7)
    assert container_options(DockerConfig(network=True))["network_mode"] == "bridge"


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({"images": "make"}, "backend.images must be one of present, pull, build, got 'make'"),
        ({"cpus": 0}, "backend.cpus must be > 0, got 0"),
        ({"free_mb": -1}, "backend.free_mb must be >= 0, got -1"),
    ],
)
def test_a_setting_without_meaning_is_refused(settings: dict[str, Any], rule: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        DockerConfig(**settings)
    assert str(refusal.value) == rule


def test_images_cannot_be_built_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"backend\.images=build needs repos"):
        DockerBackend(DockerConfig(images="build"), table=Table(), repos=None, environments=tmp_path)
