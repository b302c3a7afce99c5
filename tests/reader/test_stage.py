"""The Reader from ranking to patch, with prepared answers, real git and a real check."""

import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from cgm.artifacts import Edit, Issue, Patch, Ranking, Subgraph, Usage
from cgm.errors import AnswerError, ConfigError, InputError, ModelUnavailableError, SandboxError
from cgm.protocols import Answer, CheckResult, Codebase, SuiteResult
from reader.settings import RepairConfig
from reader.stage import RepairReader, choose_form

_PATH = "shop/cart.py"
_TEXT = """class Cart:
    def total(self):
        result = 0
        for item in self.items[:-1]:
            result += item
        return result
"""
_FIXED = _TEXT.replace("[:-1]", "")


def _block(search: str, replacement: str, path: str = _PATH) -> str:
    return f"{path}\n<<<<<<< SEARCH\n{search}\n=======\n{replacement}\n>>>>>>> REPLACE\n"


_RIGHT = _block("        for item in self.items[:-1]:", "        for item in self.items:")
_OTHER = _block("        result = 0", "        result = 1")
_LOST = _block("        for thing in self.items:", "        for item in self.items:")


class RunsTotal:
    """Passes where the last item is counted; remembers what it ran."""

    def __init__(self, text: str = _TEXT) -> None:
        self.runs: list[str] = []
        self._text = text

    def run(self, changed: Mapping[str, str]) -> CheckResult:
        self.runs.append(changed.get(_PATH, self._text))
        space: dict[str, Any] = {}
        exec(self.runs[-1], space)
        cart = space["Cart"]()
        cart.items = [1, 2]
        return CheckResult(cart.total() == 3, f"total is {cart.total()}")


class NeverFinishes:
    """Fails at once on `finishes` runs, then hangs."""

    def __init__(self, finishes: int) -> None:
        self._finishes = finishes

    def run(self, changed: Mapping[str, str]) -> CheckResult:
        self._finishes -= 1
        if self._finishes >= 0:
            return CheckResult(passed=False, output="")
        raise SandboxError(f"the check of {sorted(changed)} did not finish in 5 s")


@pytest.fixture
def read(
    codebase: Callable[[Mapping[str, str]], Codebase],
    ranking: Callable[..., Ranking],
    subgraph: Callable[[Codebase], Subgraph],
    issue: Issue,
) -> Callable[..., Patch]:
    """Run a Reader on the cart."""

    def run(reader: RepairReader, text: str = _TEXT, labels: Sequence[str] = (f"{_PATH}:Cart.total",)) -> Patch:
        base = codebase({_PATH: text, "setup.py": "x = 1\n"})
        return reader.read(issue, subgraph(base), ranking([_PATH] if labels else [], labels), base)

    return run


def test_a_good_answer_becomes_a_patch_that_git_applies_in_a_repository(
    read: Callable[..., Patch], scripted: Any, tmp_path: Path
) -> None:
    """CodeFuse-CGM: no patch applier."""
    patch = read(RepairReader(RepairConfig(samples=1), llm=scripted([_RIGHT])))
    (tmp_path / "shop").mkdir()
    (tmp_path / _PATH).write_text(_TEXT)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "apply", "--check", "-"], cwd=tmp_path, input=patch.diff, text=True, check=True)
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=patch.diff, text=True, check=True)
    assert (tmp_path / _PATH).read_text() == _FIXED
    assert patch.edits == (Edit(_PATH, 4, 4, "        for item in self.items:\n"),)
    assert [(sample.status, sample.error) for sample in patch.samples] == [("chosen", "")]
    assert (patch.instance_id, patch.model) == ("demo-1", "scripted-32b")
    assert (patch.usage.calls, patch.usage.prompt_tokens, patch.usage.completion_tokens) == (1, 100, 10)


def test_usage_is_the_same_for_cached_answers(read: Callable[..., Patch], scripted: Any) -> None:
    fresh, kept = (Answer(_RIGHT, 100, 10, cost=0.5, cached=cached) for cached in (False, True))
    patches = [read(RepairReader(RepairConfig(samples=1), llm=scripted([answer]))) for answer in (fresh, kept)]
    assert patches[0] == patches[1]
    assert patches[1].usage == Usage(calls=1, prompt_tokens=100, completion_tokens=10, cost=0.5)


