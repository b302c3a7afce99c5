"""What became of a run's repairs: how many resolve their issue, and where on the way the others were lost.

Knows verdicts, gold, and what the stages made of each instance. An instance that the infrastructure failed, or that
has no verdict yet, says nothing of the repair: it is listed, and is in no share. Does not know files, nor how verdicts
come about or look on a page (`eval.report.resolution_tables`).
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from cgm.artifacts import OUTCOMES, Gold, Ranking, Subgraph, Usage, Verdict
from cgm.errors import InputError, PatchError
from eval.statistics import Difference, compare, wilson
from eval.swebench.diffs import Change, read_diff


@dataclass(frozen=True)
class Trail:
    """What a run made of one instance; None or empty where it did not come so far."""

    instance_id: str
    repo: str
    gold: Gold | None = None
    subgraph: Subgraph | None = None
    ranking: Ranking | None = None
    diff: str = ""
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True)
class Share:
    """How many of n, with Wilson's 95 % interval."""

    name: str
    hits: int
    n: int
    low: float
    high: float


@dataclass(frozen=True)
class Resolution:
    """The report on one run.

    `resolved` and `repositories` are over the instances with a verdict on the repair, `funnel` over those of them that
    have gold; a stage that the run does not have is left out. `outcomes` counts every verdict. `seconds` are those of
    the tests, `usage` that of the language model.
    """

    instances: int
    resolved: Share
    repositories: tuple[Share, ...]
    funnel: tuple[Share, ...]
    outcomes: dict[str, int]
    applied: dict[str, int]
    infrastructure: tuple[str, ...]
    pending: tuple[str, ...]
    seconds: float
    usage: Usage


@dataclass(frozen=True)
class Comparison:
    """Two runs on the instances that both have a verdict on: what the second gained and lost, by name."""

    shared: int
    first: Share
    second: Share
    difference: Difference
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    left_out: tuple[str, ...]


def resolution(trails: Sequence[Trail], verdicts: Mapping[str, Verdict]) -> Resolution:
    """Report on a run whose instances are those of `trails`; verdicts on others are left aside."""
    known = [verdicts[trail.instance_id] for trail in trails if trail.instance_id in verdicts]
    counts = Counter(verdict.outcome for verdict in known)
    scored = [trail for trail in trails if _says_something(verdicts.get(trail.instance_id))]
    return Resolution(
        instances=len(trails),
        resolved=_resolved("resolved", [verdicts[trail.instance_id] for trail in scored]),
        repositories=tuple(_by_repository(scored, verdicts)),
        funnel=tuple(_funnel(scored, verdicts)),
        outcomes={name: counts[name] for name in OUTCOMES if counts[name]},
        applied=dict(sorted(Counter(verdict.applied for verdict in known if verdict.applied).items())),
        infrastructure=tuple(verdict.instance_id for verdict in known if not _says_something(verdict)),
        pending=tuple(trail.instance_id for trail in trails if trail.instance_id not in verdicts),
        seconds=sum(verdict.seconds for verdict in known),
        usage=sum((trail.usage for trail in trails), Usage()),
    )


def compare_runs(first: Mapping[str, Verdict], second: Mapping[str, Verdict]) -> Comparison:
    """Pair two runs instance by instance, in the order of the first.

    Raises:
        InputError: they share no instance that both have a verdict on.
    """
    named = dict.fromkeys([*first, *second])
    shared = [name for name in named if all(_says_something(run.get(name)) for run in (first, second))]
    if not shared:
        raise InputError("two runs must share an instance with verdicts on both repairs, got none")
    columns = [[float(run[name].outcome == "resolved") for name in shared] for run in (first, second)]
    before, after = (
        _resolved(title, [run[name] for name in shared]) for title, run in (("first", first), ("second", second))
    )
    pairs = list(zip(shared, *columns, strict=True))
    return Comparison(
        len(shared),
        before,
        after,
        compare(*columns),
        tuple(name for name, old, new in pairs if new > old),
        tuple(name for name, old, new in pairs if new < old),
        tuple(name for name in named if name not in set(shared)),
    )


