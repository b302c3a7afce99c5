import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm.artifacts import Entity, Rewrite
from cgm.errors import ArtifactError, StorageError
from cgm.store import (
    StageCache,
    _sizes_by_use,
    append_row,
    fingerprint,
    read_head,
    read_pieces,
    read_rows,
    scratch_folder,
    write_bytes,
    write_json,
    write_lines,
    write_rows,
)

_REWRITE = Rewrite("a-1", (Entity("name", "f", 0.5),), ("parse",), ("why",))
_JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3))


@given(st.dictionaries(st.text(), _JSON))
def test_a_fingerprint_ignores_the_order_of_keys(value: dict[str, Any]) -> None:
    assert fingerprint(value) == fingerprint(dict(reversed(value.items())))


def test_different_values_have_different_fingerprints() -> None:
    values: list[Any] = [1, "1", [1], {"1": 1}, None, "", 1.5, True]
    assert len({fingerprint(value) for value in values}) == len(values)


def test_a_write_replaces_the_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    write_bytes(tmp_path / "below" / "a", b"old")
    write_bytes(tmp_path / "below" / "a", b"new")
    assert [(path.name, path.read_bytes()) for path in (tmp_path / "below").iterdir()] == [("a", b"new")]


def test_lines_that_fail_midway_keep_the_old_file(tmp_path: Path) -> None:
    def lines() -> Iterator[str]:
        yield "new"
        raise ArtifactError("no more")

    write_lines(tmp_path / "a", ["old \udcff\n", "line\n"])
    with pytest.raises(ArtifactError):
        write_lines(tmp_path / "a", lines())
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a", b"old \xff\nline\n")]


def _without_room(call: str) -> str:
    """What a process says that calls the store where no file may grow beyond 64 bytes."""
    code = f"from pathlib import Path; from cgm.store import *; {call}"

    def no_space() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))

    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, preexec_fn=no_space, check=False
    ).stderr


def test_a_full_disk_keeps_the_old_file_and_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_bytes(path, b"old")
    said = _without_room(f"write_bytes(Path({str(path)!r}), b'n' * 9999)")
    assert f"StorageError: cannot write {path}: " in said
    assert [(found.name, found.read_bytes()) for found in tmp_path.iterdir()] == [("a", b"old")]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"cannot write .*below: "):
        write_json(tmp_path / "file" / "below", {})


def test_rows_come_back_with_their_line_numbers(tmp_path: Path) -> None:
    (tmp_path / "rows").write_text('{"a": 1}\n\n{"a": "\\u2028"}\n')
    assert list(read_rows(tmp_path / "rows")) == [(1, {"a": 1}), (3, {"a": "\u2028"})]
    write_rows(tmp_path / "again", (row for _, row in read_rows(tmp_path / "rows")))
    assert [row for _, row in read_rows(tmp_path / "again")] == [{"a": 1}, {"a": "\u2028"}]


def test_rows_are_added_to_a_file_whose_folder_need_not_be_there(tmp_path: Path) -> None:
    for number in range(2):
        append_row(tmp_path / "new" / "rows", {"n": number})
    assert [row for _, row in read_rows(tmp_path / "new" / "rows")] == [{"n": 0}, {"n": 1}]


def test_a_row_for_which_the_disk_has_no_room_leaves_no_part_of_it(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    append_row(path, {"a": 1})
    said = _without_room(f"append_row(Path({str(path)!r}), {{'a': 'n' * 99}})")
    assert f"StorageError: cannot write {path}: " in said
    assert path.read_bytes() == b'{"a": 1}\n'


@pytest.mark.parametrize(
    ("line", "rule"),
    [(b"{", "rows:2: not JSON"), (b"[1]", "rows:2: a line must"), (b'"\xff"', "rows:2: not JSON")],
)
def test_a_damaged_row_is_refused_with_its_line(tmp_path: Path, line: bytes, rule: str) -> None:
    (tmp_path / "rows").write_bytes(b"{}\n" + line)
    with pytest.raises(ArtifactError, match=rule):
        list(read_rows(tmp_path / "rows"))


def test_a_row_that_is_nested_too_deep_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "rows").write_bytes(b"{}\n" + b"[" * 200_000)
    with pytest.raises(ArtifactError, match="rows:2: not JSON"):
        list(read_rows(tmp_path / "rows"))


