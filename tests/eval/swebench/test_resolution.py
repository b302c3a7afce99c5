import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm.artifacts import OUTCOMES, Gold, Ranking, Subgraph, SubgraphNode, Usage, Verdict
from cgm.errors import InputError
from eval.swebench.resolution import Share, Trail, compare_runs, resolution, touched_functions, touched_paths


def _diff(path: str, line: int = 6) -> str:
    return f"--- a/{path}\n+++ b/{path}\n@@ -{line} +{line} @@\n-a\n+b\n"


def _subgraph(*paths: str) -> Subgraph:
    nodes = []
    for number, path in enumerate(paths):
        nodes.append(SubgraphNode(3 * number, "FILE", path, path, 1, 20, 1.0))
        nodes.append(SubgraphNode(3 * number + 1, "FUNCTION", path, "C.f", 3, 12, 1.0))
        nodes.append(SubgraphNode(3 * number + 2, "FUNCTION", path, "C.f.inner", 8, 10, 1.0))
    return Subgraph("", (), tuple(nodes), ())


_GOLD = Gold("", ("a.py",), ("a.py:C.f",))
_ALL = Ranking("", (), (), selected=("a.py", "b.py"), edited=("a.py",))


def _verdict(name: str, outcome: str) -> Verdict:
    applied = "clean" if outcome in {"resolved", "unresolved", "no_tests", "timed_out"} else ""
    return Verdict(name, outcome, applied=applied, seconds=2.0)


def _verdicts(**outcomes: str) -> dict[str, Verdict]:
    return {name: _verdict(name, outcome) for name, outcome in outcomes.items()}


def test_a_funnel_shows_where_each_repair_was_lost() -> None:
    lost = Ranking("", (), (), selected=("b.py",), edited=("b.py",))
    trails = [
        Trail("resolved", "o/p", _GOLD, _subgraph("a.py"), _ALL, _diff("a.py")),
        Trail("wrong", "o/p", _GOLD, _subgraph("a.py"), _ALL, _diff("a.py")),
        Trail("elsewhere", "o/p", _GOLD, _subgraph("a.py"), _ALL, _diff("a.py", 15)),
        Trail("late", "o/q", _GOLD, _subgraph("a.py", "b.py"), lost, _diff("b.py")),
        Trail("early", "o/q", _GOLD, _subgraph("b.py"), lost, ""),
        Trail("failed", "o/q", _GOLD),
    ]
    outcomes = ("resolved", "unresolved", "unresolved", "does_not_apply", "empty", "empty")
    verdicts = _verdicts(**{trail.instance_id: outcome for trail, outcome in zip(trails, outcomes, strict=True)})
    report = resolution(trails, verdicts)
    assert [(share.name, share.hits, share.n) for share in report.funnel] == [
        ("gold files in subgraph", 4, 6),
        ("gold files in stage 1", 3, 6),
        ("gold files in stage 2", 3, 6),
        ("gold files in patch", 3, 6),
        ("gold functions in patch", 2, 6),
        ("applied", 3, 6),
        ("resolved", 1, 6),
    ]
    assert [(share.name, share.hits, share.n) for share in report.repositories] == [("o/p", 1, 3), ("o/q", 0, 3)]
    assert report.applied == {"clean": 3}
    assert report.seconds == 12.0


def test_a_failing_infrastructure_is_never_an_unresolved_issue() -> None:
    trails = [Trail(name, "o/p", _GOLD) for name in ("a", "b", "c", "d")]
    report = resolution(trails, _verdicts(a="resolved", b="infrastructure", c="unresolved"))
    assert (report.instances, report.resolved.hits, report.resolved.n) == (4, 1, 2)
    assert (report.infrastructure, report.pending) == (("b",), ("d",))
    assert report.outcomes == {"resolved": 1, "unresolved": 1, "infrastructure": 1}
    assert {share.n for share in report.funnel} == {2}


