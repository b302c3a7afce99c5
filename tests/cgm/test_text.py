from collections.abc import Callable, Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm.graph import CodeGraph, NodeKind
from cgm.protocols import Codebase
from cgm.text import (
    STOP_WORDS,
    identifier_terms,
    is_project_script,
    is_source_path,
    node_lines,
    node_text,
    outline,
    split_lines,
    terms,
)

SOURCE = """import os

class A:
    x = 1

    @decorated
    def f(self):
        def inner():
            return 1
        return inner

def g():
    pass
"""


@pytest.fixture
def graph() -> CodeGraph:
    rows = [
        (NodeKind.REPO, "r", "", 0, 0, -1),
        (NodeKind.FILE, "a.py", "a.py", 1, 13, 0),
        (NodeKind.CLASS, "A", "a.py", 3, 10, 1),
        (NodeKind.FUNCTION, "A.f", "a.py", 6, 10, 2),
        (NodeKind.FUNCTION, "A.f.inner", "a.py", 8, 9, 3),
        (NodeKind.ATTRIBUTE, "A.x", "a.py", 4, 4, 2),
        (NodeKind.FUNCTION, "g", "a.py", 12, 13, 1),
    ]
    kinds, names, paths, starts, ends, parents = zip(*rows, strict=True)
    count = len(rows) - 1
    return CodeGraph(
        node_kind=np.array(kinds, dtype=np.uint8),
        node_name=names,
        node_path=paths,
        node_start=np.array(starts, dtype=np.int32),
        node_end=np.array(ends, dtype=np.int32),
        edge_kind=np.zeros(count, dtype=np.uint8),
        edge_source=np.array(parents[1:], dtype=np.int32),
        edge_target=np.arange(1, count + 1, dtype=np.int32),
        edge_confidence=np.ones(count, dtype=np.float32),
        edge_line=np.zeros(count, dtype=np.int32),
    )


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ("parseHTMLDoc_v2", ("parsehtmldoc_v2", "parse", "html", "doc", "v", "2")),
        ("name", ("name",)),
        ("HTML", ("html",)),
        ("snake_case", ("snake_case", "snake", "case")),
        ("__init__", ("__init__",)),
        ("_x", ("_x",)),
        ("42", ("42",)),
        ("Py3", ("py3", "py", "3")),
    ],
)
def test_an_identifier_gives_itself_and_its_parts(identifier: str, expected: tuple[str, ...]) -> None:
    assert identifier_terms(identifier) == expected


def test_terms_of_a_text_come_in_order_and_as_often_as_they_stand() -> None:
    assert list(terms("x.getAll(x) # 3")) == ["x", "getall", "get", "all", "x", "3"]


@given(st.text())
def test_any_text_gives_lower_case_terms_without_spaces(text: str) -> None:
    for term in terms(text):
        assert term
        assert term == term.lower()
        assert not term.split()[1:]


@given(st.text(alphabet="ab\n\r\x0b\x0c\x85\u2028"))
def test_lines_end_at_newlines_alone_and_lose_nothing(text: str) -> None:
    lines = split_lines(text)
    assert "".join(lines) == text
    assert len(lines) == text.count("\n") + bool(text and not text.endswith("\n"))


def test_stop_words_are_terms() -> None:
    assert all(identifier_terms(word) == (word,) for word in STOP_WORDS)


def test_a_childs_text_is_not_repeated_in_its_parent(graph: CodeGraph) -> None:
    lines = split_lines(SOURCE)
    assert node_text(graph, 1, lines) == "import os\n\n\n"
    assert node_text(graph, 2, lines) == "class A:\n    x = 1\n\n"
    assert node_text(graph, 3, lines) == "    @decorated\n    def f(self):\n        return inner\n"
    assert node_text(graph, 5, lines) == "    x = 1\n"


def test_every_line_of_a_file_belongs_to_one_scope(graph: CodeGraph) -> None:
    lines = split_lines(SOURCE)
    owned = [line for node in (1, 2, 3, 4, 6) for line in node_lines(graph, node, lines)]
    assert sorted(owned) == sorted(lines)


def test_a_node_without_lines_or_beyond_its_file_has_what_there_is(graph: CodeGraph) -> None:
    assert node_lines(graph, 0, split_lines(SOURCE)) == []
    assert node_lines(graph, 6, split_lines(SOURCE)[:12]) == ["def g():\n"]
    assert node_lines(graph, 6, []) == []


def test_an_outline_shows_headers_with_their_line_numbers(graph: CodeGraph) -> None:
    assert outline(graph, 1, split_lines(SOURCE)) == (
        "    3| class A:\n    7|     def f(self):\n    8|         def inner():\n   12| def g():"
    )


def test_an_outline_of_a_node_without_readable_lines_has_its_name(graph: CodeGraph) -> None:
    assert outline(graph, 1, []).splitlines()[-1] == "   12| g"


def test_an_outline_shows_headers_whole_that_go_over_several_lines(
    read_codebase: Callable[[Mapping[str, str]], Codebase],
) -> None:
    source = """class A:
    @route(
        "/x",
    )
    def f(
        self,
        x: int = 0,  # why
    ) -> str:
        pass
def g(): pass  # one line
"""
    graph = read_codebase({"a.py": source}).graph
    assert outline(graph, 1, split_lines(source)) == (
        "    1| class A:\n    5|     def f(self, x: int = 0) -> str\n   10| def g(): pass  # one line"
    )


@pytest.mark.parametrize(
    "path", ["tests/test_a.py", "pkg/tests/data.py", "docs/conf.py", "conftest.py", "a/extern/six.py"]
)
def test_tests_documents_and_copies_are_no_source(path: str) -> None:
    assert not is_source_path(path)


@pytest.mark.parametrize(
    "path",
    [
        *("src/CartTest.java", "src/CartIT.java", "src/TestCart.java", "lib/cart.test.js", "lib/cart.spec.tsx"),
        *("pkg/cart_test.go", "src/cart_unittest.cc", "third_party/zip/zip.c", "lib/__tests__/cart.js"),
    ],
)
def test_tests_and_copies_are_told_in_other_languages(path: str) -> None:
    assert not is_source_path(path)


@pytest.mark.parametrize("path", ["src/Latest.java", "src/AUDIT.java", "lib/spec.js", "pkg/latest.go", "src/tester.rs"])
def test_a_like_name_of_another_language_is_source(path: str) -> None:
    assert is_source_path(path)


@pytest.mark.parametrize("path", ["pkg/testing_tools.py", "pkg/latest.py", "contest.py", "setup.py"])
def test_a_like_name_is_source(path: str) -> None:
    assert is_source_path(path)


@pytest.mark.parametrize("path", ["setup.py", "docs/conf.py", "noxfile.py", "tools/release.py", ".github/check.py"])
def test_scripts_about_a_project_are_told_from_its_code(path: str) -> None:
    assert is_project_script(path)
    assert not is_project_script(f"shop/{path.rpartition('/')[2].replace('.py', '_of.py')}")
