import pytest

from cgm.train.tasks.docstrings import docstring_of, docstrings, same_code

SOURCE = '''\
"""Module.

More.
"""


@decorated
def f():
    """One."""
    return 1


class C:
    """Two."""
'''


def test_docstrings_stand_with_what_they_document() -> None:
    found = docstrings(SOURCE)
    assert [(one.start, one.end, one.alone) for one in found] == [(1, 4, False), (9, 9, False), (14, 14, True)]
    assert found[0].lines == {1, 2, 3, 4}


def test_a_definition_is_found_by_its_lines_with_decorators() -> None:
    found = docstrings(SOURCE)
    assert docstring_of(found, 7, 10) == found[1]
    assert docstring_of(found, 13, 14) == found[2]
    assert docstring_of(found, 1, 2) is None


def test_broken_code_has_none() -> None:
    assert docstrings("def f(:\n") == []


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("x = 1\n", "x  =  1  # one\n", True),
        ('def f():\n    """A."""\n    return 1\n', 'def f():\n    """B.\n    """\n    return 1\n', True),
        ("x = 1\n", "x = 2\n", False),
        ("if a:\n    b()\nc()\n", "if a:\n    b()\n    c()\n", False),
        ("x = (\n", "x = (\n", False),
    ],
)
def test_code_is_the_same_where_only_words_for_people_differ(before: str, after: str, same: bool) -> None:
    assert same_code(before, after) is same
