"""How long histories take, and whether they are those that git itself follows.

    python benchmarks/history.py dataset dev.jsonl repos/ [owner/name ...]    each base commit after the one before it
    python benchmarks/history.py limits repos/owner__name COMMIT [MOST]       what reading more commits costs
    python benchmarks/history.py check repos/owner__name COMMIT [MOST]        sampled functions against git log -L
    python benchmarks/history.py made 50000                                   a made history, up to limits of time

Graphs are built beforehand and not counted.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import median

from meter import Cost, time_call

from cgm.graph import CodeGraph, NodeKind
from cgm.history import History
from cgm.store import BlobCache
from preprocessing.history import HistoryLimits, read_history
from preprocessing.snapshot import Snapshot, open_snapshot
from preprocessing.stage import CodeGraphPreprocessor, PreprocessingConfig, build_graph

_LIMITS = (500, 1000, 2000, 5000, 10_000, 20_000, 100_000)
_HOURS = 3600.0 * 9
SAMPLED = 40  # functions with more than one touch
_MADE_FILES = 400


def git(location: Path, *arguments: str) -> str:
    """What git says."""
    command = ["git", "-C", str(location), *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode()  # noqa: S603 (no shell)


def read(snapshot: Snapshot, graph: CodeGraph, limits: HistoryLimits, blobs: BlobCache) -> tuple[History, Cost]:
    """A history and what it took."""
    history, cost = time_call(lambda: read_history(snapshot, graph, limits, blobs=blobs))
    assert history is not None
    return history, cost


def dataset(rows: Path, repos: Path, names: list[str]) -> None:
    """Read the history of each base commit, oldest first, with one cache for all."""
    wanted: dict[str, set[str]] = {}
    for row in map(json.loads, rows.read_text().splitlines()):
        wanted.setdefault(row["repo"], set()).add(row["base_commit"])
    all_costs: list[Cost] = []
    for repo in names or sorted(wanted):
        location = repos / repo.replace("/", "__")
        costs = list(_in_order(location, wanted[repo]))
        all_costs += costs
        rest = costs[1:] or costs
        print(f"{repo:28} first {costs[0]}   then median {median(one.wall for one in rest):5.2f} s wall,", end=" ")
        print(f"{median(one.cpu for one in rest):5.2f} s CPU, slowest {max(one.wall for one in rest):5.2f} s wall")
    cpu, wall = sum(one.cpu for one in all_costs), sum(one.wall for one in all_costs)
    print(f"{len(all_costs)} snapshots: {cpu:.0f} s CPU, {wall:.0f} s wall")


def _in_order(location: Path, commits: set[str]) -> Iterator[Cost]:
    dates = {commit: int(git(location, "log", "-1", "--format=%ct", commit)) for commit in commits}
    with tempfile.TemporaryDirectory() as folder, closing(BlobCache(Path(folder))) as blobs:
        preprocessor = CodeGraphPreprocessor(PreprocessingConfig(), blobs=blobs)
        for commit in sorted(commits, key=lambda one: (dates[one], one)):
            snapshot = open_snapshot(location, commit)
            graph = preprocessor.graph(snapshot)
            yield read(snapshot, graph, HistoryLimits(seconds=_HOURS), blobs)[1]


def limits(location: Path, commit: str, largest: int) -> None:
    """Read more and more of one history, each time from nothing and again from the cache."""
    snapshot, graph = open_snapshot(location, commit), build_graph(location, commit)
    for most in (one for one in _LIMITS if one <= largest):
        with tempfile.TemporaryDirectory() as folder, closing(BlobCache(Path(folder))) as blobs:
            bound = HistoryLimits(commits=most, seconds=_HOURS)
            (history, cold), (_, warm) = (read(snapshot, graph, bound, blobs) for _ in range(2))
        functions = graph.nodes_of_kind(NodeKind.FUNCTION)
        known = len(set(functions.tolist()) & set(history.touch_node.tolist())) / max(len(functions), 1)
        print(f"{len(history):7} commits, {len(history.touch_node):7} touches, {known:4.0%} of the functions:", end=" ")
        print(f"{cold} cold, {warm.cpu:5.2f} s CPU {warm.wall:5.2f} s wall again")
        if len(history) < most:
            break


def check(location: Path, commit: str, most: int) -> None:
    """Compare the commits of sampled functions with those that git log -L names."""
    snapshot, graph = open_snapshot(location, commit), build_graph(location, commit)
    history = read_history(snapshot, graph, HistoryLimits(commits=most, seconds=_HOURS))
    assert history is not None
    functions = [node for node in graph.nodes_of_kind(NodeKind.FUNCTION).tolist() if len(history.touches(node)) > 1]
    known = set(history.commit_id)
    same = both = extra = lost = 0
    for node in random.Random(0).sample(functions, min(SAMPLED, len(functions))):  # noqa: S311 (a sample)
        lines = f"-L{graph.node_start[node]},{graph.node_end[node]}:{graph.node_path[node]}"
        wanted = known & set(git(location, "log", f"-{most}", "--format=%H", "-s", lines, commit).split())
        found = {history.commit_id[touch.commit] for touch in history.touches(node)}
        same += wanted == found
        both, extra, lost = both + len(wanted & found), extra + len(found - wanted), lost + len(wanted - found)
    print(f"{same} of {min(SAMPLED, len(functions))} functions have the same commits: {both} in both,", end=" ")
    print(f"{extra} here alone, {lost} of git alone")


def made(commits: int) -> None:
    """Make a history of edits, renames, branches and merges, and read it with several limits of time."""
    with tempfile.TemporaryDirectory() as folder:
        location = Path(folder, "made.git")
        make_repository(location, commits)
        snapshot, graph = open_snapshot(location, "refs/heads/main"), build_graph(location, "refs/heads/main")
        for seconds in (1.0, 3.0, 10.0, _HOURS):
            with closing(BlobCache(Path(folder, f"blobs{seconds}"))) as blobs:
                bound = HistoryLimits(commits=commits, seconds=seconds)
                for again in ("", " again"):
                    history, cost = read(snapshot, graph, bound, blobs)
                    print(f"at most {seconds:6.0f} s{again:6}: {len(history):6} commits, {cost}, {dict(history.gaps)}")


def make_repository(location: Path, commits: int) -> None:
    """Make a bare repository with a branch main."""
    location.mkdir()
    git(location, "init", "-q", "--bare")
    stream = "\n".join(_commands(commits)).encode()
    command = ["git", "-C", str(location), "fast-import", "--quiet"]
    subprocess.run(command, input=stream, check=True)  # noqa: S603 (no shell)


def _commands(commits: int) -> Iterator[str]:
    """What git fast-import reads: files of ten functions, one or two edited by each commit, every fifth on a branch."""
    chance = random.Random(0)  # noqa: S311 (made, not secret)
    files = {f"package{number % 20}/m{number}.py": [0] * 10 for number in range(_MADE_FILES)}
    last = 0
    edited = side = list(files)
    for mark in range(1, commits + 1):
        is_merge = mark % 5 == 0 and mark > 5
        parent = mark - 2 if mark % 5 == 4 and mark > 5 else last
        yield f"commit refs/heads/main\nmark :{mark}\ncommitter a <a@example.org> {10**9 + mark * 600} +0000"
        yield f"data <<END\nchange {mark}\nEND"
        if parent:
            yield f"from :{parent}"
        if is_merge:
            yield f"merge :{mark - 2}"
            yield from (f"M 100644 inline {path}\ndata <<END\n{_text(path, files[path])}END" for path in side)
        else:
            side, edited = edited, chance.sample(sorted(files), 2) if parent else list(files)
            for path in edited:
                files[path][chance.randrange(10)] = mark
            yield from (f"M 100644 inline {path}\ndata <<END\n{_text(path, files[path])}END" for path in edited)
            if chance.random() < 0.01 and mark % 5 in (1, 2):
                yield f"R {edited[0]} {edited[0][:-3]}_{mark}.py"
                files[f"{edited[0][:-3]}_{mark}.py"] = files.pop(edited[0])
        last = mark


def _text(path: str, versions: list[int]) -> str:
    name = Path(path).stem.partition("_")[0]
    rows = (
        f"def {name}_{number}():\n    x = {number}\n    y = {version}\n    return x + y\n\n\n"
        for number, version in enumerate(versions)
    )
    return "".join(rows)


def main(arguments: list[str]) -> None:
    """Take the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    many = commands.add_parser("dataset")
    many.add_argument("rows", type=Path)
    many.add_argument("repos", type=Path)
    many.add_argument("names", nargs="*")
    for name in ("limits", "check"):
        one = commands.add_parser(name)
        one.add_argument("location", type=Path)
        one.add_argument("commit")
        one.add_argument(
            "most", type=int, nargs="?", default=_LIMITS[-1] if name == "limits" else HistoryLimits().commits
        )
    commands.add_parser("made").add_argument("size", type=int)
    given = parser.parse_args(arguments)
    if given.command == "dataset":
        dataset(given.rows, given.repos, given.names)
    elif given.command == "limits":
        limits(given.location, given.commit, given.most)
    elif given.command == "check":
        check(given.location, given.commit, given.most)
    else:
        made(given.size)


if __name__ == "__main__":
    main(sys.argv[1:])
