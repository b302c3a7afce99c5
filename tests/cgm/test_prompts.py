from pathlib import Path

import pytest
from jinja2 import UndefinedError

from cgm.prompts import load_prompt, render
from cgm.protocols import Message

_TEMPLATE = """{% block system %}
You repair {{ language }}.
{% endblock %}
{% block user %}
  {% for line in lines %}
{{ line }}
  {% endfor %}
{% endblock %}
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    folder = tmp_path / "some_prompts" / "prompts"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text("")
    (folder / "ask.jinja").write_text(_TEMPLATE)
    (folder / "short.jinja").write_text("{% block user %}Why?{% endblock %}")
    monkeypatch.syspath_prepend(tmp_path)
    return "some_prompts"


def test_blocks_become_messages_in_order(package: str) -> None:
    messages = render(load_prompt(package, "ask"), language="Python", lines=["a", "b"])
    assert messages == (Message("system", "You repair Python."), Message("user", "a\nb"))


def test_a_prompt_may_have_a_user_block_alone(package: str) -> None:
    assert render(load_prompt(package, "short")) == (Message("user", "Why?"),)


def test_code_reaches_the_model_as_it_is(package: str) -> None:
    lines = ["if a < b and c > d: print(\"{{ x }} & '%'\")"]
    assert render(load_prompt(package, "ask"), language="C", lines=lines)[1].content == lines[0]


def test_a_value_that_is_not_given_is_refused(package: str) -> None:
    with pytest.raises(UndefinedError, match="language"):
        render(load_prompt(package, "ask"), lines=[])


def test_a_path_that_is_not_utf_8_becomes_text_that_can_be_sent(package: str) -> None:
    user = render(load_prompt(package, "ask"), language="Python", lines=["caf\udce9.py", "\ud800"])[1]
    assert user.content.encode().decode() == "caf\ufffd.py\n\ufffd"
