import contextlib
import time

import pytest

from cgm.errors import ParseError
from preprocessing.facts import encode_facts
from preprocessing.languages import BY_NAME
from preprocessing.polyglot import grammar
from preprocessing.polyglot.extract import MAINS, extract
from preprocessing.polyglot.grammar import read_matches

JAVA, SCRIPT = BY_NAME["java"], BY_NAME["javascript"]


def test_matches_come_by_main_capture_in_document_order() -> None:
    matches = read_matches(JAVA, b"class B { void f() {} }\nclass A {}", MAINS, 10.0)
    assert [matches.text(match.parts["name"]) for match in matches.all("definition.class")] == ["B", "A"]
    assert [matches.text(match.parts["name"]) for match in matches.all("definition.function")] == ["f"]
    assert matches.all("definition.interface") == []


def test_the_words_of_a_grammar_are_its_keywords() -> None:
    assert {b"class", b"return"} <= read_matches(SCRIPT, b"", MAINS, 10.0).keywords


def test_a_file_that_takes_too_long_is_refused() -> None:
    with pytest.raises(ParseError, match="must"):
        read_matches(SCRIPT, b"f(x);\n" * 10_000, MAINS, 1e-9)


def test_a_file_is_searched_in_pieces_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    source = b"export class A { f(x = 1) { return this.g(x, () => { const y = new B() }) } }\n" * 200
    whole = encode_facts(extract(SCRIPT, source))
    monkeypatch.setattr(grammar, "_PIECE", 100)
    assert encode_facts(extract(SCRIPT, source)) == whole


def test_a_file_that_opens_lists_of_types_without_end_is_refused() -> None:
    with pytest.raises(ParseError, match="open"):
        read_matches(JAVA, b"A<" * 6_000, MAINS, 10.0)


@pytest.mark.parametrize("language", ["java", "javascript", "typescript"])
@pytest.mark.parametrize(
    "source",
    [
        b"x = " + b"(" * 5_000,
        b"{" * 5_000,
        b"a" + b".b()" * 5_000,
        b"x = " + b"a+" * 5_000,
        b"class A {" * 2_000,
        b"f(function(){" * 2_000,
        b"A<" * 5_000,
        b"/*" * 5_000,
        b"// x\n" * 5_000,
        b"var " + b"a," * 5_000 + b"a;",
        bytes(range(1, 256)) * 200,
    ],
    ids=lambda source: source[:8].decode("latin-1").strip("\x00\x01\x02\x03\x04\x05\x06\x07\x08") or "bytes",
)
def test_deep_and_broken_sources_are_read_or_refused_in_little_time(language: str, source: bytes) -> None:
    started = time.process_time()
    with contextlib.suppress(ParseError):
        extract(BY_NAME[language], source, seconds=1.0)
    assert time.process_time() - started < 4.0
