"""Grammars over the lines shown, held against a small reader of EBNF that follows them."""

import re

from reader.context import Context, ShownFunction, Snippet
from reader.grammar import quoted_lines, shown_function

_TEXT = 'def f(x):\n    a = "\\n"\n\n    return\ta\n\n\ndef g():\n    pass\n\f\n'
_REASON = "The bug: it is wrong there.\n"


def _context(*spans: tuple[int, int]) -> Context:
    functions = tuple(ShownFunction("a.py", _TEXT.splitlines()[a - 1][4:5], a, b) for a, b in spans)
    return Context((Snippet("a.py", _TEXT, spans),), functions)


def _matches(context: Context, answer: str, build: object = quoted_lines) -> bool:
    form = build(context)  # type: ignore[operator]
    assert form is not None
    return re.fullmatch(_as_regex(form.definition), answer) is not None


def _as_regex(definition: str) -> str:
    """Unfold rules into one regular expression; the rules do not recurse."""
    rules = dict(line.split(" ::= ", 1) for line in definition.split("\n"))

    def unfold(text: str) -> str:
        token = re.compile(
            r'("(?:\\.|[^"\\])*")|(\[(?:\\.|[^\]\\])*\](?:\{\d+,\d+\})?)|([a-z]\w*)(\{\d+,\d+\})?|(\s+)|(.)'
        )
        return "".join(_piece(match) for match in token.finditer(text))

    def _piece(match: re.Match[str]) -> str:
        literal, characters, name, count, blank, other = match.groups()
        if literal:
            return re.escape(
                literal[1:-1].replace("\\t", "\t").replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\")
            )
        if name:
            return f"(?:{unfold(rules[name])}){count or ''}"
        return characters or ("" if blank else other)

    return unfold(rules["root"])


def _answer(search: str, replacement: str) -> str:
    return f"{_REASON}<<<<<<< SEARCH\n{search}=======\n{replacement}>>>>>>> REPLACE"


def test_a_quote_is_one_or_more_consecutive_lines_shown() -> None:
    context = _context((1, 4), (7, 8))
    assert _matches(context, _answer("def f(x):\n", "def f(y):\n"))
    assert _matches(context, _answer("\n    return\ta\n".lstrip("\n"), "    return 1\n"))
    assert _matches(context, _answer("    pass\n", ""))
    assert not _matches(context, _answer("def f(x):\n    return\ta\n", "x\n"))
    assert not _matches(context, _answer("def h():\n", "x\n"))
    assert not _matches(context, _answer("    return\ta\ndef g():\n", "x\n"))
    assert not _matches(context, _answer("", "x\n"))


def test_new_lines_keep_at_least_the_indentation_of_what_is_shown() -> None:
    context = _context((8, 8))
    assert _matches(context, _answer("    pass\n", "    a = 1\n\n        b = 2\n"))
    assert not _matches(context, _answer("    pass\n", "a = 1\n"))


def test_the_first_new_line_is_indented_as_the_first_quoted_one_and_no_other_one_less_than_all() -> None:
    text = "def f(x):\n    for a in x:\n\n        b(a)\n    return 1\n"
    context = Context((Snippet("a.py", text, ((1, 5),)),))
    inner, loop = "        b(a)\n    return 1\n", "    for a in x:\n\n        b(a)\n"
    assert _matches(context, _answer(inner, "        c(a)\n    return 2\n"))
    assert not _matches(context, _answer(inner, "    return 2\n"))
    assert not _matches(context, _answer(inner, "        c(a)\n  return 2\n"))
    assert _matches(context, _answer(loop, "    for a in x:\n        c(a,\n          2)\n"))
    assert not _matches(context, _answer(loop, "      for a in x:\n"))
    assert _matches(context, _answer("def f(x):\n    for a in x:\n", "def f(x):\n    for b in x:\n"))
    assert not _matches(context, _answer("def f(x):\n", "    def f(x):\n"))


def test_no_new_line_looks_like_a_marker() -> None:
    context = _context((7, 8))
    assert not _matches(context, _answer("def g():\n", "=======\n"))
    assert not _matches(context, _answer("def g():\n", "x = 1\n<<<<<<< REPLACE\n"))


def test_the_edit_cannot_be_left_open_or_endless() -> None:
    context = _context((7, 8))
    assert not _matches(context, _answer("    pass\n", "    x\n" * 17))
    assert not _matches(context, _answer("    pass\n", "    x\n")[:-3])


def test_a_line_with_control_characters_cannot_be_quoted() -> None:
    form = quoted_lines(_context((9, 9)))
    assert form is None


def test_a_function_starts_with_its_own_first_line() -> None:
    context = _context((1, 4), (7, 8))
    assert _matches(context, _REASON + "```python\ndef g():\n    return 1\n```", shown_function)
    assert not _matches(context, _REASON + "```python\ndef h():\n    return 1\n```", shown_function)
    assert not _matches(context, _REASON + "```python\ndef g():\nreturn 1\n```", shown_function)


def test_without_functions_there_is_no_grammar_of_functions() -> None:
    assert shown_function(Context((Snippet("a.py", _TEXT, ((1, 1),)),))) is None


def test_a_quote_starts_at_code() -> None:
    text = 'def f():\n    """Do it."""\n    # so\n    return 1\n'
    context = Context((Snippet("a.py", text, ((1, 4),)),))
    assert _matches(context, _answer("def f():\n", "def g():\n"))
    assert not _matches(context, _answer('    """Do it."""\n', "x\n"))
    assert not _matches(context, _answer("    # so\n", "x\n"))


def test_a_quote_does_not_start_at_a_class() -> None:
    text = "class A:\n    def f(self):\n        return 1\n"
    context = Context((Snippet("a.py", text, ((1, 3),)),))
    assert _matches(context, _answer("    def f(self):\n", "    def g(self):\n"))
    assert not _matches(context, _answer("class A:\n", "class B:\n"))


def test_a_quote_is_short() -> None:
    text = "".join(f"x{number} = {number}\n" for number in range(20))
    context = Context((Snippet("a.py", text, ((1, 20),)),))
    lines = [f"x{number} = {number}\n" for number in range(20)]
    assert _matches(context, _answer("".join(lines[3:11]), "x = 1\n"))
    assert not _matches(context, _answer("".join(lines[3:12]), "x = 1\n"))
