import subprocess
import sys
import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgm.graph import NodeKind
from preprocessing.facts import (
    BODY,
    COMMENTS,
    DOCSTRING,
    MODULE,
    OPAQUE,
    PYTHON,
    SIGNATURE,
    STRINGS,
    TEXT,
    Assigned,
    FileFacts,
    Import,
    Use,
    decode_facts,
    encode_facts,
)
from preprocessing.python.parse import count_lines, facts_version, parse_python, parse_text


def words_of(facts: FileFacts, scope: int, part: int) -> Counter[str]:
    words = facts.words
    rows = zip(words.scope.tolist(), words.part.tolist(), words.word.tolist(), words.count.tolist(), strict=True)
    return Counter({words.vocabulary[word]: count for s, p, word, count in rows if (s, p) == (scope, part)})


def qualified(facts: FileFacts) -> dict[str, NodeKind]:
    names: list[str] = []
    for row in facts.definitions:
        names.append(row.name if row.parent == MODULE else f"{names[row.parent]}.{row.name}")
    return {name: NodeKind(row.kind) for name, row in zip(names, facts.definitions, strict=True)}


def test_every_way_to_import_is_a_row() -> None:
    source = b"""import a.b, c as d
from . import e
from ..f.g import (h as i, j)
from k import *
from __future__ import annotations
def late():
    from l import m
"""
    assert parse_python(source).imports == (
        Import(MODULE, "a.b", "", "", 0, 1),
        Import(MODULE, "c", "", "d", 0, 1),
        Import(MODULE, "", "e", "", 1, 2),
        Import(MODULE, "f.g", "h", "i", 2, 3),
        Import(MODULE, "f.g", "j", "", 2, 3),
        Import(MODULE, "k", "*", "", 0, 4),
        Import(MODULE, "__future__", "annotations", "", 0, 5),
        Import(0, "l", "m", "", 0, 7),
    )


def test_a_call_belongs_to_the_innermost_scope_at_its_first_line() -> None:
    source = b"""top()
class A:
    in_class()
    def f(self):
        x()
        x()
        return (
            y
            .z())
"""
    assert parse_python(source).calls == (
        Use(MODULE, "top", 1),
        Use(0, "in_class", 3),
        Use(1, "x", 5),
        Use(1, "y.z", 9),
    )


def test_attributes_are_globals_class_members_and_members_of_self() -> None:
    source = b"""A = 1
b, c = 2, 3
class K:
    d: int
    e = f = 4
    def m(self):
        self.g, local = 5, 6
        self.e = 7
        other.h = 8
        def inner():
            deep = 9
"""
    kinds = qualified(parse_python(source))
    found = {name for name, kind in kinds.items() if kind == NodeKind.ATTRIBUTE}
    assert found == {"A", "b", "c", "K.d", "K.e", "K.f", "K.g"}


def test_an_assigned_lambda_has_the_name_and_another_its_line() -> None:
    source = b"""key = lambda x: x
class A:
    f = lambda self: 1
    def g(self):
        h = lambda: 2
        return sorted(y, key=lambda z: z)
"""
    kinds = qualified(parse_python(source))
    assert {name for name, kind in kinds.items() if kind == NodeKind.LAMBDA} == {
        "key",
        "A.f",
        "A.g.h",
        "A.g.<lambda:6>",
    }


def test_names_that_may_lead_out_of_a_function_are_references() -> None:
    source = b"""from m import Base, helper
LIMIT = 3
class A(Base):
    kind = LIMIT
    def f(self, helper):
        call(key=LIMIT, LIMIT=1)
        return self.kind, helper, LIMIT, unknown
"""
    assert parse_python(source).references == (
        Use(MODULE, "LIMIT", 2),
        Use(0, "Base", 3),
        Use(0, "kind", 4),
        Use(0, "LIMIT", 4),
        Use(1, "LIMIT", 6),
        Use(1, "self.kind", 7),
    )


