import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from eval.report.page import environment, render, template_text
from eval.report.picture import GRAPH_SCRIPTS, GRAPH_STYLES

_STYLES = (*GRAPH_STYLES, "graph_page.css")


class Elements(HTMLParser):
    """The texts of scripts and styles, and what the policy says."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: dict[str, str] = {}
        self.policy = ""
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag in ("script", "style"):
            self._inside = said.get("type") or tag
        if said.get("http-equiv") == "Content-Security-Policy":
            self.policy = said["content"] or ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.texts[self._inside] = self.texts.get(self._inside, "") + data

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._inside = ""


def page(text: str) -> Elements:
    data = {"nodes": [text], "edges": [], "sources": []}
    parsed = Elements()
    parsed.feed(render(environment(), "graph_page.html", _STYLES, GRAPH_SCRIPTS, data=data, title=text, shown=text))
    return parsed


def test_the_policy_lets_our_own_script_and_style_run_and_nothing_else() -> None:
    found = page("shop")
    for name in ("script", "style"):
        digest = base64.b64encode(hashlib.sha256(found.texts[name].encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in found.policy
    assert "default-src 'none'" in found.policy


@given(st.text() | st.sampled_from(["</script><script>alert(1)</script>", "<!--", "\u2028&amp;]]>", "{{ 7 * 7 }}"]))
def test_whatever_a_text_holds_it_stays_data(text: str) -> None:
    found = page(text)
    [written] = [content for name, content in found.texts.items() if "json" in name]
    assert json.loads(written)["nodes"] == [text]
    assert not re.search("[<>&]", written)
    assert found.texts["script"] == page("shop").texts["script"]


def test_a_value_that_is_not_given_is_refused() -> None:
    with pytest.raises(UndefinedError):
        render(environment(), "graph_page.html", _STYLES, GRAPH_SCRIPTS, data={"nodes": [], "edges": []}, title="shop")


def test_filters_are_known_to_templates() -> None:
    made = environment({"louder": str.upper})
    assert made.from_string("{{ text | louder }}").render(text="<a>") == "&lt;A&gt;"


def test_every_script_is_a_template() -> None:
    assert all(template_text(name).strip() for name in (*GRAPH_SCRIPTS, *_STYLES))