def test_the_prompt_holds_issue_code_and_what_may_be_edited(read: Callable[..., Patch], scripted: Any) -> None:
    llm = scripted([_RIGHT])
    read(RepairReader(RepairConfig(samples=1), llm=llm))
    messages, sampling, form = llm.requests[0]
    assert [message.role for message in messages] == ["system", "user"]
    assert "total() forgets the last item" in messages[1].content
    assert _TEXT.strip() in messages[1].content
    assert messages[1].content.endswith(f"Files that may be edited: {_PATH}.")
    assert (sampling.temperature, sampling.count, form) == (0.0, 1, None)


def test_a_model_that_reads_graphs_is_given_the_subgraph_with_every_request(
    read: Callable[..., Patch], scripted: Any
) -> None:
    llm = scripted([_LOST, _RIGHT])
    llm.graph_nodes = 4
    read(RepairReader(RepairConfig(edit_form="search_replace", samples=1, retries=1), llm=llm))
    graphs = [[message.graph for message in messages if message.graph] for messages, _, _ in llm.requests]
    assert len(graphs) == 2
    assert graphs[0] == graphs[1]
    assert len(graphs[0][0]) == 4
    assert any(text.startswith("FUNCTION shop/cart.py:Cart.total\n    def total") for text in graphs[0][0].texts)


def test_a_model_that_reads_text_alone_is_given_no_graph(read: Callable[..., Patch], scripted: Any) -> None:
    llm = scripted([_RIGHT])
    read(RepairReader(RepairConfig(edit_form="search_replace", samples=1), llm=llm))
    assert all(message.graph is None for message in llm.requests[0][0])


def test_an_answer_that_does_not_apply_is_sent_back_once_with_its_error(
    read: Callable[..., Patch], scripted: Any
) -> None:
    llm = scripted([_LOST, _RIGHT])
    patch = read(RepairReader(RepairConfig(samples=1), llm=llm))
    again = llm.requests[1][0]
    assert [message.role for message in again] == ["system", "user", "assistant", "user"]
    assert again[2].content == _LOST
    assert "has no line 'for thing in self.items:'" in again[3].content
    assert [sample.status for sample in patch.samples] == ["refused", "chosen"]
    assert patch.usage.calls == 2


def test_an_answer_with_half_a_character_is_sent_back_as_text_that_can_be_encoded(
    read: Callable[..., Patch], scripted: Any
) -> None:
    llm = scripted(["nothing \ud800", _RIGHT])
    read(RepairReader(RepairConfig(samples=1), llm=llm))
    assert "".join(message.content for message in llm.requests[1][0]).encode()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("error", "holds no SEARCH/REPLACE block"),
        ("", "the answer is empty"),
        ("No changes needed.", "says that no change is needed"),
        (_block("        result = 0", "        result = 0"), "change nothing"),
        (_block("        result = 0", "        result = (0"), "not valid Python"),
        (_block("x = 1", "x = 2", path="setup.py"), "setup.py may not be edited"),
        (_block("root", "toor", path="../../etc/passwd"), "may not be edited"),
        (_OTHER + _block("        result = 0", "        result = 2"), "overlap"),
        (_RIGHT[:-20], "has no >>>>>>> REPLACE line"),
    ],
)
def test_where_nothing_applies_the_patch_is_empty_and_says_why(
    read: Callable[..., Patch], scripted: Any, answer: str, error: str
) -> None:
    """CodeFuse-CGM: any exception stored as the answer "error"."""
    patch = read(RepairReader(RepairConfig(samples=1, retries=0), llm=scripted([answer])))
    assert (patch.diff, patch.edits) == ("", ())
    ((kept, status, message),) = [(sample.answer, sample.status, sample.error) for sample in patch.samples]
    assert (kept, status) == (answer, "refused")
    assert error in message


def test_a_model_that_is_down_is_an_error_of_the_model(read: Callable[..., Patch], scripted: Any) -> None:
    with pytest.raises(ModelUnavailableError, match="connection refused"):
        read(RepairReader(RepairConfig(), llm=scripted([ModelUnavailableError("connection refused")])))


