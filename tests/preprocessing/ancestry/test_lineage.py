from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from preprocessing.ancestry.changes import Change, Changes
from preprocessing.ancestry.diffs import Hunk
from preprocessing.ancestry.lineage import Lineage, Trace, carry, join
from preprocessing.ancestry.walk import CommitHead


def ints(*values: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    return np.array(values, dtype=np.int64)


def head(name: str, *parents: str) -> CommitHead:
    return CommitHead(name, parents, 0, 0, "")


@st.composite
def diffs(draw: st.DrawFn) -> tuple[list[Hunk], int]:
    """Hunks with lines between them that did not change, and how many lines there are after them."""
    hunks: list[Hunk] = []
    old = new = draw(st.integers(0, 4))
    for _ in range(draw(st.integers(0, 5))):
        length, size = draw(st.integers(0, 3)), draw(st.integers(0, 3))
        if length or size:
            hunks.append((old, length, new, size))
        kept = draw(st.integers(1, 4))
        old, new = old + length + kept, new + size + kept
    return hunks, new


def carry_line_by_line(start: int, end: int, hunks: Sequence[Hunk]) -> tuple[set[int], set[int], int, int]:
    """The lines before some hunks that a range stands for, which hunks touch it, and lines added and deleted."""
    inside = [any(new <= line < new + size for _, _, new, size in hunks) for line in range(end)]
    lines = set()
    for line in range(start, end):
        if not inside[line]:
            lines.add(line + sum(length - size for _, length, new, size in hunks if new + size <= line))
    touched, added, deleted = set(), 0, 0
    for number, (old, length, new, size) in enumerate(hunks):
        common = len(set(range(new, new + size)) & set(range(start, end)))
        if common or (not size and start < new < end):
            touched.add(number)
            lines |= set(range(old, old + length))
            added, deleted = added + common, deleted + length
    return lines, touched, added, deleted


@given(diffs(), st.data())
def test_a_range_is_carried_as_its_lines_are(diff: tuple[list[Hunk], int], data: st.DataObject) -> None:
    hunks, size = diff
    bounds = st.tuples(st.integers(0, size), st.integers(0, size)).filter(lambda pair: pair[0] < pair[1])
    ranges = data.draw(st.lists(bounds, max_size=6)) if size else []
    carried = carry(ints(*(one for one, _ in ranges)), ints(*(other for _, other in ranges)), hunks)
    for number, (start, end) in enumerate(ranges):
        lines, touched, added, deleted = carry_line_by_line(start, end, hunks)
        assert set(range(carried.start[number], carried.end[number])) == lines
        assert bool(carried.touched[number]) == bool(touched)
        assert (carried.added[number], carried.deleted[number]) == (added, deleted)


def test_lines_taken_away_at_the_edge_of_a_range_do_not_touch_it() -> None:
    carried = carry(ints(2, 0, 1), ints(4, 2, 4), [(2, 3, 2, 0)])
    assert carried.touched.tolist() == [False, False, True]
    assert (carried.start.tolist(), carried.end.tolist()) == ([5, 0, 1], [7, 2, 7])


def test_a_range_whose_lines_are_all_new_began_there() -> None:
    lineage = Lineage.at("b", {"f.py": Trace((0,), ints(1, 2), ints(0, 2), ints(2, 4))})
    first = lineage.step(0, head("b", "a"), Changes(1, (Change("f.py", ("f.py",), ([(2, 0, 2, 2)],)),)))
    assert (first[0].files, first[0].nodes.tolist()) == ((0,), [2])
    assert lineage.states["a"]["f.py"].nodes.tolist() == [1]


def test_two_files_that_swap_their_names_are_both_followed() -> None:
    files = {path: Trace((node,), ints(), ints(), ints()) for node, path in enumerate("xy")}
    lineage = Lineage.at("b", files)
    lineage.step(0, head("b", "a"), Changes(2, (Change("x", ("y",), ([],)), Change("y", ("x",), ([],)))))
    assert {path: trace.files for path, trace in lineage.states["a"].items()} == {"y": (0,), "x": (1,)}


def test_a_file_goes_to_the_parent_that_a_merge_has_it_from() -> None:
    files = {path: Trace((node,), ints(), ints(), ints()) for node, path in enumerate("xy")}
    lineage = Lineage.at("m", files)
    assert lineage.step(0, head("m", "a", "b"), Changes(0, (), ("y",))) == []
    assert {commit: list(state) for commit, state in lineage.states.items()} == {"a": ["x"], "b": ["y"]}


def test_in_a_file_that_a_merge_has_from_neither_a_function_goes_where_it_is_untouched() -> None:
    lineage = Lineage.at("m", {"f": Trace((0,), ints(1, 2, 3), ints(0, 2, 4), ints(2, 4, 6))})
    hunks = [[(0, 1, 0, 1), (4, 1, 4, 1)], [(2, 1, 2, 1), (4, 1, 4, 1)]]
    (touches,) = lineage.step(0, head("m", "a", "b"), Changes(1, (Change("f", ("f", "f"), tuple(hunks)),)))
    assert (touches.files, touches.nodes.tolist()) == ((0,), [3])
    assert lineage.states["a"]["f"].nodes.tolist() == [2, 3]
    assert lineage.states["b"]["f"].nodes.tolist() == [1, 3]


def test_a_merge_of_which_only_names_are_known_is_a_change_of_its_first_parent() -> None:
    trace = Trace((1,), ints(2), ints(0), ints(3))
    lineage = Lineage.at("m", {"a.py": trace, "b.py": trace})
    changes = Changes(1, (Change("a.py", ("a.py",), (None,)),))
    touches = lineage.step(0, head("m", "one", "two"), changes)
    assert [touch.files for touch in touches] == [(1,)]
    assert {path: trace.nodes.tolist() for path, trace in lineage.states["one"].items()} == {"a.py": [], "b.py": [2]}
    assert "two" not in lineage.states
    assert lineage.gaps == {"unknown lines": 1}


def test_lines_that_are_not_known_end_the_past_of_functions_and_are_counted() -> None:
    lineage = Lineage.at("b", {"f": Trace((0,), ints(1), ints(0), ints(2))})
    (touches,) = lineage.step(0, head("b", "a"), Changes(1, (Change("f", ("f",), (None,)),)))
    assert (touches.files, touches.file_added, touches.nodes.tolist()) == ((0,), -1, [])
    assert len(lineage.states["a"]["f"].nodes) == 0
    assert lineage.gaps == {"unknown lines": 1}


def test_files_that_meet_again_have_all_their_lines() -> None:
    met = join(Trace((0,), ints(1, 2), ints(0, 5), ints(3, 9)), Trace((0, 4), ints(2, 3), ints(4, 0), ints(8, 1)))
    assert met.files == (0, 4)
    assert (met.nodes.tolist(), met.start.tolist(), met.end.tolist()) == ([1, 2, 3], [0, 4, 0], [3, 9, 1])
