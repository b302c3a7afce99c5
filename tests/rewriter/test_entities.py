import pytest

from cgm.artifacts import Entity
from rewriter.entities import find_entities, find_keywords, frames, inline, links, messages, named, paths
from rewriter.parts import split_issue


def texts(entities: object) -> list[str]:
    return [entity.text for entity in entities]  # type: ignore[attr-defined]


def test_frames_weigh_more_the_nearer_to_the_failure() -> None:
    text = 'File "/usr/lib/site-packages/shop/a.py", line 3, in f\n  x\nFile "/home/me/shop/b.py", line 7, in C.g'
    found = list(frames(text))
    assert texts(found) == ["/home/me/shop/b.py:7:g", "shop/a.py:3:f"]
    assert found[0].weight > found[1].weight


@pytest.mark.parametrize(
    ("line", "frame"),
    [
        ("~/env/lib/python3.8/site-packages/shop/a.py in f(x, y)", "shop/a.py:0:f"),
        ("src/shop/a.py:80: ValueError", "src/shop/a.py:80:ValueError"),
        (r'File "C:\venv\Lib\site-packages\shop\a.py", line 3, in f', "shop/a.py:3:f"),
    ],
)
def test_frames_of_other_tools_are_read(line: str, frame: str) -> None:
    assert texts(frames(line)) == [frame]


def test_frames_of_the_standard_library_are_left_out() -> None:
    assert list(frames('File "/usr/lib/python3.11/json/decoder.py", line 3, in decode')) == []


def test_a_source_link_is_a_path_or_a_frame() -> None:
    text = "https://github.com/o/r/blob/abc/shop/a.py#L10-L20 https://github.com/o/r/blob/abc/shop/b.py"
    assert [(entity.kind, entity.text) for entity in links(text)] == [("frame", "shop/a.py:10:"), ("path", "shop/b.py")]


def test_paths_in_prose_are_found_and_addresses_are_not() -> None:
    assert texts(paths("see shop/cart.py and setup.cfg, not e.g. 3.14")) == ["shop/cart.py", "setup.cfg"]


def test_an_error_message_keeps_its_exception() -> None:
    assert texts(messages("shop.errors.CartError: no such item")) == ["CartError: no such item"]


def test_quoted_code_is_a_name_where_it_is_one() -> None:
    found = list(inline("use `Cart.add()` or `a + b` or ``total``"))
    assert [(entity.kind, entity.text) for entity in found] == [
        ("name", "Cart.add"),
        ("code", "a + b"),
        ("name", "total"),
    ]


def test_plain_words_are_no_names() -> None:
    assert set(texts(named("The SomeClass calls snake_case and run() on a.b.c today", 1.0))) == {
        "SomeClass",
        "snake_case",
        "run",
        "a.b.c",
    }


def test_entities_are_unique_and_the_surest_first() -> None:
    parts = split_issue("total_price is wrong\n`total_price` in shop/cart.py is wrong, total_price!")
    found = find_entities(parts, 10)
    assert len(found) == len({(entity.kind, entity.text) for entity in found})
    assert list(found) == sorted(found, key=lambda entity: -entity.weight)
    assert Entity("name", "total_price", 1.0) in found


def test_keywords_prefer_the_title() -> None:
    parts = split_issue("discount ignored\nThe basket does not show it.")
    assert find_keywords(parts, 2) == ("discount", "ignored")
