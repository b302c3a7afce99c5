import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm.errors import ConfigError
from cgm.train.splits import SplitShares, split_repositories

NAMES = [f"o/r{number}" for number in range(20)]
ALONE = {name: [name] for name in NAMES}


def shares(validation: float = 0.1, test: float = 0.1, seed: int = 0, **fixed: str) -> SplitShares:
    return SplitShares(validation, test, {name.replace("__", "/"): part for name, part in fixed.items()}, seed)


def test_the_shares_are_kept_and_every_repository_has_one_part() -> None:
    parts = split_repositories(ALONE, shares())
    assert sorted(parts) == sorted(NAMES)
    assert sorted(parts.values()) == ["test"] * 2 + ["train"] * 16 + ["validation"] * 2


def test_few_repositories_fill_every_part_and_one_is_left_to_train_on() -> None:
    assert sorted(split_repositories({name: [] for name in NAMES[:3]}, shares()).values()) == [
        "test",
        "train",
        "validation",
    ]
    assert list(split_repositories({"o/r": []}, shares()).values()) == ["train"]


def test_the_seed_decides() -> None:
    assert split_repositories(ALONE, shares(seed=1)) == split_repositories(
        dict(reversed(ALONE.items())), shares(seed=1)
    )
    assert split_repositories(ALONE, shares(seed=1)) != split_repositories(ALONE, shares(seed=2))


def test_repositories_can_be_put_where_one_wants_them() -> None:
    parts = split_repositories(ALONE, shares(o__r3="test", o__r4="train"))
    assert (parts["o/r3"], parts["o/r4"]) == ("test", "train")
    assert list(parts.values()).count("test") == 2


@given(st.lists(st.lists(st.integers(0, 6), max_size=3), min_size=1, max_size=12), st.integers(0, 3))
def test_repositories_that_share_a_first_commit_are_in_one_part(commits: list[list[int]], seed: int) -> None:
    roots = {f"o/r{number}": [str(one) for one in row] for number, row in enumerate(commits)}
    parts = split_repositories(roots, shares(0.3, 0.3, seed))
    for one, first in roots.items():
        for other, second in roots.items():
            assert parts[one] == parts[other] or not set(first) & set(second)


def test_a_family_cannot_be_put_into_two_parts() -> None:
    with pytest.raises(ConfigError, match="a/a, b/b, which share a first commit, into one part"):
        split_repositories({"a/a": ["1"], "b/b": ["1"]}, shares(a__a="test", b__b="train"))


@pytest.mark.parametrize(("validation", "test", "rule"), [(-0.1, 0.1, r"\[0, 1\)"), (0.5, 0.5, "must be < 1")])
def test_meaningless_shares_are_refused(validation: float, test: float, rule: str) -> None:
    with pytest.raises(ConfigError, match=rule):
        shares(validation, test)


def test_an_unknown_part_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"split\.fixed must name train, validation, test"):
        shares(o__r1="dev")
