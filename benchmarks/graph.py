"""Every figure of the code graph beside that of other programs.

    python benchmarks/graph.py truth --work DIR [--packages NAME...] [--peers] [--lists DIR]
    python benchmarks/graph.py peers --work DIR [--seconds 600] LOCATION[@COMMIT]...
    python benchmarks/graph.py sample --work DIR [--seed 2026]
    python benchmarks/graph.py speed dev.jsonl repos/ [owner/name] [commit]
    python benchmarks/graph.py scaling LOCATION[@COMMIT]...

`truth` installs real packages below the work folder, runs their tests and imports their modules, and prints how much of
what ran the graph has, and what a judge said of samples of its calls. `peers` prints the seconds that graphs of whole
repositories take. `sample` draws calls to be judged. The last two are those of `speed.py` and `scaling.py`.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

import evaluate
import peers
import sample
import scaling
import speed
from edges import Edge, own_edges, read_edges
from meter import Cost, run_apart
from packages import PACKAGES, Checkout

from preprocessing.snapshot import open_snapshot
from preprocessing.stage import build_graph


def truth(arguments: Sequence[str]) -> None:
    """Print tables of calls, of bases and imports, and the precision of the judged calls."""
    parser = _parser()
    parser.add_argument("--packages", nargs="*", default=[one.name for one in PACKAGES])
    parser.add_argument("--peers", action="store_true", help="hold other programs against the same")
    parser.add_argument("--seconds", type=float, default=600, help="limit for another program's graph")
    parser.add_argument("--lists", type=Path, help="folder for lists of what is missed and wrong")
    chosen = parser.parse_args(arguments)
    calls, structure = [evaluate.CALL_COLUMNS], [evaluate.STRUCTURE_COLUMNS]
    judged = [sample.Judged(path) for path in sample.JUDGED]
    for checkout in _checkouts(chosen.work, chosen.packages):
        known, name = evaluate.read_truth(checkout), checkout.package.name
        graphs = _graphs(checkout, chosen.seconds if chosen.peers else 0)
        for one in judged:
            one.add(name, graphs["R4"])
        calls += [evaluate.call_row(name, *row) for row in _judge_parts(known, graphs["R4"])]
        for tool, edges in graphs.items():
            figures = evaluate.judge_calls(known, edges), evaluate.judge_structure(known, edges)
            calls += [evaluate.call_row(name, tool, figures[0])] if tool != "R4" else []
            structure.append(evaluate.structure_row(name, tool, figures[1]))
            if chosen.lists:
                _write(chosen.lists / f"{name}.{tool}.txt", evaluate.lists(*figures))
    print(*calls, "", *structure, "", *chain.from_iterable(one.lines() for one in judged), sep="\n")


def _judge_parts(known: evaluate.Truth, edges: Sequence[Edge]) -> Iterator[tuple[str, evaluate.CallFigures]]:
    """Judge all our calls, and those alone that the graph is surer of."""
    for title, strata in (
        ("R4", sample.STRATA),
        ("R4, likely and sure", sample.STRATA[:2]),
        ("R4, sure", sample.STRATA[:1]),
    ):
        yield title, evaluate.judge_calls(known, [edge for edge in edges if sample.stratum_of(edge) in strata])


def _write(path: Path, lines: Iterable[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _graphs(checkout: Checkout, seconds: float) -> dict[str, list[Edge]]:
    """Our edges and, where they get any time, those of each peer that makes any."""
    found = {"R4": own_edges(build_graph(checkout.root))}
    for peer in [one for one in peers.PEERS if one.has_places and seconds]:
        out = checkout.work / "peers" / f"{peer.adapter}.{checkout.package.name}-{checkout.package.version}.jsonl"
        failure = peers.run(peer, checkout.work, checkout.root, out, seconds)
        if failure:
            print(f"{checkout.package.name}: {peer.name} {failure}", file=sys.stderr)
        else:
            found[peer.name] = read_edges(out)[0]
    return found


def _checkouts(work: Path, names: Sequence[str]) -> list[Checkout]:
    found = [Checkout(one, work.resolve()) for one in PACKAGES if one.name in names]
    for checkout in found:
        checkout.prepare()
    return found


def time_peers(arguments: Sequence[str]) -> None:
    """Print the CPU seconds that each program takes for a graph of each location."""
    parser = _parser()
    parser.add_argument("locations", nargs="+", help="git directories or folders, with @COMMIT")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--peers", nargs="*", default=[peer.name for peer in peers.PEERS])
    chosen = parser.parse_args(arguments)
    print("| repository | graph | CPU s | times ours | peak MiB |\n|---|---|---|---|---|")
    for location in chosen.locations:
        path, _, commit = location.partition("@")
        name = Path(path).name.rpartition("__")[2]
        ours = Cost(**run_apart(speed.cold_graph, path, commit)["cost"])
        print(f"| {name} | R4 | {ours.cpu:.2f} | 1 | {ours.mib:.0f} |", flush=True)
        root = _extracted(Path(path), commit, chosen.work)
        for peer in [one for one in peers.PEERS if one.name in chosen.peers]:
            out = chosen.work.resolve() / "peers" / f"{peer.adapter}.{root.name}.jsonl"
            failure = peers.run(peer, chosen.work.resolve(), root, out, chosen.seconds)
            cost = None if failure else read_edges(out)[1]
            shown = f"{cost.cpu:.1f} | {cost.cpu / ours.cpu:.0f} | {cost.mib:.0f}" if cost else f"{failure} | - | -"
            print(f"| {name} | {peer.name} | {shown} |", flush=True)


def _extracted(location: Path, commit: str, work: Path) -> Path:
    """A folder with the files of a commit; the location itself where none is named."""
    if not commit:
        return location.resolve()
    root = work.resolve() / "sources" / f"{location.name}-{commit[:12]}"
    if not root.exists():
        snapshot = open_snapshot(location, commit)
        paths = [entry.path for entry in snapshot.files]
        for path, content in zip(paths, snapshot.read_bytes(paths), strict=True):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content)
    return root


def draw(arguments: Sequence[str]) -> None:
    """Print a sample of our calls, to be judged by hand."""
    parser = _parser()
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=2026)
    chosen = parser.parse_args(arguments)
    graphs: Mapping[str, tuple[Path, list[Edge]]] = {
        one.package.name: (one.root, own_edges(build_graph(one.root)))
        for one in _checkouts(chosen.work, sample.PACKAGES)
    }
    print(*sample.draw(graphs, chosen.count, chosen.seed), sep="\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for sources, interpreters and traces")
    return parser


SECTIONS: Mapping[str, Callable[[Sequence[str]], None]] = {
    "truth": truth,
    "peers": time_peers,
    "sample": draw,
    "speed": speed.main,
    "scaling": scaling.main,
}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in SECTIONS:
        sys.exit(__doc__)
    SECTIONS[sys.argv[1]](sys.argv[2:])
