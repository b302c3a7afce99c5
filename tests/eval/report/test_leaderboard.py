import yaml

from cgm.artifacts import Tally, Verdict
from eval.report.leaderboard import instance_report, metadata, prediction, readme, results
from eval.swebench.judge import Case, Judged
from eval.swebench.resolution import Trail, resolution

ROW = {"instance_id": "a-1", "FAIL_TO_PASS": '["t1", "t2"]', "PASS_TO_PASS": ["t3"]}


def test_a_report_names_the_tests_that_passed_and_failed() -> None:
    verdict = Verdict("a-1", "unresolved", Tally(1, ("t2",)), Tally(1), applied="clean")
    assert instance_report(ROW, verdict) == {
        "a-1": {
            "patch_is_None": False,
            "patch_exists": True,
            "patch_successfully_applied": True,
            "resolved": False,
            "tests_status": {
                "FAIL_TO_PASS": {"success": ["t1"], "failure": ["t2"]},
                "PASS_TO_PASS": {"success": ["t3"], "failure": []},
            },
        }
    }


def test_tests_that_did_not_run_neither_passed_nor_failed() -> None:
    (report,) = instance_report(ROW, Verdict("a-1", "empty")).values()
    assert not report["patch_exists"]
    assert report["tests_status"]["FAIL_TO_PASS"] == {"success": [], "failure": []}


def test_results_list_instances_by_name() -> None:
    verdicts = [Verdict("b", "resolved"), Verdict("a", "resolved"), Verdict("c", "empty"), Verdict("d", "refused")]
    assert results(verdicts) == {"no_generation": ["c"], "no_logs": ["d"], "resolved": ["a", "b"]}


def test_a_prediction_is_the_patch_as_it_was_proposed() -> None:
    judged = Judged(Case(ROW, "prose and diff"), Verdict("a-1", "unresolved"), diff="diff")
    assert prediction(judged, "m")["model_patch"] == "prose and diff"


def test_metadata_is_yaml_whatever_the_model_is_called() -> None:
    found = yaml.safe_load(metadata('a "model": #1'))
    assert found["info"]["name"] == 'R4 + a "model": #1'
    assert found["tags"]["model"] == ['a "model": #1']
    assert found["tags"]["system"] == {"attempts": "1"}


def test_the_readme_holds_the_report() -> None:
    report = resolution([Trail("a-1", "o/p")], {"a-1": Verdict("a-1", "resolved")})
    assert "1 of 1 resolved" in readme("m", report, "local")
