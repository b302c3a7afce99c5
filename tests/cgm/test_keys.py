import pytest

from cgm.errors import ConfigError
from cgm.keys import read_key, without_key


def test_a_key_is_read_without_the_line_end_of_the_file_it_came_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "sk-secret\n")
    assert read_key("llm", "MY_KEY") == "sk-secret"


def test_a_server_without_keys_needs_no_variable() -> None:
    assert read_key("llm", "") == ""


@pytest.mark.parametrize("value", ["", " \n"])
def test_an_empty_key_is_refused_by_the_name_of_its_variable(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("MY_KEY", value)
    with pytest.raises(ConfigError, match=r"embedder\.key_variable must name .* got 'MY_KEY', which is not set"):
        read_key("embedder", "MY_KEY")


@pytest.mark.parametrize("value", ["sk-s\u00e9cret", "sk-sec\nret"])
def test_a_key_that_no_request_can_hold_is_refused_without_being_shown(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("MY_KEY", value)
    with pytest.raises(ConfigError, match="printable ASCII") as refused:
        read_key("llm", "MY_KEY")
    assert "sk-" not in str(refused.value)


def test_a_message_is_one_line_without_the_key() -> None:
    assert without_key("no sk-secret here\nmore", "sk-secret") == "no <key> here"
    assert without_key("no key", "") == "no key"
