"""Statistics of hits, and paired statistics between two systems on the same instances.

Knows counts and columns of values, instance by instance. Does not know what they measure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, sqrt

import numpy as np

from cgm.errors import require

_Z95 = 1.959963984540054  # the normal quantile of a two-sided 95 % interval


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


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The 95 % score interval of a share of hits, (0, 1) where nothing was tried.

    Source: Wilson 1927, without continuity correction.
    """
    if not n:
        return 0.0, 1.0
    share, z2 = hits / n, _Z95 * _Z95
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z95 / (1 + z2 / n) * sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    # at the ends the bound is exact, which rounding would miss
    return (max(0.0, centre - half) if hits else 0.0), (min(1.0, centre + half) if hits < n else 1.0)


def pass_at_k(n: int, correct: int, k: int) -> float:
    """The chance that one of k samples, drawn without replacement from n of which some are correct, is correct.

    Source: Chen et al. 2021, equation 1: unbiased for the chance of k fresh samples.

    Raises:
        ConfigError: there are fewer than k samples, or the counts make no sense.
    """
    require(1 <= k <= n, f"k of pass@k must be from 1 to the {n} samples", k)
    require(0 <= correct <= n, f"correct samples must be from 0 to the {n} samples", correct)
    return 1 - comb(n - correct, k) / comb(n, k)


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
