"""What phase 1 knows of one file, a pure function of its bytes, and its compact form.

Knows the rows and how they are kept. Does not know how they are found (`preprocessing.python.parse`) nor linked
(`preprocessing.resolve`).

A scope is an index into `definitions`, or -1 for the module. A chain is a dotted expression: names and calls, as in
`super().save` or `Session().headers`, with `?` for a part that has no name.

Legend: P postings.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, NamedTuple

import msgpack
import numpy as np
from numpy.typing import NDArray

MODULE = -1
SAID = ":"  # behind the name of a parameter: what its annotation and default say of it
FIELDS = ("path", "name", "signature", "docstring", "strings", "comments", "body")
SIGNATURE, DOCSTRING, STRINGS, COMMENTS, BODY = range(2, len(FIELDS))

PYTHON = "python"
TEXT = "text"
OPAQUE = "opaque"  # binary or too large
GENERATED = "generated"
MINIFIED = "minified"


class Definition(NamedTuple):
    """A class, function, attribute or lambda; lines are 1-based, inclusive, and count decorators in."""

    kind: int
    name: str
    parent: int
    start: int
    end: int
    bases: tuple[str, ...] = ()
    decorators: tuple[str, ...] = ()
    returns: str = ""
    is_abstract: bool = False


class Import(NamedTuple):
    """One imported name: `from <level dots><module> import <name> as <alias>`; an empty name imports the module."""

    scope: int
    module: str
    name: str
    alias: str
    level: int
    line: int


class Use(NamedTuple):
    """A chain that a scope calls or names, at the first line where it does."""

    scope: int
    chain: str
    line: int


class Passed(NamedTuple):
    """What the calls of a chain in a scope pass: `position=chain` and `keyword=chain`, parted by spaces.

    A bracket before the chain stands for an element of what is passed.
    """

    scope: int
    chain: str
    given: str


class Assigned(NamedTuple):
    """A target whose value is a chain: a name, `self.` attribute or a place as `preprocessing.python.values` writes it.

    An annotation counts as a call of its class.
    """

    scope: int
    target: str
    value: str


class Clause(NamedTuple):
    """What a file says of itself or of a scope beside its definitions, by `kind` (below); `value` is a chain or name.

    PACKAGE: the package that the file is of. DECLARES: the module path that a manifest such as go.mod gives its
    folder. EXPORT: `subject` is the name under which others import `value`, `*` for all of it. EXTENDS and
    IMPLEMENTS: a base of the scope, or of the class that `subject` names where that stands in another file.
    USING: `value` is a name space whose names the file uses as its own, or what it knows as `subject`.
    WITHIN: the file has a name space `value` inside.
    OPEN: the scope is a class whose members are also known without it, as those of an enum of C.
    UNBOUND: the scope is a function that no bare name means, since it is a member of an object without a name, or
    of the own object where `subject` is self.
    LEFT_OUT: a part that was not looked into; `value` says why.
    """

    kind: str
    scope: int
    subject: str
    value: str
    line: int


PACKAGE, DECLARES, EXPORT, OPEN, UNBOUND = "package", "declares", "export", "open", "unbound"
USING, WITHIN = "using", "within"
LEFT_OUT = "left out"
EXTENDS, IMPLEMENTS = "extends", "implements"


@dataclass(frozen=True, eq=False)
class Words:
    """How often each identifier stands in each scope and field: P triples over a vocabulary."""

    vocabulary: tuple[str, ...] = ()
    scope: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    part: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    word: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    count: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))


@dataclass(frozen=True, eq=False)
class FileFacts:
    """All that linking and indexing need of one file.

    `definitions` holds classes and functions in document order, then attributes and lambdas. `calls` are written as
    calls, `implicit` ones are made by operators and protocols. `reads` are attributes of names that their function
    binds, with `=` behind them where they are set. `bound` are the names that a function binds itself and `parameters`
    those of its parameters with their stars, by scope. `language` is a name of `preprocessing.languages` or one of the
    above. `complexity` is cyclomatic, one number per definition, and `details` are lines of `cgm.details`, one of the
    file itself and then one per definition; either is empty where nothing is known. `count_words` gives `words`,
    which an index needs and a graph does not, when they are first asked for.
    """

    language: str
    lines: int
    definitions: tuple[Definition, ...] = ()
    imports: tuple[Import, ...] = ()
    calls: tuple[Use, ...] = ()
    references: tuple[Use, ...] = ()
    assigned: tuple[Assigned, ...] = ()
    implicit: tuple[Use, ...] = ()
    reads: tuple[Use, ...] = ()
    passed: tuple[Passed, ...] = ()
    bound: dict[int, frozenset[str]] = field(default_factory=dict)
    parameters: dict[int, tuple[str, ...]] = field(default_factory=dict)
    count_words: Callable[[], Words] = Words
    complexity: tuple[int, ...] = ()
    details: str = ""
    clauses: tuple[Clause, ...] = ()

    @cached_property
    def words(self) -> Words:
        """How often each word stands where."""
        return self.count_words()


_ROWS: dict[str, Any] = {
    "definitions": Definition,
    "imports": Import,
    "calls": Use,
    "references": Use,
    "assigned": Assigned,
    "implicit": Use,
    "reads": Use,
    "passed": Passed,
}


def encode_facts(facts: FileFacts) -> bytes:
    """Write facts as compressed MessagePack."""
    words = facts.words
    document = {
        "language": facts.language,
        "lines": facts.lines,
        **{name: getattr(facts, name) for name in _ROWS},
        "bound": {scope: " ".join(sorted(names)) for scope, names in sorted(facts.bound.items())},
        "parameters": {scope: " ".join(names) for scope, names in facts.parameters.items()},
        "complexity": facts.complexity,
        "details": facts.details,
        "clauses": facts.clauses,
        "vocabulary": " ".join(words.vocabulary),
        "postings": np.stack([words.scope, words.part, words.word, words.count]).astype("<i4").tobytes(),
    }
    return zlib.compress(msgpack.packb(document), 1)


def decode_facts(content: bytes) -> FileFacts:
    """Read what `encode_facts` wrote.

    Raises:
        ValueError: the content is damaged.
    """
    try:
        document = msgpack.unpackb(zlib.decompress(content), use_list=False, strict_map_key=False)
        return _from_document(document)
    except (zlib.error, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"facts are damaged: {error}") from error


def _from_document(document: dict[str, Any]) -> FileFacts:
    rows = {name: tuple(map(row._make, document[name])) for name, row in _ROWS.items()}
    return FileFacts(
        language=document["language"],
        lines=document["lines"],
        **rows,
        bound={scope: frozenset(names.split(" ")) for scope, names in document["bound"].items()},
        parameters={scope: tuple(names.split(" ")) for scope, names in document["parameters"].items()},
        count_words=partial(_words, document["vocabulary"], _postings(document["postings"])),
        complexity=document["complexity"],
        details=document["details"],
        clauses=tuple(Clause(*row) for row in document["clauses"]),
    )


def _postings(content: bytes) -> NDArray[np.int32]:
    return np.frombuffer(content, dtype="<i4").reshape(4, -1)


def _words(vocabulary: str, postings: NDArray[np.int32]) -> Words:
    return Words(tuple(vocabulary.split(" ")) if vocabulary else (), *postings)
