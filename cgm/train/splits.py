"""Which repository is in which part of a set.

Knows that a repository is in one part only, and that repositories which share a first commit are one. Does not know
rows.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cgm.errors import ConfigError, require
from cgm.store import fingerprint
from cgm.train.example import SPLITS


@dataclass(frozen=True)
class SplitShares:
    """Shares of the repositories for validation and test, in [0, 1]; `fixed` puts repositories where one wants them."""

    validation: float
    test: float
    fixed: Mapping[str, str]
    seed: int

    def __post_init__(self) -> None:
        for name in ("validation", "test"):
            share = getattr(self, name)
            require(0 <= share < 1, f"split.{name} must lie in [0, 1)", share)
        require(
            self.validation + self.test < 1, "split.validation + split.test must be < 1", self.validation + self.test
        )
        strange = sorted(set(self.fixed.values()) - set(SPLITS))
        require(not strange, f"split.fixed must name {', '.join(SPLITS)}", strange)


def split_repositories(roots: Mapping[str, Sequence[str]], shares: SplitShares) -> dict[str, str]:
    """The part of each repository; `roots` are its first commits.

    Repositories in the order of a hash of their names fill test, then validation, then train; a share above 0 gets one
    at least, as long as one is left to train on. With other repositories the parts may be others.

    Raises:
        ConfigError: repositories that share a first commit are put into different parts.
    """
    families = _families(roots)
    parts = {names: part for names in families if (part := _fixed(names, shares.fixed))}
    free = sorted(
        (names for names in families if names not in parts), key=lambda names: fingerprint(shares.seed, names)
    )
    for part, share in (("test", shares.test), ("validation", shares.validation)):
        wanted = _count(share, len(families)) - sum(one == part for one in parts.values())
        taken = max(0, min(wanted, len(free) - 1))
        parts |= dict.fromkeys(free[:taken], part)
        free = free[taken:]
    parts |= dict.fromkeys(free, "train")
    return {name: part for names, part in sorted(parts.items()) for name in names}


def _count(share: float, size: int) -> int:
    return max(1, round(share * size)) if share else 0


def _families(roots: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    """Repositories joined by first commits, each family sorted."""
    family = {name: {name} for name in sorted(roots)}
    holders: dict[str, list[str]] = defaultdict(list)
    for name, commits in sorted(roots.items()):
        for commit in commits:
            holders[commit].append(name)
    for names in holders.values():
        joined = set().union(*(family[name] for name in names))
        family |= dict.fromkeys(joined, joined)
    return sorted({tuple(sorted(names)) for names in family.values()})


def _fixed(names: Iterable[str], fixed: Mapping[str, str]) -> str:
    parts = sorted({fixed[name] for name in names if name in fixed})
    if len(parts) > 1:
        raise ConfigError(
            f"split.fixed must put {', '.join(names)}, which share a first commit, into one part, got {parts}"
        )
    return parts[0] if parts else ""
