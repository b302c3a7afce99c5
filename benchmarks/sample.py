"""A sample of our CALLS edges, and what a judge said of them.

Knows how edges are drawn and counted. Does not know how a judge decides: `right`, `wrong`, or `possible` where the
call may happen but nothing in the repository shows that it does.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from edges import Edge
from truth import Place, Score, outline

from eval.statistics import wilson

JUDGED = tuple(Path(__file__).with_name(name) for name in ("call_sample.jsonl", "call_sample_2.jsonl"))
PACKAGES = ("flask", "requests", "click", "django")
VERDICTS = ("right", "possible", "wrong")
STRATA = ("sure", "likely", "faint")
_LIKELY = 0.25


def draw(graphs: Mapping[str, tuple[Path, Sequence[Edge]]], count: int, seed: int) -> Iterator[str]:
    """Draw as many edges from each package: a quarter likely and a quarter faint where there are so many, else sure."""
    for number, (name, (root, edges)) in enumerate(graphs.items()):
        share = count * (number + 1) // len(graphs) - count * number // len(graphs)
        calls = sorted((edge for edge in edges if edge.kind == "CALLS"), key=lambda edge: (edge.source, edge.target))
        random = Random(f"{seed} {name}")  # noqa: S311  a sample, not a secret
        chosen: list[Edge] = []
        for stratum in ("faint", "likely"):
            found = [edge for edge in calls if stratum_of(edge) == stratum]
            chosen += random.sample(found, min(share // 4, len(found)))
        chosen += random.sample([edge for edge in calls if stratum_of(edge) == "sure"], share - len(chosen))
        yield from (json.dumps(_row(name, root, edge)) for edge in chosen)


def stratum_of(edge: Edge) -> str:
    """How sure the graph is: of one callee, of one among up to four, or of less."""
    if edge.confidence >= 1:
        return "sure"
    return "likely" if edge.confidence >= _LIKELY else "faint"


def _row(package: str, root: Path, edge: Edge) -> dict[str, object]:
    return {
        "package": package,
        "caller": edge.source,
        "callee": edge.target,
        "line": edge.line,
        "confidence": round(edge.confidence, 2),
        "text": _line(root, edge.source[0], edge.line),
        "header": _header(root, edge.target),
        "verdict": "",
        "reason": "",
    }


def _line(root: Path, path: str, line: int) -> str:
    lines = (root / path).read_text(encoding="utf-8", errors="replace").splitlines()
    return lines[line - 1].strip() if 0 < line <= len(lines) else ""


def _header(root: Path, place: Place) -> str:
    """The first line of a definition that is no decorator."""
    path, name = place
    source = (root / path).read_text(encoding="utf-8", errors="replace")
    starts = [line for line, owner in outline(source).headers.items() if owner == name]
    lines = source.splitlines()
    found = [lines[line - 1].strip() for line in sorted(starts)]
    return next((line for line in found if line.startswith(("def ", "class ", "async def "))), "")


@dataclass(frozen=True)
class Judged:
    """Verdicts on those edges that a graph still has, and how many edges it has, both by how sure it is.

    Within a stratum each package counts the same. `gone` counts judged edges that the graph lacks.
    """

    path: Path
    verdicts: dict[str, Counter[str]] = field(default_factory=dict)
    edges: Counter[str] = field(default_factory=Counter)
    gone: Counter[str] = field(default_factory=Counter)

    def add(self, package: str, edges: Sequence[Edge]) -> None:
        """Count a package's edges and the verdicts on them."""
        rows = [row for row in self._rows() if row["package"] == package]
        strata = {(edge.source, edge.target): stratum_of(edge) for edge in edges if edge.kind == "CALLS"}
        for row in rows:
            pair = (tuple(row["caller"]), tuple(row["callee"]))
            if pair in strata:
                self.verdicts.setdefault(strata[pair], Counter())[row["verdict"]] += 1
            else:
                self.gone[row["verdict"]] += 1
        if rows:
            self.edges.update(strata.values())

    def _rows(self) -> list[dict[str, str]]:
        if not self.path.exists():
            return []
        return [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]

    def lines(self) -> Iterator[str]:
        """A line for each stratum, one for the edges as drawn, and one for all, to which each stratum adds by size."""
        for name, counts in sorted(self.verdicts.items()):
            yield f"{self.path.stem}, {name} ({counts.total()} of {self.edges[name]} edges): {_shares(counts)}"
        if self.verdicts:
            drawn = sum(self.verdicts.values(), Counter[str]())
            yield f"{self.path.stem}, as drawn: {_shares(drawn)}"
            weighted = ", ".join(f"{one} {100 * self.share(one):.1f} %" for one in VERDICTS)
            yield f"{self.path.stem}, all edges: {weighted}"
        if self.gone:
            lost = ", ".join(f"{self.gone[one]} {one}" for one in VERDICTS)
            yield f"(favourable: of edges judged {lost} are gone, and edges that are new were not judged)"

    def share(self, verdict: str) -> float:
        """The share of a verdict among all edges of the judged strata."""
        weights = {name: self.edges[name] / counts.total() for name, counts in self.verdicts.items()}
        return sum(weights[name] * self.verdicts[name][verdict] for name in weights) / sum(
            self.edges[name] for name in weights
        )


def _shares(counts: Counter[str]) -> str:
    """The share of each verdict, with Wilson's 95 % interval in percent."""
    total = counts.total()
    ends = {one: wilson(counts[one], total) for one in VERDICTS}
    return ", ".join(
        f"{one} {Score(counts[one], total)} [{100 * low:.1f}, {100 * high:.1f}]" for one, (low, high) in ends.items()
    )
