"""Every form has its prompt, and reads the answer that its prompt asks for."""

import pytest

from cgm.prompts import load_prompt, render
from reader.context import Context, ShownFunction, Snippet
from reader.forms import FORMS

_TEXT = "def f(x):\n    return x\n"
_CONTEXT = Context(
    (Snippet("pkg/a.py", _TEXT, ((1, 2),)),),
    (ShownFunction("pkg/a.py", "f", 1, 2),),
    ("pkg/b.py:g: def g():",),
    focus=(2, 2),
)
_ANSWERS = {
    "search_replace": "pkg/a.py\n<<<<<<< SEARCH\n    return x\n=======\n    return -x\n>>>>>>> REPLACE",
    "lines": "Sign.\n<<<<<<< SEARCH\n    return x\n=======\n    return -x\n>>>>>>> REPLACE",
    "whole_function": "```python\ndef f(x):\n    return -x\n```",
    "statement": "```python\nreturn -x\n```",
    "function": "Sign.\n```python\ndef f(x):\n    return -x\n```",
}


@pytest.mark.parametrize("name", sorted(FORMS))
def test_a_form_reads_the_answer_it_asks_for(name: str) -> None:
    (edit,) = FORMS[name].read(_ANSWERS[name], _CONTEXT)
    assert (edit.path, edit.end) == ("pkg/a.py", 2)
    assert edit.replacement.endswith("    return -x\n")


@pytest.mark.parametrize("name", sorted(FORMS))
def test_a_prompt_shows_issue_and_code_as_they_are(name: str) -> None:
    issue = "{{ 7 * 7 }} & <b> </file>"
    messages = render(load_prompt("reader", FORMS[name].prompt), issue=issue, context=_CONTEXT)
    assert [message.role for message in messages] == ["system", "user"]
    assert issue in messages[1].content
    assert _TEXT.rstrip() in messages[1].content
    assert issue not in messages[0].content


@pytest.mark.parametrize(
    ("name", "constrained"), [("search_replace", False), ("lines", True), ("function", True), ("statement", True)]
)
def test_only_the_forms_for_small_models_constrain_decoding(name: str, constrained: bool) -> None:
    assert (FORMS[name].constrain(_CONTEXT) is not None) is constrained
