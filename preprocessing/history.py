"""The past of a snapshot's files and functions, from the ancestors of its commit alone.

    graph = build_graph(location, commit)
    history = read_history(open_snapshot(location, commit), graph)
    history.touches(graph.file_of_path["setup.py"])

Knows how nodes become ranges to follow, and what is kept of what was found. Does not know git's output.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from cgm.errors import RepositoryError, require
from cgm.graph import CodeGraph, NodeKind
from cgm.history import History
from cgm.protocols import BlobStore
from preprocessing.ancestry.changes import ChangeReader
from preprocessing.ancestry.cochange import Pairs, decay, merge_pairs, pair_up
from preprocessing.ancestry.comparison import compare_lines
from preprocessing.ancestry.lineage import Lineage, Touches, Trace, before, carry
from preprocessing.ancestry.walk import CommitHead, Deadline, OutOfTimeError, merged_by, walk
from preprocessing.git import Git, GitObjects
from preprocessing.snapshot import Snapshot

_LOG = logging.getLogger(__name__)
_LONGEST_MESSAGE = 2000
_WALKING = 0.25  # of the time: reading what commits changed takes the rest
_PLAIN_SUFFIX = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+_-")


@dataclass(frozen=True)
class HistoryLimits:
    """How much of a history is read, and what counts as changing together.

    At most the newest `commits` ancestors, for at most `seconds`. A pair weighs half after each `half_life_days`;
    commits of more than `max_files` files make no pairs; of each node the `neighbours` strongest are kept.
    """

    commits: int = 2000
    seconds: float = 20.0
    half_life_days: float = 365.0
    max_files: int = 30
    neighbours: int = 20

    def __post_init__(self) -> None:
        require(self.commits >= 1, "commits of a history must be >= 1", self.commits)
        require(self.seconds > 0, "seconds of a history must be > 0", self.seconds)
        require(self.half_life_days > 0, "half_life_days of a history must be > 0", self.half_life_days)
        require(self.max_files >= 1, "max_files of a history must be >= 1", self.max_files)
        require(self.neighbours >= 1, "neighbours of a history must be >= 1", self.neighbours)


class _NoBlobs:
    """Keeps nothing."""

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:  # noqa: ARG002 (the protocol's)
        return {}

    def put_many(self, values: object) -> None:
        pass


def read_history(
    snapshot: Snapshot, graph: CodeGraph, limits: HistoryLimits | None = None, *, blobs: BlobStore | None = None
) -> History | None:
    """Read what the ancestors of a snapshot's commit did to the nodes of its graph; None where there is no git.

    A working tree is taken for changes of the commit that it stands on, which themselves are no history. What commits
    changed is kept in `blobs`, for other snapshots too.

    Raises:
        RepositoryError: git cannot be run.
    """
    origin = snapshot.origin
    if origin is None:
        return None
    limits = limits or HistoryLimits()
    deadline = Deadline.after(limits.seconds)
    walking = Deadline.after(limits.seconds * _WALKING)
    heads, gaps = walk(origin.git, origin.commit, limits.commits, _LONGEST_MESSAGE, walking)
    cut_off = _cut_off(origin.git, heads)
    gaps["shallow clone"] = len(cut_off)
    heads = [head for head in heads if head.id not in cut_off]
    traces = _traces(graph)
    if not snapshot.is_commit:
        traces = _committed(snapshot, origin.git, origin.commit, traces)
    reader = ChangeReader(origin.git, _suffixes(traces), blobs or _NoBlobs(), deadline)
    try:
        past = _follow(reader, heads, Lineage.at(origin.commit, traces), gaps)
    finally:
        reader.close()
    _LOG.info("%s: %d commits read, %s", snapshot.name, len(past.heads), dict(+gaps) or "complete")
    return _history(graph, past, limits, dict(sorted((+gaps).items())))


@dataclass(frozen=True)
class _Past:
    """Commits that were read, how many files each changed (0 where that makes no pairs), and all touches."""

    heads: list[CommitHead]
    files: list[int]
    touches: list[Touches]


def _follow(reader: ChangeReader, heads: Sequence[CommitHead], lineage: Lineage, gaps: Counter[str]) -> _Past:
    past = _Past([], [], [])
    try:
        for head, changes in reader.read(heads):
            past.touches.extend(lineage.step(len(past.heads), head, changes))
            past.heads.append(head)
            past.files.append(changes.files if changes else 0)
    except OutOfTimeError:
        gaps["out of time"] = 1
        gaps["older commit"] += len(heads) - len(past.heads)
    gaps.update(reader.gaps)
    gaps.update(lineage.gaps)
    return past


def _cut_off(git: Git, heads: Sequence[CommitHead]) -> set[str]:
    """The commits that lost their parents to a shallow clone: they name some, and git shows none.

    What such a commit changed is not known.
    """
    ends = [head.id for head in heads if not head.parents]
    try:
        contents = list(GitObjects(git).read(ends))
    except RepositoryError:
        return set(ends)
    names = (content.partition(b"\n\n")[0] for content in contents)
    return {end for end, lines in zip(ends, names, strict=True) if b"\nparent " in lines}


def _traces(graph: CodeGraph) -> dict[str, Trace]:
    """Every file with the ranges of its classes and functions."""
    inside: dict[str, list[int]] = defaultdict(list)
    for node in graph.nodes_of_kind(NodeKind.CLASS, NodeKind.FUNCTION).tolist():
        inside[graph.node_path[node]].append(node)
    traces = {}
    for path, file in graph.file_of_path.items():
        nodes = np.array(inside.get(path, []), dtype=np.int64)
        start = graph.node_start[nodes].astype(np.int64) - 1
        traces[path] = Trace((file,), nodes, start, graph.node_end[nodes].astype(np.int64))
    return traces


def _suffixes(traces: dict[str, Trace]) -> tuple[str, ...]:
    """The suffixes of the files that hold classes and functions, those left out that mean more to git than they say."""
    found = {PurePosixPath(path).suffix for path, trace in traces.items() if len(trace.nodes)}
    return tuple(sorted(suffix for suffix in found if suffix and _PLAIN_SUFFIX.issuperset(suffix)))


def _committed(snapshot: Snapshot, git: Git, commit: str, traces: dict[str, Trace]) -> dict[str, Trace]:
    """The traces of a working tree as they are in its commit."""
    blobs = {entry.path: entry.oid for entry in git.tree(commit)}
    found = {}
    objects = GitObjects(git)
    for path in traces.keys() & blobs.keys():
        trace = found[path] = traces[path]
        if blobs[path] != snapshot.by_path[path].blob and len(trace.nodes):
            old, new = next(objects.read([blobs[path]])), next(snapshot.read_bytes([path]))
            carried = carry(trace.start, trace.end, compare_lines(old, new))
            found[path] = before(trace, carried)
    return found


def _history(graph: CodeGraph, past: _Past, limits: HistoryLimits, gaps: dict[str, int]) -> History:
    node, commit, added, deleted = _columns(past.touches)
    times = np.array([head.commit_time for head in past.heads], dtype=np.int64)
    files = np.array(past.files, dtype=np.int32)
    pairs = _pairs(graph, past, (node, commit), decay(times, limits.half_life_days), limits)
    return History(
        commit_id=tuple(head.id for head in past.heads),
        commit_time=times,
        author_time=np.array([head.author_time for head in past.heads], dtype=np.int64),
        commit_files=files,
        commit_merge=np.array(merged_by(past.heads), dtype=np.int32),
        message=tuple(head.message for head in past.heads),
        touch_node=node.astype(np.int32),
        touch_commit=commit.astype(np.int32),
        touch_added=added.astype(np.int32),
        touch_deleted=deleted.astype(np.int32),
        pair_node=pairs.node,
        pair_other=pairs.other,
        pair_weight=pairs.weight,
        pair_commits=pairs.commits,
        gaps=gaps,
    )


def _columns(touches: Sequence[Touches]) -> tuple[NDArray[np.int64], ...]:
    """Touches as columns (node, commit, added, deleted), sorted, a node once for each commit."""
    files = [(file, one.commit, one.file_added, one.file_deleted) for one in touches for file in one.files]
    whole = np.array(files, dtype=np.int64).reshape(-1, 4).T
    some = [one for one in touches if len(one.nodes)]
    commits = np.repeat([one.commit for one in some], [len(one.nodes) for one in some]).astype(np.int64)
    node = np.concatenate([whole[0], *(one.nodes for one in some)])
    commit = np.concatenate([whole[1], commits])
    added = np.concatenate([whole[2], *(one.added for one in some)])
    deleted = np.concatenate([whole[3], *(one.deleted for one in some)])
    order = np.lexsort((-deleted, -added, commit, node))
    node, commit, added, deleted = (column[order] for column in (node, commit, added, deleted))
    first = np.ones(len(node), dtype=bool)
    first[1:] = (np.diff(node) != 0) | (np.diff(commit) != 0)
    return node[first], commit[first], added[first], deleted[first]


def _pairs(
    graph: CodeGraph,
    past: _Past,
    touches: tuple[NDArray[np.int64], NDArray[np.int64]],
    worth: NDArray[np.float64],
    limits: HistoryLimits,
) -> Pairs:
    """Pairs of files, and of outermost functions, from commits that are neither large nor merges."""
    node, commit = touches
    counts = np.array(
        [len(head.parents) < 2 and size <= limits.max_files for head, size in zip(past.heads, past.files, strict=True)],
        dtype=bool,
    )
    kind = graph.node_kind[node]

    def of(mask: NDArray[np.bool_], name: Callable[[NDArray[np.int64]], NDArray[np.int64]]) -> Pairs:
        rows = np.unique(np.stack((commit[mask], name(node[mask]))), axis=1)
        return pair_up(rows[0], rows[1], worth, len(graph), limits.neighbours)

    files = counts[commit] & (kind <= NodeKind.TEXTFILE)
    functions = counts[commit] & (kind == NodeKind.FUNCTION)
    outermost = graph.outermost_function.astype(np.int64)
    return merge_pairs([of(files, lambda one: one), of(functions, lambda one: outermost[one])])
