"""Random histories with branches, merges and renames, whose truth is known because each edit is remembered."""

import random
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cgm.graph import CodeGraph, NodeKind
from cgm.history import History
from preprocessing.history import HistoryLimits, read_history
from preprocessing.snapshot import open_snapshot
from preprocessing.stage import build_graph

_ALL = HistoryLimits(commits=10_000, seconds=300)


@dataclass(frozen=True)
class Value:
    """Something that commits change, a function's lines or a file's path, with the commits that did."""

    content: tuple[str, ...]
    past: frozenset[int]

    def changed(self, content: Iterable[str], commit: int) -> "Value":
        return Value(tuple(content), self.past | {commit})


@dataclass(frozen=True)
class File:
    path: Value
    functions: dict[str, Value]  # no lines where a function is gone

    def text(self) -> str:
        parts = [[f"# {name} follows", *value.content] for name, value in self.functions.items() if value.content]
        return "".join(f"{line}\n" for part in [["# begins"], *parts, ["# ends"]] for line in part)


def alike(first: File, second: File) -> bool:
    """Whether a mixture of two files is sure to be taken for either, renamed: git asks for half of the lines."""
    one, other = (set(file.text().splitlines()) for file in (first, second))
    return len(one & other) > 0.6 * len(one | other)


Files = dict[str, File]


@dataclass
class World:
    """A growing repository; every line that is ever written differs from all others, and nothing is ever undone.

    What is as it was before, git cannot tell from what never changed.
    """

    random: random.Random
    trees: list[Files] = field(default_factory=list)
    parents: list[tuple[int, ...]] = field(default_factory=list)
    lines: int = 0
    removed: set[str] = field(default_factory=set)
    functions: set[tuple[str, ...]] = field(default_factory=set)

    def grow(self, commits: int) -> None:
        self.commit((), self.edited({}))
        while len(self.trees) < commits:
            heads = [commit for commit in range(len(self.trees)) if all(commit not in one for one in self.parents)]
            if len(heads) > 1 and self.random.random() < 0.4:
                first, second = self.random.sample(heads, 2)
                self.commit((first, second), self.merged(self.trees[first], self.trees[second]))
            else:
                young = range(max(0, len(self.trees) - 4), len(self.trees))
                parent = self.random.choice([*heads, self.random.choice(young)])
                self.commit((parent,), self.edited(self.trees[parent]))

    def commit(self, parents: tuple[int, ...], files: Files) -> None:
        self.parents.append(parents)
        self.trees.append(files)

    def line(self) -> str:
        self.lines += 1
        return f"    value_{self.lines} = {self.lines * 7919}"

    def edited(self, files: Files) -> Files:
        commit, files = len(self.trees), dict(files)
        if len(files) < 2 or self.random.random() < 0.1:
            functions = {f"f{commit}_{number}": self.function(f"f{commit}_{number}") for number in range(4)}
            files[f"file{commit}"] = File(Value((f"m{commit}.py",), frozenset({commit})), functions)
        for name in self.random.sample(sorted(files), min(len(files), self.random.randint(1, 2))):
            if f"file{commit}" != name:
                files[name] = self.edited_file(files[name], f"{commit}_{name}")
        return files

    def function(self, name: str) -> Value:
        lines = (f"def {name}():", *(self.line() for _ in range(5)))
        self.functions.add(lines)
        return Value(lines, frozenset({len(self.trees)}))

    def edited_file(self, file: File, unique: str) -> File:
        commit, chance = len(self.trees), self.random.random()
        functions = dict(file.functions)
        alive = [name for name, value in functions.items() if value.content]
        if chance < 0.15:
            file = replace(file, path=file.path.changed([f"p{unique}/{file.path.content[0][-40:]}"], commit))
        elif chance < 0.3:
            position = self.random.randint(0, len(functions))
            rows = list(functions.items())
            functions = dict([*rows[:position], (f"g{unique}", self.function(f"g{unique}")), *rows[position:]])
        elif chance < 0.4 and len(alive) > 2:
            gone = self.random.choice(alive)
            functions[gone] = functions[gone].changed((), commit)
        if chance < 0.15 or chance > 0.4:
            name = self.random.choice(alive)
            functions[name] = functions[name].changed(self.edited_lines(functions[name].content), commit)
        return replace(file, functions=functions)

    def edited_lines(self, lines: tuple[str, ...]) -> tuple[str, ...]:
        """Change a line inside a function, so that two edits never touch; no line is taken away twice."""
        position = self.random.randint(2, len(lines) - 2)
        shorter = (*lines[:position], *lines[position + 1 :])
        choice = self.random.randint(0, 2 if len(lines) > 5 and lines[position] not in self.removed else 1)
        if choice == 2 and shorter not in self.functions:
            self.removed.add(lines[position])
            edited = shorter
        else:
            edited = (*lines[:position], self.line(), *lines[position + (choice == 0) :])
        self.functions.add(edited)
        return edited

    def merged(self, first: Files, second: Files) -> Files:
        found = dict(first)
        for name, file in second.items():
            found[name] = self.merged_file(found[name], file) if name in found else file
        return found

    def merged_file(self, first: File, second: File) -> File:
        if first.path != second.path and not alike(first, second):
            return self.random.choice([first, second])
        functions = {}
        before = None
        rows = list(first.functions)
        for name in second.functions:
            if name not in first.functions:
                rows.insert(rows.index(before) + 1 if before else 0, name)
            before = name
        for name in rows:
            values = [one.functions[name] for one in (first, second) if name in one.functions]
            functions[name] = self.newer(values)
        return File(self.newer([first.path, second.path]), functions)

    def newer(self, values: list[Value]) -> Value:
        """The value that knows more than the other, else either."""
        for value in values:
            if all(value.past >= other.past for other in values):
                return value
        return self.random.choice(values)

    def ancestors(self, commit: int) -> set[int]:
        return {commit}.union(*(self.ancestors(parent) for parent in self.parents[commit]))


