"""Fielded BM25 over the postings of a codebase.

Knows how term counts become scores. Does not know what the documents are, nor where a query comes from.
No Python loop over documents: a query is a product of a sparse row with the postings of its terms.

Legend: D documents, F fields, T query terms.

Source: Robertson and Zaragoza, "The Probabilistic Relevance Framework", section 3.6 (BM25F).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from cgm.errors import require
from cgm.protocols import LexicalIndex
from cgm.text import terms

Scores = NDArray[np.float32]

_OKAPI_FLOOR = 0.25  # of the mean idf, where a term is in more than half of the documents


@dataclass(frozen=True)
class Weighting:
    """How counts are weighed: saturation `k1`, length normalisation `b`, a weight per field (1 where none is given).

    `idf` is lucene (never negative) or okapi (as rank-bm25 has it).
    """

    k1: float = 1.2
    b: float = 0.75
    fields: Mapping[str, float] = field(default_factory=dict)
    idf: str = "lucene"

    def __post_init__(self) -> None:
        require(self.k1 > 0, "retriever.k1 must be > 0", self.k1)
        require(0 <= self.b <= 1, "retriever.b must lie in [0, 1]", self.b)
        require(self.idf in ("lucene", "okapi"), "retriever.idf must be lucene or okapi", self.idf)
        negative = {name: weight for name, weight in self.fields.items() if weight < 0}
        require(not negative, "retriever.fields must have weights >= 0", negative)


def query_terms(text: str, stop_words: frozenset[str] = frozenset()) -> Counter[str]:
    """Count the search terms of a query."""
    return Counter(term for term in terms(text) if term not in stop_words)


@dataclass(frozen=True, eq=False)
class Grouping:
    """Documents taken together, as the functions of a file: `of` is the group of each document (D), -1 for none."""

    of: NDArray[np.int32]
    size: int


@dataclass(frozen=True, eq=False)
class Matches:
    """T terms in D documents, or groups: how much of each they hold, saturated, and how rare each is."""

    terms: Sequence[str]  # T
    held: csr_matrix  # T, D
    rarity: NDArray[np.float64]  # T

    def bm25(self, query: Mapping[str, float]) -> Scores:
        """BM25F score of every document for a query of weighted terms, shape (D)."""
        weights = np.array([query.get(term, 0.0) for term in self.terms])
        return np.asarray((weights * self.rarity) @ self.held, dtype=np.float32)

    def coverage(self) -> Scores:
        """Which share of the terms, each as heavy as it is rare, every document holds, in [0, 1], shape (D).

        However often it stands there, a term counts once: long issues repeat themselves.
        """
        held = csr_matrix((np.ones_like(self.held.data), self.held.indices, self.held.indptr), shape=self.held.shape)
        return np.asarray(self.rarity @ held / max(float(self.rarity.sum()), 1e-9), dtype=np.float32)


def match(index: LexicalIndex, words: Iterable[str], weighting: Weighting, grouping: Grouping | None = None) -> Matches:
    """Look words up in every document, or group; unknown ones are left out."""
    grouping = grouping or single(index)
    known = sorted({word for word in words if word in index.vocabulary})
    rows = np.array([index.vocabulary[term] for term in known], dtype=np.int64)
    held = _matched(index, rows, weighting, grouping)
    rarity = _idf(index, np.diff(held.indptr), weighting, grouping.size)
    held.data *= (weighting.k1 + 1) / (weighting.k1 + held.data)
    return Matches(known, held, rarity)


def score(
    index: LexicalIndex, query: Mapping[str, float], weighting: Weighting, grouping: Grouping | None = None
) -> Scores:
    """BM25F score of every document (D), or group, for a query of weighted terms; unknown terms score nothing."""
    return match(index, query, weighting, grouping).bm25(query)


@lru_cache(maxsize=2)
def single(index: LexicalIndex) -> Grouping:
    """Every document by itself."""
    return Grouping(np.arange(len(index.nodes), dtype=np.int32), len(index.nodes))


def _matched(index: LexicalIndex, rows: NDArray[np.int64], weighting: Weighting, grouping: Grouping) -> csr_matrix:
    """Length-normalised counts summed over fields, shape (T, groups)."""
    total = csr_matrix((len(rows), grouping.size))
    for position, name in enumerate(index.fields if total.shape[0] and grouping.size else ()):
        weight = weighting.fields.get(name, 1.0)
        if not weight:
            continue
        counts = _postings(index, position, rows, grouping)
        lengths = field_lengths(index, grouping)[position]
        norm = 1 - weighting.b + weighting.b * lengths / max(float(lengths.mean()), 1e-9)
        counts.data *= weight / norm[counts.indices]
        total = total + counts
    return total


def _postings(index: LexicalIndex, position: int, rows: NDArray[np.int64], grouping: Grouping) -> csr_matrix:
    """The counts of some terms in one field, shape (T, groups)."""
    indptr = index.indptr[position]
    sizes = indptr[rows + 1] - indptr[rows]
    ends = np.concatenate(([0], np.cumsum(sizes)))
    picked = np.repeat(indptr[rows] - ends[:-1], sizes) + np.arange(ends[-1])
    counts = index.counts[position][picked].astype(np.float64)
    groups = grouping.of[index.documents[position][picked]]
    terms_of = np.repeat(np.arange(len(rows)), sizes)
    grouped = groups >= 0
    return csr_matrix((counts[grouped], (terms_of[grouped], groups[grouped])), shape=(len(rows), grouping.size))


@lru_cache(maxsize=4)
def field_lengths(index: LexicalIndex, grouping: Grouping) -> tuple[NDArray[Any], ...]:
    """Terms in every group, shape (groups), for every field."""
    lengths = []
    for documents, counts in zip(index.documents, index.counts, strict=True):
        groups = grouping.of[documents]
        grouped = groups >= 0
        lengths.append(np.bincount(groups[grouped], weights=counts[grouped], minlength=grouping.size))
    return tuple(lengths)


def _idf(index: LexicalIndex, found: NDArray[np.int32], weighting: Weighting, size: int) -> NDArray[np.float64]:
    if weighting.idf == "lucene":
        return np.asarray(np.log1p((size - found + 0.5) / (found + 0.5)))
    idf = np.log(size - found + 0.5) - np.log(found + 0.5)
    floor = _OKAPI_FLOOR * _mean_okapi_idf(index) if (idf < 0).any() else 0.0
    return np.where(idf < 0, floor, idf)


def _mean_okapi_idf(index: LexicalIndex) -> float:
    """Mean over the whole vocabulary, each term counted in the documents that hold it in any field."""
    size = len(index.nodes)
    everything: Sequence[csr_matrix] = [
        csr_matrix((counts, documents, indptr), shape=(len(index.vocabulary), size))
        for indptr, documents, counts in zip(index.indptr, index.documents, index.counts, strict=True)
    ]
    found = np.diff(sum(everything[1:], everything[0]).indptr)
    return float(np.mean(np.log(size - found + 0.5) - np.log(found + 0.5)))
