"""Each construct of Python that linking knows, with the CALLS edges that a reader would draw."""

from collections.abc import Callable

import pytest

Calls = Callable[..., dict[str, float]]


def test_an_aliased_import_is_called(calls: Calls) -> None:
    source = "import m as n\nfrom m import f as g\ndef go():\n    g()\n    n.h()\n"
    assert calls(source, files={"m.py": "def f(): ...\ndef h(): ...\n"}) == {"m.py:f": 1.0, "m.py:h": 1.0}


def test_a_name_is_called_through_the_packages_that_give_it_on(calls: Calls) -> None:
    source = "from p import g\ndef go():\n    g()\n"
    files = {"p/__init__.py": "from .q import f as g\n", "p/q.py": "from .r import f\n", "p/r.py": "def f(): ...\n"}
    assert calls(source, files=files) == {"p/r.py:f": 1.0}


def test_a_star_import_takes_what_all_lists(calls: Calls) -> None:
    source = "from m import *\nfrom n import *\ndef go():\n    f()\n    _g()\n"
    functions = "def f(): ...\ndef _g(): ...\n"
    files = {"m.py": f"__all__ = ['_g']\n{functions}", "n.py": functions}
    assert calls(source, files=files) == {"n.py:f": 1.0, "m.py:_g": 1.0}


def test_a_name_imported_on_a_condition_has_every_meaning(calls: Calls) -> None:
    source = "try:\n    from m import f\nexcept ImportError:\n    from n import f\ndef go():\n    f()\n"
    assert calls(source, files={"m.py": "def f(): ...\n", "n.py": "def f(): ...\n"}) == {"m.py:f": 0.5, "n.py:f": 0.5}


def test_an_import_inside_a_function_counts_there(calls: Calls) -> None:
    source = "def go():\n    from m import f\n    f()\ndef other():\n    f()\n"
    assert calls(source, files={"m.py": "def f(): ...\n"}) == {"m.py:f": 1.0}
    assert calls(source, "other", {"m.py": "def f(): ...\n"}) == {}


def test_namespace_packages_and_source_roots_are_found(calls: Calls) -> None:
    source = "from space.deep import f\nfrom tool import g\ndef go():\n    f()\n    g()\n"
    files = {"space/deep.py": "def f(): ...\n", "src/tool/__init__.py": "def g(): ...\n"}
    assert calls(source, files=files) == {"space/deep.py:f": 1.0, "src/tool/__init__.py:g": 1.0}


def test_super_calls_the_next_class(calls: Calls) -> None:
    source = "class A:\n    def f(self): ...\nclass B(A):\n    def f(self):\n        super().f()\n"
    assert calls(source, "B.f") == {"A.f": 1.0}


def test_methods_are_called_through_self_and_cls(calls: Calls) -> None:
    source = """
class A:
    def f(self):
        self.g()
        self.h()
    def g(self): ...
    @classmethod
    def h(cls):
        cls.i()
    @staticmethod
    def i(): ...
"""
    assert calls(source, "A.f") == {"A.g": 1.0, "A.h": 1.0}
    assert calls(source, "A.h") == {"A.i": 1.0}