def test_a_reference_after_a_long_string_has_its_own_line() -> None:
    assert parse_python(b'X = 1\ndef f():\n    """a\n    b\n    """\n    return X\n').references[-1] == Use(0, "X", 6)


def test_a_star_import_makes_any_free_name_a_reference() -> None:
    assert Use(0, "anything", 3) in parse_python(b"from m import *\ndef f():\n    return anything\n").references


def test_what_is_assigned_tells_types() -> None:
    source = b"""def f(a: Foo, b: "Bar" = None, *c: Baz):
    x = Session()
    self.y = x.z
    w: Optional[Foo] = None
    with open_it() as v:
        pass
"""
    assert set(parse_python(source).assigned) == {
        Assigned(0, "a:", "Foo()"),
        Assigned(0, "b:", "Bar()"),
        Assigned(0, "c[]", "Baz()"),
        Assigned(0, "x", "Session()"),
        Assigned(0, "self.y", "x.z"),
        Assigned(0, "w", "Foo()"),
        Assigned(0, "v", "open_it().__enter__()"),
    }


def test_a_function_binds_parameters_targets_and_loop_names_but_no_globals() -> None:
    source = b"""def f(a, b=1, *c, d, **e):
    global G
    G = 1
    h = [i for i in a]
    for j, k in h: pass
    with l as m: pass
    if (n := 1): pass
    return lambda o: o
"""
    assert parse_python(source).bound[0] == frozenset("abcdehijkmno")


def test_words_are_counted_by_part_of_each_scope() -> None:
    source = b'''"""Module words."""
# a comment
@cached(size=1)
def connect_all(host, port=80):
    """Connect it."""
    raise Error("cannot connect", f"to {host} now")  # give up
'''
    facts = parse_python(source)
    assert words_of(facts, MODULE, DOCSTRING) == {"Module": 1, "words": 1}
    assert words_of(facts, MODULE, COMMENTS) == {"a": 1, "comment": 1}
    assert words_of(facts, 0, SIGNATURE) == dict.fromkeys(["cached", "size", "1", "host", "port", "80"], 1)
    assert words_of(facts, 0, DOCSTRING) == {"Connect": 1, "it": 1}
    assert words_of(facts, 0, STRINGS) == {"cannot": 1, "connect": 1, "to": 1, "now": 1}
    assert words_of(facts, 0, COMMENTS) == {"give": 1, "up": 1}
    assert words_of(facts, 0, BODY) == {"Error": 1, "host": 1}


def test_a_childs_words_are_not_repeated_in_its_parent() -> None:
    facts = parse_python(b"class A:\n    own = 1\n    def f(self):\n        inside = 2\n")
    assert words_of(facts, 0, BODY) == {"own": 1, "1": 1}
    assert words_of(facts, 1, BODY) == {"inside": 1, "2": 1}
    assert words_of(facts, MODULE, BODY) == {}


@pytest.mark.parametrize(
    ("source", "lines"), [(b"", 0), (b"a", 1), (b"a\n", 1), (b"a\nb", 2), (b"\n\n", 2), (b"a\rb\n", 1)]
)
def test_lines_are_counted_as_git_counts_them(source: bytes, lines: int) -> None:
    assert count_lines(source) == lines


def test_a_text_has_words_only_where_it_is_small() -> None:
    assert words_of(parse_text(b"two words", 9), MODULE, BODY) == {"two": 1, "words": 1}
    assert parse_text(b"two words", 8).words.vocabulary == ()
    assert parse_text(b"two words", 8).language == TEXT


@pytest.mark.parametrize("parse", [parse_python, lambda source: parse_text(source, 100)])
def test_a_binary_file_is_not_looked_into(parse: object) -> None:
    assert parse(b"x = 1\0\n").language == OPAQUE  # type: ignore[operator]


