import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm.encoding import encodable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("caf\u00e9 \U0001f600\r\n", "caf\u00e9 \U0001f600\r\n"),
        ("a\ud800b", "a\ufffdb"),
        ("caf\udce9.py", "caf\ufffd.py"),
        ("\udce9\udce8", "\ufffd\ufffd"),
        ("end\ud83d", "end\ufffd"),
        ("\ud83d\ude00", "\U0001f600"),
    ],
)
def test_half_a_character_is_replaced_and_two_halves_are_joined(text: str, expected: str) -> None:
    assert encodable(text) == expected


@given(st.text(st.characters() | st.characters(categories=["Cs"])))
def test_any_text_can_be_encoded_and_what_could_be_before_is_left_as_it_is(text: str) -> None:
    assert encodable(encodable(text)) == encodable(text)
    assert encodable(text).encode().decode() == encodable(text)