@pytest.mark.parametrize(
    "given",
    [
        "def go(x: Kind):\n    x.f()",
        "def go(x: 'Kind | None'):\n    x.f()",
        "def go(x: Optional[Kind] = None):\n    x.f()",
        "def go(x: list[Kind]):\n    x[0].f()",
        "def go(x: dict[str, Kind]):\n    for i in x.values():\n        i.f()",
        "def go(x: dict[str, Kind]):\n    for k, i in x.items():\n        i.f()",
        "def go(x: Iterator[Kind]):\n    next(x).f()",
        "def go(x: tuple[int, Kind]):\n    a, b = x\n    b.f()",
        "def go(*x: Kind):\n    for i in x:\n        i.f()",
        "def go(x):\n    if isinstance(x, Kind):\n        x.f()",
        "def go(x):\n    assert isinstance(x, (Kind, str))\n    x.f()",
        "def go():\n    x = [Kind()]\n    for i in x:\n        i.f()",
        "def go():\n    return [i.f() for i in [Kind() for _ in y]]",
        "def go():\n    x = {}\n    x[1] = Kind()\n    x.get(1).f()",
        "def go():\n    x = []\n    x.append(Kind())\n    x.pop().f()",
        "def go():\n    a, (b, c) = 1, (2, Kind())\n    c.f()",
        "def go():\n    y = x or Kind()\n    y.f()",
        "def go():\n    x = None if z else Kind()\n    x.f()",
        "def go():\n    if (x := Kind()):\n        x.f()",
        "def go():\n    with Kind() as x:\n        x.f()",
        "def go():\n    cast(Kind, x).f()",
        "def go():\n    cast('Kind', x).f()",
        "def go():\n    copy.deepcopy(Kind()).f()",
        "async def go():\n    x = await made()\n    x.f()\nasync def made():\n    return Kind()",
        "def go():\n    made().f()\ndef made() -> 'Kind': ...",
        "def go():\n    made()[0].f()\ndef made() -> list[Kind]: ...",
        "def go():\n    a, b = made()\n    b.f()\ndef made():\n    return 1, Kind()",
        "def go():\n    for x in made():\n        x.f()\ndef made():\n    yield Kind()",
        "def go():\n    x = same(Kind())\n    x.f()\ndef same(y):\n    return y",
        "def go():\n    x.f()\nx = Kind()",
        "def go():\n    global x\n    x.f()\nx = Kind()",
        "def go():\n    H.x.f()\nclass H:\n    x = Kind()",
        "def go():\n    H().x.f()\nclass H:\n    def __init__(self):\n        self.x = Kind()",
        "def go():\n    H(Kind()).x.f()\nclass H:\n    def __init__(self, x):\n        self.x = x",
        "def go():\n    H().x.f()\nclass H:\n    x: Kind",
        "def go():\n    H().x.f()\nclass H:\n    @cached_property\n    def x(self):\n        return Kind()",
        "def go():\n    Kind().same().f()",
        "def go():\n    Kind.made().f()",
        "def go():\n    type(Kind())().f()",
        "def go(x):\n    x.f()\ngo(Kind())",
        "def go(x=Kind()):\n    x.f()",
        "def go(x=None, *, y=Kind):\n    y().f()",
        "def go():\n    try:\n        pass\n    except (Kind, OSError) as e:\n        e.f()",
    ],
)
def test_the_type_of_a_value_is_followed(calls: Calls, given: str) -> None:
    kind = """
class Kind:
    def f(self): ...
    def same(self):
        return self
    @classmethod
    def made(cls):
        return cls()
class Other:
    def f(self): ...
    def g(self): ...
"""
    found = calls(f"{kind}\n{given}\n")
    assert (found.get("Kind.f"), found.get("Other.f")) == (1.0, None)


def test_a_property_is_called_by_reading_it_and_its_setter_by_setting_it(calls: Calls) -> None:
    source = """
class A:
    @property
    def x(self): ...
    @x.setter
    def x(self, value): ...
def go():
    a = A()
    return a.x
"""
    assert calls(source) == {"A": 1.0, "A.x": 1.0}


def test_an_object_with_get_and_set_is_called_where_its_attribute_is(calls: Calls) -> None:
    source = """
class D:
    def __get__(self, owner, kind): ...
    def __set__(self, owner, value): ...
class A:
    x = D()
def go(a: A):
    a.x = a.x
"""
    assert calls(source) == {"D.__get__": 1.0, "D.__set__": 1.0}


def test_a_decorator_is_called_by_what_is_around_the_decorated(calls: Calls) -> None:
    source = "def deco(f): ...\ndef make(n): ...\n@deco\n@make(1)\ndef g(): ...\n"
    assert calls(source, "") == {"deco": 1.0, "make": 1.0}


def test_a_decorated_function_is_reached_through_its_wrapper(calls: Calls) -> None:
    source = """
import functools
def deco(f):
    @functools.wraps(f)
    def wrapper(*args):
        return f(*args)
    return wrapper
@deco
def g(): ...
def go():
    g()
"""
    assert calls(source) == {"g": 0.5, "deco.wrapper": 0.5}
    assert calls(source, "deco.wrapper") == {"g": 1.0}


def test_a_partial_function_is_the_function(calls: Calls) -> None:
    assert calls("def f(a, b): ...\ndef go():\n    g = functools.partial(f, 1)\n    g(2)\n") == {"f": 1.0}


def test_inner_functions_and_lambdas_are_called(calls: Calls) -> None:
    source = "def go():\n    def inner(): ...\n    f = lambda: 1\n    inner()\n    f()\n"
    assert calls(source) == {"go.inner": 1.0, "go.f": 1.0}


def test_a_closure_calls_what_its_function_was_given(calls: Calls) -> None:
    source = "def outer(f):\n    def inner():\n        f()\n    return inner\ndef g(): ...\ndef go():\n    outer(g)()\n"
    assert calls(source) == {"outer": 1.0, "outer.inner": 1.0}
    assert calls(source, "outer.inner") == {"g": 1.0}


def test_implementations_of_a_generic_function_are_called_with_it(calls: Calls) -> None:
    source = """
from functools import singledispatch
@singledispatch
def f(x): ...
@f.register
def f_int(x: int): ...
@f.register(str)
def f_str(x): ...
def go():
    f(1)
"""
    assert set(calls(source)) == {"f", "f_int", "f_str"}


