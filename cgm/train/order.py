"""Which samples a step learns from, and which process reads which of them.

A function of the seed and the step's number alone, so that a run that goes on, or has more processes, sees the same.
Knows epochs, steps and passes. Does not know samples.
"""

from collections.abc import Callable, Sequence

import numpy as np


def samples_of(step: int, count: int, size: int, seed: int) -> list[int]:
    """The places, among `size`, of the `count` samples of a step; epochs follow each other without a gap."""
    first = step * count
    shuffled: dict[int, list[int]] = {}
    places = []
    for number in range(first, first + count):
        epoch, within = divmod(number, size)
        if epoch not in shuffled:
            shuffled[epoch] = np.random.default_rng([seed, epoch]).permutation(size).tolist()
        places.append(shuffled[epoch][within])
    return places


def deal(places: Sequence[int], at_once: int, length: Callable[[int], int]) -> list[list[int]]:
    """Cut the samples of a step into passes of like length, longest first.

    Process p of P reads the passes p, p + P, p + 2 P, ..., so that all of them read passes of like length at a time.
    """
    ordered = sorted(places, key=lambda place: (-length(place), place))
    return [ordered[start : start + at_once] for start in range(0, len(ordered), at_once)]


def pass_seed(seed: int, step: int, number: int) -> int:
    """The seed of what is random within one pass of a step, as dropout is."""
    return int(np.random.SeedSequence([seed, step, number]).generate_state(1, np.uint64)[0] >> np.uint64(1))
