"""What flows between stages: frozen dataclasses, one row of JSON each.

Knows their fields and how to turn them into rows and back. Does not know files (`cgm.store`), graphs
(`cgm.graph`) or which stage makes what.
"""

import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from cgm.errors import ArtifactError

Artifact = TypeVar("Artifact")

OUTCOMES = (
    "resolved",
    "unresolved",
    "empty",
    "refused",
    "does_not_apply",
    "no_tests",
    "timed_out",
    "infrastructure",
)
APPLIED = ("clean", "fuzzy")


@dataclass(frozen=True)
class Issue:
    """An issue to resolve. Never holds the gold patch or its tests."""

    instance_id: str
    repo: str
    base_commit: str
    problem_statement: str


@dataclass(frozen=True)
class Gold:
    """Where the true patch edits the base commit. Only `eval` loads it.

    Functions are `path:Class.method`; functions that the patch only adds do not count.
    """

    instance_id: str
    files: tuple[str, ...]
    functions: tuple[str, ...]


@dataclass(frozen=True)
class Entity:
    """Something in an issue that may name a place in the code.

    `kind` is one of path, frame, name, message, code; a frame is `path:line:function` as a traceback prints it.
    `weight` in (0, 1] says how surely the text points at code.
    """

    kind: str
    text: str
    weight: float = 1.0


@dataclass(frozen=True)
class Rewrite:
    """An issue in terms of code: what it names, its keywords and search queries, best first.

    `origin` says who made it: the rules, a model by name, or the rules where a model's answer could not be used.
    """

    instance_id: str
    entities: tuple[Entity, ...] = ()
    keywords: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()
    origin: str = ""


@dataclass(frozen=True)
class Anchor:
    """A graph node that the issue text leads to, before any expansion.

    `origins` names the rankers that found it and `evidence` says how strongly each did, in [0, 1], in the same order.
    """

    node: int
    score: float
    origins: tuple[str, ...]
    evidence: tuple[float, ...] = ()


@dataclass(frozen=True)
class SubgraphNode:
    """A node of the retrieved subgraph; `node` is its index in the `CodeGraph`, lines are 1-based and inclusive."""

    node: int
    kind: str
    path: str
    name: str
    start: int
    end: int
    score: float


@dataclass(frozen=True)
class SubgraphEdge:
    """A typed edge between two `CodeGraph` indices, both of them nodes of the same subgraph."""

    kind: str
    source: int
    target: int


@dataclass(frozen=True)
class Subgraph:
    """The retrieved part of a code graph: anchors best first, and every node connected up to the repository node."""

    instance_id: str
    anchors: tuple[Anchor, ...]
    nodes: tuple[SubgraphNode, ...]
    edges: tuple[SubgraphEdge, ...]


@dataclass(frozen=True)
class Ranked:
    """A place to edit, `path` or `path:Class.method`, with its score and a reason that a person understands."""

    label: str
    score: float
    reason: str


@dataclass(frozen=True)
class Ranking:
    """Files and functions to edit, best first.

    `selected` are the files that stage 1 kept, `edited` those that stage 2 kept for the Reader.
    """

    instance_id: str
    files: tuple[Ranked, ...]
    functions: tuple[Ranked, ...]
    selected: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()


@dataclass(frozen=True)
class Usage:
    """What model calls cost: tokens as the model counts them, cost in US dollars."""

    calls: int = 0
    cached_calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(*(mine + theirs for mine, theirs in zip(_values(self), _values(other), strict=True)))


@dataclass(frozen=True)
class Edit:
    """Replace lines `start` to `end` of `path` (1-based, inclusive; `end < start` inserts before `start`)."""

    path: str
    start: int
    end: int
    replacement: str


@dataclass(frozen=True)
class Sample:
    """One answer of the Reader's model and what became of it: `refused`, `applied` or `chosen`.

    `error` is what it or its repair met, `diff` what it would make of the code, empty where it was refused.
    """

    answer: str
    status: str
    error: str = ""
    diff: str = ""


