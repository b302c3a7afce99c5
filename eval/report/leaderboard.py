"""What SWE-bench's leaderboard asks of a submission, made from verdicts.

Knows the shapes of its files. Does not know where they are kept (`launch.evaluation.submission`).
Source: the repository of submissions, SWE-bench/experiments, as of 2025.
"""

import json
from collections.abc import Sequence
from typing import Any

from cgm.artifacts import Tally, Verdict
from eval.report.resolution_tables import resolution_markdown
from eval.swebench.backend import Row
from eval.swebench.judge import Judged
from eval.swebench.resolution import Resolution
from eval.swebench.specification import names_of

_METADATA = """\
info:
  name: {name}
  authors: ""
  logo: ""
  report: ""
  site: ""
tags:
  checked: false
  model:
    - {model}
  org: []
  os_model: false
  os_system: true
  system:
    attempts: "1"
"""
_README = """\
# {name}

{report}
## How this was made

The chain of R4 (Rewriter, Retriever, Reranker, Reader) proposed one patch for each instance; it was shown neither tests
nor hints. The tests ran on the backend `{backend}` and were graded by the functions of `swebench`. `logs/` holds each
patch as it was applied, what the tests printed and the report on it; `trajs/` what each stage made, where the run that
proposed the patches was at hand.

Before you submit: fill in `metadata.yaml`, describe your system here, and check the rules of the leaderboard.
"""


def prediction(judged: Judged, model: str) -> dict[str, str]:
    """The row of all_preds.jsonl, with the patch as it was proposed."""
    return {"instance_id": judged.case.name, "model_name_or_path": model, "model_patch": judged.case.diff or ""}


def instance_report(row: Row, verdict: Verdict) -> dict[str, Any]:
    """The harness's report.json on an instance."""
    ran = verdict.outcome in ("resolved", "unresolved")
    tests = {name: _tests(row, name, tally, ran=ran) for name, tally in _tallies(verdict)}
    return {
        verdict.instance_id: {
            "patch_is_None": False,
            "patch_exists": verdict.outcome != "empty",
            "patch_successfully_applied": bool(verdict.applied),
            "resolved": verdict.outcome == "resolved",
            "tests_status": tests,
        }
    }


def results(verdicts: Sequence[Verdict]) -> dict[str, list[str]]:
    """The instances without a patch, those whose tests left no log, and those resolved."""
    named = {"no_generation": ("empty",), "no_logs": ("refused", "infrastructure"), "resolved": ("resolved",)}
    return {
        key: sorted(verdict.instance_id for verdict in verdicts if verdict.outcome in outcomes)
        for key, outcomes in named.items()
    }


def metadata(model: str) -> str:
    """A metadata.yaml with what is known, and the fields that a person fills in."""
    return _METADATA.format(name=json.dumps(f"R4 + {model}"), model=json.dumps(model))


def readme(model: str, report: Resolution, backend: str) -> str:
    """The README of a submission, with the report."""
    return _README.format(name=f"R4 + {model}", report=resolution_markdown(report), backend=backend)


def _tallies(verdict: Verdict) -> tuple[tuple[str, Tally], ...]:
    return ("FAIL_TO_PASS", verdict.fail_to_pass), ("PASS_TO_PASS", verdict.pass_to_pass)


def _tests(row: Row, name: str, tally: Tally, *, ran: bool) -> dict[str, list[str]]:
    failed = set(tally.failed)
    return {
        "success": [test for test in names_of(row, name) if test not in failed] if ran else [],
        "failure": list(tally.failed),
    }
