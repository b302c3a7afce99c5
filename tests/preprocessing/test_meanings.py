from preprocessing.meanings import MOST_MEANINGS, NOTHING, TOO_MANY, Meaning, Sort, join

ONE, OTHER = Meaning(Sort.NODE, 1), Meaning(Sort.NODE, 2)


def test_joined_meanings_are_sorted_and_stand_once() -> None:
    assert join([(OTHER,), (ONE,), (OTHER,)]) == (ONE, OTHER)
    assert join([NOTHING, (ONE,)]) == (ONE,)
    assert join([]) == NOTHING


def test_too_many_meanings_mean_nothing() -> None:
    many = tuple(Meaning(Sort.NODE, number) for number in range(MOST_MEANINGS))
    assert join([many, (ONE,)]) == many
    assert join([many, (Meaning(Sort.OBJECT, 1),)]) == (TOO_MANY,)
    assert join([(TOO_MANY,), (ONE,)]) == (TOO_MANY,)