@dataclass(frozen=True)
class Patch:
    """A repair: `diff` is a unified diff that `git apply` accepts, empty where no sample gave one.

    `passed` says that the repair passed the check; without a check no repair has. `usage` counts cached answers like
    fresh ones, so that it does not depend on which run asked.
    """

    instance_id: str
    model: str
    diff: str
    edits: tuple[Edit, ...] = ()
    samples: tuple[Sample, ...] = ()
    usage: Usage = Usage()
    passed: bool = False


@dataclass(frozen=True)
class Tally:
    """Tests that must pass after a repair: how many did, and the names of those that did not."""

    passed: int = 0
    failed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What became of a repair when its tests were run.

    `outcome` is one of `OUTCOMES`; `infrastructure` says nothing of the repair. `patch` is the hash of the diff that
    was graded and `applied` how it went on: clean, fuzzy (shifted or with other context), or empty where it did not.
    `message` says what was dropped, refused or went wrong.

    Raises:
        ArtifactError: the outcome or the way of applying is none of these.
    """

    instance_id: str
    outcome: str
    fail_to_pass: Tally = Tally()
    pass_to_pass: Tally = Tally()
    patch: str = ""
    applied: str = ""
    backend: str = ""
    seconds: float = 0.0
    attempts: int = 1
    message: str = ""

    def __post_init__(self) -> None:
        for name, allowed in (("outcome", OUTCOMES), ("applied", ("", *APPLIED))):
            value = getattr(self, name)
            if value not in allowed:
                raise ArtifactError(f"Verdict.{name} must be one of {', '.join(filter(None, allowed))}, got {value!r}")


@dataclass(frozen=True)
class Failure:
    """An instance that a stage could not bring further."""

    instance_id: str
    stage: str
    error: str
    message: str


def to_row(artifact: Any) -> dict[str, Any]:
    """Turn an artifact into a JSON-ready dictionary, fields in declaration order."""
    return {field.name: _encode(getattr(artifact, field.name)) for field in dataclasses.fields(artifact)}


def from_row(kind: type[Artifact], row: Mapping[str, Any]) -> Artifact:
    """Rebuild an artifact of type `kind` from its row.

    Raises:
        ArtifactError: a field is missing, unknown, or of another type.
    """
    if not isinstance(row, Mapping):
        raise ArtifactError(f"{kind.__name__}: a row must be an object, got {type(row).__name__}")
    hints = typing.get_type_hints(kind)
    unknown = sorted(set(row) - set(hints))
    if unknown:
        raise ArtifactError(f"{kind.__name__}: unknown fields {unknown}")
    values = {name: _decode(hints[name], value, f"{kind.__name__}.{name}") for name, value in row.items()}
    try:
        return kind(**values)
    except TypeError as error:
        raise ArtifactError(f"{kind.__name__}: {error}") from error


def _values(artifact: Any) -> list[Any]:
    return [getattr(artifact, field.name) for field in dataclasses.fields(artifact)]


def _encode(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return to_row(value)
    if isinstance(value, tuple):
        return [_encode(item) for item in value]
    return value


def _decode(hint: Any, value: Any, where: str) -> Any:
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return from_row(hint, value)
    if typing.get_origin(hint) is tuple:
        return _decode_tuple(hint, value, where)
    if isinstance(hint, types.UnionType):
        return None if value is None else _decode(typing.get_args(hint)[0], value, where)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or (hint is not bool and isinstance(value, bool)):
        raise ArtifactError(f"{where} must be {hint.__name__}, got {value!r}")
    return value


def _decode_tuple(hint: Any, value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise ArtifactError(f"{where} must be a list, got {value!r}")
    item_hint = typing.get_args(hint)[0]
    return tuple(_decode(item_hint, item, where) for item in value)
