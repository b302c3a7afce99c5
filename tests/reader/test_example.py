from collections.abc import Mapping, Sequence

import pytest

from cgm.artifacts import Issue
from cgm.protocols import CheckResult, SuiteResult
from reader.example import example_check, find_code


class Prints:
    """A bench on which every piece of code prints what stands ready for it, and passes where that is nothing."""

    def __init__(self, outputs: Mapping[str, str]) -> None:
        self.outputs = outputs

    def test(self, issue: Issue, files: Sequence[str], changed: Mapping[str, str]) -> SuiteResult:
        raise AssertionError(issue, files, changed)

    def run(self, issue: Issue, code: str, changed: Mapping[str, str]) -> CheckResult:
        assert issue.repo == "shop/cart"
        output = "" if changed else self.outputs[code]
        return CheckResult(not output, output)


def _issue(text: str) -> Issue:
    return Issue("shop__cart-1", "shop/cart", "", text)


def _fenced(*pieces: str, language: str = "python") -> str:
    return "\n\nand then\n\n".join(f"```{language}\n{piece}```" for piece in pieces)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("no code at all", ()),
        (_fenced("total(1)\n"), ("total(1)\n",)),
        (_fenced("total(1)\n", language="console"), ()),
        (_fenced("x = 1\n"), ()),
        (_fenced("Traceback (most recent call last):\n  File 'x'\n", language=""), ()),
        (_fenced("a()\n", "b()\n"), ("a()\n", "b()\n", "a()\n\nb()\n")),
        (_fenced("a()\n", "a()\n"), ("a()\n",)),
        (_fenced(">>> for x in y:\n...     a(x)\n1\n>>> b()\n"), ("for x in y:\n    a(x)\nb()\n",)),
        (_fenced("In [1]: import a\n   ...: a.b()\n\nOut[1]: 3\n"), ("import a\na.b()\n",)),
        ("```py\r\na()\r\n```", ("a()\n",)),
    ],
)
def test_the_code_of_an_issue_is_what_was_typed_and_does_something(text: str, pieces: tuple[str, ...]) -> None:
    assert find_code(text) == pieces


def test_a_long_issue_has_few_pieces_and_all_of_them_as_one() -> None:
    found = find_code(_fenced(*(f"a({number})\n" for number in range(9))))
    assert len(found) == 4
    assert found[-1].count("a(") == 9


def test_the_first_piece_that_fails_with_an_error_that_the_issue_names_is_the_check() -> None:
    issue = _issue(_fenced("a()\n", "b()\n") + "\nb() ends with a TypeError.")
    outputs = {"a()\n": "", "b()\n": "Traceback\nTypeError: no"}
    check = example_check(issue, Prints(outputs))
    assert check is not None
    assert check.run({}) == CheckResult(passed=False, output="Traceback\nTypeError: no")
    assert check.run({"cart.py": ""}).passed


@pytest.mark.parametrize(
    "output",
    ["", "ValueError: another", "NameError: name 'b' is not defined", "it did not end within 300 s", "TypeErrors: x"],
)
def test_code_that_passes_or_fails_for_a_reason_of_its_own_is_no_check(output: str) -> None:
    issue = _issue(_fenced("b()\n") + "\nb() ends with a TypeError, a NameError or so.")
    outputs = {"b()\n": output, "import b as b\nb()\n": "ModuleNotFoundError: No module named 'b'"}
    assert example_check(issue, Prints(outputs)) is None


def test_an_import_that_the_example_leaves_out_is_added() -> None:
    issue = _issue(_fenced("np.a(cart)\n") + "\nIt is a TypeError.")
    outputs = {
        "np.a(cart)\n": "Traceback\nNameError: name 'np' is not defined",
        "import numpy as np\nnp.a(cart)\n": "NameError: name 'cart' is not defined. Did you mean: 'chr'?",
        "import cart as cart\nimport numpy as np\nnp.a(cart)\n": "TypeError: no",
    }
    check = example_check(issue, Prints(outputs))
    assert check is not None
    assert check.run({}).output == "TypeError: no"


def test_an_error_is_known_by_its_last_name() -> None:
    issue = _issue(_fenced("b()\n") + "\nIt is a DecodeError.")
    assert example_check(issue, Prints({"b()\n": "json.decoder.DecodeError: x"})) is not None
