import random
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgm.errors import ParseError
from cgm.graph import NodeKind
from preprocessing.facts import FileFacts, decode_facts, encode_facts
from preprocessing.languages import BY_NAME, language_of
from preprocessing.polyglot.extract import extract
from preprocessing.resolve import link

SUFFIXES = sorted(suffix for row in BY_NAME.values() if row.grammar for suffix in row.suffixes[:1])
# fmt: off
_PIECES = [
    "class A {", "struct B", "enum C { X, Y }", "interface I {", "trait T {", "impl T for B {", "namespace n {",
    "mod m {", "func f(", "fn g(x: B)", "void h(B* b)", "func (b *B) m()", "def k(", "{", "}", "(", ")", "[", "]",
    "<", ">", ":", "::", ".", "->", "=>", "=", ":=", ",", ";", "@a", "#[d]", "#if X\n", "#else\n", "#endif\n",
    "#define M(x) x\n", "import a", "use a::{b, self as c}", "use super::*", "#include <x.h>\n", "package p",
    "using namespace n", "template <class T>", "MACRO_NAME", "return x.y()", "a->b()->c", "A::B::f()", "m!(x.y())",
    "new A(1)", "x => x", "lambda", "extends A", "implements I", "public:", "static", '"text"', "// note", "/*",
    "*/", "\u00e9\u4e2d", "\0", "\\", "\n",
]
# fmt: on


def code() -> st.SearchStrategy[str]:
    """Pieces of many languages in any order."""
    return st.lists(st.sampled_from(_PIECES), max_size=40).map(" ".join)


def read(suffix: str, source: str | bytes) -> FileFacts:
    language = language_of(f"a{suffix}")
    assert language is not None
    return extract(language, source.encode() if isinstance(source, str) else source)


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(max_examples=60)
@given(source=st.one_of(code(), st.binary(max_size=200)))
def test_any_bytes_give_facts_that_hold_together(suffix: str, source: str | bytes) -> None:
    facts = read(suffix, source)
    for number, row in enumerate(facts.definitions):
        assert row.parent < number
        assert 1 <= row.start <= row.end <= facts.lines + 1
        assert row.name
        assert row.parent < 0 or facts.definitions[row.parent].kind in (NodeKind.CLASS, NodeKind.FUNCTION)
    scopes = [row.scope for rows in (facts.calls, facts.references, facts.imports, facts.assigned) for row in rows]
    assert all(-1 <= scope < len(facts.definitions) for scope in scopes)
    assert len(facts.complexity) == len(facts.definitions)
    assert facts.details.count("\n") == len(facts.definitions) + 1
    assert encode_facts(decode_facts(encode_facts(facts))) == encode_facts(read(suffix, source))


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from(SUFFIXES), st.sampled_from(["", "a/", "b/c/"]), code()), max_size=6),
    st.integers(0, 1000),
)
def test_files_that_name_each_other_in_any_way_are_linked_whatever_their_order(
    files: list[tuple[str, str, str]], seed: int
) -> None:
    rows = [(f"{folder}f{number}{suffix}", read(suffix, text)) for number, (suffix, folder, text) in enumerate(files)]
    graph = link("r", [path for path, _ in rows], [facts for _, facts in rows]).graph
    random.Random(seed).shuffle(rows)
    again = link("r", [path for path, _ in rows], [facts for _, facts in rows]).graph
    assert (graph.node_name, tuple(graph.edges()), graph.unlinked) == (
        again.node_name,
        tuple(again.edges()),
        again.unlinked,
    )


def hostile(size: int) -> dict[str, str]:
    """Code that is meant to be slow to read, of up to `size` bytes."""
    return {
        "opening brackets": "(" * (size // 10),
        "opening braces": "{" * (size // 10),
        "nested blocks": "{" * (size // 30) + "}" * (size // 30),
        "nested calls": "f(" * (size // 30) + ")" * (size // 30),
        "a long chain": "a" + ".b()" * (size // 30),
        "a long path": "a" + "::b" * (size // 30),
        "nested modules": "mod a {" * (size // 200),
        "nested name spaces": "namespace a {" * (size // 200),
        "a text without end": '"' + "x" * size,
        "a note without end": "/*" + "x" * size,
        "one line": "x + " * (size // 10),
        "one name": "x" * size,
        "a huge macro": "#define A(x) " + "x \\\n" * (size // 20),
        "nested conditions": "#if A\n" * (size // 100) + "#endif\n" * (size // 100),
        "nested use lists": "use " + "a::{" * (size // 50),
        "templates": "template <" * (size // 100),
    }


def seconds_to_read(suffix: str, source: str, limit: float) -> float:
    """How long a file takes until there are facts, or until it is given up."""
    language = language_of(f"a{suffix}")
    assert language is not None
    started = time.process_time()
    with suppress(ParseError):
        extract(language, source.encode(), limit)
    return time.process_time() - started


@pytest.mark.parametrize("suffix", [".go", ".rs", ".cc"])
@pytest.mark.parametrize("name", hostile(1))
def test_a_hostile_file_is_given_up_in_time(suffix: str, name: str) -> None:
    assert seconds_to_read(suffix, hostile(100_000)[name], 1.0) < 4


@pytest.mark.slow
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", hostile(1))
def test_a_hostile_file_of_a_megabyte_is_given_up_in_time(suffix: str, name: str) -> None:
    assert seconds_to_read(suffix, hostile(1_000_000)[name], 10.0) < 25
