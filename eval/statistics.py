"""Paired statistics between two systems on the same instances.

Knows two columns of values, instance by instance. Does not know what they measure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import numpy as np


@dataclass(frozen=True)
class Difference:
    """The mean of `second - first` with a 95 % bootstrap interval, and McNemar's exact p value.

    `gained` and `lost` count the instances where the second is better and worse. `p` is None where a value is
    neither 0 nor 1, since McNemar's test is about hits and misses.
    """

    mean: float
    low: float
    high: float
    gained: int
    lost: int
    p: float | None


def compare(first: Sequence[float], second: Sequence[float], *, resamples: int = 10_000, seed: int = 0) -> Difference:
    """Compare two systems instance by instance; both columns are in the same order and not empty."""
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    delta = b - a
    low, high = _bootstrap(delta, resamples, seed)
    gained, lost = int((delta > 0).sum()), int((delta < 0).sum())
    binary = bool(np.isin(np.concatenate([a, b]), (0.0, 1.0)).all())
    return Difference(float(delta.mean()), low, high, gained, lost, mcnemar(gained, lost) if binary else None)


def mcnemar(gained: int, lost: int) -> float:
    """The exact two-sided p value of a split of discordant pairs. Source: McNemar 1947, binomial form."""
    n = gained + lost
    tail = sum(comb(n, k) for k in range(min(gained, lost) + 1)) / (1 << n)
    return min(1.0, 2 * tail)


def _bootstrap(delta: np.ndarray[tuple[int], np.dtype[np.float64]], resamples: int, seed: int) -> tuple[float, float]:
    # a resample of n differences draws each distinct value a multinomial number of times: fast for hits and misses
    distinct, counts = np.unique(delta, return_counts=True)
    draws = np.random.default_rng(seed).multinomial(len(delta), counts / len(delta), size=resamples)
    low, high = np.percentile(draws @ distinct / len(delta), [2.5, 97.5])
    return float(low), float(high)
