from preprocessing.python.memo import Memo
from preprocessing.python.told import Told


def test_what_a_file_tells_takes_the_place_of_what_it_told_before() -> None:
    told = Told[str](Memo(rounds=1), "rows")
    assert told.tell(0, {(1, "a"), (2, "b")}) == {(1, "rows"), (2, "rows")}
    assert told.tell(1, {(1, "c")}) == {(1, "rows")}
    assert told.tell(0, {(1, "d"), (2, "b")}) == {(1, "rows")}
    assert [sorted(told.of(function)) for function in (1, 2, 3)] == [["c", "d"], ["b"], []]


def test_who_looked_at_a_function_is_forgotten_when_more_is_told_of_it() -> None:
    memo = Memo(rounds=1)
    told = Told[str](memo, "rows")
    frame = memo.begin()
    assert not told.of(1)
    memo.finish(frame, ("task", 0))
    assert memo.forget(told.tell(0, {(2, "a")})) == {}
    assert memo.forget(told.tell(0, {(1, "a")})) == {("task", 0): None}
