"""What the fuzzer found once holds from then on."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from target import RECORD, check_repository, pack, unpack

_CORPUS = sorted(Path(__file__).with_name("corpus").glob("*"))
_WORDS = """
    def class return import from as self super().__init__( async lambda with for in if else None func fn impl struct
    interface package use mod include public static void new this extends implements : ; , . = * ** @ ( ) [ ] { } ' " #
    => -> :: < > a b A B f g x.py
"""
_TOKENS = st.sampled_from([*_WORDS.split(), "\n", "\n\t", "\n    ", "\r\n", "\f"])
_SUFFIXES = st.sampled_from(
    [".py", ".pyi", ".java", ".js", ".ts", ".tsx", ".go", ".rs", ".c", ".h", ".cpp", ".md", ".toml", ""]
)
_PARTS = st.text(st.characters(blacklist_characters="/\0\n\x1e", blacklist_categories=[]), min_size=1, max_size=8)
_PATHS = st.builds(lambda parts, suffix: "/".join(parts) + suffix, st.lists(_PARTS, min_size=1, max_size=3), _SUFFIXES)
_CONTENTS = st.one_of(
    st.binary(max_size=200), st.lists(_TOKENS, max_size=60).map(lambda words: " ".join(words).encode())
)


@pytest.mark.parametrize("path", _CORPUS, ids=lambda path: path.name)
def test_a_past_finding_stays_mended(path: Path) -> None:
    check_repository(unpack(path.read_bytes()))


@settings(max_examples=60)
@given(st.dictionaries(_PATHS, _CONTENTS, min_size=1, max_size=6))
def test_any_names_and_bytes_give_a_graph_that_keeps_its_promises(files: dict[str, bytes]) -> None:
    files = unpack(pack({path: content.replace(RECORD, b"") for path, content in files.items() if _encodes(path)}))
    if files:
        check_repository(files)


def _encodes(path: str) -> bool:
    try:
        path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True
