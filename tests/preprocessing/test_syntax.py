import pytest

from cgm.errors import ParseError
from preprocessing.syntax import annotated_class, bound_names, chain, read_syntax


def chains(source: str) -> list[str]:
    syntax = read_syntax(source.encode(), 10.0)
    return [chain(syntax, node) for node in syntax.all("callee")]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("f()", ["f"]),
        ("a.b.c()", ["a.b.c"]),
        ("super().save()", ["super().save", "super"]),
        ("Session(a=1).get(u)", ["Session().get", "Session"]),
        ("f()()", ["f()", "f"]),
        ("'x'.join(y)", ["''.join"]),
        ("[1].append(2)", ["''.append"]),
        ("x[0].go()", ["?.go"]),
        ("(a or b).go()", ["?.go"]),
        ("(a).go()", ["a.go"]),
        ("(await a.b()).go()", ["a.b().go", "a.b"]),
        ("a \\\n .b()", ["a.b"]),
        ("\u00fcber.gr\u00f6\u00dfe()", ["\u00fcber.gr\u00f6\u00dfe"]),
    ],
)
def test_a_callee_is_written_as_a_chain(source: str, expected: list[str]) -> None:
    assert chains(source) == expected


def test_a_very_long_chain_ends_in_an_unnamed_part() -> None:
    longest = max(chains("q" + ".f()" * 3000), key=len)
    assert longest.startswith("?")
    assert len(longest) < 100


def test_captures_come_in_document_order() -> None:
    source = "\n".join(f"f{number}(g{number}())" for number in range(200))
    starts = [node.start_byte for node in read_syntax(source.encode(), 10.0).all("callee")]
    assert starts == sorted(starts)


def test_a_file_that_takes_too_long_is_refused() -> None:
    with pytest.raises(ParseError, match=r"must parse within 0\.0 s"):
        read_syntax(b"x = 1\n" * 20000, 0.0)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Foo", "Foo"),
        ("a.Foo", "a.Foo"),
        ("'Foo'", "Foo"),
        ("Optional[Foo]", "Foo"),
        ("typing.Optional['a.Foo']", "a.Foo"),
        ("Foo | None", "Foo"),
        ("None | Foo", "Foo"),
        ("list[Foo]", ""),
        ("Foo | Bar", ""),
        ("", ""),
    ],
)
def test_an_annotation_names_a_class_or_nothing(text: str, named: str) -> None:
    assert annotated_class(text) == named


@pytest.mark.parametrize(
    ("target", "names"),
    [
        ("a", ["a"]),
        ("a, (b, *c)", ["a", "b", "c"]),
        ("[a, b]", ["a", "b"]),
        ("self.x", []),
        ("a, self.x, b[0]", ["a"]),
        ("x[i, j]", []),
    ],
)
def test_a_target_binds_its_plain_names(target: str, names: list[str]) -> None:
    assert bound_names(target) == names
