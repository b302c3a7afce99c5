from cgm.graph import EdgeKind
from preprocessing.edges import Edges, Unlinked
from preprocessing.python.parse import parse_python
from preprocessing.tree import Tree, build_tree


def tree() -> Tree:
    return build_tree("r", ["a.py", "b.py"], [parse_python(b""), parse_python(b"")])


def test_of_equal_edges_the_surest_counts_and_its_first_line() -> None:
    edges = Edges(tree())
    for line, confidence in ((9, 0.5), (7, 1.0), (5, 1.0), (1, 0.5)):
        edges.add(EdgeKind.CALLS, 1, 2, line, confidence)
    links = edges.links()
    columns = (links.kind, links.source, links.target, links.confidence, links.line)
    assert [column.tolist() for column in columns] == [[EdgeKind.CALLS], [1], [2], [1.0], [5]]


def test_what_becomes_no_edge_is_counted_and_listed_by_place() -> None:
    edges = Edges(tree(), lists_unlinked=True)
    edges.skip(EdgeKind.CALLS, 2, "f", 1, "external")
    edges.skip(EdgeKind.CALLS, 1, "g", 2, "builtin")
    edges.skip(EdgeKind.CALLS, 1, "f", 1, "external")
    assert edges.unlinked() == {"CALLS builtin": 1, "CALLS external": 2}
    assert edges.listed() == (
        Unlinked("CALLS", "a.py", 1, "f", "external"),
        Unlinked("CALLS", "a.py", 2, "g", "builtin"),
        Unlinked("CALLS", "b.py", 1, "f", "external"),
    )


def test_nothing_is_listed_where_nobody_asks() -> None:
    edges = Edges(tree())
    edges.skip(EdgeKind.CALLS, 1, "f", 1, "external")
    assert edges.listed() == ()
