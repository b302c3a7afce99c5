"""Statements in the order of their likeliness."""

from reader.context import Context, ShownFunction, Snippet
from reader.focus import focus_statements

_TEXT = """def send(x):
    \"\"\"Header.\"\"\"
    y = 1
    # drop the header
    if x:
        del x
    return y


def get(header):
    return x[header]


def rest():
    pass
"""


def _view(name: str, start: int, end: int) -> Context:
    return Context((Snippet("a.py", _TEXT, ((start, end),)),), (ShownFunction("a.py", name, start, end),))


_SEND, _GET, _REST = _view("send", 1, 7), _view("get", 10, 11), _view("rest", 14, 15)


def test_statements_that_share_rare_words_with_the_issue_come_first() -> None:
    (first, *others) = focus_statements([_SEND], "The header is kept", 8)
    assert first.focus == (5, 6)
    assert first.focus_text == "    if x:\n        del x"
    assert [other.focus for other in others] == [(3, 3), (7, 7)]


def test_a_function_stands_where_its_likeliest_statement_puts_it() -> None:
    views = focus_statements([_REST, _SEND, _GET], "return the header of x", 8)
    assert [view.functions[0].name for view in views] == ["get", "send", "send", "send", "rest"]


def test_of_each_function_the_likeliest_statements_are_kept() -> None:
    views = focus_statements([_REST, _SEND], "drop the header", 1)
    assert [view.focus for view in views] == [(5, 6), (15, 15)]


def test_without_a_shared_word_the_order_is_that_of_the_ranking() -> None:
    views = focus_statements([_REST, _SEND], "zzz", 8)
    assert [view.focus for view in views] == [(15, 15), (3, 3), (5, 6), (7, 7)]


def test_a_statement_that_the_issue_quotes_comes_before_all_that_share_words() -> None:
    words = "drop the header"
    views = [focus_statements([_SEND, _GET], text, 1) for text in (words, f"{words}\n    return x[header]\nKeyError")]
    assert [[view.focus for view in found] for found in views] == [[(5, 6), (11, 11)], [(11, 11), (5, 6)]]


def test_a_context_without_a_function_has_no_statement() -> None:
    assert focus_statements([Context((Snippet("a.py", _TEXT, ((1, 7),)),))], "header", 8) == ()
