import json
import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from cgm.errors import ConfigError
from cgm.protocols import Codebase
from eval.report.graph_page import graph_page
from eval.report.neighbourhood import PageConfig

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&{{ 7*7 }}<!--"


class Elements(HTMLParser):
    """The elements of a page and the text of its scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.scripts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.tags.append(tag)
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.scripts and self.tags[-1] == "script":
            self.scripts[-1] += data


def _said(page: str) -> str:
    found = re.search(r'<p class="quiet">(.*?)</p>', page)
    assert found
    return found[1]


def test_the_page_says_which_part_it_shows(shop: Codebase) -> None:
    page = graph_page("shop", shop.graph, PageConfig(around="total", hops=1, kinds=["CALLS"]), shop.sources)
    assert _said(page) == "8 of 11 nodes, 9 edges: up to 1 hop along CALLS from total"


def test_the_page_says_what_is_left_out_and_by_which_rule(shop: Codebase) -> None:
    page = graph_page("shop", shop.graph, PageConfig(nodes=8), shop.sources)
    assert _said(page).endswith(
        "3 more left out (page.nodes=8): kept are those outside tests first, then the most linked"
    )


def test_centres_and_distances_are_marked(shop: Codebase) -> None:
    page = graph_page("shop", shop.graph, PageConfig(around="total", hops=1), shop.sources)
    rows = {row["label"]: row for row in json.loads(Elements(page).scripts[0])["nodes"]}
    assert (rows["shop/price.py:total"]["centre"], rows["shop/price.py:total"]["hop"]) == (True, 0)
    assert ("centre" in rows["shop/price.py:price"], rows["shop/price.py:price"]["hop"]) == (False, 1)
    assert "hop" not in rows["shop"]


def test_hostile_text_adds_no_element(codebase_of: Callable[..., Codebase]) -> None:
    def page(text: str) -> Elements:
        nodes = [("REPO", text, "", -1, 0, 0), ("FILE", text, text, 0, 1, 1), ("FUNCTION", text, text, 1, 1, 1)]
        codebase = codebase_of(nodes, [("CALLS", 2, 1, 1.0, 1)], {text: text})
        return Elements(graph_page(text, codebase.graph, PageConfig(around=text), codebase.sources))

    plain, evil = page("x"), page(EVIL)
    assert evil.tags == plain.tags
    assert evil.scripts[1] == plain.scripts[1]
    assert json.loads(evil.scripts[0])["nodes"][1]["label"] == EVIL


def test_the_page_loads_nothing(shop: Codebase) -> None:
    page = graph_page("shop", shop.graph, PageConfig(), shop.sources)
    assert not re.search(r"(?:src|href)=|url\(|@import|https?://", page)
    assert "default-src 'none'" in page
    assert re.search(r"style-src 'sha256-[A-Za-z0-9+/]{43}='; script-src 'sha256-[A-Za-z0-9+/]{43}='", page)


def test_a_centre_that_is_not_there_is_refused(shop: Codebase) -> None:
    with pytest.raises(ConfigError, match=r"page\.around must name a node"):
        graph_page("shop", shop.graph, PageConfig(around="nowhere"), shop.sources)


def test_the_same_graph_gives_the_same_bytes(shop: Codebase) -> None:
    first, second = (graph_page("shop", shop.graph, PageConfig(), shop.sources) for _ in range(2))
    assert first == second
