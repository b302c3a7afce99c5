from cgm.artifacts import Failure, Patch, Usage
from launch.codebase import Count
from launch.pipeline import Outcome, Step
from launch.runner import Report
from launch.summary import summarize_run

_SPENT = Usage(calls=1, prompt_tokens=5)


def _outcomes() -> list[Outcome]:
    done = Outcome(
        "a-1",
        patch=Patch("a-1", "m", "diff", passed=True),
        steps={"rewriter": Step(cached=False, seconds=2.0, usage=_SPENT)},
        counts=(Count("nodes", "FILE", 3),),
    )
    cached = Outcome(
        "a-2",
        patch=Patch("a-2", "m", "other diff"),
        steps={"rewriter": Step(cached=True, seconds=0.5, seconds_saved=4.0, usage_saved=_SPENT)},
        counts=(Count("nodes", "FILE", 4),),
    )
    failed = Outcome("a-3", failure=Failure("a-3", "rewriter", "ModelError", "down"))
    failed.steps = {"rewriter": Step(cached=False, seconds=1.0, usage=_SPENT)}
    return [done, cached, failed]


def test_every_instance_is_counted_once() -> None:
    summary = summarize_run([Report(outcome, 1, 10.0) for outcome in _outcomes()], 9.0)
    assert [summary[name] for name in ("instances", "completed", "failed", "patches", "proven")] == [3, 2, 1, 2, 1]
    assert summary["failures"] == {"rewriter: ModelError": 1}
    assert summary["graph"] == {"nodes": {"FILE": 7}}


def test_a_stage_says_what_it_did_and_took() -> None:
    stage = summarize_run([Report(outcome, 1, 10.0) for outcome in _outcomes()], 9.0)["stages"]["rewriter"]
    assert [stage[name] for name in ("computed", "cached", "failed")] == [1, 1, 1]
    assert (stage["seconds"], stage["seconds_saved"]) == (3.5, 4.0)
    assert (stage["usage"]["calls"], stage["usage"]["prompt_tokens"]) == (2, 10)
    assert stage["usage_saved"]["calls"] == 1


def test_memory_is_the_peak_of_each_process() -> None:
    peaks = ((1, 10.0), (2, 30.0), (1, 20.0))
    reports = [Report(outcome, *peak) for outcome, peak in zip(_outcomes(), peaks, strict=True)]
    assert summarize_run(reports, 9.0)["peak_memory_mib"] == {"largest_process": 30.0, "sum": 50.0}
