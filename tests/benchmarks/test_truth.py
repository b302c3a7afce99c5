import json

import truth

SHOP = """\
import functools


class Shop:
    def __init__(self):
        self.open()

    def open(self):
        return key()


class Empty(Shop):
    pass


def key(default=None):
    return default


@functools.cache
@key
def main():
    Shop()
    Empty()
"""
KNOWN = {"src/shop.py": truth.outline(SHOP)}
INIT, OPEN, KEY, MAIN = (("src/shop.py", name) for name in ("Shop.__init__", "Shop.open", "key", "main"))
MODULE = ("src/shop.py", "")


def row(caller: truth.Place, callee: truth.Place, line: int, via: str = "") -> str:
    return json.dumps({"caller": caller, "callee": callee, "line": line, "via": via})


def trace() -> truth.Trace:
    lines = [json.dumps({"ran": place}) for place in (MODULE, INIT, OPEN, KEY, ("src/shop.py", "made.by.exec"))]
    lines += [row(MAIN, INIT, 24), row(INIT, OPEN, 6), row(OPEN, KEY, 9), row(MODULE, KEY, 21)]
    lines += [row(OPEN, MAIN, 9, "foreign"), row(OPEN, OPEN, 9), row(MAIN, ("src/shop.py", "gone"), 24)]
    return truth.read_trace(lines, KNOWN)


def test_what_is_no_definition_of_the_source_is_left_out() -> None:
    assert trace().ran == {MODULE, INIT, OPEN, KEY}
    assert ("src/shop.py", "gone") not in {call.pair[1] for call in trace().calls}


def test_direct_pairs_are_demanded_once_and_recursion_is_not() -> None:
    pairs = {call.pair for call in truth.select(trace())}
    assert pairs == {(MAIN, INIT), (INIT, OPEN), (OPEN, KEY), (MODULE, KEY)}


def test_an_edge_to_a_class_stands_for_the_constructor_that_it_defines_itself() -> None:
    edges = [(MAIN, ("src/shop.py", "Shop")), (MAIN, ("src/shop.py", "Empty")), (MAIN, ("other.py", "x"))]
    assert truth.visible(edges, KNOWN) == {(MAIN, INIT)}


def test_a_call_in_a_decorator_may_be_stated_of_the_definition_or_of_the_code_around_it() -> None:
    calls = truth.select(trace())
    decorator = [call for call in calls if call.pair == (MODULE, KEY)]
    assert truth.missed(decorator, {(MODULE, KEY)}) == []
    assert truth.missed(decorator, {(MAIN, KEY)}) == []
    assert truth.missed(decorator, {(OPEN, KEY)}) == decorator


def test_recall_is_the_share_of_pairs_with_an_edge() -> None:
    # of four pairs, two are stated
    assert truth.recall(truth.select(trace()), {(MAIN, INIT), (OPEN, KEY), (KEY, MAIN)}) == truth.Score(2, 4)


def test_edges_from_what_never_ran_are_not_judged() -> None:
    lost = ("src/shop.py", "Shop.close")
    edges = [(INIT, OPEN), (INIT, KEY), (OPEN, MAIN), (lost, KEY)]
    assert truth.unseen(trace(), edges, ("", "builtin")) == ([(INIT, KEY), (OPEN, MAIN)], 3)
    assert truth.unseen(trace(), edges) == ([(INIT, KEY)], 3)


def test_tests_inside_a_package_are_not_its_source() -> None:
    source, test = ("src/shop/a.py", "f"), ("src/shop/tests/test_a.py", "f")
    assert truth.is_inside((source, source), ["src/shop"])
    assert not truth.is_inside((test, source), ["src/shop"])
    assert not truth.is_inside((source, ("src/shopping/a.py", "f")), ["src/shop"])


def test_a_score_without_anything_to_find_has_no_share() -> None:
    assert str(truth.Score(3, 4)) == "75.0 % (3 of 4)"
    assert str(truth.Score(0, 0)) == "- (0 of 0)"