def write(world: World, root: Path) -> list[str]:
    """Make the repository; the ids of its commits, each of which has a branch. Times may run backwards."""
    lines = []
    for number, (files, parents) in enumerate(zip(world.trees, world.parents, strict=True)):
        time = 1_000_000_000 + world.random.choice([number * 1000, number, -number])
        message = f"commit {number}\n\nbody"
        lines += [f"commit refs/heads/b{number}", f"mark :{number + 1}", f"committer a <a@example.org> {time} +0000"]
        lines += [f"data {len(message)}", message]
        lines += [f"{'merge' if place else 'from'} :{parent + 1}" for place, parent in enumerate(parents)]
        lines += ["deleteall"]
        for file in files.values():
            lines += [f"M 100644 inline {file.path.content[0]}", f"data {len(file.text())}", file.text()]
    subprocess.run(["git", "init", "-q", "--bare", str(root)], check=True)
    subprocess.run(["git", "-C", str(root), "fast-import", "--quiet"], input="\n".join(lines).encode(), check=True)
    names = [f"refs/heads/b{number}" for number in range(len(world.trees))]
    done = subprocess.run(["git", "-C", str(root), "rev-parse", *names], check=True, capture_output=True, text=True)
    return done.stdout.split()


def past_of(history: History, node: int) -> set[str]:
    return {history.commit_id[touch.commit] for touch in history.touches(node)}


