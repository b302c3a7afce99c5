"""The preprocessing stage: a snapshot into a code graph and a lexical index.

Knows which files are looked into and how facts are cached by blob. Does not know what facts hold.
"""

import gc
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from pathlib import Path

from cgm.errors import ParseError, require
from cgm.graph import CodeGraph
from cgm.history import History
from cgm.protocols import BlobStore, Codebase
from preprocessing.cache import FactsCache
from preprocessing.edges import Unlinked
from preprocessing.facts import FileFacts
from preprocessing.history import HistoryLimits, read_history
from preprocessing.incremental import GraphBuilder
from preprocessing.index import LexicalBuilder
from preprocessing.parse import Reading, not_looked_into, parts_left_out
from preprocessing.python.parse import parse_opaque, parse_text
from preprocessing.resolve import Linked, link
from preprocessing.snapshot import FileEntry, Snapshot, open_snapshot

_LOG = logging.getLogger(__name__)
_VENDORED = """
    vendor/* */vendor/* vendors/* */vendors/* third_party/* */third_party/* third-party/* */third-party/* extern/*
    */extern/* bower_components/* */bower_components/* dist/* */dist/* */_static/* jquery*.js */jquery*.js
    """


@dataclass
class PreprocessingConfig:
    """Which files are looked into, and how much of the past.

    A file above `max_file_bytes` becomes a node without contents, and a file that does not parse in
    `parse_timeout_s` a node with its text. The words of texts without a grammar are indexed up to
    `max_indexed_text_bytes`. Files that match a glob of `exclude` are left out and counted. Files of languages other
    than Python become nodes without contents, and are counted, where they match a glob of `vendored`, say that they
    are generated (`skip_generated`), or have lines of more than `max_mean_line_bytes` on average, 0 for any.

    Of the commit's ancestors the newest `history_commits` are read (none where it is 0), for at most
    `history_timeout_s`. What changed together weighs half after each `history_half_life_days`; commits of more than
    `history_max_files` files say nothing of that.
    """

    max_file_bytes: int = 1_000_000
    parse_timeout_s: float = 10.0
    max_indexed_text_bytes: int = 4096
    exclude: list[str] = field(default_factory=lambda: ["node_modules/*", "*/node_modules/*", "*.min.js", "*.min.css"])
    history_commits: int = 0
    history_timeout_s: float = 20.0
    history_half_life_days: float = 365.0
    history_max_files: int = 30

    vendored: list[str] = field(default_factory=_VENDORED.split)
    skip_generated: bool = True
    max_mean_line_bytes: int = 400

    def __post_init__(self) -> None:
        require(self.history_commits >= 0, "preprocessing.history_commits must be >= 0", self.history_commits)
        require(self.history_timeout_s > 0, "preprocessing.history_timeout_s must be > 0", self.history_timeout_s)
        require(self.history_max_files >= 1, "preprocessing.history_max_files must be >= 1", self.history_max_files)
        require(
            self.history_half_life_days > 0,
            "preprocessing.history_half_life_days must be > 0",
            self.history_half_life_days,
        )
        require(self.max_file_bytes >= 1, "preprocessing.max_file_bytes must be >= 1", self.max_file_bytes)
        require(self.parse_timeout_s > 0, "preprocessing.parse_timeout_s must be > 0", self.parse_timeout_s)
        require(
            self.max_indexed_text_bytes >= 0,
            "preprocessing.max_indexed_text_bytes must be >= 0",
            self.max_indexed_text_bytes,
        )
        require(
            self.max_mean_line_bytes >= 0, "preprocessing.max_mean_line_bytes must be >= 0", self.max_mean_line_bytes
        )