@pytest.mark.parametrize("error", [ModelUnavailableError("connection refused"), AnswerError("no completion")])
def test_a_model_that_fails_later_keeps_the_repairs_before(
    read: Callable[..., Patch], scripted: Any, error: Exception
) -> None:
    llm = scripted([_RIGHT, error, _OTHER, _OTHER])
    patch = read(RepairReader(RepairConfig(samples=4, batch=1), llm=llm))
    assert "+        for item in self.items:" in patch.diff
    assert [(sample.status, sample.error) for sample in patch.samples] == [("chosen", ""), ("refused", str(error))]
    assert len(llm.requests) == 2


def test_a_model_that_fails_while_an_answer_is_sent_back_keeps_that_answer(
    read: Callable[..., Patch], scripted: Any
) -> None:
    patch = read(RepairReader(RepairConfig(), llm=scripted([_LOST, AnswerError("no completion")])))
    assert (patch.diff, [sample.status for sample in patch.samples]) == ("", ["refused", "refused"])
    assert [sample.answer for sample in patch.samples] == [_LOST, ""]


def test_without_a_check_the_most_frequent_diff_is_taken(read: Callable[..., Patch], scripted: Any) -> None:
    llm = scripted([_OTHER, _RIGHT, _RIGHT.replace("The", "So"), _OTHER + "\nmore", _RIGHT])
    patch = read(RepairReader(RepairConfig(samples=5, batch=2), llm=llm))
    assert "+        for item in self.items:" in patch.diff
    assert [sample.status for sample in patch.samples] == ["applied", "chosen", "applied", "applied", "applied"]
    assert [(sampling.count, sampling.temperature, sampling.seed) for _, sampling, _ in llm.requests] == [
        (1, 0.0, 0),
        (2, 0.8, 1),
        (2, 0.8, 3),
    ]


def test_of_equally_frequent_diffs_the_first_is_taken(read: Callable[..., Patch], scripted: Any) -> None:
    patch = read(RepairReader(RepairConfig(samples=2), llm=scripted([_OTHER, _RIGHT])))
    assert "result = 1" in patch.diff


def test_the_first_repair_that_passes_the_check_ends_the_search(read: Callable[..., Patch], scripted: Any) -> None:
    llm, check = scripted([_OTHER, _OTHER, _RIGHT, _OTHER, _OTHER]), RunsTotal()
    patch = read(RepairReader(RepairConfig(samples=5, batch=2), llm=llm, check=check))
    assert len(llm.requests) == 2
    assert len(check.runs) == 3  # the code as it is, and each diff once
    assert (check.runs[0], check.runs[-1]) == (_TEXT, _FIXED)
    assert patch.passed
    assert [(sample.status, sample.error) for sample in patch.samples] == [
        ("applied", "check: total is 2"),
        ("applied", "check: total is 2"),
        ("chosen", ""),
    ]


def test_a_check_that_does_not_finish_is_a_repair_that_does_not_pass(read: Callable[..., Patch], scripted: Any) -> None:
    patch = read(RepairReader(RepairConfig(samples=1), llm=scripted([_RIGHT]), check=NeverFinishes(finishes=1)))
    assert patch.diff
    assert patch.samples[0].error == "check: the check of ['shop/cart.py'] did not finish in 5 s"


def test_a_check_that_passes_before_any_repair_is_refused_and_no_model_is_asked(
    read: Callable[..., Patch], scripted: Any
) -> None:
    llm = scripted([_RIGHT])
    with pytest.raises(InputError, match="check must fail on the code as it is, got a pass"):
        read(RepairReader(RepairConfig(), llm=llm, check=RunsTotal(_FIXED)))
    assert llm.requests == []


def test_a_check_that_does_not_finish_on_the_code_as_it_is_stops_the_stage(
    read: Callable[..., Patch], scripted: Any
) -> None:
    with pytest.raises(SandboxError, match="did not finish"):
        read(RepairReader(RepairConfig(), llm=scripted([_RIGHT]), check=NeverFinishes(finishes=0)))


