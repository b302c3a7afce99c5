import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm.errors import AnswerError
from rewriter.answers import EXTRACTION, read_extraction, read_queries

GOOD = '{"entities": ["shop/cart.py", "Cart.add"], "keywords": ["basket"]}'


@pytest.mark.parametrize("answer", [GOOD, f"Sure!\n```json\n{GOOD}\n```\nHope it helps.", f"{{}} {GOOD}"])
def test_an_extraction_is_read_bare_fenced_or_inside_chatter(answer: str) -> None:
    extraction = read_extraction(answer)
    assert [(entity.kind, entity.text) for entity in extraction.entities] == [
        ("path", "shop/cart.py"),
        ("name", "Cart.add"),
    ]
    assert extraction.keywords == ("basket",)


@pytest.mark.parametrize("answer", ["", "error", "[]", '{"queries": ["x"]}', '{"entities": [], "keywords": [3]}'])
def test_an_answer_without_an_extraction_is_refused(answer: str) -> None:
    with pytest.raises(AnswerError):
        read_extraction(answer)


@pytest.mark.parametrize("answer", ["", GOOD, '{"queries": []}', '{"queries": {"a": 1}}'])
def test_an_answer_without_queries_is_refused(answer: str) -> None:
    with pytest.raises(AnswerError):
        read_queries(answer)


def test_a_lone_query_counts() -> None:
    assert read_queries('{"queries": "adds an item"}') == ("adds an item",)


@given(st.text())
def test_any_text_in_any_frame_is_read_or_refused(text: str) -> None:
    wrapped = f"{text}{json.dumps({'queries': [text]})}"
    if text.strip() and "{" not in text:
        assert read_queries(wrapped) == (text.strip()[:200],)
    with pytest.raises(AnswerError):
        read_queries(text.replace("queries", ""))


def test_the_form_asks_for_what_is_read() -> None:
    assert json.loads(EXTRACTION.definition)["required"] == ["entities", "keywords"]