def test_a_cached_output_comes_back_with_its_record(tmp_path: Path) -> None:
    cache = StageCache(tmp_path)
    cache.save("rewriter", "abcd", _REWRITE, {"seconds": 1.5})
    assert cache.load("rewriter", "abcd", Rewrite) == (_REWRITE, {"seconds": 1.5})
    assert cache.load("rewriter", "abce", Rewrite) is None
    assert cache.load("retriever", "abcd", Rewrite) is None


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"artifact": {"x": 1}, "record": {}}', '{"artifact": null}'])
def test_a_damaged_entry_counts_as_absent(tmp_path: Path, content: str) -> None:
    cache = StageCache(tmp_path)
    cache.save("rewriter", "abcd", _REWRITE, {})
    cache.path("rewriter", "abcd", ".json").write_text(content)
    assert cache.load("rewriter", "abcd", Rewrite) is None


def test_what_was_used_longest_ago_is_dropped_first(tmp_path: Path) -> None:
    cache = StageCache(tmp_path)
    for age, key in enumerate(("newest", "middle", "oldest")):
        cache.save("rewriter", key, _REWRITE, {})
        os.utime(cache.path("rewriter", key, ".json"), ns=(0, 10**18 - age))
    assert cache.load("rewriter", "oldest", Rewrite)  # now the newest
    size = cache.path("rewriter", "newest", ".json").stat().st_size
    assert cache.prune(2 * size) == 1
    assert [bool(cache.load("rewriter", key, Rewrite)) for key in ("newest", "middle", "oldest")] == [True, False, True]
    assert cache.prune(0) == 2


def test_an_entry_that_vanishes_meanwhile_does_not_stop_the_pruning(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_text("")
    found = _sizes_by_use(tmp_path)
    _, _, first = next(found)
    (tmp_path / ("two" if first.name == "one" else "one")).unlink()
    assert list(found) == []


def test_a_scratch_folder_is_gone_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with scratch_folder("r4-") as folder:
        (folder / "file").write_text("")
        assert folder.parent == tmp_path.resolve()
    assert not list(tmp_path.iterdir())


def test_no_place_for_a_scratch_folder_is_a_storage_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(StorageError, match=r"cannot make a temporary folder: .*gone"), scratch_folder("r4-"):
        raise AssertionError


def test_an_absent_cache_needs_no_pruning(tmp_path: Path) -> None:
    assert StageCache(tmp_path / "none").prune(1) == 0


def test_json_is_written_in_ascii(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"name": "\u00e9\udcff"})
    assert (tmp_path / "a.json").read_bytes().isascii()
    assert json.loads((tmp_path / "a.json").read_text()) == {"name": "\u00e9\udcff"}


def test_long_lines_are_read_in_part_and_the_next_begins_where_they_end(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    path.write_bytes(b"abcd\n" + b"x" * 25 + b"\nend")
    assert list(read_pieces(path, 10)) == [(b"abcd\n", True), (b"x" * 10, False), (b"end", True)]


@given(st.lists(st.integers(0, 12), max_size=6), st.booleans())
def test_lines_of_any_length_are_all_counted(lengths: list[int], finished: bool) -> None:
    with scratch_folder("r4-test-") as folder:
        path = folder / "rows"
        text = b"\n".join(b"x" * length for length in lengths)
        path.write_bytes(text + b"\n" * finished)
        pieces = list(read_pieces(path, 5))
        lines = path.read_bytes().splitlines(keepends=True)
    assert [piece for piece, _ in pieces] == [line[:5] for line in lines]
    assert [complete for _, complete in pieces] == [len(line) <= 5 for line in lines]


def test_a_file_that_cannot_be_read_piece_by_piece_is_an_error_of_storage(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot read"):
        read_head(tmp_path, 1)
    with pytest.raises(StorageError, match="cannot read"):
        list(read_pieces(tmp_path, 1))
