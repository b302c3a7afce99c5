import json
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cgm.graph import CodeGraph
from cgm.json_export import cgm_json_lines, to_cgm_json
from cgm.json_import import from_cgm_json
from preprocessing.python.parse import parse_python
from preprocessing.resolve import link

Content = Callable[[CodeGraph], dict[str, Any]]

SOURCE = b'''"""Of the file."""
@final
class A(B, metaclass=M):
    """Of the class."""
    size: int = 3
    def f(self, x: str = "") -> int:
        """Of the function."""
        return self.size or x
key = lambda row: row
'''


def _graph() -> CodeGraph:
    return link("shop", ["src/a.py"], [parse_python(SOURCE)]).graph


def _sentence(row: dict[str, Any]) -> str:
    """The fields of a row that CGM's encoder reads, as it reads them."""
    kind = row["nodeType"]
    if kind == "File":
        return f"{row['filePath']}/{row['fileName']}\n{row['text']}"
    if kind == "Class":
        return f"{row['classType']} {row['className']}\n{row['comment']}\n{row['text']}"
    if kind == "Attribute":
        return f"{row['attributeType']} {row['name']}\n{row['comment']}\n{row['text']}"
    if kind == "Function":
        return f"{row['header']} {row['name']}\n{row['comment']}\n{row['text']}"
    return {"Repo": row.get("repoName"), "Package": row.get("name"), "Lambda": row.get("text")}[kind]


def test_rows_have_the_fields_that_readers_of_cgm_look_for() -> None:
    document = to_cgm_json(_graph(), lambda node: f"text {node}")
    assert [_sentence(row) for row in document["nodes"]] == [
        "shop",
        "src",
        "src/a.py\ntext 2",
        "class A\nOf the class.\ntext 3",
        'def f(self, x: str = "") -> int f\nOf the function.\ntext 4',
        "int size\n\ntext 5",
        "text 6",
    ]
    assert [row["startLoc"] for row in document["nodes"]] == [0, 0, 1, 2, 6, 5, 9]
    assert {row["edgeType"] for row in document["edges"]} == {"contains", "references"}


@settings(max_examples=100)
@given(data=st.data())
def test_any_graph_comes_back_as_it_went_with_its_texts(
    data: st.DataObject, code_graphs: st.SearchStrategy[CodeGraph], content_of: Content
) -> None:
    graph = data.draw(code_graphs)
    texts = tuple(data.draw(st.lists(st.text(), min_size=len(graph), max_size=len(graph))))
    lines = "".join(cgm_json_lines(graph, texts.__getitem__))
    back, texts_back = from_cgm_json(json.loads(lines))
    assert content_of(back) == content_of(graph)
    assert texts_back == texts
    assert json.loads(lines) == json.loads(json.dumps(to_cgm_json(graph, texts.__getitem__)))
    assert lines.isascii()
