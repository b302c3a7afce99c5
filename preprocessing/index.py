"""The lexical index of a snapshot from the words of its files.

Knows how a file's words become postings of documents, and that a file which the next snapshot has too need not be
counted again. Does not know how terms are weighed (`retriever`). A new field is one more name in
`preprocessing.facts.FIELDS` and whoever counts it.

Legend: D documents, F fields, P postings, W words (identifiers of some files), V terms.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count, pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from cgm.graph import CodeGraph, NodeKind
from cgm.protocols import LexicalIndex
from cgm.text import identifier_terms, terms
from preprocessing.facts import FIELDS, FileFacts

_DOCUMENT_KINDS = (NodeKind.FILE, NodeKind.TEXTFILE, NodeKind.CLASS, NodeKind.FUNCTION)
_PATH, _NAME = 0, 1
_MOST = int(np.iinfo(np.uint16).max)
_STALE = 4  # so many times the terms in use are kept of earlier snapshots
_Column = NDArray[Any]  # of integers
_Key = tuple[str, FileFacts]


@dataclass(frozen=True, eq=False)
class _Postings:
    """The terms of a file; a row is a document's field: first those of the file, then of each class and function."""

    lengths: _Column  # D * F
    terms: _Column  # P
    counts: _Column  # P


_NO_POSTINGS = _Postings(*(np.zeros(0, dtype=np.int32) for _ in range(3)))


class LexicalBuilder:
    """Indexes snapshots one after the other; the index does not depend on those before."""

    def __init__(self) -> None:
        self._postings: dict[_Key, _Postings] = {}
        self._numbers: defaultdict[str, int] = defaultdict(count().__next__)
        self._terms_of: dict[str, tuple[int, ...]] = {}

    def build(self, graph: CodeGraph, files: Sequence[int], facts: Sequence[FileFacts]) -> LexicalIndex:
        """Index every file, class and function; `files[i]` is the graph node of `facts[i]`.

        Scopes of a file are the nodes that follow its file node, in the order of its definitions.
        """
        keys = {node: (graph.node_path[node], one) for node, one in sorted(zip(files, facts, strict=True))}
        new = {key: node for node, key in keys.items() if key not in self._postings}
        known = self._postings | dict(zip(new, self._count(graph, new), strict=True))
        self._postings = {key: known[key] for key in keys.values()}
        index = self._assemble(graph.nodes_of_kind(*_DOCUMENT_KINDS), [_NO_POSTINGS, *self._postings.values()])
        if len(self._numbers) > _STALE * len(index.vocabulary):
            self.__init__()  # type: ignore[misc]
        return index

    def _count(self, graph: CodeGraph, new: Mapping[_Key, int]) -> list[_Postings]:
        if not new:
            return []
        batch = _Batch(graph, new)
        words = batch.matrix()
        matrix = words @ self._expansion(batch.words)
        lengths = np.diff(matrix.indptr).astype(np.int32)
        columns = (matrix.indices.astype(np.int32), matrix.data)
        rows = [0, *batch.ends.tolist()]
        bounds = zip(pairwise(rows), pairwise(matrix.indptr[rows].tolist()), strict=True)
        return [
            _Postings(lengths[first:last], *(column[start:end] for column in columns))
            for (first, last), (start, end) in bounds
        ]

    def _expansion(self, words: Sequence[str]) -> sparse.csr_array:
        """Which terms each word gives, shape (W, V)."""
        rows = [self._terms_of.get(word) or self._expand(word) for word in words]
        columns = np.array([number for row in rows for number in row], dtype=np.int32)
        ends = np.cumsum([0, *map(len, rows)])
        ones = np.ones(len(columns), dtype=np.int32)
        return sparse.csr_array((ones, columns, ends), shape=(len(words), len(self._numbers)))

    def _expand(self, word: str) -> tuple[int, ...]:
        found = identifier_terms(word) if word.isascii() and word.isidentifier() else terms(word)
        self._terms_of[word] = tuple(self._numbers[term] for term in found)
        return self._terms_of[word]

    def _assemble(self, nodes: _Column, parts: Sequence[_Postings]) -> LexicalIndex:
        """Turn documents by terms into postings by term, terms in alphabetical order."""
        lengths = np.concatenate([part.lengths for part in parts])
        document, field = np.divmod(np.repeat(np.arange(len(lengths), dtype=np.int32), lengths), len(FIELDS))
        number = np.concatenate([part.terms for part in parts])
        order, place = self._alphabet(number)
        width = len(order)
        entries = (np.concatenate([part.counts for part in parts]), (document, field * width + place[number]))
        matrix = sparse.coo_array(entries, shape=(len(nodes), len(FIELDS) * width)).tocsc()
        bounds = [matrix.indptr[field * width : (field + 1) * width + 1] for field in range(len(FIELDS))]
        return LexicalIndex(
            nodes=nodes,
            vocabulary={term: number for number, term in enumerate(order)},
            fields=FIELDS,
            indptr=tuple((bound - bound[0]).astype(np.int64) for bound in bounds),
            documents=tuple(matrix.indices[bound[0] : bound[-1]].astype(np.int32) for bound in bounds),
            counts=tuple(np.minimum(matrix.data[b[0] : b[-1]], _MOST).astype(np.uint16) for b in bounds),
        )

    def _alphabet(self, numbers: _Column) -> tuple[list[str], _Column]:
        """The terms in use in alphabetical order, and the place there of each number."""
        names = list(self._numbers)
        is_used = np.zeros(len(names), dtype=bool)
        is_used[numbers] = True
        order = sorted(np.flatnonzero(is_used).tolist(), key=names.__getitem__)
        place = np.zeros(len(names), dtype=np.int32)
        place[order] = np.arange(len(order), dtype=np.int32)
        return [names[number] for number in order], place


