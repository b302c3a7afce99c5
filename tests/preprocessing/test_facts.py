import zlib

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing.facts import FileFacts, Words, decode_facts, encode_facts
from preprocessing.python.parse import parse_opaque, parse_python, parse_text

SOURCE = b'''
from .a import b as c
import d
class A(c):
    x: d.T = d.make()
    def f(self, p: "A"):
        """Doc of f."""
        self.y = lambda: p  # why
        return [q for q in self.x]
'''


def rows(facts: FileFacts) -> tuple[object, ...]:
    words = facts.words
    columns = (words.scope, words.part, words.word, words.count)
    return (
        *(facts.language, facts.lines, facts.definitions, facts.imports, facts.calls, facts.references),
        *(
            facts.complexity,
            facts.details,
            facts.clauses,
            facts.assigned,
            facts.bound,
            words.vocabulary,
            *(column.tolist() for column in columns),
        ),
    )


@pytest.mark.parametrize(
    "facts", [parse_python(SOURCE), parse_text(b"some words", 100), parse_opaque(), parse_python(b"")]
)
def test_facts_survive_their_compact_form(facts: FileFacts) -> None:
    assert rows(decode_facts(encode_facts(facts))) == rows(facts)


def test_equal_facts_have_equal_bytes() -> None:
    assert encode_facts(parse_python(SOURCE)) == encode_facts(parse_python(SOURCE))


@given(st.binary(max_size=200))
def test_damaged_facts_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        decode_facts(content)


@pytest.mark.parametrize("document", [[], {}, 3, {"postings": 3}, {"postings": b"AAAA"}, {"postings": b""}, None, "x"])
def test_facts_of_another_shape_are_refused(document: object) -> None:
    with pytest.raises(ValueError, match=r".*"):
        decode_facts(zlib.compress(msgpack.packb(document)))


@pytest.mark.parametrize("packed", [b"", b"\xc1", b"\x93\x01", b"\x01\x01"])
def test_facts_that_are_no_document_are_refused(packed: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        decode_facts(zlib.compress(packed))


def test_words_start_empty() -> None:
    assert Words().vocabulary == ()
    assert np.array_equal(Words().count, [])


def test_words_are_counted_when_they_are_first_asked_for_and_once() -> None:
    counted: list[int] = []

    def count() -> Words:
        counted.append(1)
        return Words(vocabulary=("a",))

    facts = FileFacts("text", 1, count_words=count)
    assert not counted
    assert facts.words is facts.words
    assert counted == [1]
