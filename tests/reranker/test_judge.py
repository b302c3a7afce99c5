import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm.errors import AnswerError
from cgm.protocols import Answer, AnswerForm, Message, Sampling
from reranker.judge import Judge, JudgeSettings, read_paths, read_rating

SETTINGS = JudgeSettings(shown=10, k1=2, outline_chars=500, issue_chars=500, max_tokens=64, seed=0, constrain=True)
SHOWN = ("shop/cart.py", "shop/price.py", "shop/base.py")


class ScriptedLLM:
    """Gives the same answer to everything and keeps what it was asked."""

    name = "scripted"

    def __init__(self, answer: str) -> None:
        self.answer = answer
        self.asked: list[str] = []
        self.forms: list[AnswerForm | None] = []

    def generate(
        self, messages: Sequence[Message], sampling: Sampling, form: AnswerForm | None = None
    ) -> Sequence[Answer]:
        assert sampling.count == 1
        self.asked.append(messages[-1].content)
        self.forms.append(form)
        return [Answer(self.answer, 1, 1)]


class RefusingLLM(ScriptedLLM):
    def generate(
        self, messages: Sequence[Message], sampling: Sampling, form: AnswerForm | None = None
    ) -> Sequence[Answer]:
        raise AnswerError(f"no answer, got {len(messages)} {sampling.seed} {form}")


def test_the_named_files_come_first_and_the_others_fill_up(found: Any) -> None:
    judge = Judge(SETTINGS, ScriptedLLM('{"files": ["shop/price.py", "shop/unknown.py"]}'))
    assert judge.select(found.issue, SHOWN) == ("shop/price.py", "shop/cart.py")


def test_a_refusal_leaves_the_order(found: Any) -> None:
    judge = Judge(SETTINGS, RefusingLLM(""))
    assert judge.select(found.issue, SHOWN) == SHOWN[:2]
    assert judge.rate(found.issue, SHOWN, found.codebase) == {}


def test_outlines_are_rated(found: Any) -> None:
    llm = ScriptedLLM('{"score": 4}')
    assert Judge(SETTINGS, llm).rate(found.issue, SHOWN[:1], found.codebase) == {"shop/cart.py": 4}
    assert "def checkout(self):" in llm.asked[0]


def test_the_form_allows_the_shown_files_alone(found: Any) -> None:
    llm = ScriptedLLM("{}")
    Judge(SETTINGS, llm).select(found.issue, SHOWN)
    assert llm.forms[0] is not None
    assert json.loads(llm.forms[0].definition)["properties"]["files"]["items"]["enum"] == list(SHOWN)


def test_a_path_that_is_not_utf_8_is_shown_as_text_that_can_be_sent_and_kept_as_it_is(found: Any) -> None:
    llm = ScriptedLLM('{"files": ["shop/caf\ufffd.py"]}')
    assert Judge(SETTINGS, llm).select(found.issue, (*SHOWN, "shop/caf\udce9.py"))[0] == "shop/caf\udce9.py"
    assert llm.forms[0] is not None
    assert llm.asked[0].encode()
    assert json.loads(llm.forms[0].definition)["properties"]["files"]["items"]["enum"][-1] == "shop/caf\ufffd.py"


@pytest.mark.parametrize(
    ("answer", "paths"),
    [
        ("I would edit shop/base.py, then shop/cart.py.", ("shop/base.py", "shop/cart.py")),
        ('["shop/price.py", "shop/price.py"]', ("shop/price.py",)),
        ("error", ()),
    ],
)
def test_paths_are_read_from_any_form(answer: str, paths: tuple[str, ...]) -> None:
    assert read_paths(answer, SHOWN)[0] == paths


def test_unknown_paths_are_counted() -> None:
    assert read_paths('{"files": ["a/b.py", "shop/cart.py"]}', SHOWN) == (("shop/cart.py",), 1)


@pytest.mark.parametrize(
    ("answer", "rating"),
    [
        ('{"score": 5}', 5),
        ('{"score": 4, "reason": "2 functions"}', 4),
        ('{"reason": "2 functions", "score": "4"}', 4),
        ("Score: 3.", 3),
        ("On a scale of 1 to 5 I give 4", 4),
        ("I give 4 on a scale of 1-5.", 4),
        ("I looked at 2 functions: 4/5", 4),
        ("3 out of 5", 3),
        ("v2 and 1.5 and x3", None),
        ("1 to 5", None),
        ("none", None),
        ("10", None),
    ],
)
def test_a_rating_is_read_or_absent(answer: str, rating: int | None) -> None:
    assert read_rating(answer) == rating


@given(st.text())
def test_a_rating_of_any_text_lies_between_1_and_5(text: str) -> None:
    assert read_rating(text) in {None, 1, 2, 3, 4, 5}
