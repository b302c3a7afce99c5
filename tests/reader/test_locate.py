"""Quoted code finds its one place, or says why not."""

import pytest

from cgm.artifacts import Edit
from cgm.errors import PatchError
from reader.locate import Block, indent_like, locate, resolve_path

_TEXT = """class Cart:
    def total(self):
        result = 0
        for item in self.items[:-1]:
            result += item

        return result

    def size(self):
        return result
"""
_FILES = {"shop/cart.py": _TEXT, "shop/other.py": "x = 1\n"}


def _located(search: str, replacement: str, path: str = "shop/cart.py") -> Edit:
    return locate(Block(path, search, replacement), _FILES, {})


def test_lines_that_stand_once_are_found() -> None:
    edit = _located("        for item in self.items[:-1]:\n", "        for item in self.items:\n")
    assert edit == Edit("shop/cart.py", 4, 4, "        for item in self.items:\n")


def test_lines_at_several_places_are_refused_with_the_places() -> None:
    with pytest.raises(PatchError, match=r"2 places \(shop/cart.py line 7, shop/cart.py line 10\)"):
        _located("        return result\n", "        return 0\n")


def test_of_several_places_the_only_one_shown_counts() -> None:
    block = Block("shop/cart.py", "        return result\n", "        return 0\n")
    assert locate(block, _FILES, {"shop/cart.py": ((2, 7),)}).start == 7


def test_wrong_indentation_is_folded_and_put_right() -> None:
    edit = _located(
        "for item in self.items[:-1]:\n    result += item\n", "for item in self.items:\n    result += item\n"
    )
    assert edit == Edit("shop/cart.py", 4, 5, "        for item in self.items:\n            result += item\n")


def test_blank_lines_that_the_answer_lost_are_skipped() -> None:
    edit = _located(
        "            result += item\n        return result\n", "            result += item\n        return 1\n"
    )
    assert (edit.start, edit.end) == (5, 7)


def test_a_path_may_be_missing_where_the_lines_stand_in_one_file() -> None:
    assert _located("x = 1\n", "x = 2\n", path="") == Edit("shop/other.py", 1, 1, "x = 2\n")


def test_line_numbers_copied_from_the_prompt_are_dropped() -> None:
    edit = _located(
        "   3|         result = 0\n   4|         for item in self.items[:-1]:\n", "   3|         result = 1\n"
    )
    assert edit == Edit("shop/cart.py", 3, 4, "        result = 1\n")


def test_a_line_that_no_file_has_is_named() -> None:
    with pytest.raises(PatchError, match=r"shop/cart.py has no line 'result = None': quote lines exactly"):
        _located("        result = None\n", "")


def test_lines_that_do_not_stand_together_are_named() -> None:
    with pytest.raises(PatchError, match=r"do not stand together in shop/cart\.py"):
        _located("        result = 0\n        return result\n", "")


def test_a_file_that_was_not_shown_may_not_be_edited() -> None:
    with pytest.raises(PatchError, match=r"setup.py may not be edited; these may: shop/cart.py, shop/other.py"):
        _located("x = 1\n", "x = 2\n", path="setup.py")


@pytest.mark.parametrize("path", ["../shop/../../etc/passwd", "/etc/passwd", ".git/config", "shop/cart.py/../../x"])
def test_no_path_in_an_answer_leads_out_of_the_files_shown(path: str) -> None:
    with pytest.raises(PatchError, match="may not be edited"):
        locate(Block(path, "", "x\n"), _FILES, {}, frozenset(_FILES))


@pytest.mark.parametrize(
    "named", ["a/shop/cart.py", "./shop/cart.py", "`shop/cart.py`", "cart.py", "### shop/cart.py:"]
)
def test_a_path_is_read_whatever_surrounds_it(named: str) -> None:
    assert resolve_path(named, list(_FILES)) == "shop/cart.py"


def test_an_absolute_path_that_ends_in_a_file_shown_means_that_file() -> None:
    assert resolve_path("/testbed/shop/cart.py", list(_FILES)) == "shop/cart.py"


def test_a_name_that_two_files_share_is_refused() -> None:
    with pytest.raises(PatchError, match="may not be edited"):
        resolve_path("x.py", ["a/x.py", "b/x.py"])


def test_windows_line_ends_are_kept() -> None:
    edit = locate(Block("a.py", "b\n", "B\nC\n"), {"a.py": "a\r\nb\r\n"}, {})
    assert edit == Edit("a.py", 2, 2, "B\r\nC\r\n")


def test_a_last_line_without_line_end_stays_so() -> None:
    assert locate(Block("a.py", "b\n", "B\n"), {"a.py": "a\nb"}, {}) == Edit("a.py", 2, 2, "B")


def test_a_block_that_quotes_nothing_is_refused_in_a_file_with_text() -> None:
    with pytest.raises(PatchError, match="quotes no lines"):
        _located("", "x\n")


def test_a_block_that_quotes_nothing_fills_an_empty_file() -> None:
    assert locate(Block("e.py", "", "x\n"), {"e.py": ""}, {}) == Edit("e.py", 1, 0, "x\n")


def test_a_file_is_made_only_where_that_is_allowed_and_nothing_is_in_the_way() -> None:
    block = Block("shop/new.py", "", "x = 1\n")
    taken = frozenset({*_FILES, "shop/new/__init__.py"})
    assert locate(block, _FILES, {}, taken) == Edit("shop/new.py", 1, 0, "x = 1\n")
    for path in ("shop/new", "shop/other.py/x.py"):
        with pytest.raises(PatchError):
            locate(Block(path, "", "x = 1\n"), _FILES, {}, taken)
    with pytest.raises(PatchError, match="may not be edited"):
        locate(block, _FILES, {})


def test_a_replacement_is_indented_as_the_place_with_its_own_depth_kept() -> None:
    assert (
        indent_like("if a:\n    b\n\nelse:\n    c\n", "x\n", "    x\n")
        == "    if a:\n        b\n\n    else:\n        c\n"
    )
    assert indent_like("        a\n    b\n", "        x\n", "    x\n") == "    a\nb\n"
    assert indent_like("    a\n        b\n", "    x\n", "\tx\n") == "\ta\n\t\tb\n"
    assert indent_like("a\n", "x\n", "x\n") == "a\n"
