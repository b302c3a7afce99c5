from collections.abc import Mapping
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgm.graph import CodeGraph
from preprocessing import incremental
from preprocessing.facts import FileFacts
from preprocessing.incremental import GraphBuilder, moved_lines
from preprocessing.python.parse import parse_python, parse_text
from preprocessing.resolve import Linked, link

FILES = {
    "a.py": "import b\n\nclass A(b.B):\n    '''Doc.'''\n    x = 1\n\n    def f(self, y):\n        return self.g(y)\n",
    "c.py": "from a import A\n\nkey = lambda a: a.f(0)\nrun = sorted([A()], key=lambda a: a.g(1))\nkey(A())\n",
    "b.py": "from abc import ABC\n\nclass B(ABC):\n    def g(self, y):\n        return y.f()\n",
    "notes.md": "Some words\n",
}
_SAME_LINKS = {
    "a.py": "# first\n\nimport b\nclass A(b.B):\n    '''More\n    of it.'''\n\n    x = 2\n    def f(self, y):\n"
    "        # say so\n        return self.g(y)\n",
    "c.py": "from a import A\n\n#k\nkey = lambda a: a.f(0)\n\nrun = sorted([A()], key=lambda a: a.g(1))\nkey(A())\n",
    "notes.md": "Other words\n\nin more lines\n",
}


def facts_of(files: Mapping[str, str]) -> list[FileFacts]:
    return [
        parse_python(text.encode()) if path.endswith(".py") else parse_text(text.encode(), 1000)
        for path, text in files.items()
    ]


def assert_same(linked: Linked, other: Linked) -> None:
    assert linked.files == other.files
    for field in fields(CodeGraph):
        one, two = getattr(linked.graph, field.name), getattr(other.graph, field.name)
        assert np.array_equal(one, two) if isinstance(one, np.ndarray) else one == two, field.name


@pytest.mark.parametrize("path", sorted(_SAME_LINKS))
def test_what_linking_does_not_look_at_is_not_linked_again(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    builder, changed = GraphBuilder(), FILES | {path: _SAME_LINKS[path]}
    builder.build("r", list(FILES), facts_of(FILES))
    expected = link("r", list(changed), facts_of(changed))
    monkeypatch.delattr(incremental, "link")
    assert_same(builder.build("r", list(changed), facts_of(changed)), expected)
    assert_same(builder.build("r", list(FILES), facts_of(FILES)), link("r", list(FILES), facts_of(FILES)))


@pytest.mark.parametrize(
    "change",
    [
        {"b.py": FILES["b.py"].replace("g(", "h(")},
        {"b.py": FILES["b.py"].replace("B(ABC)", "B")},
        {"b.py": FILES["b.py"] + "    def f(self): ...\n"},
        {"d.py": "import a\n"},
        {"a.py": FILES["a.py"].replace("self.g(y)", "y.nothing(self)")},
    ],
    ids=range(5),
)
def test_what_linking_looks_at_is_linked_again(change: dict[str, str]) -> None:
    builder, changed = GraphBuilder(), FILES | change
    before = builder.build("r", list(FILES), facts_of(FILES))
    after = builder.build("r", list(changed), facts_of(changed))
    assert_same(after, link("r", list(changed), facts_of(changed)))
    assert after.graph.counts() != before.graph.counts()


def test_lines_that_change_places_are_no_mere_move() -> None:
    one, other = (parse_python(source.encode()) for source in ("f()\ng()\nf()\n", "x\n\nf()\ng()\nf()\n"))
    assert moved_lines(one, one) == {1: 1, 2: 2}
    assert moved_lines(one, parse_python(b"f()\n\ng()\nf()\n")) == {1: 1, 2: 3}
    assert moved_lines(one, parse_python(b"f(); g()\nf()\n")) is None
    assert moved_lines(one, parse_python(b"g()\nf()\n")) is None
    assert moved_lines(one, other) == {1: 3, 2: 4}


_PIECES = st.sampled_from(
    [
        "import m0\n",
        "from m1 import *\n",
        "from m0 import f as g, A\n",
        "def f(x):\n    return x.g()\n",
        "def g(y, z=None):\n    f(y)\n",
        "class A:\n    def f(self): self.g()\n",
        "class B(A):\n    def g(self): super().f()\n",
        "a = A()\na.f()\n",
        "# a comment\n",
        "\n\n",
        '"""Words."""\n',
        "f(g)\n",
        "h = lambda a: f(a)\n",
        "f(lambda a: g(a))\n",
    ]
)
_PATHS = st.sampled_from(["m0.py", "m1.py", "p/m0.py", "p/__init__.py", "t.md"])
_EDITS = st.tuples(_PATHS, st.integers(0, 4), st.booleans(), _PIECES)


def edited(pieces: list[str], place: int, piece: str, *, replaces: bool) -> list[str]:
    return [*pieces[:place], piece, *pieces[place + replaces :]]


@settings(max_examples=60, deadline=None)
@given(edits=st.lists(_EDITS, min_size=2, max_size=12))
def test_a_graph_does_not_depend_on_those_before(edits: list[tuple[str, int, bool, str]]) -> None:
    builder = GraphBuilder()
    pieces: dict[str, list[str]] = {}
    for path, place, replaces, piece in edits:
        pieces[path] = edited(pieces.get(path, []), place, piece, replaces=replaces)
        if replaces and place == 0 and len(pieces) > 1 and len(pieces[path]) == 1:
            del pieces[path]
        files = {path: "".join(parts) for path, parts in pieces.items()}
        assert_same(builder.build("r", list(files), facts_of(files)), link("r", list(files), facts_of(files)))
