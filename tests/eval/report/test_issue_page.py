import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest

from cgm.artifacts import (
    Anchor,
    Entity,
    Issue,
    Patch,
    Ranked,
    Ranking,
    Rewrite,
    Sample,
    Subgraph,
    SubgraphEdge,
    SubgraphNode,
)
from cgm.protocols import Codebase
from eval.report.issue_page import subgraph_page

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&{{ 7*7 }}<!--"


class Page(HTMLParser):
    """What a browser would make of a page: its elements, the attributes of all, and the text of each script."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.scripts: list[str] = []
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self._inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts[-1] += data

    @property
    def graph(self) -> Any:
        return json.loads(self.scripts[0])


def nodes_of(text: str, functions: int) -> list[tuple[str, str, str, int, int, int]]:
    names = [f"f{text}", *(f"g{number}" for number in range(1, functions))]
    inner = [("FUNCTION", name, text, 1, 2, 3) for name in names]
    return [("REPO", text, "", -1, 0, 0), ("FILE", text, text, 0, 1, 3), *inner]


@pytest.fixture
def page_of(codebase_of: Callable[..., Codebase]) -> Callable[..., str]:
    def page(text: str = "x", diff: str | None = None, functions: int = 1) -> str:
        rows = nodes_of(text, functions)
        texts = {text: f"{text}\ndef f():\n    return 1\n"}
        codebase = codebase_of(rows, [("CALLS", 2, 1, 0.25, 3)], texts)
        nodes = tuple(
            SubgraphNode(number, kind, path, name, start, end, 1.0 / (number + 1))
            for number, (kind, name, path, _, start, end) in enumerate(rows)
        )
        edges = (SubgraphEdge("CONTAINS", 0, 1), SubgraphEdge("CONTAINS", 1, 2), SubgraphEdge("CALLS", 2, 1))
        subgraph = Subgraph(text, (Anchor(2, 0.5, (text,)),), nodes, edges)
        places = Ranked(f"{text}:f{text}", 1.0, text), Ranked("gone.py:f", 0.1, "-")
        patch = None if diff is None else Patch(text, text, diff, samples=(Sample(text, "chosen", text),))
        rewrite = Rewrite(text, (Entity("name", text),), (text,), (text,))
        issue = Issue(text, text, "c" * 40, f"# {text}\n\n{text} `{text}`\n\n```\n{text}\n```\n")
        return subgraph_page(
            issue, rewrite, subgraph, Ranking(text, (Ranked(text, 2.0, text),), places), patch, codebase
        )

    return page


def test_untrusted_text_adds_no_element_and_no_attribute(page_of: Callable[..., str]) -> None:
    plain, evil = Page(page_of(diff="-x\n+x")), Page(page_of(EVIL, diff=f"-{EVIL}\n+{EVIL}"))
    assert evil.tags == plain.tags
    assert [name for name, _ in evil.attributes] == [name for name, _ in plain.attributes]
    assert len(evil.scripts) == 2
    assert evil.scripts[1] == plain.scripts[1]


def test_untrusted_text_comes_through_whole(page_of: Callable[..., str]) -> None:
    graph = Page(page_of(EVIL)).graph
    assert graph["nodes"][1]["label"] == EVIL
    assert graph["nodes"][2]["anchor"]["origins"] == [EVIL]
    assert graph["nodes"][2]["rank"] == {"number": 1, "score": 1.0, "reason": EVIL}


def test_the_page_loads_nothing_and_its_policy_allows_its_own_script_alone(page_of: Callable[..., str]) -> None:
    page = page_of()
    assert not re.search(r"(?:src|href)=|url\(|@import|https?://", page)
    policy = dict(Page(page).attributes)
    assert "default-src 'none'" in str([value for _, value in Page(page).attributes])
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/]{43}='", page)
    assert policy["lang"] == "en"


def test_the_script_and_style_write_no_markup_from_text(page_of: Callable[..., str]) -> None:
    script = Page(page_of()).scripts[1]
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", script)


def test_a_node_has_what_the_chain_says_of_it(page_of: Callable[..., str]) -> None:
    node = Page(page_of("a.py")).graph["nodes"][2]
    assert node["score"] == 0.3333
    assert node["anchor"] == {"score": 0.5, "origins": ["a.py"]}
    assert node["rank"] == {"number": 1, "score": 1.0, "reason": "a.py"}


def test_edges_are_those_of_the_subgraph_with_line_and_confidence(page_of: Callable[..., str]) -> None:
    edges = [["CONTAINS", 0, 1, 0, 1.0], ["CONTAINS", 1, 2, 0, 1.0], ["CALLS", 2, 1, 3, 0.25]]
    assert Page(page_of()).graph["edges"] == edges


def test_a_ranked_place_outside_the_subgraph_has_no_link(page_of: Callable[..., str]) -> None:
    page = page_of("a.py")
    assert 'data-node="2"' in page
    assert re.search(r'data-node="-1" disabled', page)


def test_the_same_input_gives_the_same_bytes(page_of: Callable[..., str]) -> None:
    assert page_of("a.py", diff="+x") == page_of("a.py", diff="+x")


@pytest.mark.parametrize(("diff", "expected"), [(None, "The Reader was not run"), ("", "No answer gave a patch")])
def test_a_missing_patch_is_said_and_why(page_of: Callable[..., str], diff: str | None, expected: str) -> None:
    assert expected in page_of("a.py", diff=diff)


def test_three_hundred_nodes_make_a_page_of_moderate_size(page_of: Callable[..., str]) -> None:
    page = page_of("a.py", functions=300)
    assert len(Page(page).graph["nodes"]) == 302
    assert len(page) < 500_000
