from cgm.graph import EdgeKind, NodeKind
from preprocessing.facts import FileFacts
from preprocessing.python.parse import parse_opaque, parse_python, parse_text
from preprocessing.tree import build_tree


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
    graph = build_tree("r", list(FILES), facts_of(FILES)).graph([], {})
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
    graph = build_tree("r", ["a.py", "b.py"], [parse_python(b""), parse_python(b"")]).graph(
        [(int(EdgeKind.IMPORTS), 1, 2, 0.5, 7)], {"reason": 1}
    )
    assert list(graph.edges())[-1] == (EdgeKind.IMPORTS, 1, 2, 0.5, 7)
    assert graph.unlinked == {"reason": 1}
