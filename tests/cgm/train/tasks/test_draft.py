from cgm.graph import NodeKind
from cgm.train.tasks.draft import CodeText, in_turn, nearest, shuffled


def test_source_is_neither_tests_nor_scripts(code: CodeText) -> None:
    files = {code.graph.node_path[node] for node in code.source_nodes(NodeKind.FILE)}
    assert files == {"shop/__init__.py", "shop/base.py", "shop/cart.py", "shop/price.py"}


def test_a_class_has_its_own_text_and_a_whole_one(code: CodeText) -> None:
    store = next(node for node in code.source_nodes(NodeKind.CLASS) if code.graph.node_name[node] == "Store")
    assert "def persist" in code.whole(store)
    assert "def persist" not in code.own(store)


def test_an_order_depends_on_the_seed_and_on_no_other_item() -> None:
    items = [f"item {number}" for number in range(30)]
    ordered = shuffled(items, 0, str)
    assert shuffled(reversed(items), 0, str) == ordered
    assert shuffled(items, 1, str) != ordered
    assert shuffled(items[5:], 0, str) == [item for item in ordered if item in items[5:]]


def test_groups_are_taken_from_in_turn() -> None:
    groups = [iter("abc"), iter("d"), iter("ef")]
    assert "".join(in_turn(groups, 5)) == "adebf"


def test_the_nodes_drawn_for_a_key_are_the_same_again() -> None:
    drawn = nearest(range(100), "key", str, 5)
    assert len(set(drawn)) == 5
    assert nearest(reversed(range(100)), "key", str, 5) == drawn
    assert nearest(range(100), "other key", str, 5) != drawn
