"""Localisation metrics of one instance, from where its gold items stand in a ranking.

Knows ranks. Does not know files, functions or folders (`eval.localization`). All values lie in [0, 1].
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType

Ranks = tuple[int | None, ...]

CUTOFFS: Mapping[str, tuple[int, ...]] = MappingProxyType({"files": (1, 3, 5, 10, 20), "functions": (1, 5, 10, 20)})


def ranks(ranked: Sequence[str], gold: Collection[str]) -> Ranks:
    """The 1-based position of each gold item among the distinct ranked items; None where it is absent."""
    position = {item: place for place, item in enumerate(dict.fromkeys(ranked), 1)}
    return tuple(position.get(item) for item in dict.fromkeys(gold))


def strict(found: Ranks, k: int) -> float:
    """Whether every gold item stands within the first k.

    Source: Acc@k of LocAgent and SweRank, without LocAgent's cap at k.
    """
    return float(_hits(found, k) == len(found))


def any_hit(found: Ranks, k: int) -> float:
    """Whether some gold item stands within the first k."""
    return float(_hits(found, k) > 0)


def recall(found: Ranks, k: int) -> float:
    """The share of gold items within the first k; there must be at least one."""
    return _hits(found, k) / len(found)


def reciprocal_rank(found: Ranks) -> float:
    """One over the position of the first gold item, 0 where none is found; its mean is the MRR."""
    present = [rank for rank in found if rank is not None]
    return 1 / min(present) if present else 0.0


def measure(found: Ranks, cutoffs: Sequence[int]) -> dict[str, float]:
    """Every metric at every cutoff, by name, as `strict@5`."""
    at: dict[str, Callable[[Ranks, int], float]] = {"strict": strict, "any": any_hit, "recall": recall}
    values = {f"{name}@{k}": metric(found, k) for name, metric in at.items() for k in cutoffs}
    return values | {"MRR": reciprocal_rank(found)}


def _hits(found: Ranks, k: int) -> int:
    return sum(rank is not None and rank <= k for rank in found)
