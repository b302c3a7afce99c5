from cgm.model.vectors import MemoryBlobs


def test_what_was_used_last_stays_and_the_rest_goes_beyond_the_size() -> None:
    kept = MemoryBlobs(6)
    kept.put_many({"a": b"aaa", "b": b"bbb"})
    assert kept.get_many(["a"]) == {"a": b"aaa"}
    kept.put_many({"c": b"ccc"})
    assert kept.get_many(["a", "b", "c"]) == {"a": b"aaa", "c": b"ccc"}


def test_a_value_that_is_put_again_takes_its_place_once() -> None:
    kept = MemoryBlobs(6)
    for value in (b"aaa", b"aa", b"aaa"):
        kept.put_many({"a": value})
    kept.put_many({"b": b"bbb"})
    assert kept.get_many(["a", "b"]) == {"a": b"aaa", "b": b"bbb"}


def test_a_value_larger_than_the_size_is_not_kept() -> None:
    kept = MemoryBlobs(2)
    kept.put_many({"a": b"aaa"})
    assert kept.get_many(["a"]) == {}
