import pytest

from cgm.store import BlobCache
from preprocessing import cache
from preprocessing.cache import FactsCache
from preprocessing.python.parse import parse_python

FACTS = parse_python(b"def f(): ...\n")


def test_facts_that_were_put_are_found_by_another_cache(blobs: BlobCache) -> None:
    FactsCache(blobs).put({"a": FACTS})
    assert FactsCache(blobs).get(["a", "b"])["a"].definitions == FACTS.definitions


def test_without_a_store_facts_last_until_the_next_snapshot() -> None:
    kept = FactsCache(None)
    kept.put({"a": FACTS})
    assert kept.get(["a"]) == {}
    kept.keep({"a": FACTS, "b": FACTS})
    assert kept.get(["a", "c"]) == {"a": FACTS}
    assert kept.get(["b"]) == {}


def test_a_damaged_entry_counts_as_absent(blobs: BlobCache) -> None:
    blobs.put("a", b"damaged")
    assert FactsCache(blobs).get(["a"]) == {}


def test_too_many_facts_are_not_held_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_MOST_ROWS", 3)
    kept = FactsCache(None)
    assert kept.keep({"a": FACTS})
    assert kept.get(["a"]) == {"a": FACTS}
    assert not kept.keep({"a": FACTS, "b": FACTS})
    assert kept.get(["a"]) == {}
