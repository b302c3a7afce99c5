import pytest

from cgm.train.config import ScheduleConfig
from cgm.train.schedule import part_share, share


@pytest.mark.parametrize("kind", ["cosine", "linear"])
def test_rates_rise_to_their_highest_and_fall_to_the_floor(kind: str) -> None:
    config = ScheduleConfig(kind=kind, warmup=0.1, floor=0.01)
    shares = [share(config, step, 100) for step in range(100)]
    assert shares[:10] == sorted(shares[:10])
    assert shares[0] == pytest.approx(1 / 11)
    assert shares[10] == 1.0
    assert shares[10:] == sorted(shares[10:], reverse=True)
    assert 0.01 < shares[-1] < 0.03


def test_a_cosine_is_halfway_down_in_the_middle() -> None:
    assert share(ScheduleConfig(warmup=0, floor=0), 50, 100) == pytest.approx(0.5)


def test_a_constant_rate_stays() -> None:
    assert {share(ScheduleConfig(kind="constant", warmup=0), step, 9) for step in range(9)} == {1.0}


def test_a_plateau_halves_the_rate_down_to_the_floor() -> None:
    config = ScheduleConfig(kind="plateau", warmup=0, floor=0.1)
    assert [share(config, 5, 9, halvings) for halvings in range(5)] == [1.0, 0.5, 0.25, 0.125, 0.1]


def test_the_adapter_alone_learns_while_it_warms_up() -> None:
    config = ScheduleConfig(kind="constant", warmup=0, adapter_steps=2)
    assert [part_share(config, "lm", step, 9) for step in range(4)] == [0, 0, 1, 1]
    assert [part_share(config, "adapter", step, 9) for step in range(4)] == [1, 1, 1, 1]


def test_a_run_of_one_step_has_a_rate() -> None:
    assert share(ScheduleConfig(), 0, 1) == 1.0
