import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm.artifacts import Edit
from cgm.errors import PatchError
from cgm.text import split_lines
from reader.context import Context, Snippet
from reader.forms import FORMS
from reader.patch import apply_edits, normalize
from reader.wording import word_edits

TEXT = "".join(f"line {number}\n" for number in range(1, 21))


def whole(path: str, text: str) -> Snippet:
    return Snippet(path, text, ((1, max(1, len(split_lines(text)))),))


def replaced(path: str, text: str, new: str) -> Edit:
    return Edit(path, 1, len(split_lines(text)), new)


def read_back(answer: str, context: Context) -> dict[str, str]:
    return apply_edits(context.texts, FORMS["search_replace"].read(answer, context))


def test_a_change_is_quoted_with_two_lines_around_it() -> None:
    context = Context((whole("a.py", TEXT),))
    assert word_edits([Edit("a.py", 10, 10, "new\n")], context) == (
        "a.py\n<<<<<<< SEARCH\nline 8\nline 9\nline 10\nline 11\nline 12\n=======\n"
        "line 8\nline 9\nnew\nline 11\nline 12\n>>>>>>> REPLACE\n"
    )


def test_the_reader_reads_it_back_to_the_same_texts() -> None:
    after = {"a.py": TEXT.replace("line 3\n", "").replace("line 15\n", "line 15\nmore\n"), "b.py": "x = 2\ny = 1\n"}
    context = Context((whole("a.py", TEXT), whole("b.py", "x = 1\ny = 1\n")))
    answer = word_edits([replaced(path, text, after[path]) for path, text in context.texts.items()], context)
    assert answer.count("<<<<<<< SEARCH") == 3
    assert read_back(answer, context) == after


def test_lines_that_stand_at_several_places_are_quoted_with_more_around_them() -> None:
    text = "a\n" * 5 + "here\n" + "a\n" * 9
    context = Context((whole("a.py", text),))
    answer = word_edits([Edit("a.py", 9, 9, "b\n")], context)
    assert "here\n" in answer
    assert read_back(answer, context) == {"a.py": "a\n" * 5 + "here\n" + "a\n" * 2 + "b\n" + "a\n" * 6}


def test_what_is_not_shown_cannot_be_quoted() -> None:
    context = Context((Snippet("a.py", TEXT, ((1, 5),)),))
    with pytest.raises(PatchError, match=r"line 10 of a\.py is not shown"):
        word_edits([Edit("a.py", 10, 10, "new\n")], context)


def test_a_file_that_is_not_shown_cannot_be_edited() -> None:
    context = Context((whole("a.py", TEXT), whole("b.py", TEXT)))
    shown = Context(context.snippets[:1])
    with pytest.raises(PatchError, match=r"b\.py"):
        word_edits([Edit("b.py", 1, 20, "new\n")], shown)


def test_a_place_without_any_mark_cannot_be_quoted() -> None:
    context = Context((whole("a.py", "a\n" * 60),))
    with pytest.raises(PatchError, match="stand at one place only"):
        word_edits([Edit("a.py", 30, 30, "b\n")], context)


@given(
    st.lists(st.sampled_from(["a", "b", "    c", "", "=======", "d = '>>>>>>> REPLACE'"]), min_size=1, max_size=12),
    st.lists(st.sampled_from(["a", "x", "    y", "", "```", "<<<<<<< SEARCH"]), max_size=12),
    st.booleans(),
)
def test_an_answer_is_right_or_refused(before: list[str], after: list[str], ended: bool) -> None:
    old, new = ("\n".join(lines) + "\n" * ended for lines in (before, after))
    context = Context((whole("a.py", old),))
    try:
        wanted = apply_edits({"a.py": old}, [replaced("a.py", old, new)])
        answer = word_edits([replaced("a.py", old, new)], context)
    except PatchError:
        return
    assert read_back(answer, context) == wanted
    assert normalize(context.texts, FORMS["search_replace"].read(answer, context))
