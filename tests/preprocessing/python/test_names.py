from collections.abc import Mapping

import pytest

from preprocessing.meanings import MOST_MEANINGS, TOO_MANY, Meanings, Sort
from preprocessing.python.modules import Modules
from preprocessing.python.names import Names
from preprocessing.python.parse import parse_python
from preprocessing.tree import build_tree

FILES = {
    "a.py": """
import os
import p.m
import p.m as pm
from p import thing as renamed, m
from p.m import *
from p import nothing
local_alias = Base

class Base:
    kind = Helper()
    def run(self):
        return self.kind
    def twice(self) -> "Base":
        return self
    @property
    def helper(self) -> Helper: ...
    def chained(self):
        return self
    @classmethod
    def made(cls):
        return cls()
    class Inner:
        def deep(self): ...

class Child(Base):
    def __init__(self):
        self.tool = Helper()
    def run(self):
        here = Helper()
        unknown = os.getcwd()
        def nested():
            return here
        super().run()
    @classmethod
    def make(cls): ...

class Helper:
    def help(self): ...

choice = Base if os.environ else Helper
tools = [Helper()]
try:
    from p.m import thing as lost_or_found
except ImportError:
    def lost_or_found(): ...
def same(value):
    return value
""",
    "p/__init__.py": "from .m import thing\n",
    "p/m.py": "def thing(): ...\ndef other(): ...\n_hidden = 1\n",
}


@pytest.fixture(scope="module")
def names() -> Names:
    return names_of(FILES)


def names_of(files: Mapping[str, str]) -> Names:
    facts = [parse_python(source.encode()) for source in files.values()]
    return Names(build_tree("r", list(files), facts), Modules(dict(enumerate(files))), facts)


def node(names: Names, label: str) -> int:
    path, _, name = label.partition(":")
    rows = list(zip(names.tree.path, names.tree.name, strict=True))
    return rows.index((path, name)) if name else names.tree.files[list(FILES).index(path)]


def shown(names: Names, meanings: Meanings) -> str:
    return " or ".join(_shown(names, *one) for one in meanings)


def _shown(names: Names, sort: int, target: int) -> str:
    name = next(name for name, value in vars(Sort).items() if value == sort)
    if sort in (Sort.NODE, Sort.OBJECT, Sort.PARENT, Sort.SELF, Sort.KIND):
        return f"{name} {names.tree.name[target]}"
    if sort == Sort.MODULE:
        return f"MODULE {names.tree.path[names.tree.files[target]]}"
    if sort == Sort.PARAMETER:
        return f"PARAMETER {names.parameters[target][1]}"
    return name


@pytest.mark.parametrize(
    ("scope", "chain", "meaning"),
    [
        ("a.py", "Base", "NODE Base"),
        ("a.py", "Base()", "OBJECT Base"),
        ("a.py", "Base.run", "NODE Base.run"),
        ("a.py", "Base.Inner().deep", "NODE Base.Inner.deep"),
        ("a.py", "renamed", "NODE thing"),
        ("a.py", "pm.other", "NODE other"),
        ("a.py", "p.m.other", "NODE other"),
        ("a.py", "m.thing", "NODE thing"),
        ("a.py", "m", "MODULE p/m.py"),
        ("a.py", "other", "NODE other"),
        ("a.py", "_hidden", ""),
        ("a.py", "nothing", ""),
        ("a.py", "os.path.join", "FOREIGN"),
        ("a.py", "len", "BUILTIN"),
        ("a.py", "''.join", "BUILTIN"),
        ("a.py", "?.go", ""),
        ("a.py", "never_heard_of", ""),
        ("a.py", "local_alias.run", "NODE Base.run"),
        ("a.py", "local_alias()", "OBJECT Base"),
        ("a.py", "Base().kind.help", "NODE Helper.help"),
        ("a.py", "Base().twice().run", "NODE Base.run"),
        ("a.py", "Base().chained()", "OBJECT Base"),
        ("a.py", "Child().chained().run", "NODE Child.run"),
        ("a.py", "Child.made()", "OBJECT Child"),
        ("a.py", "choice", "NODE choice"),
        ("a.py", "choice()", "OBJECT Base or OBJECT Helper"),
        ("a.py", "lost_or_found", "NODE lost_or_found or NODE thing"),
        ("a.py", "tools.__getitem__().help", "NODE Helper.help or HOLDER"),
        ("a.py", "Base.run.__class__", ""),
        ("a.py", "Base().helper.help", "NODE Helper.help"),
        ("a.py", "Child().twice", "NODE Base.twice"),
        ("a.py", "Child().tool.help", "NODE Helper.help"),
        ("a.py", "Child().absent", "MISSING"),
        ("a.py:Child.run", "self.run", "NODE Child.run"),
        ("a.py:Child.run", "self.twice", "NODE Base.twice"),
        ("a.py:Child.run", "self.tool.help", "NODE Helper.help"),
        ("a.py:Child.run", "super().run", "NODE Base.run"),
        ("a.py:Child.run", "here.help", "NODE Helper.help"),
        ("a.py:Child.run", "unknown", "FOREIGN"),
        ("a.py:Child.run.nested", "here.help", "NODE Helper.help"),
        ("a.py:Child.run.nested", "self.tool", "NODE Child.tool"),
        ("a.py:Child.run", "nested", "NODE Child.run.nested"),
        ("a.py:Child.make", "cls", "KIND Child"),
        ("a.py:Child.make", "cls()", "SELF Child"),
        ("a.py:Child.run", "run", ""),
        ("a.py:Child", "make", "NODE Child.make"),
    ],
)
def test_a_chain_means_what_python_would_find(names: Names, scope: str, chain: str, meaning: str) -> None:
    assert shown(names, names.mean(node(names, scope), chain)) == meaning


