from collections import Counter

import pytest

from launch.training_data.repairs import Repair, _changes_code, with_noise
from launch.training_data.settings import CorpusConfig
from preprocessing.commits import SourceEdit


def repairs(single: int, several: int) -> list[Repair]:
    sizes = [1] * single + [3] * several
    return [
        Repair(SourceEdit(f"{number:040x}", "", "", {f"{path}.py": "" for path in range(size)}, {}, ()), "", "")
        for number, size in enumerate(sizes)
    ]


def noise(found: list[Repair]) -> Counter[str]:
    return Counter(one.noise for one in found)


def test_shares_of_all_repairs_are_noisy() -> None:
    found = with_noise(repairs(60, 40), CorpusConfig())
    assert noise(found) == {"": 80, "irrelevant_file": 10, "missing_file": 10}


def test_only_a_repair_of_several_files_can_miss_one() -> None:
    found = with_noise(repairs(98, 2), CorpusConfig(missing=0.5))
    assert noise(found)["missing_file"] == 2
    assert all(len(one.edit.before) > 1 for one in found if one.noise == "missing_file")


@pytest.mark.parametrize("seed", range(3))
def test_which_ones_are_noisy_depends_on_the_seed_and_not_on_the_order(seed: int) -> None:
    settings = CorpusConfig(seed=seed)
    found = with_noise(repairs(50, 50), settings)
    assert [one.edit.commit for one in found] == [one.edit.commit for one in repairs(50, 50)]
    assert sorted(with_noise(repairs(50, 50)[::-1], settings), key=lambda one: one.edit.commit) == found
    assert found != with_noise(repairs(50, 50), CorpusConfig(seed=seed + 1))


@pytest.mark.parametrize(
    ("path", "before", "after", "changes"),
    [
        ("a.py", "print 1  \n\n", "print 1\n", False),  # of a Python that cannot be read
        ("a.py", "x = 1\n", "x = 1  # one\n", False),
        ("a.py", "if a:\n    b()\nc()\n", "if a:\n    b()\n    c()\n", True),
        ("a.go", "a()\t\n", "a()\n", False),
        ("a.go", "a() // one\n", "a() // two\n", True),
    ],
)
def test_layout_changes_no_code(path: str, before: str, after: str, changes: bool) -> None:
    assert _changes_code(before, after, path) is changes
