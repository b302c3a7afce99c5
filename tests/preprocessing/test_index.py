from collections import Counter
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cgm.graph import NodeKind
from cgm.protocols import Codebase, LexicalIndex
from cgm.store import BlobCache
from cgm.text import terms
from preprocessing.facts import FIELDS
from preprocessing.index import LexicalBuilder
from preprocessing.python.parse import parse_python
from preprocessing.resolve import link
from preprocessing.snapshot import open_snapshot
from preprocessing.stage import CodeGraphPreprocessor, PreprocessingConfig

FILES = {
    "pkg/net_io.py": '''"""Talk to hosts."""
from os import path

class HTTPClient(Base):
    """Send requests."""

    retries = 3

    def sendAll(self, data, timeout=None):
        """Send every byte."""
        # loop until done
        raise TimeoutError("connection to host lost", data, data)
''',
    "pkg/empty.py": "",
    "README.md": "Small words",
    "long.md": "words " * 2000,
}


def codebase_of(files: Mapping[str, str], tmp_path: Path) -> Codebase:
    for path, content in files.items():
        (tmp_path / "r" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "r" / path).write_text(content)
    blobs = BlobCache(tmp_path / "blobs")
    return CodeGraphPreprocessor(PreprocessingConfig(), blobs=blobs).preprocess(open_snapshot(tmp_path / "r"))


def terms_of(codebase: Codebase, label: str, field: str) -> dict[str, int]:
    """Read a document's terms back from the postings."""
    index, number = codebase.lexical, FIELDS.index(field)
    labels = [codebase.graph.label(node) for node in index.nodes.tolist()]
    document = labels.index(label)
    indptr, documents, counts = index.indptr[number], index.documents[number], index.counts[number]
    found = {}
    for term, place in index.vocabulary.items():
        rows = slice(indptr[place], indptr[place + 1])
        for one, count in zip(documents[rows].tolist(), counts[rows].tolist(), strict=True):
            if one == document:
                found[term] = count
    return found


def test_every_file_class_and_function_is_a_document_in_node_order(tmp_path: Path) -> None:
    codebase = codebase_of(FILES, tmp_path)
    kinds = (NodeKind.FILE, NodeKind.TEXTFILE, NodeKind.CLASS, NodeKind.FUNCTION)
    assert codebase.lexical.nodes.tolist() == codebase.graph.nodes_of_kind(*kinds).tolist()
    assert len(codebase.lexical.nodes) == 6


def test_terms_go_into_the_field_where_they_stand(tmp_path: Path) -> None:
    codebase = codebase_of(FILES, tmp_path)
    function = "pkg/net_io.py:HTTPClient.sendAll"
    expected = {
        "path": "pkg net_io py",
        "name": "HTTPClient sendAll",
        "signature": "self data timeout None",
        "docstring": "Send every byte",
        "strings": "connection to host lost",
        "comments": "loop until done",
        "body": "TimeoutError data data",
    }
    for field, text in expected.items():
        assert terms_of(codebase, function, field) == Counter(terms(text)), field


def test_a_class_and_a_file_have_their_own_text_only(tmp_path: Path) -> None:
    codebase = codebase_of(FILES, tmp_path)
    assert terms_of(codebase, "pkg/net_io.py:HTTPClient", "body") == {"retries": 1, "3": 1}
    assert terms_of(codebase, "pkg/net_io.py:HTTPClient", "signature") == {"base": 1}
    assert terms_of(codebase, "pkg/net_io.py", "docstring") == {"talk": 1, "to": 1, "hosts": 1}
    assert terms_of(codebase, "pkg/net_io.py", "body") == {"os": 1, "path": 1}


def test_a_text_is_found_by_path_and_a_small_one_by_its_words(tmp_path: Path) -> None:
    codebase = codebase_of(FILES, tmp_path)
    assert terms_of(codebase, "README.md", "body") == {"small": 1, "words": 1}
    assert terms_of(codebase, "long.md", "body") == {}
    assert terms_of(codebase, "long.md", "path") == {"long": 1, "md": 1}


def test_postings_are_ascending_and_complete(tmp_path: Path) -> None:
    index = codebase_of(FILES, tmp_path).lexical
    assert index.fields == FIELDS
    assert list(index.vocabulary) == sorted(index.vocabulary)
    for indptr, documents, counts in zip(index.indptr, index.documents, index.counts, strict=True):
        assert len(indptr) == len(index.vocabulary) + 1
        assert indptr[-1] == len(documents) == len(counts)
        assert (counts > 0).all()
        for start, end in pairwise(indptr.tolist()):
            assert (np.diff(documents[start:end]) > 0).all()


def test_counts_beyond_the_largest_stay_there(tmp_path: Path) -> None:
    codebase = codebase_of({"a.py": "x = [" + "q," * 70_000 + "]\n"}, tmp_path)
    assert terms_of(codebase, "a.py", "body")["q"] == 65535


def test_a_repository_without_words_has_an_empty_index(tmp_path: Path) -> None:
    index: LexicalIndex = codebase_of({"a.bin": "\0"}, tmp_path).lexical
    assert set(index.vocabulary) == {"a", "bin"}
    assert index.counts[FIELDS.index("body")].tolist() == []


def same(one: LexicalIndex, other: LexicalIndex) -> bool:
    columns = [(index.nodes, *index.indptr, *index.documents, *index.counts) for index in (one, other)]
    pairs = zip(*columns, strict=True)
    return one.vocabulary == other.vocabulary and all(map(np.array_equal, *zip(*pairs, strict=True)))


_SOURCES = st.sampled_from(["", "x = 1\n", "def saveAll(a): ...\n", "class A:\n  'b c'\n", "# 1e5 caf\u00e9\n"])
_SNAPSHOTS = st.dictionaries(st.sampled_from(["a.py", "b.py", "p/a.py", "p/q/c.py"]), _SOURCES)


@given(snapshots=st.lists(_SNAPSHOTS, min_size=1, max_size=4))
def test_the_index_does_not_depend_on_the_snapshots_before(snapshots: list[dict[str, str]]) -> None:
    builder = LexicalBuilder()
    facts_of = cache(lambda source: parse_python(source.encode()))
    for snapshot in snapshots:
        facts = [facts_of(source) for source in snapshot.values()]
        linked = link("r", list(snapshot), facts)
        once = builder.build(linked.graph, linked.files, facts)
        assert same(once, LexicalBuilder().build(linked.graph, linked.files, facts))


def test_terms_of_snapshots_long_gone_are_forgotten() -> None:
    builder = LexicalBuilder()
    for number in range(50):
        facts = [parse_python(f"name{number} = {number}\n".encode())]
        linked = link("r", ["a.py"], facts)
        builder.build(linked.graph, linked.files, facts)
    assert len(builder._numbers) < 50
