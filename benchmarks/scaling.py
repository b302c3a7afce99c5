"""How seconds and memory of a cold graph grow with a repository, as a table and a plot.

    python benchmarks/scaling.py LOCATION[@COMMIT]... > scaling.md

Each location is a git directory or a plain folder; the plot goes to benchmarks/graph_scaling.svg. Lines are those of
files with a grammar.
"""

import argparse
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meter import run_apart, time_call

from cgm.graph import NodeKind
from preprocessing.stage import build_graph

PLOT = Path(__file__).with_name("graph_scaling.svg")
_WIDTH, _HEIGHT, _MARGIN = 760, 400, 60
_NAME_WIDTH, _LETTER = 40, 12
_COLOURS = {"CPU seconds": "#1f6feb", "peak MiB": "#bf3989"}


@dataclass(frozen=True)
class Point:
    """A repository: lines, CPU seconds, and the most MiB held."""

    name: str
    lines: int
    seconds: float
    mib: float


def measure(location: str, commit: str) -> dict[str, Any]:
    """Build a graph without any cache and count its lines."""
    graph, cost = time_call(lambda: build_graph(Path(location), commit))
    lines = int(graph.node_end[graph.nodes_of_kind(NodeKind.FILE)].sum())
    return {"lines": lines, "seconds": cost.cpu, "mib": cost.mib}


def measure_all(locations: Sequence[str]) -> list[Point]:
    """Measure each location in a process of its own; from few lines to many."""
    found = []
    for location in locations:
        path, _, commit = location.partition("@")
        name = Path(path).name.rpartition("__")[2]
        found.append(Point(name, **run_apart(measure, path, commit)))
        print(f"measured {found[-1]}", file=sys.stderr)
    return sorted(found, key=lambda point: point.lines)


def table(points: Sequence[Point]) -> Iterator[str]:
    """The points as a Markdown table."""
    yield "| repository | kLOC | CPU s | s per 100 kLOC | peak MiB | MiB per 100 kLOC |"
    yield "|---|---|---|---|---|---|"
    for one in points:
        share = one.lines / 100_000
        yield (
            f"| {one.name} | {one.lines / 1000:.0f} | {one.seconds:.2f} | {one.seconds / share:.2f} | {one.mib:.0f} "
            f"| {one.mib / share:.0f} |"
        )


def plot(points: Sequence[Point]) -> str:
    """Seconds and MiB over lines as SVG, all axes logarithmic; dashed lines grow as the lines do."""
    series = {
        "CPU seconds": [(point.lines, point.seconds) for point in points],
        "peak MiB": [(point.lines, point.mib) for point in points],
    }
    scale = _Scale([x for x, _ in series["CPU seconds"]], [y for rows in series.values() for _, y in rows])
    parts = [*_frame(scale)]
    for number, (name, rows) in enumerate(series.items()):
        parts += _series(scale, name, rows, _MARGIN + 16 * (number + 1))
    parts += [*_names(scale, points[::2], -1), *_names(scale, points[1::2], 1)]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-size="11"'
    parts = [f'{head} font-family="sans-serif">', '<rect width="100%" height="100%" fill="white"/>', *parts, "</svg>"]
    return "\n".join([*parts, ""])


class _Scale:
    """Places of values between powers of ten."""

    def __init__(self, across: Sequence[float], up: Sequence[float]) -> None:
        self.across, self.up = _powers(across), _powers(up)

    def x(self, value: float) -> float:
        return _MARGIN + (_WIDTH - 2 * _MARGIN) * _share(value, self.across)

    def y(self, value: float) -> float:
        return _HEIGHT - _MARGIN - (_HEIGHT - 2 * _MARGIN) * _share(value, self.up)


def _powers(values: Sequence[float]) -> range:
    return range(math.floor(math.log10(min(values))), math.ceil(math.log10(max(values))) + 1)


def _share(value: float, powers: range) -> float:
    return (math.log10(value) - powers[0]) / max(powers[-1] - powers[0], 1)


def _frame(scale: _Scale) -> Iterator[str]:
    left, right, bottom, top = _MARGIN, _WIDTH - _MARGIN, _HEIGHT - _MARGIN, _MARGIN
    for power in scale.across:
        x = scale.x(10.0**power)
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}" stroke="#ddd"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{10**power:,}</text>'
    for power in scale.up:
        y = scale.y(10.0**power)
        yield f'<line x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
        yield f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g}</text>'
    yield f'<text x="{(left + right) / 2}" y="{_HEIGHT - 16}" text-anchor="middle">lines of code</text>'


def _series(scale: _Scale, name: str, rows: Sequence[tuple[int, float]], place: int) -> Iterator[str]:
    colour = _COLOURS[name]
    points = " ".join(f"{scale.x(x):.1f},{scale.y(y):.1f}" for x, y in rows)
    yield f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
    for x, y in rows:
        yield f'<circle cx="{scale.x(x):.1f}" cy="{scale.y(y):.1f}" r="3" fill="{colour}"/>'
    (first, _), (last, most) = rows[0], rows[-1]
    ends = (scale.x(first), scale.y(most * first / last), scale.x(last), scale.y(most))
    x1, y1, x2, y2 = (f"{end:.1f}" for end in ends)
    yield f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{colour}" stroke-dasharray="4 4" opacity="0.6"/>'
    yield f'<text x="{_MARGIN + 8}" y="{place}" fill="{colour}">{name}</text>'


def _names(scale: _Scale, points: Sequence[Point], way: int) -> Iterator[str]:
    """A name at each point: to its left and above (`way` -1), or to its right and below (1) the line that rises.

    One that would run into the name before stands a line further away.
    """
    last, row = -math.inf, 0
    for point in points:
        x = scale.x(point.lines)
        row = row + 1 if x - last < _NAME_WIDTH else 0
        last = x
        y = scale.y(point.seconds) + way * _LETTER * (row + 1)
        place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{"end" if way < 0 else "start"}"'
        yield f'<text {place} dominant-baseline="middle">{point.name}</text>'


def main(arguments: Sequence[str]) -> None:
    """Measure, print the table and write the plot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("locations", nargs="+")
    points = measure_all(parser.parse_args(arguments).locations)
    print("\n".join(table(points)))
    PLOT.write_text(plot(points), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