class _Batch:
    """Files whose words are counted together, without a step for each of them."""

    def __init__(self, graph: CodeGraph, files: Mapping[_Key, int]) -> None:
        self._graph = graph
        self._paths = [path for path, _ in files]
        self._facts = [facts for _, facts in files]
        self._words = [facts.words for facts in self._facts]
        self._nodes = np.fromiter(files.values(), dtype=np.int32, count=len(files))
        is_document = np.isin(graph.node_kind, _DOCUMENT_KINDS)
        self._document = np.cumsum(is_document, dtype=np.int32) - 1
        self._numbers: defaultdict[str, int] = defaultdict(count().__next__)
        self._first = self._document[self._nodes]
        inner = np.array([len(facts.definitions) for facts in self._facts], dtype=np.int32)
        self._sizes = self._document[self._nodes + inner] + 1 - self._first
        self.ends = np.cumsum(self._sizes) * len(FIELDS)  # of the rows of each file

    @property
    def words(self) -> list[str]:
        """The different words, in the order of the matrix' columns."""
        return list(self._numbers)

    def matrix(self) -> sparse.csr_array:
        """How often each row, a document's field, has each word; documents stand file by file."""
        parts = [self._texts(), self._names(), self._places()]
        rows, words, counts = (np.concatenate(column) for column in zip(*parts, strict=True))
        shape = (int(self.ends[-1]), len(self._numbers))
        return sparse.coo_array((counts, (rows, words)), shape=shape).tocsr()

    def _texts(self) -> tuple[_Column, _Column, _Column]:
        scope, part, word, number = (
            np.concatenate([getattr(words, name) for words in self._words])
            for name in ("scope", "part", "word", "count")
        )
        file = np.repeat(np.arange(len(self._words)), [len(words.word) for words in self._words])
        vocabulary = self._numbered(chain.from_iterable(words.vocabulary for words in self._words))
        known = np.cumsum([0, *(len(words.vocabulary) for words in self._words)])
        # scope -1 is the file itself
        document = self._document[self._nodes[file] + 1 + scope] - self._first[file]
        rows = self._starts()[file] + document * len(FIELDS) + part
        return rows, vocabulary[known[file] + word], number

    def _names(self) -> tuple[_Column, _Column, _Column]:
        documents = np.repeat(self._first - _before(self._sizes), self._sizes) + np.arange(self._sizes.sum())
        nodes = self._graph.nodes_of_kind(*_DOCUMENT_KINDS)[documents].tolist()
        names = [self._graph.node_name[node].split(".") for node in nodes]
        words = self._numbered(chain.from_iterable(names))
        rows = np.repeat(np.arange(len(names)) * len(FIELDS) + _NAME, [len(name) for name in names])
        return rows, words, np.ones(len(rows), dtype=np.int32)

    def _places(self) -> tuple[_Column, _Column, _Column]:
        """The path of its file for each document."""
        paths = [path.replace("/", ".").split(".") for path in self._paths]
        words = self._numbered(chain.from_iterable(paths))
        lengths = np.repeat([len(path) for path in paths], self._sizes)
        starts = np.repeat(_before([len(path) for path in paths]), self._sizes)
        rows = np.repeat(np.arange(len(lengths)) * len(FIELDS) + _PATH, lengths)
        chosen = np.repeat(starts - _before(lengths), lengths) + np.arange(len(rows))
        return rows, words[chosen], np.ones(len(rows), dtype=np.int32)

    def _starts(self) -> _Column:
        return _before(self._sizes) * len(FIELDS)

    def _numbered(self, words: Iterable[str]) -> _Column:
        return np.fromiter(map(self._numbers.__getitem__, words), dtype=np.int32)


def _before(lengths: ArrayLike) -> _Column:
    """How much lies before each of several lengths."""
    before: _Column = np.cumsum(lengths) - np.asarray(lengths)
    return before
