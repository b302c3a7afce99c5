"""What is shown: in order, within the budget, and nothing that may not be edited."""

from collections.abc import Callable, Mapping

import pytest

from cgm.artifacts import Ranking, Subgraph
from cgm.protocols import Codebase
from reader.context import Limits, build_context, estimate_tokens, shorten, split_context

Build = Callable[[Mapping[str, str]], Codebase]
Rank = Callable[..., Ranking]
Whole = Callable[[Codebase], Subgraph]

_CART = """import math

RATE = 0.2


class Cart:
    \"\"\"Things to buy.\"\"\"

    def total(self):
        return sum(self.items[:-1])

    @property
    def tax(self):
        return round_up(self.total() * RATE)


def round_up(value):
    return math.ceil(value)
"""
_FILES = {
    "shop/cart.py": _CART,
    "shop/big.py": "import os\n\n\ndef first():\n    return 1\n\n\n" + "def other():\n" + "    os.getcwd()\n" * 400,
    "tests/test_cart.py": "def test_total():\n    assert Cart().total() == 0\n",
    "README.md": "shop\n",
}
_LIMITS = Limits(tokens=1000, functions=3, files=2, neighbours=5)


@pytest.fixture
def shop(codebase: Build) -> Codebase:
    return codebase(_FILES)


def test_functions_come_with_their_class_and_their_file_follows_while_it_fits(
    shop: Codebase, ranking: Rank, subgraph: Whole
) -> None:
    ranked = ranking(["shop/cart.py"], ["shop/cart.py:Cart.total"])
    small = build_context(ranked, subgraph(shop), shop, Limits(tokens=60, functions=3, files=0, neighbours=0))
    assert small.snippets[0].plain == ("class Cart:\n...\n    def total(self):\n        return sum(self.items[:-1])")
    large = build_context(ranked, subgraph(shop), shop, _LIMITS)
    assert large.snippets[0].plain == _CART.rstrip("\n")
    assert [function.name for function in large.functions] == ["Cart.total"]


def test_docstrings_can_be_left_out(codebase: Build, ranking: Rank, subgraph: Whole) -> None:
    text = 'def first():\n    """Do it.\n\n    Well.\n    """\n    return 1\n'
    base, ranked = codebase({"a.py": text}), ranking(["a.py"], ["a.py:first"])
    limits = Limits(tokens=100, functions=1, files=1, neighbours=0, docstrings=False)
    context = build_context(ranked, subgraph(base), base, limits)
    assert context.snippets[0].plain == "def first():\n...\n    return 1"
    assert [(function.start, function.end) for function in context.functions] == [(1, 6)]


def test_where_no_function_fits_the_next_one_that_does_is_shown(shop: Codebase, ranking: Rank, subgraph: Whole) -> None:
    ranked = ranking([], ["shop/big.py:other", "shop/cart.py:round_up", "shop/big.py:first"])
    limits = Limits(tokens=100, functions=1, files=0, neighbours=0)
    context = build_context(ranked, subgraph(shop), shop, limits)
    assert [function.name for function in context.functions] == ["round_up"]
    assert len(build_context(ranked, subgraph(shop), shop, _LIMITS).functions) == 2


def test_shown_lines_bear_their_numbers_where_asked(shop: Codebase, ranking: Rank, subgraph: Whole) -> None:
    ranked = ranking([], ["shop/cart.py:round_up"])
    context = build_context(ranked, subgraph(shop), shop, _LIMITS)
    assert context.snippets[0].numbered == "  17| def round_up(value):\n  18|     return math.ceil(value)"


def test_a_file_beyond_the_budget_is_shown_by_its_top_level(shop: Codebase, ranking: Rank, subgraph: Whole) -> None:
    context = build_context(ranking(["shop/big.py"]), subgraph(shop), shop, _LIMITS)
    assert context.snippets[0].plain == "import os\n\n\ndef first():\n...\n\n\ndef other():"


