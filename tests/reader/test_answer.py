"""What models really answer: prose, fences, thoughts, cuts and nonsense around the edit."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm.errors import PatchError
from reader.answer import fenced, read_blocks, read_functions, without_thoughts
from reader.locate import Block

_BLOCK = "<<<<<<< SEARCH\na = 1\n=======\na = 2\n>>>>>>> REPLACE\n"
_READ = Block("pkg/a.py", "a = 1\n", "a = 2\n")


@pytest.mark.parametrize(
    "answer",
    [
        f"pkg/a.py\n{_BLOCK}",
        f"The bug is in `b.py` or so.\n\n```python\npkg/a.py\n{_BLOCK}```\nThis fixes it.",
        f"### pkg/a.py\n```python\n{_BLOCK}```",
        f"**File: `pkg/a.py`**\n\n```\n{_BLOCK}```",
        f"<think>maybe\n<<<<<<< SEARCH\nno\n=======\nyes\n>>>>>>> REPLACE\n</think>\npkg/a.py\n{_BLOCK}",
        f"still thinking about <<<<\n</think>\npkg/a.py\n{_BLOCK}",
        f"pkg/a.py\n{_BLOCK}".replace("\n", "\r\n"),
        "pkg/a.py\n<<<<<<< SEARCH\n```python\na = 1\n```\n=======\n```python\na = 2\n```\n>>>>>>> REPLACE\n",
        "pkg/a.py\n<<<< ORIGINAL\na = 1\n====\na = 2\n>>>> UPDATED\n",
        f"1. pkg/a.py:\n{_BLOCK}",
        f"pkg/a.py\n{_BLOCK}".rstrip("\n"),
    ],
)
def test_a_block_is_read_whatever_surrounds_it(answer: str) -> None:
    assert read_blocks(answer) == [_READ]


@pytest.mark.parametrize(
    "above",
    [
        "The bug: `0.25.3` runs, but np.diff of 1.0.0 returns self.items instead of ints.",
        "https://github.com/pkg/a/commit/2f15#diff-82R1775",
        "In x.y() and/or a.b the value is None, e.g. for an empty list",
    ],
)
def test_versions_attributes_and_addresses_in_prose_name_no_file(above: str) -> None:
    assert [block.path for block in read_blocks(f"{above}\n{_BLOCK}")] == [""]


def test_a_file_in_prose_is_named() -> None:
    (block,) = read_blocks(f"As of version 1.0 the loop of pkg/a.py leaves one out, so change that:\n{_BLOCK}")
    assert block == _READ


def test_several_blocks_are_read_in_order_and_a_path_holds_for_its_own_alone() -> None:
    answer = f"pkg/a.py\n{_BLOCK}\n{_BLOCK}\npkg/b.py\n{_BLOCK}"
    assert [block.path for block in read_blocks(answer)] == ["pkg/a.py", "", "pkg/b.py"]


def test_empty_halves_are_read() -> None:
    assert read_blocks("a.py\n<<<<<<< SEARCH\n=======\nx\n>>>>>>> REPLACE") == [Block("a.py", "", "x\n")]
    assert read_blocks("a.py\n<<<<<<< SEARCH\nx\n=======\n>>>>>>> REPLACE") == [Block("a.py", "x\n", "")]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("", "the answer is empty"),
        ("  \n", "the answer is empty"),
        ("No code changes are needed.", "says that no change is needed"),
        ("I would change line 3.", "holds no SEARCH/REPLACE block"),
        ("<<<<<<< SEARCH\na = 1\n", "has no ======= line"),
        ("<<<<<<< SEARCH\na = 1\n=======\na = 2", "has no >>>>>>> REPLACE line"),
        ("<<<<<<< SEARCH\na\n<<<<<<< SEARCH\nb\n=======\nc\n>>>>>>> REPLACE", "has no ======= line"),
    ],
)
def test_an_answer_without_a_whole_block_is_refused_in_words_that_help(answer: str, message: str) -> None:
    with pytest.raises(PatchError, match=message):
        read_blocks(answer)


@pytest.mark.parametrize("underline", ["====", "======", "========"])
def test_an_underline_in_quoted_text_does_not_divide_a_block(underline: str) -> None:
    search = f"Usage\n{underline}\nold\n"
    (block,) = read_blocks(f"<<<<<<< SEARCH\n{search}=======\nnew\n>>>>>>> REPLACE\n")
    assert (block.search, block.replacement) == (search, "new\n")


def test_an_answer_of_error_is_no_patch() -> None:
    """CodeFuse-CGM: any exception stored as the answer "error"."""
    for read in (read_blocks, read_functions):
        with pytest.raises(PatchError):
            read("error")


def test_an_unclosed_thought_is_no_answer() -> None:
    assert without_thoughts("<think>a</think>b<reasoning>c</reasoning>d") == "bd"


def test_fences_are_opened_by_any_language_and_closed_by_the_end() -> None:
    assert list(fenced("x\n```python\na\n```\ny\n~~~\nb\n~~~\n```\nc\n")) == ["a\n", "b\n", "c\n"]
    assert list(fenced("a\nb\n")) == ["a\nb\n"]


@pytest.mark.parametrize(
    "answer",
    [
        "def f(x):\n    return x\n",
        "Here:\n```python\ndef f(x):\n    return x\n```\nDone.",
        "```python\n    def f(x):\n        return x\n```",
        "```\nimport os\n\ndef f(x):\n    return x\n",
        "```python\ndef f(x):\n    return x\n\nprint f(1)\n```",
    ],
)
def test_a_function_is_read_whatever_surrounds_it(answer: str) -> None:
    assert [(function.name, function.text.rstrip()) for function in read_functions(answer)] == [
        ("f", "def f(x):\n    return x")
    ]


def test_methods_bear_the_names_of_their_classes_and_keep_their_decorators() -> None:
    answer = "```python\nclass A:\n    @property\n    def f(self):\n        return 1\n```"
    (function,) = read_functions(answer)
    assert function.name == "A.f"
    assert function.text == "@property\ndef f(self):\n    return 1\n"


def test_functions_of_broken_code_are_cut_where_they_end() -> None:
    answer = "def f(\n    x,\n):\n    return x\n\ndef g():\n    print 'old'\n"
    assert [function.name for function in read_functions(answer)] == ["f", "g"]
    assert read_functions(answer)[0].text == "def f(\n    x,\n):\n    return x\n"


def test_an_answer_without_a_function_is_refused() -> None:
    with pytest.raises(PatchError, match="holds no function in a code fence"):
        read_functions("```python\nx = 1\n```")


_NOISE = st.lists(
    st.sampled_from(
        ["<<<<<<< SEARCH", "=======", ">>>>>>> REPLACE", "```", "<think>", "</think>", "a.py", "def f(", "x"]
    )
    | st.text(max_size=8),
    max_size=12,
).map("\n".join)


@given(_NOISE)
def test_no_answer_raises_anything_but_a_patch_error(answer: str) -> None:
    for read in (read_blocks, read_functions):
        with contextlib.suppress(PatchError):
            assert read(answer)
