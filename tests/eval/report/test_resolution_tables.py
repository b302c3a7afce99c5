import json

from cgm.artifacts import Gold, Verdict
from eval.report.resolution_tables import comparison_markdown, resolution_json, resolution_markdown
from eval.swebench.resolution import Trail, compare_runs, resolution

_GOLD = Gold("", ("a.py",), ())
_DIFF = "--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-a\n+b\n"
_FIRST = {
    "a-1": Verdict("a-1", "resolved", applied="clean", seconds=1.5),
    "b-2": Verdict("b-2", "does_not_apply"),
    "c-3": Verdict("c-3", "infrastructure"),
}
_TRAILS = [Trail(name, "o/p", _GOLD, diff=_DIFF) for name in ("a-1", "b-2", "c-3", "d-4")]


def test_a_report_reads_as_markdown() -> None:
    assert resolution_markdown(resolution(_TRAILS, _FIRST)) == (
        "1 of 2 resolved, 50.0 % (95 % interval 9.5 to 90.5); 4 instances in all.\n"
        "Tests 1.5 s; 0 model calls, 0 prompt tokens, 0 completion tokens, 0.0000 USD.\n"
        "\n"
        "| stage | hits | n | % | 95 % interval |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| gold files in patch | 2 | 2 | 100.0 | 34.2 to 100.0 |\n"
        "| applied | 1 | 2 | 50.0 | 9.5 to 90.5 |\n"
        "| resolved | 1 | 2 | 50.0 | 9.5 to 90.5 |\n"
        "\n"
        "| repository | hits | n | % | 95 % interval |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| o/p | 1 | 2 | 50.0 | 9.5 to 90.5 |\n"
        "\n"
        "| outcome | instances |\n"
        "| --- | --- |\n"
        "| resolved | 1 |\n"
        "| does not apply | 1 |\n"
        "| infrastructure | 1 |\n"
        "| applied: clean | 1 |\n"
        "\n"
        "Infrastructure failed, not counted (1): c-3\n"
        "\n"
        "Without a verdict so far, not counted (1): d-4\n"
    )


def test_a_report_without_verdicts_has_no_percentage() -> None:
    assert resolution_markdown(resolution(_TRAILS, {})).startswith("0 of 0 resolved; 4 instances in all.\n")


def test_a_report_reads_as_json() -> None:
    report = json.loads(resolution_json(resolution(_TRAILS, _FIRST)))
    assert report["resolved"]["hits"] == 1
    assert report["outcomes"] == {"resolved": 1, "does_not_apply": 1, "infrastructure": 1}
    assert (report["infrastructure"], report["pending"]) == (["c-3"], ["d-4"])
    assert report["funnel"][0]["name"] == "gold files in patch"


def test_a_comparison_reads_as_markdown_and_json() -> None:
    second = {name: Verdict(name, "resolved", applied="clean") for name in ("a-1", "b-2", "c-3")}
    found = compare_runs(_FIRST, second)
    text = comparison_markdown(("old", "new"), found)
    assert text.startswith("new against old, 2 instances with verdicts on both\n")
    assert "| old | 1 | 2 | 50.0 | 9.5 to 90.5 |\n| new | 2 | 2 | 100.0 | 34.2 to 100.0 |" in text
    assert "| +50.0 | +0.0 to +100.0 | 1 | 0 | 1 |" in text
    assert text.endswith("Gained (1): b-2\n\nLeft out (1): c-3\n")
    assert json.loads(resolution_json(found))["difference"]["gained"] == 1
