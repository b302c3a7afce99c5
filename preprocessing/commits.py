"""Commits as edits of source: which of the project's own files each one changed, and their texts before and after.

Knows what makes a commit unfit to learn a repair from by its files alone. Does not know what its message says.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from cgm.errors import RepositoryError, require
from cgm.text import is_project_script, is_source_path
from preprocessing.ancestry.diffs import Changed, DiffTree, open_names, read_names
from preprocessing.ancestry.walk import CommitHead, Deadline, GitStoppedError, OutOfTimeError, walk
from preprocessing.git import Git, GitObjects
from preprocessing.languages import language_of

_BATCH = 128  # commits asked about at once: few enough to write without waiting for an answer
_LONGEST_MESSAGE = 8000
_MOST_BYTES = 400_000  # of a file


@dataclass(frozen=True)
class SourceEdit:
    """What a commit did to the project's own source: the texts of its files before and after, by path.

    `others` are the paths of tests, documents and everything else that it changed.
    """

    commit: str
    parent: str
    message: str
    before: Mapping[str, str]
    after: Mapping[str, str]
    others: tuple[str, ...]


def past_commits(git: Git, commit: str, most: int, deadline: Deadline) -> tuple[list[CommitHead], Counter[str]]:
    """The `most` newest commits from `commit` (a full id) back, itself first, and what is missing, by reason."""
    return walk(git, commit, most, _LONGEST_MESSAGE, deadline)


@dataclass(frozen=True)
class EditReader:
    """Reads the edits of commits with one parent that changed 1 to `files` source files, and made and dropped none."""

    git: Git
    files: int
    deadline: Deadline

    def __post_init__(self) -> None:
        require(self.files >= 1, "files of an edit must be >= 1", self.files)

    def read(self, heads: Iterable[CommitHead]) -> Iterator[tuple[CommitHead, SourceEdit | str]]:
        """Yield each commit with its edit, or with the reason why it is none, in order."""
        names = open_names(self.git, self.deadline, renames=True)
        objects = GitObjects(self.git)
        pending = iter(heads)
        try:
            while batch := list(islice(pending, _BATCH)):
                known = self._changed(names, batch)
                for head in batch:
                    yield head, self._edit(head, known, objects)
        except OutOfTimeError:
            yield from ((head, "out of time") for head in (*batch, *pending))
        finally:
            names.close()

    def _changed(self, names: DiffTree, batch: Sequence[CommitHead]) -> dict[str, list[Changed]]:
        try:
            names.send([f"{head.id} {head.parents[0]}" for head in batch if len(head.parents) == 1])
            return read_names(names.answer())
        except GitStoppedError:
            return {}

    def _edit(self, head: CommitHead, known: Mapping[str, Sequence[Changed]], objects: GitObjects) -> SourceEdit | str:
        if len(head.parents) != 1:
            return "merge" if head.parents else "first commit"
        if head.id not in known:
            return "unreadable or empty commit"
        own = [row for row in known[head.id] if is_code(row.path)]
        reason = self._unfit(own)
        if reason:
            return reason
        try:
            before, after = _texts(objects, own)
        except (RepositoryError, UnicodeDecodeError):
            return "a file that is no UTF-8 text, or cannot be read"
        if max(map(len, (*before.values(), *after.values()))) > _MOST_BYTES:
            return "a file that is too large"
        others = tuple(row.path for row in known[head.id] if row not in own)
        return SourceEdit(head.id, head.parents[0], head.message, before, after, others)

    def _unfit(self, own: Sequence[Changed]) -> str:
        if not own:
            return "no source file changed"
        if len(own) > self.files:
            return "too many source files"
        if any(row.is_gone or row.source != row.path for row in own):
            return "a source file made, moved or dropped"
        return ""


def is_code(path: str) -> bool:
    """Whether a file is the project's own source with a grammar: no test, document, script or foreign copy."""
    return is_source_path(path) and not is_project_script(path) and language_of(path) is not None


def _texts(objects: GitObjects, rows: Sequence[Changed]) -> tuple[dict[str, str], dict[str, str]]:
    """The texts before and after. Raises RepositoryError and UnicodeDecodeError."""
    contents = list(objects.read([oid for row in rows for oid in (row.old, row.new)]))
    texts = [content.decode() for content in contents]
    paths = [row.path for row in rows]
    return dict(zip(paths, texts[::2], strict=True)), dict(zip(paths, texts[1::2], strict=True))
