"""Whatever a model answers, an edit stays among the files shown and its diff is one that git applies."""

from hypothesis import given, settings
from hypothesis import strategies as st

from cgm.errors import PatchError
from cgm.protocols import Answer
from reader.attempts import Repair, make_repair
from reader.context import Context, ShownFunction, Snippet
from reader.forms import FORMS
from reader.proof import apply_diff

_SHOP = "def total(items):\n    result = 0\n    for item in items:\n        result += item\n    return result\n"
_CONTEXT = Context(
    (Snippet("shop/cart.py", _SHOP, ((1, 5),)), Snippet("setup.cfg", "[a]\nb = 1\n", ((1, 2),))),
    (ShownFunction("shop/cart.py", "total", 1, 5),),
    focus=(2, 2),
)
_PATHS = st.sampled_from(["shop/cart.py", "setup.cfg", "", "../x.py", "/etc/passwd", ".git/config", "other.py", "a\nb"])
_LINES = st.lists(st.sampled_from([*_SHOP.splitlines(), "b = 1", "    x", "=======", "```", "return 1"]), max_size=5)
_BLOCK = st.builds(
    lambda path, old, new: (
        f"{path}\n<<<<<<< SEARCH\n{chr(10).join(old)}\n=======\n{chr(10).join(new)}\n>>>>>>> REPLACE\n"
    ),
    _PATHS,
    _LINES,
    _LINES,
)
_CODE = st.builds(lambda lines: "```python\n" + "\n".join(lines) + "\n```\n", _LINES)
_ANSWER = st.lists(st.one_of(_BLOCK, _CODE, st.text(max_size=20)), max_size=4).map("".join)


def _attempt(answer: str, form: str) -> Repair | None:
    try:
        return make_repair(Answer(answer, 0, 0), FORMS[form], _CONTEXT)
    except PatchError:
        return None


@settings(max_examples=150)
@given(_ANSWER, st.sampled_from(sorted(FORMS)))
def test_no_answer_leads_out_of_the_files_shown(answer: str, form: str) -> None:
    repair = _attempt(answer, form)
    if repair is None:
        return
    assert set(repair.changed) <= set(_CONTEXT.texts)
    before = {path: _CONTEXT.texts[path] for path in repair.changed}
    assert apply_diff(repair.diff, before) == repair.changed != before


def test_the_property_sees_repairs_too() -> None:
    answer = "setup.cfg\n<<<<<<< SEARCH\nb = 1\n=======\nb = 2\n>>>>>>> REPLACE\n"
    repair = _attempt(answer, "search_replace")
    assert repair is not None
    assert repair.changed == {"setup.cfg": "[a]\nb = 2\n"}
