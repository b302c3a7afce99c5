"""Edits, the rules they are held to, and diffs that real git applies."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgm.artifacts import Edit
from cgm.errors import PatchError
from cgm.text import is_safe_path, split_lines
from reader.patch import (
    apply_edits,
    is_test_path,
    line_end,
    normalize,
    require_code_change,
    unified_diff,
)
from reader.proof import apply_diff

_TEXT = "one\ntwo\nthree\nfour\nfive\n"


def test_an_edit_replaces_its_lines_and_nothing_else() -> None:
    assert apply_edits({"a.py": _TEXT}, [Edit("a.py", 2, 3, "TWO\n")]) == {"a.py": "one\nTWO\nfour\nfive\n"}


def test_several_edits_of_a_file_count_lines_before_any_of_them() -> None:
    edits = [Edit("a.py", 5, 5, "5\n"), Edit("a.py", 1, 1, "1\n1b\n"), Edit("a.py", 3, 2, "between\n")]
    assert apply_edits({"a.py": _TEXT}, edits) == {"a.py": "1\n1b\ntwo\nbetween\nthree\nfour\n5\n"}


def test_the_same_edit_given_twice_counts_once() -> None:
    edit = Edit("a.py", 1, 0, "zero\n")
    assert apply_edits({"a.py": _TEXT}, [edit, edit]) == {"a.py": "zero\n" + _TEXT}


def test_a_replacement_without_line_end_does_not_swallow_the_next_line() -> None:
    assert apply_edits({"a.py": "a\r\nb\r\n"}, [Edit("a.py", 1, 1, "x")]) == {"a.py": "x\r\nb\r\n"}


def test_lines_appended_after_an_unfinished_line_start_on_their_own() -> None:
    assert apply_edits({"a.py": "a\nb"}, [Edit("a.py", 3, 2, "c\n")]) == {"a.py": "a\nb\nc\n"}


def test_overlapping_edits_are_refused() -> None:
    with pytest.raises(PatchError, match=r"two edits of a\.py overlap: lines 1 to 3 and 3 to 4"):
        apply_edits({"a.py": _TEXT}, [Edit("a.py", 3, 4, "x\n"), Edit("a.py", 1, 3, "y\n")])


def test_two_insertions_at_one_place_are_refused_as_their_order_is_unknown() -> None:
    with pytest.raises(PatchError, match="overlap"):
        apply_edits({"a.py": _TEXT}, [Edit("a.py", 2, 1, "x\n"), Edit("a.py", 2, 1, "y\n")])


@pytest.mark.parametrize(("start", "end"), [(0, 1), (1, 6), (7, 6), (4, 2)])
def test_an_edit_outside_the_file_is_refused(start: int, end: int) -> None:
    with pytest.raises(PatchError, match="has lines 1 to 5"):
        apply_edits({"a.py": _TEXT}, [Edit("a.py", start, end, "x\n")])


def test_edits_that_change_nothing_are_refused() -> None:
    with pytest.raises(PatchError, match="change nothing"):
        apply_edits({"a.py": _TEXT}, [Edit("a.py", 2, 3, "two\nthree\n")])


def test_edits_are_cut_down_to_the_lines_that_change() -> None:
    edit = Edit("a.py", 1, 5, "one\nTWO\nthree\nfour\nsix\nfive\n")
    assert normalize({"a.py": _TEXT}, [edit]) == {"a.py": [Edit("a.py", 2, 2, "TWO\n"), Edit("a.py", 5, 4, "six\n")]}


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "../x.py", "a/../../x.py", ".git/config", "sub/.GIT/hooks/x", ".git./x", "a//b.py", "", "C:/x.py"],
)
def test_a_path_that_leaves_the_repository_is_refused(path: str) -> None:
    assert not is_safe_path(path)
    with pytest.raises(PatchError, match="inside the repository"):
        apply_edits({path: "a\n"}, [Edit(path, 1, 1, "b\n")])


@pytest.mark.parametrize("path", ["a\\b.py", "a\0.py", "./a.py", "git~1/config", ".git /x", "a/."])
def test_a_path_that_some_system_reads_in_another_way_is_refused(path: str) -> None:
    assert not is_safe_path(path)


@pytest.mark.parametrize("path", ["a.py", "src/.github/x.py", "a b/c.py", ".gitignore", "django/test/client.py"])
def test_an_ordinary_path_is_safe(path: str) -> None:
    assert is_safe_path(path)


def test_test_files_are_told_by_name_or_folder() -> None:
    tests = ["tests/helper.py", "pkg/tests/data.py", "test_x.py", "a/x_test.py", "a/conftest.py", "app/tests.py"]
    assert all(map(is_test_path, tests))
    assert not any(map(is_test_path, ["django/test/client.py", "contest.py", "pkg/testing.py", "latest.py"]))


def test_tests_of_other_languages_are_told_as_they_call_them() -> None:
    tests = ["src/test/java/shop/Data.java", "CartTest.java", "a/cart.spec.ts", "a/__tests__/x.js", "cart_test.go"]
    assert all(map(is_test_path, tests))
    assert not any(map(is_test_path, ["Contest.java", "spec.ts", "src/latest.go", "src/testing.rs"]))


def test_the_line_end_is_that_of_most_lines() -> None:
    assert line_end("a\r\nb\r\nc\n") == "\r\n"
    assert line_end("a\nb\r\nc\n") == "\n"
    assert line_end("") == "\n"


def test_an_edit_that_breaks_the_syntax_is_refused_with_the_line() -> None:
    with pytest.raises(PatchError, match=r"a\.py is not valid Python: .* in line 2: return"):
        require_code_change("def f():\n    return 1\n", "def f():\nreturn 1\n", "a.py")


def test_a_file_that_did_not_parse_before_may_stay_broken() -> None:
    require_code_change("print 'old'\n", "print 'new'\n", "a.py")


def test_a_file_of_another_language_has_no_syntax_rule() -> None:
    require_code_change("x: 1\n", "x: [\n", "a.yaml")


def test_a_change_of_comments_alone_is_refused() -> None:
    with pytest.raises(PatchError, match="only comments or blank space"):
        require_code_change("x = 1\n", "# fixed\nx  =  1\n", "a.py")


def test_a_byte_order_mark_and_odd_escapes_are_valid_python() -> None:
    require_code_change("\ufeffx = '\\d'\n", "\ufeffx = '\\w'\n", "a.py")


def test_code_nested_too_deeply_to_parse_is_refused_not_fatal() -> None:
    with pytest.raises(PatchError, match="not valid Python"):
        require_code_change("x = 1\n", "x = " + "(" * 5000 + ")" * 5000 + "\n", "a.py")


def test_null_bytes_are_refused_not_fatal() -> None:
    with pytest.raises(PatchError, match="not valid Python"):
        require_code_change("x = 1\n", "x = 2\0\n", "a.py")


def test_the_diff_has_gits_headers_and_context() -> None:
    diff = unified_diff({"a.py": _TEXT}, [Edit("a.py", 5, 5, "5\n")])
    assert diff == (
        "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -2,4 +2,4 @@\n two\n three\n four\n-five\n+5\n"
    )


def test_a_new_file_is_made_from_dev_null() -> None:
    diff = unified_diff({}, [Edit("pkg/new.py", 1, 0, "x = 1")])
    assert "new file mode 100644\n--- /dev/null\n+++ b/pkg/new.py\n@@ -0,0 +1 @@\n" in diff
    assert apply_diff(diff, {}) == {"pkg/new.py": "x = 1"}


def test_far_changes_are_separate_hunks_with_shifted_lines() -> None:
    text = "".join(f"{number}\n" for number in range(1, 31))
    edits = [Edit("a", 3, 2, "new\n"), Edit("a", 25, 25, "")]
    diff = unified_diff({"a": text}, edits)
    assert "@@ -1,5 +1,6 @@" in diff
    assert "@@ -22,7 +23,6 @@" in diff
    assert apply_diff(diff, {"a": text}) == apply_edits({"a": text}, edits)


def test_bytes_that_are_not_utf8_are_refused_only_near_the_change() -> None:
    text = "caf\N{REPLACEMENT CHARACTER}\n" + "x\n" * 10
    with pytest.raises(PatchError, match=r"a\.py is not UTF-8 near line 1"):
        unified_diff({"a.py": text}, [Edit("a.py", 2, 2, "y\n")])
    assert "+y" in unified_diff({"a.py": text}, [Edit("a.py", 9, 9, "y\n")])


@pytest.mark.parametrize(
    "path", ["a b/c d.py", 'q"uote.py', "tab\there.py", "new\nline.py", "caf\u00e9.py", "ctrl\x01.py"]
)
def test_odd_file_names_survive_the_diff(path: str) -> None:
    edits = [Edit(path, 1, 1, "b\n")]
    assert apply_diff(unified_diff({path: "a\n"}, edits), {path: "a\n"}) == {path: "b\n"}


_LINE = st.text(st.characters(codec="utf-8", exclude_characters="\n\ufffd\0"), max_size=6)
_FILE = st.builds(
    lambda lines, end, last: end.join(lines) + (end if last else ""),
    st.lists(st.one_of(st.sampled_from(["", "x", "    y", "}"]), _LINE), max_size=24),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)


@st.composite
def _edited(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    text = draw(_FILE)
    count = len(split_lines(text))
    cuts = sorted(draw(st.sets(st.integers(1, count + 1), min_size=1, max_size=6)))
    edits = []
    for start, following in zip(cuts, [*cuts[1:], count + 2], strict=True):
        end = draw(st.integers(start - 1, min(following - 1, count)))
        edits.append(Edit("dir/file.txt", start, end, draw(_FILE)))
    return text, edits


def _by_hand(text: str, edits: list[Edit]) -> str:
    """The text with every edit put in, line by line."""
    lines, end = split_lines(text), line_end(text)
    parts: list[str] = []
    at = 1
    for edit in edits:
        parts += [*lines[at - 1 : edit.start - 1], edit.replacement]
        at = edit.end + 1
    parts = [part for part in (*parts, *lines[at - 1 :]) if part]
    return "".join(part if part.endswith("\n") else part + end for part in parts[:-1]) + "".join(parts[-1:])


@settings(max_examples=120)
@given(_edited())
def test_git_applies_our_diff_and_arrives_at_our_text(case: tuple[str, list[Edit]]) -> None:
    text, edits = case
    texts = {"dir/file.txt": text}
    try:
        changed = apply_edits(texts, edits)
    except PatchError:
        assert _by_hand(text, edits) == text
        return
    assert changed == {"dir/file.txt": _by_hand(text, edits)}
    # git removes a file that a patch empties only if the patch says so; ours never does
    assert apply_diff(unified_diff(texts, edits), texts) == changed


@settings(max_examples=200)
@given(_edited())
def test_normal_edits_are_ascending_apart_and_give_the_same_text(case: tuple[str, list[Edit]]) -> None:
    text, edits = case
    texts = {"dir/file.txt": text}
    try:
        normal = normalize(texts, edits)["dir/file.txt"]
    except PatchError:
        return
    assert apply_edits(texts, edits) == apply_edits(texts, _merged(normal))
    assert all(first.end < second.start for first, second in itertools.pairwise(normal))


def _merged(edits: list[Edit]) -> list[Edit]:
    """Insertions at one place as one edit, as two of them would be refused."""
    merged: list[Edit] = []
    for edit in edits:
        if merged and (merged[-1].start, merged[-1].end) == (edit.start, edit.end):
            merged[-1] = Edit(edit.path, edit.start, edit.end, merged[-1].replacement + edit.replacement)
        else:
            merged.append(edit)
    return merged
