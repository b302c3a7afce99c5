import pytest

from preprocessing.python.annotations import read_annotation


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Foo", [("", "Foo()")]),
        ("a.Foo", [("", "a.Foo()")]),
        ("'Foo'", [("", "Foo()")]),
        ("Optional[Foo]", [("", "Foo()")]),
        ("typing.Optional['a.Foo']", [("", "a.Foo()")]),
        ("Foo | None", [("", "Foo()")]),
        ("None | Foo", [("", "Foo()")]),
        ("Foo | Bar", [("", "Foo()"), ("", "Bar()")]),
        ("Union[Foo, list[Bar]]", [("", "Foo()"), ("[]", "Bar()")]),
        ("list[Foo]", [("[]", "Foo()")]),
        ("dict[str, list[Foo]]", [("[]", "Foo()")]),
        ("t.Iterator['Foo']", [("[]", "Foo()")]),
        ("Generator[Foo, None, Bar]", [("[]", "Foo()")]),
        ("tuple[Foo, Bar | None]", [("[0]", "Foo()"), ("[1]", "Bar()")]),
        ("tuple[Foo, ...]", [("[]", "Foo()")]),
        ("type[Foo]", [("", "Foo")]),
        ("Annotated[Foo, 'text']", [("", "Foo()")]),
        ("Coroutine[Any, Any, Foo]", [("", "Foo()")]),
        ("Foo[Bar]", [("", "Foo()")]),
        ("te.Self", [("", "self")]),
        ("Callable[[Foo], Bar]", []),
        ("Literal['Foo']", []),
        ("Any", []),
        ("", []),
        ("[", []),
        ("list[", []),
        ("a + b", []),
        ("list[" * 50 + "Foo" + "]" * 50, []),
    ],
)
def test_an_annotation_says_what_a_value_is_and_holds(text: str, said: list[tuple[str, str]]) -> None:
    assert list(read_annotation(text)) == said