def _says_something(verdict: Verdict | None) -> bool:
    return verdict is not None and verdict.outcome != "infrastructure"


def _resolved(name: str, verdicts: Sequence[Verdict]) -> Share:
    return _share(name, sum(verdict.outcome == "resolved" for verdict in verdicts), len(verdicts))


def _share(name: str, hits: int, n: int) -> Share:
    return Share(name, hits, n, *wilson(hits, n))


def _by_repository(scored: Sequence[Trail], verdicts: Mapping[str, Verdict]) -> list[Share]:
    by_repository: dict[str, list[Verdict]] = {}
    for trail in scored:
        by_repository.setdefault(trail.repo, []).append(verdicts[trail.instance_id])
    return [_resolved(repo, by_repository[repo]) for repo in sorted(by_repository)]


def _funnel(scored: Sequence[Trail], verdicts: Mapping[str, Verdict]) -> list[Share]:
    """How many instances come through each stage; a stage counts all its gold or none."""
    known = [trail for trail in scored if trail.gold and trail.gold.files]
    stages: dict[str, Callable[[Trail], bool]] = {}
    if any(trail.subgraph for trail in known):
        stages["gold files in subgraph"] = _in_subgraph
    if any(trail.ranking and trail.ranking.selected for trail in known):
        stages["gold files in stage 1"] = lambda trail: _holds(trail, trail.ranking.selected if trail.ranking else ())
    if any(trail.ranking and trail.ranking.edited for trail in known):
        stages["gold files in stage 2"] = lambda trail: _holds(trail, trail.ranking.edited if trail.ranking else ())
    stages["gold files in patch"] = lambda trail: _holds(trail, touched_paths(trail.diff))
    rows = [_share(name, sum(map(test, known)), len(known)) for name, test in stages.items()]
    outcomes = [verdicts[trail.instance_id] for trail in known]
    applied = sum(bool(verdict.applied) for verdict in outcomes)
    return [*rows, *_function_share(known), _share("applied", applied, len(known)), _resolved("resolved", outcomes)]


def _function_share(known: Sequence[Trail]) -> list[Share]:
    """Gold functions in the patch, over the instances whose gold has functions and whose subgraph was kept."""
    able = [trail for trail in known if trail.gold and trail.gold.functions]
    if not any(trail.subgraph for trail in able):
        return []
    hits = sum(set(trail.gold.functions) <= touched_functions(trail) for trail in able if trail.gold)
    return [_share("gold functions in patch", hits, len(able))]


def _in_subgraph(trail: Trail) -> bool:
    return trail.subgraph is not None and _holds(trail, {node.path for node in trail.subgraph.nodes})


def _holds(trail: Trail, paths: Sequence[str] | set[str]) -> bool:
    return trail.gold is not None and set(trail.gold.files) <= set(paths)


def touched_paths(diff: str) -> set[str]:
    """The files of a diff by every name; none where it cannot be read."""
    return {path for change in _changes(diff) for path in change.paths}


def touched_functions(trail: Trail) -> set[str]:
    """The innermost functions, of those that the subgraph holds, in which the diff changes lines of the base commit.

    A line that is only inserted counts for the functions of both its neighbours.
    """
    if trail.subgraph is None:
        return set()
    functions = [node for node in trail.subgraph.nodes if node.kind == "FUNCTION"]
    return {
        f"{change.old}:{min(around, key=lambda node: node.end - node.start).name}"
        for change in _changes(trail.diff)
        for line in change.touched
        if (around := [node for node in functions if node.path == change.old and node.start <= line <= node.end])
    }


def _changes(diff: str) -> Sequence[Change]:
    try:
        return read_diff(diff)
    except PatchError:
        return ()