@pytest.mark.parametrize(
    "source",
    [
        b"x = " + b"(" * 5000 + b")" * 5000 + b"\n",
        b"x = " + b"[" * 5000,
        b"".join(b" " * depth + b"if x:\n" for depth in range(3000)),
        b"x" + b".y" * 5000 + b"()\n",
        b"f(" * 5000 + b")" * 5000,
        b"def f(" * 3000,
        b"class A:\n  def f(self):\n" * 2000,
        b"lambda: " * 5000 + b"1",
        b"'" * 9999,
        b"\xef\xbb\xbfdef f(): pass\n",
        b"# -*- coding: latin-1 -*-\nx = '\xe9'\n",
        b"print 'python 2'\nexec code in ns\n",
        b"\r\ndef f():\r\n    pass\r\n",
    ],
    ids=range(13),
)
def test_hostile_code_gives_facts(source: bytes) -> None:
    facts = parse_python(source)
    assert (facts.language, facts.lines) == (PYTHON, count_lines(source))


@pytest.mark.parametrize("link", ["(1)", ".b()"])
def test_calls_of_calls_take_linear_time(link: str) -> None:
    begin = time.process_time()
    parse_python(b"x = a" + link.encode() * 60_000)
    assert time.process_time() - begin < 6  # the square would take twenty


def test_a_byte_order_mark_hides_nothing() -> None:
    assert [row.name for row in parse_python(b"\xef\xbb\xbfdef f(): pass\n").definitions] == ["f"]


def test_broken_syntax_keeps_what_is_whole() -> None:
    facts = parse_python(b"def whole():\n    return call()\n\ndef broken(:\n    pass\n\nclass After:\n    pass\n")
    assert {"whole", "After"} <= set(qualified(facts))
    assert "call" in {use.chain for use in facts.calls}


_PIECES = st.sampled_from(
    [
        "class A(B):\n",
        "def f(x, *y):\n",
        "    ",
        "\n",
        "@d\n",
        "x = 1\n",
        '"""',
        "'",
        "#",
        "(",
        ")",
        "[",
        ":",
        "lambda a: ",
        "import a.b as c\n",
        "from . import *\n",
        "self.x = F()\n",
        "return ",
        "f'{x}'",
        "\\\n",
        "\t",
        "\u00e9",
        "async ",
        "with a as b:\n",
        "global x\n",
    ]
)


@settings(max_examples=150)
@given(st.one_of(st.binary(max_size=300), st.lists(_PIECES, max_size=40).map(lambda parts: "".join(parts).encode())))
def test_any_bytes_give_facts_that_hold_together(source: bytes) -> None:
    facts = parse_python(source)
    assert encode_facts(parse_python(source)) == encode_facts(facts)
    assert decode_facts(encode_facts(facts)).definitions == facts.definitions
    for position, row in enumerate(facts.definitions):
        assert MODULE <= row.parent < position
        assert 1 <= row.start <= row.end <= source.count(b"\n") + 1
    scopes = [use.scope for use in (*facts.calls, *facts.references, *facts.imports, *facts.assigned)]
    assert all(MODULE <= scope < len(facts.definitions) for scope in [*scopes, *facts.words.scope.tolist()])


def test_facts_are_the_same_in_every_process() -> None:
    program = (
        "import sys, hashlib;"
        "from preprocessing.facts import encode_facts; from preprocessing.python.parse import parse_python;"
        "print(hashlib.sha256(encode_facts(parse_python(sys.stdin.buffer.read()))).hexdigest())"
    )
    source = "\n".join(
        f"def f{n}(a, b):\n    self.x{n}, y = g(h(a.b)), {n}\n    return [a for a in b]\n" for n in range(200)
    )
    digests = {
        subprocess.run([sys.executable, "-c", program], input=source.encode(), capture_output=True, check=True).stdout
        for _ in range(2)
    }
    assert len(digests) == 1


def test_the_version_of_facts_is_a_digest() -> None:
    assert facts_version() == facts_version()
    assert len(facts_version()) == 32
