"""Fielded BM25 over the postings of a codebase.

Knows how term counts become scores. Does not know what the documents are, nor where a query comes from.
No Python loop over documents: a query is a product of a sparse row with the postings of its terms.

Legend: D documents, F fields, T query terms.

Source: Robertson and Zaragoza, "The Probabilistic Relevance Framework", section 3.6 (BM25F).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
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
        require(self.k1 > 0, "k1 must be > 0", self.k1)
        require(0 <= self.b <= 1, "b must lie in [0, 1]", self.b)
        require(self.idf in ("lucene", "okapi"), "idf must be lucene or okapi", self.idf)
        negative = {name: weight for name, weight in self.fields.items() if weight < 0}
        require(not negative, "fields must have weights >= 0", negative)


def query_terms(text: str, stop_words: frozenset[str] = frozenset()) -> Counter[str]:
    """Count the search terms of a query."""
    return Counter(term for term in terms(text) if term not in stop_words)


def score(index: LexicalIndex, query: Mapping[str, float], weighting: Weighting) -> Scores:
    """BM25F score of every document, shape (D), for a query of weighted terms; unknown terms score nothing."""
    known = sorted(term for term in query if term in index.vocabulary)
    rows = np.array([index.vocabulary[term] for term in known], dtype=np.int64)
    if not len(rows) or not len(index.nodes):
        return np.zeros(len(index.nodes), dtype=np.float32)
    weights = np.array([query[term] for term in known])
    matched = _matched(index, rows, weighting)
    found = np.diff(matched.indptr)
    matched.data *= (weighting.k1 + 1) / (weighting.k1 + matched.data)
    return np.asarray((weights * _idf(index, found, weighting)) @ matched, dtype=np.float32)


def _matched(index: LexicalIndex, rows: NDArray[np.int64], weighting: Weighting) -> csr_matrix:
    """Length-normalised counts summed over fields, shape (T, D)."""
    total = csr_matrix((len(rows), len(index.nodes)))
    for position, name in enumerate(index.fields):
        weight = weighting.fields.get(name, 1.0)
        if not weight:
            continue
        counts = _postings(index, position, rows)
        lengths = field_lengths(index)[position]
        norm = 1 - weighting.b + weighting.b * lengths / max(float(lengths.mean()), 1e-9)
        counts.data *= weight / norm[counts.indices]
        total = total + counts
    return total


def _postings(index: LexicalIndex, position: int, rows: NDArray[np.int64]) -> csr_matrix:
    """The counts of some terms in one field, shape (T, D)."""
    indptr = index.indptr[position]
    sizes = indptr[rows + 1] - indptr[rows]
    ends = np.concatenate(([0], np.cumsum(sizes)))
    picked = np.repeat(indptr[rows] - ends[:-1], sizes) + np.arange(ends[-1])
    counts = index.counts[position][picked].astype(np.float64)
    return csr_matrix((counts, index.documents[position][picked], ends), shape=(len(rows), len(index.nodes)))


@lru_cache(maxsize=2)
def field_lengths(index: LexicalIndex) -> tuple[NDArray[Any], ...]:
    """Terms in every document, shape (D), for every field."""
    size = len(index.nodes)
    pairs = zip(index.documents, index.counts, strict=True)
    return tuple(np.bincount(documents, weights=counts, minlength=size) for documents, counts in pairs)


def _idf(index: LexicalIndex, found: NDArray[np.int32], weighting: Weighting) -> NDArray[np.float64]:
    size = len(index.nodes)
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
