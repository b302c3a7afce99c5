from collections.abc import Callable

import pytest

Calls = Callable[..., dict[str, float]]

CLASSES = "class A:\n    def f(self): ...\n    def go(self):\n        self.f()\nclass B(A):\n    def f(self): ...\n"


@pytest.mark.parametrize("body", ["A().f()", "x = A()\n    x.f()"])
def test_an_object_made_where_it_is_called_is_of_its_class_alone(calls: Calls, body: str) -> None:
    assert calls(f"{CLASSES}def go():\n    {body}\n")["A.f"] == 1.0
    assert "B.f" not in calls(f"{CLASSES}def go():\n    {body}\n")


def test_an_object_made_at_the_top_of_a_file_is_of_its_class_alone(calls: Calls) -> None:
    assert calls(f"{CLASSES}x = A()\ndef go():\n    x.f()\n") == {"A.f": 1.0}


def test_an_object_of_an_own_attribute_is_of_the_class_that_made_it(calls: Calls) -> None:
    source = (
        f"{CLASSES}class C:\n    def __init__(self):\n        self.x = A()\n    def go(self):\n        self.x.f()\n"
    )
    assert calls(source, "C.go") == {"A.f": 1.0}


def test_an_annotated_object_may_be_of_a_class_below(calls: Calls) -> None:
    assert calls(f"{CLASSES}def go(x: A):\n    x.f()\n") == {"A.f": 1.0, "B.f": 0.5}


def test_an_override_is_not_run_by_a_method_that_its_class_replaces(calls: Calls) -> None:
    assert calls(CLASSES, "A.go") == {"A.f": 1.0, "B.f": 0.5}
    assert calls(f"{CLASSES}    def go(self): ...\n", "A.go") == {"A.f": 1.0}


def test_an_override_is_run_by_a_method_that_its_class_replaces_and_goes_on_to(calls: Calls) -> None:
    assert calls(f"{CLASSES}    def go(self):\n        super().go()\n", "A.go") == {"A.f": 1.0, "B.f": 0.5}
