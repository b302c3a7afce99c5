"""Every figure of one tool's graph of one package, as rows of tables.

Knows which scores are printed. Does not know how traces and graphs are made.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edges import Edge, pairs
from packages import Checkout
from structure import Comparison, ImportEdge, Structure, compare_classes, compare_imports, reachable, read_structure
from truth import (
    DIRECT,
    Call,
    Outline,
    Pair,
    Score,
    Trace,
    is_inside,
    missed,
    outlines,
    read_trace,
    recall,
    select,
    unseen,
    visible,
)


@dataclass(frozen=True)
class Truth:
    """What is known of a package without any graph."""

    folders: Sequence[str]
    known: Mapping[str, Outline]
    trace: Trace
    structure: Structure

    @property
    def functions(self) -> int:
        """How many functions the package and its tests define."""
        return sum(len(one.functions) for one in self.known.values())


@dataclass(frozen=True)
class CallFigures:
    """How the CALLS edges of a graph fare; `seen` judges by direct pairs, `seen_any` also by calls through others."""

    inside: Score
    everywhere: Score
    seen: Score
    seen_any: Score
    per_function: float
    missed: Sequence[Call]
    unseen: Sequence[Pair]


def read_truth(checkout: Checkout) -> Truth:
    """Read what was recorded of a package."""
    paths = [path.relative_to(checkout.root).as_posix() for path in checkout.root.rglob("*.py")]
    known = outlines(checkout.root, paths)
    trace = read_trace(_lines(checkout.calls), known)
    return Truth(checkout.package.folders, known, trace, read_structure(_lines(checkout.structure)))


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def judge_calls(truth: Truth, edges: Sequence[Edge]) -> CallFigures:
    """Hold CALLS edges against the trace."""
    stated = visible(pairs(edges, "CALLS"), truth.known)
    calls = select(truth.trace)
    inside = [call for call in calls if is_inside(call.pair, truth.folders)]
    own = [pair for pair in stated if is_inside(pair, truth.folders)]
    lost, total = unseen(truth.trace, own, DIRECT)
    lost_any, _ = unseen(truth.trace, own)
    return CallFigures(
        inside=recall(inside, stated),
        everywhere=recall(calls, stated),
        seen=Score(total - len(lost), total),
        seen_any=Score(total - len(lost_any), total),
        per_function=len(stated) / max(truth.functions, 1),
        missed=missed(calls, stated),
        unseen=lost_any,
    )


def judge_structure(truth: Truth, edges: Sequence[Edge]) -> dict[str, Comparison]:
    """Hold EXTENDS and IMPORTS edges against the interpreter."""
    extends = pairs(edges, "EXTENDS")
    ancestors = [(one, other) for one, others in reachable(extends).items() for other in others]
    imports = [ImportEdge(edge.source[0], edge.target, edge.line) for edge in edges if edge.kind == "IMPORTS"]
    return {
        "bases": compare_classes(truth.structure.bases, extends),
        "ancestors": compare_classes(truth.structure.ancestors, ancestors),
        "imports": compare_imports(truth.structure, imports),
        "imported files": compare_imports(truth.structure, imports, files=True),
    }


CALL_COLUMNS = (
    "| package | graph | pairs inside | recall inside | pairs | recall | edges seen | seen, also through others "
    "| edges per function |\n|---|---|---|---|---|---|---|---|---|"
)


def call_row(package: str, tool: str, figures: CallFigures) -> str:
    """A row of the table of calls."""
    cells = [package, tool, str(figures.inside.total), _percent(figures.inside), str(figures.everywhere.total)]
    cells += [_percent(figures.everywhere), _percent(figures.seen), _percent(figures.seen_any)]
    return f"| {' | '.join([*cells, f'{figures.per_function:.2f}'])} |"


STRUCTURE_COLUMNS = (
    "| package | graph | bases | recall | precision | ancestors | recall | precision | imports | recall | precision "
    "| recall of files |\n|---|---|---|---|---|---|---|---|---|---|---|---|"
)


def structure_row(package: str, tool: str, figures: Mapping[str, Comparison]) -> str:
    """A row of the table of bases and imports."""
    cells = [package, tool]
    for name in ("bases", "ancestors", "imports"):
        one = figures[name]
        cells += [str(one.recall.total), _percent(one.recall), _percent(one.precision)]
    return f"| {' | '.join([*cells, _percent(figures['imported files'].recall)])} |"


def _percent(score: Score) -> str:
    return f"{100 * score.found / score.total:.1f}" if score.total else "-"


def lists(calls: CallFigures, structure: Mapping[str, Comparison]) -> Iterator[str]:
    """Everything that was missed, wrong or never seen."""
    yield "# calls that ran and are missed"
    for call in calls.missed:
        (path, caller), callee = call.pair
        yield f"{path}:{call.line} {caller} -> {callee[0]}:{callee[1]} {call.via}".rstrip()
    yield "# edges inside the package whose caller ran and that were not seen"
    for (path, caller), callee in calls.unseen:
        yield f"{path}:{caller} -> {callee[0]}:{callee[1]}"
    for name, one in structure.items():
        yield from (f"# {name} missed", *one.missed, f"# {name} wrong", *one.wrong)
