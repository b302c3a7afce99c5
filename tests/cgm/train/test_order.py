from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from cgm.train.order import deal, pass_seed, samples_of

SIZES = st.integers(1, 40)


@given(size=SIZES, count=st.integers(1, 17), seed=st.integers(0, 9))
def test_every_sample_is_learnt_once_an_epoch_whatever_a_step_holds(size: int, count: int, seed: int) -> None:
    steps = -(-3 * size // count)
    stream = [place for step in range(steps) for place in samples_of(step, count, size, seed)]
    for epoch in range(3):
        assert sorted(stream[epoch * size : (epoch + 1) * size]) == list(range(size))


@given(size=SIZES, small=st.integers(1, 6), times=st.integers(1, 4), seed=st.integers(0, 9))
def test_steps_of_another_size_see_the_samples_in_the_same_order(size: int, small: int, times: int, seed: int) -> None:
    large = samples_of(1, small * times, size, seed)
    assert large == [place for step in range(times, 2 * times) for place in samples_of(step, small, size, seed)]


def test_epochs_and_seeds_differ_in_order() -> None:
    orders = [tuple(samples_of(epoch, 30, 30, seed)) for epoch in range(3) for seed in range(3)]
    assert len(set(orders)) == 9


@given(places=st.lists(st.integers(0, 50), max_size=20), at_once=st.integers(1, 5))
def test_passes_hold_every_sample_once_in_order_of_length(places: list[int], at_once: int) -> None:
    dealt = deal(places, at_once, lambda place: place % 7)
    flat = [place for own in dealt for place in own]
    assert Counter(flat) == Counter(places)
    assert [place % 7 for place in flat] == sorted((place % 7 for place in places), reverse=True)
    assert all(len(own) == at_once for own in dealt[:-1])


def test_each_pass_has_a_seed_of_its_own_that_torch_takes() -> None:
    seeds = {pass_seed(seed, step, number) for seed in range(3) for step in range(20) for number in range(4)}
    assert len(seeds) == 240
    assert all(0 <= seed < 2**63 for seed in seeds)
