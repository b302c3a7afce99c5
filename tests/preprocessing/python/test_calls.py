import pytest

from preprocessing.python.parse import parse_python


@pytest.mark.parametrize(
    "argument",
    [
        "a.b",
        "f(x)",
        "f(x)[0].g(y=(1, [2, {3: 4}]))",
        "'s'",
        "None",
        "list(x)",
        "partial(f, 1)",
        "x.y(')')",
        "(f)(x)",
        "-1",
    ],
)
def test_what_is_read_as_text_is_what_the_syntax_nodes_say(argument: str) -> None:
    # a comment inside the brackets leads to the nodes
    plain, nodes = (parse_python(f"call({argument}{more})\n".encode()) for more in ("", " # said\n"))
    assert plain.passed == nodes.passed
    assert {use.chain for use in plain.calls} == {use.chain for use in nodes.calls}


def test_of_a_long_display_the_first_items_are_passed() -> None:
    names = [f"n{number}" for number in range(100)]
    (row,) = parse_python(f"call([{', '.join(names)}])\n".encode()).passed
    assert row.given.split() == [f"0=[{name}" for name in names[:60]]