def test_every_other_outcome_counts_against_the_run() -> None:
    names = [name for name in OUTCOMES if name != "infrastructure"]
    trails = [Trail(name, "o/p") for name in names]
    report = resolution(trails, {name: _verdict(name, name) for name in names})
    assert (report.resolved.hits, report.resolved.n) == (1, len(OUTCOMES) - 1)


def test_instances_without_gold_are_in_the_rate_and_not_in_the_funnel() -> None:
    trails = [Trail("a", "o/p", _GOLD, diff=_diff("a.py")), Trail("b", "o/p", diff=_diff("a.py"))]
    report = resolution(trails, _verdicts(a="unresolved", b="resolved"))
    assert (report.resolved.hits, report.resolved.n) == (1, 2)
    assert [(share.name, share.hits, share.n) for share in report.funnel] == [
        ("gold files in patch", 1, 1),
        ("applied", 1, 1),
        ("resolved", 0, 1),
    ]


def test_usage_adds_up_over_all_instances() -> None:
    trails = [Trail(name, "o/p", usage=Usage(1, 0, 10, 5, 0.5)) for name in ("a", "b")]
    assert resolution(trails, {}).usage == Usage(2, 0, 20, 10, 1.0)


def test_a_run_without_verdicts_has_no_rate() -> None:
    report = resolution([Trail("a", "o/p")], {})
    assert report.resolved == Share("resolved", 0, 0, 0.0, 1.0)


@given(st.dictionaries(st.text("abc", min_size=1, max_size=2), st.sampled_from(OUTCOMES)))
def test_every_instance_is_counted_once(outcomes: dict[str, str]) -> None:
    trails = [Trail(name, name[0]) for name in [*outcomes, "pending"]]
    report = resolution(trails, _verdicts(**outcomes))
    assert report.resolved.n + len(report.infrastructure) + len(report.pending) == report.instances
    assert sum(report.outcomes.values()) == len(outcomes)
    assert sum(share.n for share in report.repositories) == report.resolved.n
    assert (
        sum(share.hits for share in report.repositories) == report.resolved.hits == report.outcomes.get("resolved", 0)
    )


@pytest.mark.parametrize(
    ("line", "name"), [(3, "a.py:C.f"), (8, "a.py:C.f.inner"), (12, "a.py:C.f"), (2, None), (13, None)]
)
def test_a_changed_line_belongs_to_its_innermost_function(line: int, name: str | None) -> None:
    trail = Trail("a", "o/p", subgraph=_subgraph("a.py"), diff=_diff("a.py", line))
    assert touched_functions(trail) == ({name} if name else set())


def test_lines_of_another_file_touch_no_function_of_this_one() -> None:
    assert touched_functions(Trail("a", "o/p", subgraph=_subgraph("a.py"), diff=_diff("b.py"))) == set()


def test_a_diff_that_cannot_be_read_touches_nothing() -> None:
    assert touched_paths("@@ -1 +1 @@\n-a\n+b\n") == set()


def test_a_later_run_is_paired_with_the_first() -> None:
    first = _verdicts(a="resolved", b="unresolved", c="unresolved", d="infrastructure", e="empty")
    second = _verdicts(a="unresolved", b="resolved", c="resolved", d="resolved", f="resolved")
    found = compare_runs(first, second)
    assert (found.shared, found.first.hits, found.second.hits) == (3, 1, 2)
    assert (found.gained, found.lost, found.left_out) == (("b", "c"), ("a",), ("d", "e", "f"))
    assert (found.difference.gained, found.difference.lost, found.difference.p) == (2, 1, 1.0)
    assert found.difference.mean == pytest.approx(1 / 3)


def test_runs_that_share_nothing_are_refused() -> None:
    with pytest.raises(InputError, match="must share an instance"):
        compare_runs(_verdicts(a="resolved"), _verdicts(a="infrastructure"))