def test_a_repair_that_does_not_pass_or_was_not_checked_says_so(read: Callable[..., Patch], scripted: Any) -> None:
    for answer, check in ((_OTHER, RunsTotal()), (_RIGHT, None)):
        patch = read(RepairReader(RepairConfig(samples=1), llm=scripted([answer]), check=check))
        assert (bool(patch.diff), patch.passed) == (True, False)


def test_where_nothing_may_be_edited_no_model_is_asked(read: Callable[..., Patch], scripted: Any) -> None:
    llm = scripted([])
    patch = read(RepairReader(RepairConfig(), llm=llm), labels=())
    assert llm.requests == []
    assert (patch.diff, patch.samples[0].error) == ("", "the ranking names nothing that may be edited in this form")


def test_a_model_that_gives_no_answer_at_all_gives_an_empty_patch(read: Callable[..., Patch], scripted: Any) -> None:
    patch = read(RepairReader(RepairConfig(), llm=scripted([])))
    assert (patch.diff, patch.samples) == ("", ())


def test_a_small_model_answers_under_a_grammar(read: Callable[..., Patch], scripted: Any) -> None:
    llm = scripted(["The bug: the last item is cut.\n" + _RIGHT], name="qwen2.5-coder-1.5b-instruct-q4_k_m")
    patch = read(RepairReader(RepairConfig(samples=1), llm=llm))
    form = llm.requests[0][2]
    assert form.kind == "grammar"
    assert '"        for item in self.items[:-1]:" "\\n"' in form.definition
    assert "+        for item in self.items:" in patch.diff


def test_a_rewritten_function_becomes_a_patch_of_its_changed_line(read: Callable[..., Patch], scripted: Any) -> None:
    answer = "```python\ndef total(self):\n" + "\n".join(line[4:] for line in _FIXED.splitlines()[2:]) + "\n```"
    patch = read(RepairReader(RepairConfig(edit_form="whole_function", samples=1), llm=scripted([answer])))
    assert patch.edits == (Edit(_PATH, 4, 4, "        for item in self.items:\n"),)


def test_a_function_that_was_cut_off_is_no_repair(read: Callable[..., Patch], scripted: Any) -> None:
    cut = Answer("```python\ndef total(self):\n    result = 0\n", 100, 10, finish="length")
    config = RepairConfig(edit_form="whole_function", samples=1, retries=0)
    patch = read(RepairReader(config, llm=scripted([cut])))
    assert patch.samples[0].error == "the answer was cut off after 10 tokens: keep it shorter"


def test_each_function_is_asked_for_alone_where_that_is_set(read: Callable[..., Patch], scripted: Any) -> None:
    text = _TEXT + "\n    def size(self):\n        return len(self.items)\n"
    llm, labels = scripted([_OTHER] * 4), (f"{_PATH}:Cart.size", f"{_PATH}:Cart.total")
    read(RepairReader(RepairConfig(separate=True, samples=4, batch=1), llm=llm), text, labels)
    shown = ["def size" in messages[1].content for messages, _, _ in llm.requests]
    assert shown == [True, False, True, False]
    assert [sampling.temperature for _, sampling, _ in llm.requests] == [0.0, 0.0, 0.8, 0.8]


def test_each_statement_is_asked_for_alone_likely_ones_first(read: Callable[..., Patch], scripted: Any) -> None:
    llm = scripted(["```python\nx = 0\n```", "```python\nresult = 1\n```"])
    text = _TEXT.replace("        for", "        # the last item\n        for")
    patch = read(RepairReader(RepairConfig(edit_form="statement", samples=2, retries=0), llm=llm), text)
    assert len(llm.requests) == 2
    focus = [messages[1].content.split("The bug is in these lines:")[1] for messages, _, _ in llm.requests]
    assert "for item in self.items[:-1]:" in focus[0]
    assert "result = 0" in focus[1]
    assert [sample.status for sample in patch.samples] == ["chosen", "applied"]


