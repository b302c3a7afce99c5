"""Nearest vectors through a flat FAISS index.

Knows inner products. Does not know who made the vectors.

Legend: D documents, K dimensions, Q queries.
"""

import faiss
import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


def nearest(vectors: Vectors, queries: Vectors, k: int) -> NDArray[np.float32]:
    """The best inner product of each document over queries where it is among the `k` nearest, shape (D).

    `vectors` is (D, K) and `queries` (Q, K). Documents beyond the nearest, and products below 0, are 0. FAISS marks
    missing neighbours by -1 where k > D; those are left out.
    """
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(np.ascontiguousarray(vectors, dtype=np.float32))
    products, documents = index.search(np.ascontiguousarray(queries, dtype=np.float32), k)
    scores = np.zeros(len(vectors), dtype=np.float32)
    found = documents >= 0
    np.maximum.at(scores, documents[found], products[found])
    return scores
