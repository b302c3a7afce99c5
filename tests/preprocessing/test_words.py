import re

from hypothesis import given
from hypothesis import strategies as st

from preprocessing.facts import BODY, COMMENTS, DOCSTRING, MODULE, SIGNATURE, STRINGS, Words
from preprocessing.python.parse import parse_python
from preprocessing.words import Prose, count_prose, find_names, find_tokens

SOURCE = b'''def save(when, x=1e5):
    """Save it."""
    text = f"at {when}"  # and go
    return text.save
'''


def rows(words: Words) -> dict[tuple[int, int, str], int]:
    columns = (words.scope, words.part, words.word, words.count)
    triples = zip(*(column.tolist() for column in columns), strict=True)
    return {(scope, part, words.vocabulary[word]): count for scope, part, word, count in triples}


def test_every_word_is_counted_once_in_its_scope_and_field() -> None:
    assert rows(parse_python(SOURCE).words) == {
        (0, SIGNATURE, "when"): 1,
        (0, SIGNATURE, "x"): 1,
        (0, SIGNATURE, "1e5"): 1,
        (0, DOCSTRING, "Save"): 1,
        (0, DOCSTRING, "it"): 1,
        (0, STRINGS, "at"): 1,
        (0, COMMENTS, "and"): 1,
        (0, COMMENTS, "go"): 1,
        (0, BODY, "when"): 1,
        (0, BODY, "text"): 2,
        (0, BODY, "save"): 1,
    }


def test_the_words_of_a_text_are_counted() -> None:
    assert rows(count_prose(b"To be, or not to_be 2be")) == {
        (MODULE, BODY, word): 1 for word in ("To", "be", "or", "not", "to_be", "2")
    } | {(MODULE, BODY, "be"): 2}


@given(st.text(alphabet="ab_1 .\n'\u00e9\u0101#"))
def test_tokens_are_the_runs_of_letters_digits_and_underscores(text: str) -> None:
    source = text.encode()
    tokens = find_tokens(source, Prose([], []))
    spans = list(zip(tokens.start.tolist(), tokens.end.tolist(), strict=True))
    assert spans == [match.span() for match in re.finditer(rb"\w+", source)]
    words = list(tokens.numbers)
    assert [words[number] for number in tokens.number.tolist()] == [source[start:end] for start, end in spans]


def test_a_name_is_found_in_code_where_it_is_no_attribute() -> None:
    source = b"b = a + x.a + 'a'  # a\nif a: \xc3\xa9a\n"
    prose = Prose([(15, 16)], [(19, 22)])
    tokens = find_tokens(source, prose, names=True)
    assert find_names(source, tokens, [b"a"]) == [4, 26]
    assert find_names(source, tokens, None) == [0, 4, 8, 26, 29]