def node_of(graph: CodeGraph, label: str) -> int:
    return next(node for node in range(len(graph)) if graph.label(node) == label)


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 1 << 32), st.integers(2, 40))
@example(426, 19)
@example(634, 22)
def test_every_commit_that_edited_a_function_and_no_other_is_found(seed: int, commits: int) -> None:
    world = World(random.Random(seed))
    world.grow(commits)
    base = world.random.randrange(commits // 2, commits)
    with tempfile.TemporaryDirectory() as folder:
        ids = write(world, Path(folder, "r.git"))
        graph = build_graph(Path(folder, "r.git"), ids[base])
        history = read_history(open_snapshot(Path(folder, "r.git"), ids[base]), graph, _ALL)
    assert history is not None
    assert history.complete
    assert set(history.commit_id) == {ids[commit] for commit in world.ancestors(base)}
    merges = {ids[commit] for commit, parents in enumerate(world.parents) if len(parents) > 1}
    for file in world.trees[base].values():
        for name, value in file.functions.items():
            if value.content:
                found = past_of(history, node_of(graph, f"{file.path.content[0]}:{name}"))
                assert found - merges == {ids[commit] for commit in value.past}


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 1 << 32))
def test_files_have_the_commits_that_git_itself_names(seed: int) -> None:
    world = World(random.Random(seed))
    world.grow(25)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "r.git")
        ids = write(world, root)
        graph = build_graph(root, ids[-1])
        history = read_history(open_snapshot(root, ids[-1]), graph, _ALL)
        assert history is not None
        for path, node in graph.file_of_path.items():
            if "/" not in path:  # git follows no rename through merges
                listed = ["git", "-C", str(root), "log", "--format=%H", ids[-1], "--", path]
                assert past_of(history, node) == set(subprocess.check_output(listed, text=True).split())


@pytest.mark.parametrize("seed", range(3))
def test_a_straight_history_is_that_of_git_log_for_every_function(seed: int, tmp_path: Path) -> None:
    world = World(random.Random(seed))
    world.grow(1)
    for _ in range(20):
        world.commit((len(world.trees) - 1,), world.edited(world.trees[-1]))
    root = tmp_path / "r.git"
    ids = write(world, root)
    graph = build_graph(root, ids[-1])
    history = read_history(open_snapshot(root, ids[-1]), graph, _ALL)
    assert history is not None
    for node in graph.nodes_of_kind(NodeKind.FUNCTION).tolist():
        lines = f"-L{graph.node_start[node]},{graph.node_end[node]}:{graph.node_path[node]}"
        listed = subprocess.check_output(
            ["git", "-C", str(root), "log", "--format=%H", "-s", lines, ids[-1]], text=True
        )
        assert [history.commit_id[touch.commit] for touch in history.touches(node)] == listed.split()


@pytest.mark.parametrize("seed", range(3))
def test_what_is_kept_and_how_commits_are_asked_about_changes_nothing(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(random.Random(seed))
    world.grow(30)
    root = tmp_path / "r.git"
    ids = write(world, root)
    kept: dict[str, bytes] = {}

    class Kept:
        def get_many(self, keys: list[str]) -> dict[str, bytes]:
            return {key: kept[key] for key in keys if key in kept}

        def put_many(self, values: dict[str, bytes]) -> None:
            kept.update(values)

    graph = build_graph(root, ids[-1])
    snapshot = open_snapshot(root, ids[-1])
    whole = read_history(snapshot, graph, _ALL)
    read_history(open_snapshot(root, ids[-5]), build_graph(root, ids[-5]), _ALL, blobs=Kept())
    for batch in (3, 128):
        monkeypatch.setattr("preprocessing.ancestry.changes._BATCH", batch)
        again = read_history(snapshot, graph, _ALL, blobs=Kept())
        assert columns(again) == columns(whole)
    broken = {key: value[:-3] for key, value in kept.items()}
    kept = broken
    assert columns(read_history(snapshot, graph, _ALL, blobs=Kept())) == columns(whole)


def columns(history: History | None) -> dict[str, object]:
    assert history is not None
    rows: dict[str, object] = defaultdict(list)
    for name, value in vars(history).items():
        rows[name] = value.tolist() if hasattr(value, "tolist") else value
    return rows
