import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st

from launch.arguments import quote_arguments, quoted

_TEXT = st.text(alphabet=st.sampled_from("ab1.,=:'\"\\ /~@$(){}[]\n\u00e9\U0001f600"), min_size=1)


def _parsed(argument: str) -> object:
    (override,) = OverridesParser.create().parse_overrides([argument])
    assert not override.is_sweep_override()
    return override.value()


@given(_TEXT.filter(lambda text: "${" not in text))
def test_any_text_comes_through_the_grammar_as_it_was(text: str) -> None:
    assert _parsed(f"repo={quoted(text)}") == text


@pytest.mark.parametrize(
    "path",
    ["/a b/c", "it's.md", "/x/a=b,c", "~no-such-user/x", "null", "12e4567", "a\\'", "(", "[x]", "HEAD~1", "a\nb"],
)
@pytest.mark.parametrize("key", ["repo", "issue", "+gold", "run_dir", "commit", "llm.path"])
def test_a_path_or_revision_is_what_was_typed(key: str, path: str) -> None:
    (argument,) = quote_arguments([f"{key}={path}"])
    assert _parsed(argument) == path


@pytest.mark.parametrize(
    "argument", ["repo='a b'", 'repo="a b"', "repo=", "repo", "retriever=bm25,hybrid", "~repo", "-m", "llm.model=a"]
)
def test_everything_else_is_left_alone(argument: str) -> None:
    assert quote_arguments([argument]) == [argument]


def test_a_tilde_is_the_home_folder_in_a_path_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/some one")
    assert [_parsed(argument) for argument in quote_arguments(["repo=~/code", "run_dir=~", "commit=~1"])] == [
        "/home/some one/code",
        "/home/some one",
        "~1",
    ]
