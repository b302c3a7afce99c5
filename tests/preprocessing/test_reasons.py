from preprocessing.meanings import Sort
from preprocessing.reasons import REASONS


def test_whatever_a_name_means_there_is_a_reason_for_no_edge() -> None:
    sorts = {value for name, value in vars(Sort).items() if name.isupper()}
    assert set(REASONS) == sorts
    assert all(REASONS.values())