def test_a_context_is_entered_and_left(calls: Calls) -> None:
    source = (
        "class A:\n    def __enter__(self): ...\n    def __exit__(self, *a): ...\ndef go(a: A):\n    with a: pass\n"
    )
    assert calls(source) == {"A.__enter__": 1.0, "A.__exit__": 1.0}


def test_what_a_context_function_yields_is_the_context(calls: Calls) -> None:
    source = """
from contextlib import contextmanager
class A:
    def f(self): ...
@contextmanager
def opened():
    yield A()
def go():
    with opened() as a:
        a.f()
"""
    assert calls(source) == {"opened": 1.0, "A.f": 1.0}


@pytest.mark.parametrize(
    ("written", "method"),
    [
        ("x + 1", "__add__"),
        ("1 + x", "__radd__"),
        ("x == 1", "__eq__"),
        ("1 in x", "__contains__"),
        ("x[0]", "__getitem__"),
        ("for i in x: pass", "__iter__"),
        ("[i for i in x]", "__iter__"),
        ("next(x)", "__next__"),
        ("len(x)", "__len__"),
        ("str(x)", "__str__"),
        ("sorted(x)", "__iter__"),
        ("x()", "__call__"),
        ("x[0] = 1", "__setitem__"),
        ("del x[0]", "__delitem__"),
    ],
)
def test_operators_and_protocols_call_methods(calls: Calls, written: str, method: str) -> None:
    names = "add radd eq contains getitem setitem delitem iter next len str call".split()  # noqa: SIM905  a table
    methods = "".join(f"    def __{name}__(self, *a): ...\n" for name in names)
    assert calls(f"class A:\n{methods}def go(x: A):\n    {written}\n") == {f"A.{method}": 1.0}


def test_a_constructor_is_called_with_its_class(calls: Calls) -> None:
    source = "class A:\n    def __init__(self): ...\n    def __new__(cls): ...\ndef go():\n    A()\n"
    assert calls(source) == {"A": 1.0, "A.__init__": 1.0, "A.__new__": 1.0}


def test_an_attribute_is_called_by_its_constant_name(calls: Calls) -> None:
    assert calls("class A:\n    def f(self): ...\ndef go(a: A):\n    getattr(a, 'f')()\n") == {"A.f": 1.0}


def test_attributes_are_called_by_the_beginning_of_their_names(calls: Calls) -> None:
    source = """
class A:
    def go(self, kind):
        getattr(self, f"visit_{kind}")()
    def visit_a(self): ...
    def other(self): ...
class B(A):
    def visit_b(self): ...
"""
    assert set(calls(source, "A.go")) == {"A.visit_a", "B.visit_b"}


def test_a_conditional_alias_has_both_meanings(calls: Calls) -> None:
    source = "def f(): ...\ndef g(): ...\ndef go():\n    h = f if x else g\n    h()\n"
    assert calls(source) == {"f": 0.5, "g": 0.5}


def test_a_function_under_a_new_name_is_called(calls: Calls) -> None:
    assert calls("from m import new\ndef go():\n    new()\n", files={"m.py": "def old(): ...\nnew = old\n"}) == {
        "m.py:old": 1.0
    }


def test_functions_in_containers_are_called(calls: Calls) -> None:
    source = "def f(): ...\ndef g(): ...\nALL = {'f': f, 'g': g}\ndef go(name):\n    ALL[name]()\n"
    assert calls(source) == {"f": 0.5, "g": 0.5}


def test_functions_registered_by_a_decorator_are_called(calls: Calls) -> None:
    source = """
class App:
    def __init__(self):
        self.views = {}
    def route(self, path):
        def decorator(f):
            self.add(path, f)
            return f
        return decorator
    def add(self, path, view):
        self.views.setdefault(path, []).append(view)
    def run(self, path):
        for view in self.views[path]:
            view()
app = App()
@app.route("/")
def index(): ...
"""
    assert calls(source, "App.run") == {"index": 1.0}


def test_a_function_that_is_passed_is_called_by_who_takes_it(calls: Calls) -> None:
    run = "def run(task):\n    task()\n"
    source = f"{run}def f(): ...\nclass A:\n    def g(self):\n        run(self.h)\n    def h(self): ...\n"
    assert calls(f"{source}run(f)\n", "run") == {"f": 0.5, "A.h": 0.5}


def test_an_override_may_be_called_instead(calls: Calls) -> None:
    source = "class A:\n    def f(self): ...\n    def go(self):\n        self.f()\nclass B(A):\n    def f(self): ...\n"
    assert calls(source, "A.go") == {"A.f": 1.0, "B.f": 0.5}