class CodeGraphPreprocessor:
    """Builds the code graph and the lexical index of a snapshot.

    Facts of a file are kept by blob in `blobs`, and those of a snapshot in memory until the next.
    """

    def __init__(self, config: PreprocessingConfig, *, blobs: BlobStore | None = None) -> None:
        self.config = config
        self._blobs = blobs
        self._cache = FactsCache(blobs)
        self._reading = Reading(
            seconds=config.parse_timeout_s,
            max_indexed_text_bytes=config.max_indexed_text_bytes,
            vendored=config.vendored,
            skip_generated=config.skip_generated,
            max_mean_line_bytes=config.max_mean_line_bytes,
        )
        self._graphs = GraphBuilder()
        self._lexical = LexicalBuilder()

    def reads_history(self, snapshot: Snapshot) -> bool:
        """Whether the codebase of a snapshot has a history, and so depends on its commit beside its files."""
        return self.config.history_commits > 0 and snapshot.origin is not None

    def preprocess(self, snapshot: Snapshot) -> Codebase:
        """Turn a snapshot into all that later stages may see.

        Raises:
            RepositoryError: a file of the snapshot cannot be read.
        """
        with _collector_paused():
            return self._preprocess(snapshot)

    def graph(self, snapshot: Snapshot) -> CodeGraph:
        """Turn a snapshot into its code graph alone. Raises as `preprocess`."""
        with _collector_paused():
            return self._link(snapshot)[0].graph

    def list_unlinked(self, snapshot: Snapshot) -> tuple[Unlinked, ...]:
        """List every reference of a snapshot that is no edge of its graph, by path and line. Raises as `preprocess`."""
        with _collector_paused():
            files, left_out = self._chosen(snapshot)
            facts = self._facts(snapshot, files, left_out)
            return link(snapshot.name, [entry.path for entry in files], facts, lists_unlinked=True).unlinked

    def _preprocess(self, snapshot: Snapshot) -> Codebase:
        linked, facts = self._link(snapshot)
        lexical = self._lexical.build(linked.graph, linked.files, facts)
        history = self._history(snapshot, linked.graph)
        return Codebase(snapshot.identity, linked.graph, lexical, snapshot, history=history)

    def _link(self, snapshot: Snapshot) -> tuple[Linked, list[FileFacts]]:
        files, left_out = self._chosen(snapshot)
        facts = self._facts(snapshot, files, left_out)
        linked = self._graphs.build(snapshot.name, [entry.path for entry in files], facts)
        counts = {"file": left_out, "part": parts_left_out(facts)}
        rows = {f"{what}: {why}": n for what, reasons in counts.items() for why, n in sorted(reasons.items()) if n}
        return replace(linked, graph=replace(linked.graph, unlinked={**linked.graph.unlinked, **rows})), facts

    def _history(self, snapshot: Snapshot, graph: CodeGraph) -> History | None:
        config = self.config
        if not self.reads_history(snapshot):
            return None
        limits = HistoryLimits(
            commits=config.history_commits,
            seconds=config.history_timeout_s,
            half_life_days=config.history_half_life_days,
            max_files=config.history_max_files,
        )
        return read_history(snapshot, graph, limits, blobs=self._blobs)

    def _chosen(self, snapshot: Snapshot) -> tuple[list[FileEntry], Counter[str]]:
        left_out = Counter(snapshot.skipped)
        files = []
        for entry in snapshot.files:
            if any(fnmatch(entry.path, pattern) for pattern in self.config.exclude):
                left_out["excluded"] += 1
            else:
                files.append(entry)
        return files, left_out

    def _facts(self, snapshot: Snapshot, files: Sequence[FileEntry], left_out: Counter[str]) -> list[FileFacts]:
        keys = [self._key(entry) for entry in files]
        known = self._cache.get(key for key in keys if key)
        missing: dict[str, FileEntry] = {}
        for key, entry in zip(keys, files, strict=True):
            if key and key not in known:
                missing.setdefault(key, entry)
        _LOG.info("%s: %d of %d files to parse", snapshot.name, len(missing), len(files))
        fresh: dict[str, FileFacts] = {}
        late: dict[str, FileFacts] = {}
        contents = snapshot.read_bytes([entry.path for entry in missing.values()])
        for (key, entry), content in zip(missing.items(), contents, strict=True):
            try:
                known[key] = fresh[key] = self._parse(entry, content)
            except ParseError as error:
                _LOG.warning("%s: %s", entry.path, error)
                left_out["not parsed in time"] += keys.count(key)
                # its text and all its words, as if parsed, but not kept: a less busy machine may parse it
                late[key] = parse_text(content, len(content))
        self._cache.put(fresh)
        if not self._cache.keep(known):
            self._graphs.forget()
            self._lexical = LexicalBuilder()
        left_out.update(self._left_closed(entry) for key, entry in zip(keys, files, strict=True) if not key)
        found = [known.get(key) or late.get(key) or parse_opaque() for key in keys]
        left_out.update(not_looked_into(one for key, one in zip(keys, found, strict=True) if key))
        return found

    def _key(self, entry: FileEntry) -> str:
        """The cache key of a file's facts; empty where it is not looked into."""
        return "" if self._left_closed(entry) else self._reading.key(entry)

    def _left_closed(self, entry: FileEntry) -> str:
        """Why a file is not looked into, empty where it is."""
        if entry.size > self.config.max_file_bytes:
            return "too large"
        return "vendored" if self._reading.is_vendored(entry.path) else ""

    def _parse(self, entry: FileEntry, content: bytes) -> FileFacts:
        return self._reading.read(entry.path, content)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Stop looking for cycles: facts and graphs are millions of objects without any, and the search takes a third."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def build_graph(location: Path, commit: str = "") -> CodeGraph:
    """Build the code graph of a repository at a commit, or of a folder as it is, without any cache.

    Raises:
        RepositoryError: the location or the commit cannot be read.
    """
    snapshot = open_snapshot(location, commit)
    return CodeGraphPreprocessor(PreprocessingConfig()).graph(snapshot)


def list_unlinked(location: Path, commit: str = "") -> tuple[Unlinked, ...]:
    """List every reference that is no edge of the graph which `build_graph` makes, by path and line.

    Raises:
        RepositoryError: the location or the commit cannot be read.
    """
    return CodeGraphPreprocessor(PreprocessingConfig()).list_unlinked(open_snapshot(location, commit))
