import sqlite3
import subprocess
import sys
from pathlib import Path

import diskcache
import pytest

from cgm.store import BlobCache


@pytest.fixture
def cache(tmp_path: Path) -> BlobCache:
    return BlobCache(tmp_path / "blobs")


def test_what_was_put_is_got_and_what_was_not_is_absent(cache: BlobCache) -> None:
    cache.put_many({"a": b"1", "b": b"\x00\xff" * 100_000})
    assert cache.get_many(["a", "b", "c"]) == {"a": b"1", "b": b"\x00\xff" * 100_000}
    assert cache.get("c") is None


def test_blobs_survive_the_process(cache: BlobCache) -> None:
    cache.put("a", b"1")
    cache.close()
    assert BlobCache(cache.root).get("a") == b"1"


def test_only_bytes_are_stored(cache: BlobCache) -> None:
    with pytest.raises(TypeError, match="a blob must be bytes, got dict"):
        cache.put("a", {})  # type: ignore[arg-type]


def test_a_pickled_entry_is_never_loaded(cache: BlobCache) -> None:
    with diskcache.Cache(str(cache.root)) as foreign:
        foreign["a"] = {"pickled": True}
    assert cache.get("a") is None


def test_a_damaged_entry_costs_no_other(cache: BlobCache, caplog: pytest.LogCaptureFixture) -> None:
    cache.put("a", b"1")
    with diskcache.Cache(str(cache.root)) as foreign:
        foreign["b"] = {"pickled": True}
    assert cache.get_many(["b", "a"]) == {"a": b"1"}
    assert "a damaged entry of the cache" in caplog.text
    cache.put("b", b"2")
    assert cache.get_many(["a", "b"]) == {"a": b"1", "b": b"2"}


def test_a_damaged_database_is_rebuilt(cache: BlobCache, caplog: pytest.LogCaptureFixture) -> None:
    cache.put("a", b"1")
    cache.close()
    for file in cache.root.iterdir():
        file.write_bytes(b"not a database" * 1000)
    assert cache.get("a") is None
    assert "is damaged and begins anew" in caplog.text
    cache.put("a", b"2")
    assert cache.get("a") == b"2"


def test_a_cache_that_cannot_be_opened_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = BlobCache(tmp_path / "file" / "blobs")
    cache.put("a", b"1")
    assert cache.get("a") is None


def test_the_least_recently_used_goes_first(tmp_path: Path) -> None:
    cache = BlobCache(tmp_path / "blobs", max_bytes=1 << 20)
    for number in range(200):
        cache.put(str(number), bytes(10_000))
        assert cache.get("0") is not None
    held = cache.get_many([str(number) for number in range(200)])
    assert {"0", "199"} <= set(held)
    assert "1" not in held
    assert sum(map(len, held.values())) < 2 << 20


_WRITER = """
import sys
from pathlib import Path
from cgm.store import BlobCache
cache = BlobCache(Path(sys.argv[1]))
for number in range(20):
    cache.put(f"{sys.argv[2]} {number}", b"value")
cache.close()
"""


def test_processes_share_a_cache(cache: BlobCache) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", _WRITER, str(cache.root), name]) for name in "ab"]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    assert len(cache.get_many([f"{name} {number}" for name in "ab" for number in range(20)])) == 40


def test_the_database_is_ordinary_sqlite(cache: BlobCache) -> None:
    cache.put("a", b"1")
    with sqlite3.connect(cache.root / "cache.db") as connection:
        assert connection.execute("select key, value from Cache").fetchall() == [("a", b"1")]
    connection.close()