def test_a_local_name_hides_a_global_one() -> None:
    names = names_of({"a.py": "def g(): ...\ndef f(g):\n    g()\n"})
    assert shown(names, names.mean(3, "g")) == "PARAMETER g"


def test_a_default_and_an_annotation_mean_what_they_do_around_the_function() -> None:
    source = "class A:\n    def m(self): ...\nx = A()\ndef f(x=x, A: A = None):\n    x.m()\n"
    names = names_of({"a.py": source})
    assert shown(names, names.mean(4, "x.m")) == shown(names, names.mean(4, "A.m")) == "NODE A.m"


def test_a_call_of_what_gives_back_its_argument_means_the_argument() -> None:
    source = "class A:\n    def m(self): ...\ndef same(x):\n    return x\ny = same(A())\n"
    names = names_of({"a.py": source})
    assert shown(names, names.mean(1, "y.m")) == "NODE A.m"


def test_what_has_too_many_meanings_has_too_many_members_and_results() -> None:
    classes = [f"class C{number}:\n    def m(self): ...\nx = C{number}()\n" for number in range(MOST_MEANINGS + 1)]
    names = names_of({"a.py": "".join(classes)})
    for chain in ("x", "x.m", "x.m()", "x()"):
        assert names.values(1, chain) == (TOO_MANY,), chain


@pytest.mark.parametrize(
    "files",
    [
        {"a.py": "from b import x\n", "b.py": "from a import x\n"},
        {"a.py": "from b import *\n", "b.py": "from a import *\n"},
        {"a.py": "x = y\ny = x\nclass A(A): ...\nclass B(C): ...\nclass C(B): ...\nx()\n", "b.py": ""},
        {"a.py": "x = x.y().x\nfrom .a import *\nfrom . import a\n", "b.py": ""},
        {"a.py": "\n".join(f"x{n} = x{n + 1}" for n in range(3000)) + "\nx0()\n", "b.py": ""},
        {"a.py": "\n".join(f"class C{n}(C{n + 1}): ..." for n in range(1500)), "b.py": ""},
    ],
    ids=range(6),
)
def test_circles_and_long_ways_come_to_an_end(files: dict[str, str]) -> None:
    names = names_of(files)
    for member in list(names.bindings.of.get(1, {})):
        names.mean(1, member)
        names.mean(1, f"{member}().{member}")
    assert {one.sort for one in names.mean(1, "x")} <= {Sort.MISSING, Sort.NODE}


def test_the_resolution_order_is_pythons() -> None:
    source = "class A: ...\nclass B(A): ...\nclass C(A): ...\nclass D(B, C): ...\n"
    names = names_of({"a.py": source})
    scope: dict[str, type] = {}
    exec(source, scope)
    assert [names.tree.name[one] for one in names.classes.order(5)] == [one.__name__ for one in scope["D"].__mro__[:-1]]


def test_an_impossible_resolution_order_still_lists_every_base_once() -> None:
    names = names_of({"a.py": "class A: ...\nclass B(A): ...\nclass C(A, B): ...\n"})
    assert sorted(names.tree.name[one] for one in names.classes.order(4)) == ["A", "B", "C"]


def test_a_class_with_a_base_from_elsewhere_may_have_more_members() -> None:
    names = names_of({"a.py": "import x\nclass A(x.Y): ...\nclass B(A): ...\nclass C: ...\n"})
    assert [names.classes.has_foreign_base(number) for number in (2, 3, 4)] == [True, True, False]
