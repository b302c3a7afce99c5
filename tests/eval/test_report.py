import json
import re
from dataclasses import dataclass
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
from cgm.errors import RepositoryError
from eval.report import node_label, subgraph_page

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&{{ 7*7 }}<!--"


@dataclass
class Texts:
    """Sources from a dictionary."""

    texts: dict[str, str]

    def read(self, path: str) -> str:
        if path not in self.texts:
            raise RepositoryError(f"no file {path!r}")
        return self.texts[path]


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


def node(index: int, kind: str, path: str, name: str, lines: tuple[int, int] = (0, 0)) -> SubgraphNode:
    return SubgraphNode(index, kind, path, name, *lines, score=1.0 / (index + 1))


def page_of(text: str = "x", diff: str | None = None, functions: int = 1) -> str:
    name = f"f{text}"
    nodes = [node(0, "REPO", "", text), node(7, "FILE", text, text, (1, 3))]
    nodes += [
        node(9 + number, "FUNCTION", text, name * bool(not number) or f"g{number}", (2, 3))
        for number in range(functions)
    ]
    subgraph = Subgraph(
        text,
        (Anchor(9, 0.5, (text,)),),
        tuple(nodes),
        (SubgraphEdge("CONTAINS", 0, 7), *(SubgraphEdge("CONTAINS", 7, 9 + number) for number in range(functions))),
    )
    ranking = Ranking(
        text, (Ranked(text, 2.0, text),), (Ranked(f"{text}:{name}", 1.0, text), Ranked("gone.py:f", 0.1, "-"))
    )
    patch = None if diff is None else Patch(text, text, diff, samples=(Sample(text, "chosen", text),))
    rewrite = Rewrite(text, (Entity("name", text),), (text,), (text,))
    issue = Issue(text, text, "c" * 40, f"# {text}\n\n{text} `{text}`\n\n```\n{text}\n```\n")
    return subgraph_page(issue, rewrite, subgraph, ranking, patch, Texts({text: f"{text}\ndef f():\n    return 1\n"}))


def test_untrusted_text_adds_no_element_and_no_attribute() -> None:
    plain, evil = Page(page_of(diff="-x\n+x")), Page(page_of(EVIL, diff=f"-{EVIL}\n+{EVIL}"))
    assert evil.tags == plain.tags
    assert [name for name, _ in evil.attributes] == [name for name, _ in plain.attributes]
    assert len(evil.scripts) == 2
    assert evil.scripts[1] == plain.scripts[1]


def test_untrusted_text_comes_through_whole() -> None:
    graph = Page(page_of(EVIL)).graph
    assert graph["nodes"][1]["label"] == EVIL
    assert graph["nodes"][2]["anchor"]["origins"] == [EVIL]
    assert graph["nodes"][2]["rank"] == {"number": 1, "score": 1.0, "reason": EVIL}


def test_the_page_loads_nothing_and_its_policy_allows_its_own_script_alone() -> None:
    page = page_of()
    assert not re.search(r"(?:src|href)=|url\(|@import|https?://", page)
    policy = dict(Page(page).attributes)
    assert "default-src 'none'" in str([value for _, value in Page(page).attributes])
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/]{43}='", page)
    assert policy["lang"] == "en"


def test_the_script_and_style_write_no_markup_from_text() -> None:
    script = Page(page_of()).scripts[1]
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", script)


def test_a_node_shows_its_own_lines_from_its_first_line_number() -> None:
    graph = Page(page_of("a.py")).graph
    assert graph["nodes"][2]["code"] == {"start": 2, "text": "def f():\n    return 1", "more": 0}
    assert graph["nodes"][0]["code"] is None


def test_edges_name_positions_in_the_list_of_nodes() -> None:
    assert Page(page_of()).graph["edges"] == [["CONTAINS", 0, 1], ["CONTAINS", 1, 2]]


def test_a_long_file_is_shown_in_part_and_the_rest_counted() -> None:
    subgraph = Subgraph("i", (), (node(0, "FILE", "a.py", "a.py", (1, 1000)),), ())
    sources = Texts({"a.py": "x\n" * 1000})
    page = Page(subgraph_page(Issue("i", "r", "", "t"), Rewrite("i"), subgraph, Ranking("i", (), ()), None, sources))
    code = page.graph["nodes"][0]["code"]
    assert code["text"].count("x") + code["more"] == 1000
    assert code["more"] > 0


def test_a_file_that_cannot_be_read_leaves_its_node_without_text() -> None:
    subgraph = Subgraph("i", (), (node(0, "FILE", "gone.py", "gone.py", (1, 5)),), ())
    page = subgraph_page(Issue("i", "r", "", "t"), Rewrite("i"), subgraph, Ranking("i", (), ()), None, Texts({}))
    assert Page(page).graph["nodes"][0]["code"]["text"] == ""


def test_a_ranked_place_outside_the_subgraph_has_no_link() -> None:
    page = page_of("a.py")
    assert 'data-node="2"' in page
    assert re.search(r'data-node="-1" disabled', page)


def test_the_same_input_gives_the_same_bytes() -> None:
    assert page_of("a.py", diff="+x") == page_of("a.py", diff="+x")


@pytest.mark.parametrize(("diff", "expected"), [(None, "The Reader was not run"), ("", "No answer gave a patch")])
def test_a_missing_patch_is_said_and_why(diff: str | None, expected: str) -> None:
    assert expected in page_of("a.py", diff=diff)


def test_three_hundred_nodes_make_a_page_of_moderate_size() -> None:
    page = page_of("a.py", functions=300)
    assert len(Page(page).graph["nodes"]) == 302
    assert len(page) < 500_000


def test_an_empty_subgraph_makes_a_page() -> None:
    empty = Subgraph("i", (), (), ())
    page = subgraph_page(Issue("i", "r", "", "t"), Rewrite("i"), empty, Ranking("i", (), ()), None, Texts({}))
    assert Page(page).graph == {"nodes": [], "edges": []}


def test_labels_are_those_of_rankings() -> None:
    labels = [node_label(node(1, kind, "p/a.py", "C.f")) for kind in ("FILE", "TEXTFILE", "FUNCTION", "CLASS")]
    assert labels == ["p/a.py", "p/a.py", "p/a.py:C.f", "p/a.py:C.f"]
