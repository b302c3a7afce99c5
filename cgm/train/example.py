"""A row of a training set: a question about a repository, the graph beside it, and the answer to learn.

Knows the fields, and how rows are read back. Does not know how questions are made, nor tokens: `system` and `prompt`
are the turns before the answer, and whoever trains puts them into a model's chat form and ends the answer with the
model's own end of turn.

A JSON line has the fields of `Example` under their names, those of its `TextGraph` (texts, edges, anchors) under
`graph`. The files of a set are train.jsonl, validation.jsonl and test.jsonl; a repository is in one of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cgm.artifacts import from_row
from cgm.errors import ArtifactError, GraphFormatError
from cgm.store import read_rows
from cgm.text_graph import TextGraph

TASKS = ("subgraph_reconstruction", "issue_fix", "graph_query", "api", "unit_test", "readme_summary")
SPLITS = ("train", "validation", "test")
NOISE = ("", "irrelevant_file", "missing_file")


@dataclass(frozen=True)
class Example:
    """One row.

    `commit` is the snapshot that prompt and graph show; `answer_commit` is the commit that the answer was taken from:
    the same one, but for issue_fix, where it is the child whose change the answer is. `paths` are the files that the
    answer was taken from. `licence` is an SPDX identifier, empty where no known text was found. `noise` says what was
    done to the files shown. `wording` says where the question's words are from: template, commit message, issue.

    Raises:
        ArtifactError: the task or the noise is none of the known ones, or prompt or answer is empty.
    """

    example_id: str
    task: str
    repository: str
    commit: str
    answer_commit: str
    paths: tuple[str, ...]
    licence: str
    noise: str
    wording: str
    system: str
    prompt: str
    answer: str
    graph: TextGraph

    def __post_init__(self) -> None:
        for name, known in (("task", TASKS), ("noise", NOISE)):
            if getattr(self, name) not in known:
                raise ArtifactError(f"Example.{name} must be among {', '.join(known)}, got {getattr(self, name)!r}")
        for name in ("prompt", "answer"):
            if not getattr(self, name).strip():
                raise ArtifactError(f"Example.{name} must not be empty, got {getattr(self, name)!r}")


def read_examples(path: Path) -> Iterator[Example]:
    """Yield the rows of a file of a training set, in order.

    Raises:
        StorageError: the file cannot be read, or a row is no example; the message has its number.
    """
    for number, row in read_rows(path):
        try:
            yield from_row(Example, row)
        except (ArtifactError, GraphFormatError) as error:
            raise ArtifactError(f"{path}:{number}: {error}") from error
