import io
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgm.errors import GraphFormatError
from cgm.graph import CodeGraph
from cgm.graphml import from_graphml, graphml_lines
from preprocessing.python.parse import parse_python
from preprocessing.resolve import link

Content = Callable[[CodeGraph], dict[str, Any]]


def written(graph: CodeGraph) -> bytes:
    return "".join(graphml_lines(graph)).encode("utf-8")


def test_networkx_opens_the_same_graph() -> None:
    source = b'class A:\n    """<&>"""\n    def f(self, x: int = 1): return A() or self.f()\n'
    graph = link("shop", ["a.py", "b.py"], [parse_python(source), parse_python(b"from a import A\nA().f()\n")]).graph
    mine = graph.to_networkx()
    read = nx.read_graphml(io.BytesIO(written(graph)), node_type=int, force_multigraph=True)
    assert set(read.edges(keys=True)) == set(mine.edges(keys=True))
    for *ends, data in read.edges(keys=True, data=True):
        assert data == {"key": ends[2], **mine.edges[ends]}
    for node, data in mine.nodes(data=True):
        plain = {key: value for key, value in data.items() if value != "" and not isinstance(value, list)}
        assert {key: value for key, value in read.nodes[node].items() if key in data and key != "parameters"} == plain
    assert read.nodes[3]["parameters"] == '[["self", "", ""], ["x", "int", "1"]]'


@settings(max_examples=100)
@given(data=st.data())
def test_any_graph_is_valid_xml_and_comes_back_as_it_went(
    data: st.DataObject, code_graphs: st.SearchStrategy[CodeGraph], content_of: Content
) -> None:
    graph = data.draw(code_graphs)
    content = written(graph)
    ET.fromstring(content)  # another reader than ours
    assert content_of(from_graphml(content)) == content_of(graph)


def test_what_xml_has_no_characters_for_is_marked() -> None:
    graph = link("shop", ["caf\udce9\x1b.txt"], [parse_python(b"")]).graph
    read = nx.read_graphml(io.BytesIO(written(graph)), node_type=int)
    assert read.nodes[1]["path"] == '"caf\\udce9\\u001b.txt"'
    assert read.nodes[1]["escaped"] == "name path"


def test_a_graph_that_networkx_wrote_again_is_read() -> None:
    graph = link("shop", ["a.py"], [parse_python(b"class A: pass\n")]).graph
    read = nx.read_graphml(io.BytesIO(written(graph)), node_type=int, force_multigraph=True)
    stream = io.BytesIO()
    nx.write_graphml(read, stream)
    back = from_graphml(stream.getvalue())
    assert back.node_name == graph.node_name
    assert list(back.edges()) == list(graph.edges())


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "well-formed"),
        (b"<graphml", "well-formed"),
        (b"<graphml><node/></graphml>", "must have 'nodeId'"),
        (b'<graphml><node id="0"/></graphml>', "must have 'nodeType'"),
        (b'<graphml><key/><node id="0"/></graphml>', "well-formed"),
        (b'<graphml><node id="0"><data key="k">1</data></node></graphml>', "well-formed"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><graphml>&b;</graphml>', "must not declare a document type"),
        (
            b'<graphml><key id="k" attr.name="start"/><node id="0"><data key="k">x</data></node></graphml>',
            "well-formed, got invalid literal",
        ),
    ],
)
def test_what_is_no_code_graph_is_refused(content: bytes, rule: str) -> None:
    with pytest.raises(GraphFormatError, match=rule):
        from_graphml(content)
