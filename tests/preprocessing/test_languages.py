import re

import pytest

from preprocessing.languages import BY_NAME, LANGUAGES, Language, language_of
from preprocessing.polyglot import extract as extract_module
from preprocessing.polyglot.extract import MAINS, extract
from preprocessing.polyglot.grammar import grammar_version, query_source

WITH_QUERY = [language for language in LANGUAGES if language.queries]
_CAPTURE = re.compile(r"@([\w.]+)")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a.py", "python"),
        ("a/b.pyi", "python"),
        ("A.java", "java"),
        ("a.cjs", "javascript"),
        ("a.jsx", "javascript"),
        ("a.d.ts", "typescript"),
        ("a.tsx", "tsx"),
    ],
)
def test_a_file_is_of_a_language_by_its_suffix(path: str, name: str) -> None:
    language = language_of(path)
    assert language is not None
    assert language.name == name


@pytest.mark.parametrize("path", ["README.md", "Makefile", "a.json", "java", "a.", "js/readme"])
def test_other_files_are_of_no_language(path: str) -> None:
    assert language_of(path) is None


def test_no_two_languages_share_a_name_or_a_suffix() -> None:
    assert len(BY_NAME) == len(LANGUAGES)
    suffixes = [suffix for language in LANGUAGES for suffix in language.suffixes]
    assert len(suffixes) == len(set(suffixes))


@pytest.mark.parametrize("language", WITH_QUERY, ids=lambda language: language.name)
def test_a_query_compiles_and_its_grammar_has_a_version(language: Language) -> None:
    assert extract(language, b"").definitions == ()
    assert grammar_version(language)


@pytest.mark.parametrize("language", WITH_QUERY, ids=lambda language: language.name)
def test_every_capture_of_a_query_is_one_that_is_described(language: Language) -> None:
    described = set(_CAPTURE.findall(str(extract_module.__doc__))) | MAINS
    helpers = {name for name in _CAPTURE.findall(query_source(language)) if name.startswith("_")}
    assert set(_CAPTURE.findall(query_source(language))) - helpers <= described


@pytest.mark.parametrize("language", WITH_QUERY, ids=lambda language: language.name)
def test_a_query_takes_what_every_language_has(language: Language) -> None:
    captures = set(_CAPTURE.findall(query_source(language)))
    wanted = {
        "definition.class",
        "definition.function",
        "definition.attribute",
        "definition.parameter",
        "call",
        "import",
    }
    assert wanted | {"access", "string", "comment", "branch"} <= captures
    assert {"name", "body", "parameters"} <= captures
    assert captures & MAINS


def test_every_described_main_capture_is_looked_for() -> None:
    rows = [line for line in str(extract_module.__doc__).splitlines() if line.startswith("    @")]
    described = {name for line in rows for name in _CAPTURE.findall(line[:29])}
    assert described == MAINS
