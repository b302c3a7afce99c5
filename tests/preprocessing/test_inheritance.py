from preprocessing.inheritance import merge_orders


def test_orders_merge_as_python_merges_them() -> None:
    # of D, which extends B and C, which both extend A
    assert merge_orders([[2, 1], [3, 1], [2, 3]], 4) == [2, 3, 1]


def test_an_impossible_merge_takes_the_first_line_first() -> None:
    assert merge_orders([[1], [2, 1], [1, 2]], 3) == [1, 2]


def test_a_class_does_not_stand_in_its_own_merge() -> None:
    assert merge_orders([[4, 1], [4]], 4) == [1]
