"""Rows that say nearly the same.

Knows shingles of tokens and their exact Jaccard similarity, all pairs of it by sparse products, so that no hash has to
guess which pairs to look at. Does not know what is kept: of two that are alike the later one goes.

Legend: R rows, B rows of a block, S shingles.
"""

import hashlib
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import HashingVectorizer

_TOKEN = re.compile(r"\w+|[^\w\s]")
_WIDTH = 5  # tokens of a shingle
_LEAST = 20  # tokens of a text whose shingles say anything; a shorter one has to be the same
_BLOCK = 256


def near_duplicates(texts: Sequence[str], threshold: float) -> NDArray[np.int64]:
    """For each of R texts, the first kept text that it is nearly the same as; -1 for one that is kept.

    Long texts are alike where the Jaccard similarity of their shingles is `threshold` or more, short ones where all
    their tokens are equal.
    """
    tokens = [_TOKEN.findall(text) for text in texts]
    found = np.full(len(texts), -1, dtype=np.int64)
    first: dict[bytes, int] = {}
    for at, words in enumerate(tokens):
        found[at] = first.setdefault(_digest(words), at)
    found[found == np.arange(len(texts))] = -1
    long = np.array([at for at, words in enumerate(tokens) if found[at] < 0 and len(words) >= _LEAST], dtype=np.int64)
    if len(long):
        vectors = _vectors([tokens[at] for at in long])
        _mark(vectors, long, threshold, found)
    return _followed(found)


def _digest(words: Sequence[str]) -> bytes:
    return hashlib.sha256("\0".join(words).encode("utf-8", "surrogatepass")).digest()[:16]


def _vectors(tokens: Sequence[Sequence[str]]) -> csr_matrix:
    """Which hashed shingles each text has, shape (R, S)."""
    hasher = HashingVectorizer(
        analyzer=_shingles, binary=True, norm=None, alternate_sign=False, n_features=1 << 24, dtype=np.float32
    )
    return hasher.transform(tokens).tocsr()


def _shingles(words: Sequence[str]) -> list[str]:
    return ["\0".join(words[at : at + _WIDTH]) for at in range(len(words) - _WIDTH + 1)]


def _mark(vectors: csr_matrix, rows: NDArray[np.int64], threshold: float, found: NDArray[np.int64]) -> None:
    """Give each row the first one before it that it is like; blocks bound the memory of the product."""
    sizes = np.diff(vectors.indptr).astype(np.float32)
    columns = vectors.T.tocsr()
    for begin in range(0, len(rows), _BLOCK):
        shared = (vectors[begin : begin + _BLOCK] @ columns).tocoo()  # B, R
        one, other = shared.row + begin, shared.col
        union = sizes[one] + sizes[other] - shared.data
        alike = (other < one) & (shared.data >= threshold * union)
        for late, early in sorted(zip(one[alike].tolist(), other[alike].tolist(), strict=True)):
            if found[rows[late]] < 0 and found[rows[early]] < 0:
                found[rows[late]] = rows[early]


def _followed(found: NDArray[np.int64]) -> NDArray[np.int64]:
    """Links to rows that are no duplicates themselves."""
    for at in np.flatnonzero(found >= 0):
        while found[found[at]] >= 0:
            found[at] = found[found[at]]
    return found
