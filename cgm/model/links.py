"""Sparse links between node tokens: which tokens see each other, and how far each is from an anchor.

Knows edges, chunks and hops. Does not know vectors, and never holds all pairs: every array is as long as there are
links.

Legend: N nodes, C node tokens (chunks of nodes), E links, P visible pairs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from cgm.graph import EdgeKind
from cgm.model.config import GraphConfig

Ints = NDArray[np.int64]

CHUNK = len(EdgeKind)  # the kind of a link between two chunks of one node
LINK_KINDS = CHUNK + 1


@dataclass(frozen=True, eq=False)
class Links:
    """Typed links between `count` node tokens."""

    count: int  # C
    kind: Ints  # E
    source: Ints  # E
    target: Ints  # E


def link_chunks(edges: Sequence[tuple[int, int, int]], chunks: Ints) -> Links:
    """Turn edges (kind, source, target) between nodes into links between their chunks.

    `chunks` (N) counts each node's chunks, which stand one after another; 0 leaves a node out with its edges. Every
    chunk of one end is linked to every chunk of the other, and the chunks of one node to each other.
    """
    first = np.concatenate([[0], np.cumsum(chunks)]).astype(np.int64)
    nodes = np.arange(len(chunks))
    rows = np.array(edges, dtype=np.int64).reshape(-1, 3)
    inner = np.stack([np.full(len(nodes), CHUNK), nodes, nodes], axis=1)
    kind, source, target = _products(np.concatenate([rows, inner]), first, chunks)
    kept = (kind != CHUNK) | (source != target)
    return Links(int(first[-1]), kind[kept], source[kept], target[kept])


def visible_pairs(links: Links, config: GraphConfig) -> Ints:
    """List which node token sees which, shape (2, P): seeing above seen, in order, each once.

    Empty under a mask that asks for no edges.
    """
    if config.mask != "adjacency":
        return np.zeros((2, 0), dtype=np.int64)
    step = _adjacency(links, directed=config.directed)
    reached = step
    for _ in range(config.hops - 1):
        reached = _boolean(reached + reached @ step)
    seeing, seen = reached.nonzero()
    others = seeing != seen
    own = np.arange(links.count if config.self_loops else 0)
    pairs = np.stack([np.concatenate([seeing[others], own]), np.concatenate([seen[others], own])])
    return pairs[:, np.lexsort(pairs[::-1])].astype(np.int64)


def token_positions(links: Links, anchors: Sequence[int], kind: str) -> Ints:
    """Give each node token its position, shape (C); `anchors` are node tokens, and the first stands in for none.

    Positions begin at 0; text follows after the highest.
    """
    if kind == "list":
        return np.arange(links.count, dtype=np.int64)
    if kind == "shared" or not links.count:
        return np.zeros(links.count, dtype=np.int64)
    steps = dijkstra(_adjacency(links, directed=False), unweighted=True, indices=list(anchors) or [0], min_only=True)
    near = np.isfinite(steps)
    farthest = int(steps[near].max()) + (0 if near.all() else 1)
    return farthest - np.where(near, steps, farthest).astype(np.int64)


def _products(rows: Ints, first: Ints, chunks: Ints) -> tuple[Ints, Ints, Ints]:
    """All pairs of chunks of the two ends of each row."""
    across = chunks[rows[:, 2]]
    counts = chunks[rows[:, 1]] * across
    row = np.repeat(np.arange(len(rows)), counts)
    within = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    source = first[rows[row, 1]] + within // np.maximum(across[row], 1)
    target = first[rows[row, 2]] + within % np.maximum(across[row], 1)
    return rows[row, 0], source, target


def _adjacency(links: Links, *, directed: bool) -> csr_matrix:
    shape = (links.count, links.count)
    ones = np.ones(len(links.source), dtype=np.int8)
    matrix = csr_matrix((ones, (links.source, links.target)), shape=shape)
    return _boolean(matrix if directed else matrix + matrix.T)


def _boolean(matrix: csr_matrix) -> csr_matrix:
    """The matrix with every count at 1, so that no number of paths overflows."""
    matrix.data = np.ones_like(matrix.data)
    return matrix