def test_a_check_makes_statements_of_all_functions_and_more_samples_worth_asking_for(
    read: Callable[..., Patch], scripted: Any
) -> None:
    text = _TEXT + "\n    def size(self):\n        return len(self.items)\n"
    labels = (f"{_PATH}:Cart.total", f"{_PATH}:Cart.size")
    config = RepairConfig(edit_form="statement", samples=7, batch=2, statements=2, retries=0)
    asked = []
    for check in (None, RunsTotal()):
        llm = scripted(["```python\nresult = 0\n```"] * 7)
        read(RepairReader(config, llm=llm, check=check), text, labels)
        asked.append([sampling.count for _, sampling, _ in llm.requests])
    assert asked == [[1, 1], [1, 1, 1, 2, 2]]


def test_a_statement_is_put_in_its_place_with_its_indentation(read: Callable[..., Patch], scripted: Any) -> None:
    llm = scripted(["```python\nfor item in self.items:\n    result += item\n```"])
    patch = read(RepairReader(RepairConfig(edit_form="statement", samples=1), llm=llm))
    assert patch.edits == (Edit(_PATH, 4, 4, "        for item in self.items:\n"),)


def test_a_statement_form_without_functions_gives_an_empty_patch(read: Callable[..., Patch], scripted: Any) -> None:
    config = RepairConfig(edit_form="statement", functions=0)
    patch = read(RepairReader(config, llm=scripted([])))
    assert (patch.diff, patch.samples[0].status) == ("", "refused")


@pytest.mark.parametrize(
    ("model", "form"),
    [
        ("Qwen2.5-Coder-1.5B-Instruct-Q4_K_M.gguf", "lines"),
        ("qwen2.5-coder:3b", "lines"),
        ("Qwen/Qwen2.5-Coder-32B-Instruct", "search_replace"),
        ("gpt-4o-mini", "search_replace"),
        ("mixtral-8x7b", "search_replace"),
    ],
)
def test_the_edit_form_follows_the_size_in_the_models_name(model: str, form: str) -> None:
    assert choose_form(model) == form


class Shelf:
    """A bench: tests of the cart that are run by hand, and code that is run as it is; remembers what it ran."""

    def __init__(self) -> None:
        self.tested: list[tuple[str, ...]] = []
        self.ran: list[str] = []

    def test(self, issue: Issue, files: Sequence[str], changed: Mapping[str, str]) -> SuiteResult:
        assert issue.instance_id == "demo-1"
        self.tested.append(tuple(files))
        cart = _cart(changed)
        cart.items = []
        found = {"test_cart.py::test_empty": cart.total() == 0, "test_cart.py::test_last": False}
        return SuiteResult(
            frozenset(name for name, passed in found.items() if passed),
            {name: f"assert {cart.total()} == 0" for name, passed in found.items() if not passed},
        )

    def run(self, issue: Issue, code: str, changed: Mapping[str, str]) -> CheckResult:
        assert issue.instance_id == "demo-1"
        self.ran.append(code)
        try:
            exec(code, {"Cart": type(_cart(changed))})
        except (AssertionError, NameError) as error:
            return CheckResult(passed=False, output=f"Traceback ...\n{type(error).__name__}: {error}")
        return CheckResult(passed=True, output="")


def _cart(changed: Mapping[str, str]) -> Any:
    space: dict[str, Any] = {}
    exec(changed.get(_PATH, _TEXT), space)
    return space["Cart"]()


_TESTS = "from shop.cart import Cart\n\ndef test_empty():\n    cart = Cart()\n    cart.items = []\n    total(cart)\n"
_BREAKS = _block("        result = 0", "        result = 1")
_HARMLESS = _block("            result += item", "            result = result + item + 0")


@pytest.fixture
def try_on(
    codebase: Callable[[Mapping[str, str]], Codebase],
    ranking: Callable[..., Ranking],
    subgraph: Callable[[Codebase], Subgraph],
) -> Callable[..., Patch]:
    """Run a Reader on the cart and its tests."""

    def run(reader: RepairReader, text: str = "total() forgets the last item") -> Patch:
        base = codebase({_PATH: _TEXT, "tests/test_cart.py": _TESTS})
        found = ranking([_PATH], [f"{_PATH}:Cart.total"])
        return reader.read(Issue("demo-1", "demo/demo", "", text), subgraph(base), found, base)

    return run