def test_the_files_that_the_reranker_kept_come_first(shop: Codebase, ranking: Rank, subgraph: Whole) -> None:
    ranked = ranking(["README.md", "shop/big.py"], edited=["shop/cart.py"])
    context = build_context(ranked, subgraph(shop), shop, _LIMITS)
    assert list(context.texts) == ["shop/cart.py", "README.md"]


def test_tests_are_shown_only_where_they_may_be_edited(shop: Codebase, ranking: Rank, subgraph: Whole) -> None:
    ranked = ranking(["tests/test_cart.py"], ["tests/test_cart.py:test_total"])
    assert build_context(ranked, subgraph(shop), shop, _LIMITS).snippets == ()
    allowed = Limits(tokens=1000, functions=3, files=2, neighbours=0, tests=True)
    assert list(build_context(ranked, subgraph(shop), shop, allowed).texts) == ["tests/test_cart.py"]


def test_what_the_ranking_names_and_the_repository_lacks_is_not_shown(
    shop: Codebase, ranking: Rank, subgraph: Whole
) -> None:
    ranked = ranking(["gone.py", "../../etc/passwd"], ["gone.py:f", "shop/cart.py:nothing"])
    assert build_context(ranked, subgraph(shop), shop, _LIMITS).snippets == ()


@pytest.mark.parametrize("tokens", [10, 40, 100, 300, 1000])
def test_the_budget_holds(shop: Codebase, ranking: Rank, subgraph: Whole, tokens: int) -> None:
    ranked = ranking(["shop/cart.py", "shop/big.py"], ["shop/big.py:other", "shop/cart.py:Cart.total"])
    limits = Limits(tokens=tokens, functions=3, files=2, neighbours=5)
    context = build_context(ranked, subgraph(shop), shop, limits)
    shown = [line for snippet in context.snippets for line in snippet.plain.splitlines() if line != "..."]
    assert shown
    assert sum(map(estimate_tokens, map(str.strip, shown))) <= tokens


def test_where_not_even_the_first_function_fits_its_beginning_is_shown(
    shop: Codebase, ranking: Rank, subgraph: Whole
) -> None:
    limits = Limits(tokens=20, functions=1, files=0, neighbours=0)
    context = build_context(ranking([], ["shop/big.py:other"]), subgraph(shop), shop, limits)
    assert context.snippets[0].plain.startswith("def other():\n    os.getcwd()")
    assert context.functions == ()


def test_signatures_of_callers_and_callees_are_given_for_reference(
    shop: Codebase, ranking: Rank, subgraph: Whole
) -> None:
    limits = Limits(tokens=100, functions=3, files=0, neighbours=5)
    context = build_context(ranking([], ["shop/cart.py:Cart.tax"]), subgraph(shop), shop, limits)
    assert context.neighbours == (
        "shop/cart.py:Cart.total: def total(self):",
        "shop/cart.py:round_up: def round_up(value):",
    )


def test_each_function_can_be_shown_alone(shop: Codebase, ranking: Rank, subgraph: Whole) -> None:
    ranked = ranking(["shop/cart.py"], ["shop/cart.py:Cart.tax", "shop/big.py:first"])
    views = split_context(build_context(ranked, subgraph(shop), shop, _LIMITS))
    assert [view.snippets[0].plain.splitlines()[0].strip() for view in views] == ["@property", "def first():"]
    assert [len(view.functions) for view in views] == [1, 1]


def test_a_context_without_functions_stays_whole(shop: Codebase, ranking: Rank, subgraph: Whole) -> None:
    context = build_context(ranking(["README.md"]), subgraph(shop), shop, _LIMITS)
    assert split_context(context) == (context,)


def test_a_long_issue_loses_its_middle() -> None:
    text = "start " + "x" * 10_000 + " end"
    short = shorten(text, 100)
    assert estimate_tokens(short) <= 105
    assert short.startswith("start")
    assert short.endswith("end")
    assert shorten("short", 100) == "short"
