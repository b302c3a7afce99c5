import pytest

from preprocessing.python.modules import Modules
from preprocessing.python.names import Names
from preprocessing.python.parse import parse_python
from preprocessing.python.sight import Sight
from preprocessing.tree import build_tree

FILES = {
    "m.py": "class A:\n    def f(self): ...\n",
    "tests/one.py": """
class Case:
    def f(self): ...
def go():
    class Local:
        def f(self): ...
    def inner(): ...
def other(): ...
""",
    "tests/three.py": "def go(): ...\n",
    "tests/two.py": "from tests.one import Case\ndef go(): ...\n",
}


@pytest.fixture(scope="module")
def names() -> Names:
    facts = [parse_python(source.encode()) for source in FILES.values()]
    return Names(build_tree("r", list(FILES), facts), Modules(dict(enumerate(FILES))), facts)


def node(names: Names, label: str) -> int:
    path, _, name = label.partition(":")
    return list(zip(names.tree.path, names.tree.name, strict=True)).index((path, name))


@pytest.mark.parametrize(
    ("source", "target", "is_seen"),
    [
        ("tests/three.py:go", "m.py:A.f", True),
        ("tests/one.py:go", "tests/one.py:Case.f", True),
        ("tests/two.py:go", "tests/one.py:Case.f", True),
        ("tests/three.py:go", "tests/one.py:Case.f", False),
        ("tests/one.py:go.inner", "tests/one.py:go.Local.f", True),
        ("tests/one.py:other", "tests/one.py:go.Local.f", False),
        ("tests/two.py:go", "tests/one.py:go.Local.f", False),
    ],
)
def test_a_class_of_tests_is_seen_where_it_stands_or_is_imported(
    names: Names, source: str, target: str, is_seen: bool
) -> None:
    assert Sight(names).sees(node(names, source), node(names, target)) == is_seen


def test_code_does_not_call_its_tests(names: Names) -> None:
    sight, code, test = Sight(names), node(names, "m.py:A.f"), node(names, "tests/three.py:go")
    assert not sight.may_call(code, test)
    assert sight.may_call(test, code)