def test_of_repairs_the_one_that_breaks_no_test_is_taken_however_often_another_is_given(
    try_on: Callable[..., Patch], scripted: Any
) -> None:
    llm, bench = scripted([_BREAKS, _BREAKS, _RIGHT]), Shelf()
    patch = try_on(RepairReader(RepairConfig(samples=3, test_files=2), llm=llm, bench=bench))
    assert "+        for item in self.items:" in patch.diff
    assert [sample.status for sample in patch.samples] == ["applied", "applied", "chosen"]
    told = "tests: 1 passed before and do not pass now, such as\ntest_cart.py::test_empty: assert 1 == 0"
    assert [sample.error for sample in patch.samples] == [told, told, ""]
    assert bench.tested == [("tests/test_cart.py",)] * 3  # the code as it is, and each of two repairs once
    assert not patch.passed


def test_a_repair_that_breaks_a_test_is_sent_back_with_what_the_test_says(
    try_on: Callable[..., Patch], scripted: Any
) -> None:
    llm = scripted([_BREAKS, _RIGHT])
    patch = try_on(RepairReader(RepairConfig(samples=1, test_files=2, refine=2), llm=llm, bench=Shelf()))
    asked, said, told = llm.requests[1][0][-3:]
    assert asked == llm.requests[0][0][-1]
    assert (said.role, said.content, told.role) == ("assistant", _BREAKS, "user")
    assert "test_cart.py::test_empty: assert 1 == 0" in told.content
    assert [sample.status for sample in patch.samples] == ["applied", "chosen"]
    assert len(llm.requests) == 2


def test_a_repair_that_fails_the_check_is_sent_back_as_often_as_set(read: Callable[..., Patch], scripted: Any) -> None:
    for rounds, statuses in ((0, ["chosen"]), (1, ["chosen", "applied"]), (2, ["applied", "applied", "chosen"])):
        llm = scripted([_OTHER, _OTHER, _RIGHT])
        patch = read(RepairReader(RepairConfig(samples=1, refine=rounds), llm=llm, check=RunsTotal()))
        assert [sample.status for sample in patch.samples] == statuses
        assert patch.passed is (rounds == 2)


def test_an_answer_without_a_patch_and_a_repair_that_fails_have_rounds_of_their_own(
    read: Callable[..., Patch], scripted: Any
) -> None:
    llm = scripted([_LOST, _OTHER, _RIGHT])
    patch = read(RepairReader(RepairConfig(samples=1, retries=1, refine=1), llm=llm, check=RunsTotal()))
    assert [sample.status for sample in patch.samples] == ["refused", "applied", "chosen"]
    assert "has no line" in llm.requests[1][0][-1].content
    assert "total is 2" in llm.requests[2][0][-1].content


_EXAMPLE = """total() forgets the last item

```python
cart = Cart()
cart.items = [1, 2]
assert cart.total() == 3
```
"""


def test_the_issues_own_example_is_a_check_where_it_fails_as_told(try_on: Callable[..., Patch], scripted: Any) -> None:
    llm, bench = scripted([_HARMLESS, _RIGHT, _OTHER]), Shelf()
    config = RepairConfig(samples=3, batch=1, examples=True, test_files=1)
    patch = try_on(RepairReader(config, llm=llm, bench=bench), _EXAMPLE + "It is an AssertionError.\n")
    assert [sample.status for sample in patch.samples] == ["applied", "chosen"]
    assert patch.samples[0].error.startswith("check: Traceback")
    assert patch.passed
    assert len(bench.ran) == 3
    assert len(bench.tested) == 2  # what fails the check is not tested


def test_an_example_that_fails_otherwise_than_told_is_no_check(try_on: Callable[..., Patch], scripted: Any) -> None:
    reader = RepairReader(RepairConfig(samples=1, examples=True), llm=scripted([_RIGHT]), bench=Shelf())
    patch = try_on(reader, _EXAMPLE)
    assert (patch.samples[0].status, patch.passed) == ("chosen", False)


@pytest.mark.parametrize("setting", [{"test_files": 1}, {"examples": True}])
def test_what_has_to_be_run_is_refused_where_nothing_runs_it(scripted: Any, setting: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="backend=local, got 'no such backend'"):
        RepairReader(RepairConfig(**setting), llm=scripted([]))
