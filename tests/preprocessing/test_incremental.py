from collections.abc import Mapping
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgm.graph import CodeGraph
from preprocessing.facts import FileFacts
from preprocessing.incremental import GraphBuilder
from preprocessing.parse import Reading
from preprocessing.resolve import Linked, link

FILES = {
    "a.py": "import b\n\nclass A(b.B):\n    '''Doc.'''\n    x = 1\n\n    def f(self, y):\n        return self.g(y)\n",
    "c.py": "from a import A\n\nkey = lambda a: a.f(0)\nrun = sorted([A()], key=lambda a: a.g(1))\nkey(A())\n",
    "b.py": "from abc import ABC\n\nclass B(ABC):\n    def g(self, y):\n        return y.f()\n",
    "notes.md": "Some words\n",
}
_READING = Reading(seconds=10.0, max_indexed_text_bytes=1000, vendored=[], skip_generated=False, max_mean_line_bytes=0)
_SAME_LINKS = {
    "a.py": "# first\n\nimport b\nclass A(b.B):\n    '''More\n    of it.'''\n\n    x = 2\n    def f(self, y):\n"
    "        # say so\n        return self.g(y)\n",
    "c.py": "from a import A\n\n#k\nkey = lambda a: a.f(0)\n\nrun = sorted([A()], key=lambda a: a.g(1))\nkey(A())\n",
    "notes.md": "Other words\n\nin more lines\n",
}


def facts_of(files: Mapping[str, str]) -> list[FileFacts]:
    return [_READING.read(path, text.encode()) for path, text in files.items()]


def assert_same(linked: Linked, other: Linked) -> None:
    assert linked.files == other.files
    for field in fields(CodeGraph):
        one, two = getattr(linked.graph, field.name), getattr(other.graph, field.name)
        assert np.array_equal(one, two) if isinstance(one, np.ndarray) else one == two, field.name


@pytest.mark.parametrize("path", sorted(_SAME_LINKS))
def test_what_only_moves_lines_gives_the_same_links_where_they_stand_now(path: str) -> None:
    builder, changed = GraphBuilder(), FILES | {path: _SAME_LINKS[path]}
    builder.build("r", list(FILES), facts_of(FILES))
    assert_same(builder.build("r", list(changed), facts_of(changed)), link("r", list(changed), facts_of(changed)))
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
        "from abc import ABC, abstractmethod\nclass A(ABC):\n    @abstractmethod\n    def g(self): ...\n",
        "class B(A):\n    @property\n    def f(self): return A()\n    @f.setter\n    def f(self, x): x.g()\n",
        "class D:\n    def __get__(self, one, kind): return f(one)\nclass B:\n    f = D()\nB().f.g()\n",
        "def deco(x):\n    def inner(*args): return x(*args)\n    return inner\n@deco\ndef g(y): return f(y)\n",
        "from functools import singledispatch\n@singledispatch\ndef f(x): ...\n@f.register\ndef g(x): ...\n",
        "__all__ = ['f', 'A']\n",
        "from m1 import g as f\n",
        "def run(call, *rest):\n    call(rest)\n    return call\nrun(f)(g)\nrun(g, f)\n",
        "from .m1 import run, A\nrun(A().f, B)\n",
        "def f(x=None):\n    return g(f(x)) if x else A()\n",
        "boxes = [A(), B()]\nfor box in boxes:\n    box.f(1)\n",
        "import pytest\n@pytest.fixture\ndef a(): return A()\ndef test_a(a): a.f()\n",
        "class C:\n    def __init__(self, a): self.a = a\n    def __len__(self): return self.a.f()\nlen(C(B()))\n",
    ]
)
_PATHS = st.sampled_from(["m0.py", "m1.py", "p/m0.py", "p/m1.py", "p/__init__.py", "conftest.py", "x.js", "t.md"])
_EDITS = st.tuples(_PATHS, st.integers(0, 4), st.booleans(), _PIECES)


def edited(pieces: list[str], place: int, piece: str, *, replaces: bool) -> list[str]:
    return [*pieces[:place], piece, *pieces[place + replaces :]]


@settings(max_examples=80)
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
