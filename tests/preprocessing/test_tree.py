import numpy as np
import pytest

from cgm.graph import EdgeKind, NodeKind
from preprocessing.facts import FileFacts
from preprocessing.python.parse import parse_opaque, parse_python, parse_text
from preprocessing.tree import NO_LINKS, Links, build_tree, same_definitions


def facts_of(files: dict[str, bytes]) -> list[FileFacts]:
    return [parse_python(source) if path.endswith(".py") else parse_text(source, 0) for path, source in files.items()]


FILES = {
    "a/b/c.py": b"class K:\n    x = 1\n    def f(self):\n        def g(): pass\n",
    "a/d.txt": b"one\ntwo\n",
    "e.py": b"",
}


def test_every_folder_with_files_below_is_a_package() -> None:
    tree = build_tree("r", list(FILES), facts_of(FILES))
    rows = list(zip(map(NodeKind, tree.kind), tree.name, tree.path, strict=True))
    assert rows == [
        (NodeKind.REPO, "r", ""),
        (NodeKind.PACKAGE, "a", "a"),
        (NodeKind.PACKAGE, "a/b", "a/b"),
        (NodeKind.FILE, "c.py", "a/b/c.py"),
        (NodeKind.CLASS, "K", "a/b/c.py"),
        (NodeKind.FUNCTION, "K.f", "a/b/c.py"),
        (NodeKind.FUNCTION, "K.f.g", "a/b/c.py"),
        (NodeKind.ATTRIBUTE, "K.x", "a/b/c.py"),
        (NodeKind.TEXTFILE, "d.txt", "a/d.txt"),
        (NodeKind.FILE, "e.py", "e.py"),
    ]


def test_a_parent_stands_before_its_children_and_contains_them() -> None:
    facts = facts_of(FILES)
    tree = build_tree("r", list(FILES), facts)
    graph = tree.graph(dict(enumerate(facts)), range(len(tree.kind)), NO_LINKS, {})
    assert (graph.edge_kind == EdgeKind.CONTAINS).all()
    assert graph.parent.tolist() == [-1, 0, 1, 2, 3, 4, 5, 4, 1, 0]
    assert graph.edge_line.tolist() == [0, 0, 0, 1, 3, 4, 2, 0, 0]
    assert all(parent < node for node, parent in enumerate(graph.parent.tolist()))


def test_a_file_spans_its_lines_and_an_empty_or_opaque_one_none() -> None:
    tree = build_tree("r", ["a.txt", "b.bin", "c.py"], [parse_text(b"1\n2", 0), parse_opaque(), parse_python(b"")])
    assert [(tree.start[node], tree.end[node]) for node in tree.files] == [(1, 2), (0, 0), (0, 0)]


def test_scopes_of_a_file_follow_its_node() -> None:
    tree = build_tree("r", list(FILES), facts_of(FILES))
    assert [tree.name[tree.files[0] + 1 + scope] for scope in range(3)] == ["K", "K.f", "K.f.g"]
    assert [tree.file[node] for node in (0, 1, 2, 3, 7, 8)] == [-1, -1, -1, 0, 0, 1]


def test_further_edges_come_after_containment() -> None:
    facts = [parse_python(b""), parse_python(b"")]
    one = np.ones(1, dtype=np.int32)
    links = Links(one.astype(np.uint8) * EdgeKind.IMPORTS, one, 2 * one, one.astype(np.float32) / 2, 7 * one)
    graph = build_tree("r", ["a.py", "b.py"], facts).graph(dict(enumerate(facts)), range(3), links, {"reason": 1})
    assert list(graph.edges())[-1] == (EdgeKind.IMPORTS, 1, 2, 0.5, 7)
    assert graph.unlinked == {"reason": 1}


def test_nodes_that_came_later_stand_in_order_in_a_graph() -> None:
    facts = facts_of(FILES)
    tree = build_tree("r", list(FILES), facts)
    for number, (path, source) in enumerate({"a/a.py": b"y = 1\n", "b/x.py": b""}.items(), len(FILES)):
        tree.add_file(path, "python")
        facts.append(parse_python(source))
        tree.define(number, facts[number], [-1] * len(facts[number].definitions))
    rows = {path: number for number, path in enumerate([*FILES, "a/a.py", "b/x.py"])}
    chosen = {rows[path]: facts[rows[path]] for path in sorted(rows) if path != "a/d.txt"}
    graph = tree.graph(chosen, tree.order(chosen), NO_LINKS, {})
    expected = build_tree("r", [path for path in sorted(rows) if path != "a/d.txt"], list(chosen.values()))
    assert (graph.node_name, graph.node_path) == (tuple(expected.name), tuple(expected.path))
    assert graph.parent.tolist() == expected.parent
    assert len(graph.node_details) == len(graph.node_name)


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        ("class K:\n    def f(self): ...\n", "# moved\nclass K:\n    def f(self): ...\n", [0, 1]),
        ("def f(): ...\ndef g(): ...\n", "def g(): ...\ndef new(): ...\ndef f(): ...\n", [1, -1, 0]),
        ("class K:\n    def f(self): ...\n", "class K(B):\n    def f(self): ...\n", [-1, -1]),
        ("def f(a): ...\n", "def f(b): ...\n", [-1]),
        ("def f(): ...\n", "@d\ndef f(): ...\n", [-1]),
        ("x(lambda: 1)\n", "\nx(lambda: 2)\n", [0]),
    ],
)
def test_a_definition_that_says_the_same_is_the_same(before: str, after: str, kept: list[int]) -> None:
    assert same_definitions(parse_python(before.encode()), parse_python(after.encode())) == kept
