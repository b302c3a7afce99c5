import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing.polyglot.use_tree import read_use


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("std", [("", "std", "")]),
        ("a::b", [("a", "b", "")]),
        ("crate::a::b as c", [("crate.a", "b", "c")]),
        ("super::*", [("super", "*", "")]),
        ("a::{b, c}", [("a", "b", ""), ("a", "c", "")]),
        ("a::{self, b::{self as x, *}}", [("", "a", ""), ("a", "b", "x"), ("a.b", "*", "")]),
        ("{a::b, c}", [("a", "b", ""), ("", "c", "")]),
        ("::a::r#type", [("a", "type", "")]),
        ("a::{b, // not c\n /* nor d */ e as _,}", [("a", "b", ""), ("a", "e", "_")]),
    ],
)
def test_each_taken_name_is_one_import(text: str, taken: list[tuple[str, str, str]]) -> None:
    assert list(read_use(text)) == taken


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("super::a", ("self", "a", "x.y.a")),
        ("super::super::a::*", ("self.a", "*", "")),
        ("super::super::super::a", ("super", "a", "x.y.a")),
        ("self::a as b", ("self.x.y", "a", "x.y.b")),
        ("crate::a", ("crate", "a", "x.y.a")),
        ("a::b", ("a", "b", "x.y.b")),
    ],
)
def test_a_path_of_a_module_inside_a_file_is_written_from_the_file(text: str, taken: tuple[str, str, str]) -> None:
    space = "x" if text == "super::a" else "x.y"
    taken = (taken[0], taken[1], taken[2].replace("x.y", space))
    assert list(read_use(text, space)) == [taken]


def test_braces_without_end_and_without_beginning_are_survived() -> None:
    assert list(read_use("a::{b, c")) == [("a", "b", ""), ("a", "c", "")]
    assert list(read_use("}}, a }, b")) == [("", "a", ""), ("", "b", "")]
    assert list(read_use("a::{" * 10_000)) == []


@given(st.text(alphabet="ab:{}*, as/", max_size=60))
def test_any_text_gives_names_without_separators(text: str) -> None:
    for module, name, _ in read_use(text):
        assert name
        assert not set(name) & set(":{}, .")
        assert ".." not in module
