from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from cgm.artifacts import Issue
from launch.dataset import Instance
from launch.runner import by_repository, next_instance


def _instance(number: int, repo: str) -> Instance:
    return Instance(Issue(f"{repo}-{number}", repo, "c", "text"), Path(repo))


_INSTANCES = st.lists(st.sampled_from("abc")).map(lambda repos: [_instance(*pair) for pair in enumerate(repos)])


@given(_INSTANCES)
def test_repositories_stay_together_and_in_order(instances: list[Instance]) -> None:
    ordered = by_repository(instances)
    repos = [instance.issue.repo for instance in ordered]
    assert sorted(map(id, ordered)) == sorted(map(id, instances))
    assert len(dict.fromkeys(repos)) == sum(a != b for a, b in zip(repos, [None, *repos], strict=False))
    for repo in set(repos):
        assert [item for item in ordered if item.issue.repo == repo] == [
            item for item in instances if item.issue.repo == repo
        ]


def test_a_worker_takes_another_repository_than_those_in_work() -> None:
    waiting = [_instance(1, "a"), _instance(2, "a"), _instance(3, "b")]
    assert next_instance(waiting, []) is waiting[0]
    assert next_instance(waiting, [_instance(0, "a")]) is waiting[2]
    assert next_instance(waiting, [_instance(0, "a"), _instance(9, "b")]) is waiting[0]
