"""Stage 4 without a graph in the model: ask a chat model for edits until one makes a patch.

Knows when a model is asked, again and how often, and which of its repairs is taken. Does not know what is shown
(`reader.context`), how edits are worded (`reader.forms`) or made into a diff (`reader.patch`).
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cgm.artifacts import Edit, Issue, Patch, Ranking, Sample, Subgraph, Usage
from cgm.encoding import encodable
from cgm.errors import InputError, ModelError, PatchError, SandboxError, require
from cgm.prompts import load_prompt, render
from cgm.protocols import LLM, Answer, AnswerForm, Check, Codebase, Message, Sampling
from cgm.text import split_lines
from cgm.text_graph import TextGraph, build_text_graph
from reader.context import Context, Limits, build_context, shorten, split_context
from reader.focus import focus_statements
from reader.forms import FORMS, EditForm
from reader.patch import apply_edits, normalize, require_code_change, unified_diff
from reader.proof import prove

_SIZE = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)b(?![a-z])", re.IGNORECASE)
_SMALL = 4.0  # billions of parameters up to which a model needs its edits constrained
_RETRY = load_prompt("reader", "retry")


@dataclass
class RepairConfig:
    """Settings of `RepairReader`; token counts are estimates."""

    edit_form: str = (
        "auto"  # search_replace, whole_function, lines (constrained); auto: by the size in the model's name
    )
    samples: int = 4  # answers at most, retries not counted; the first of each request is greedy
    batch: int = 4  # answers drawn at once after the greedy one
    temperature: float = 0.8  # of all answers but the greedy one
    retries: int = 1  # times that an answer which gives no patch is sent back with the error
    max_tokens: int = 2048  # of one answer
    context_tokens: int = 8000  # of the code shown
    issue_tokens: int = 2000  # of the issue shown
    functions: int = 10  # ranked functions shown at most
    files: int = 5  # ranked files shown, as far as they fit
    neighbours: int = 10  # signatures of callers and callees shown
    statements: int = 8  # of one function, where the form asks for one statement at a time
    separate: bool = False  # one request for each function, without the rest of the context
    edit_tests: bool = False  # whether test files are shown and may be edited
    new_files: bool = False  # whether search/replace blocks may make files
    seed: int = 0

    def __post_init__(self) -> None:
        forms = ("auto", *FORMS)
        require(self.edit_form in forms, f"reader.edit_form must be one of {', '.join(forms)}", self.edit_form)
        for name in ("samples", "batch", "statements", "max_tokens", "context_tokens", "issue_tokens"):
            require(getattr(self, name) >= 1, f"reader.{name} must be >= 1", getattr(self, name))
        for name in ("temperature", "retries", "functions", "files", "neighbours", "seed"):
            require(getattr(self, name) >= 0, f"reader.{name} must be >= 0", getattr(self, name))
        require(self.functions + self.files >= 1, "reader.functions + reader.files must be >= 1", 0)


@dataclass(frozen=True)
class Repair:
    """Edits that apply, cut down to the changed lines, the diff they make, and the changed texts by path."""

    edits: tuple[Edit, ...]
    diff: str
    changed: dict[str, str]


@dataclass(frozen=True)
class Attempt:
    """An answer with the repair it gives or the error it met; `passed` if the repair passes the check."""

    answer: str
    repair: Repair | None
    error: str = ""
    passed: bool = False


class RepairReader:
    """Repairs by a chat model: draws answers, keeps what applies and parses, and takes the best.

    The first repair that passes the check ends the search; without one the most frequent diff is taken, of equally
    frequent ones the first.
    """

    def __init__(self, config: RepairConfig, *, llm: LLM, check: Check | None = None) -> None:
        self.config = config
        self._llm = llm
        self._check = check
        name = choose_form(llm.name) if config.edit_form == "auto" else config.edit_form
        self._form = FORMS[name]

    def read(self, issue: Issue, subgraph: Subgraph, ranking: Ranking, codebase: Codebase) -> Patch:
        """Repair the code; the diff is empty where no answer gave a patch.

        Raises:
            InputError: the code passes the check as it is.
            SandboxError: the check cannot be run on the code as it is.
            ModelError: the model cannot be reached or does not answer, and gave no answer before.
        """
        config = self.config
        if self._check:
            _require_failure(self._check)
        context = build_context(ranking, subgraph, codebase, _limits(config))
        search = _Search(config, self._form, self._llm, self._check)
        views = self._views(context, issue) if context.snippets else ()
        if views:
            search.run(issue, views, self._graph(subgraph, codebase))
        else:
            search.attempts.append(Attempt("", None, "the ranking names nothing that may be edited in this form"))
        return _patch(issue, self._llm.name, search.attempts, search.usage)

    def _graph(self, subgraph: Subgraph, codebase: Codebase) -> TextGraph | None:
        """The subgraph, for a model that reads graphs; None for one that reads text alone, or without a subgraph."""
        most = self._llm.graph_nodes
        if not (most and subgraph.nodes):
            return None
        return build_text_graph(codebase.graph, subgraph, lambda path: split_lines(codebase.sources.read(path)), most)

    def _views(self, context: Context, issue: Issue) -> tuple[Context, ...]:
        """What each request shows, likely ones first."""
        config = self.config
        if not self._form.focused:
            return (split_context(context) if config.separate else (context,))[: config.samples]
        focused = focus_statements(split_context(context), issue.problem_statement, config.statements)
        # answers about different lines: nothing but a check can tell them apart, so without one ask for few
        return focused[: config.samples if self._check else min(config.samples, config.statements)]


def _require_failure(check: Check) -> None:
    """Refuse a check that any repair would pass, before a model is asked."""
    if check.run({}).passed:
        raise InputError("check must fail on the code as it is, got a pass")


def _limits(config: RepairConfig) -> Limits:
    return Limits(
        tokens=config.context_tokens,
        functions=config.functions,
        files=config.files,
        neighbours=config.neighbours,
        tests=config.edit_tests,
        new_files=config.new_files,
    )


def choose_form(model: str) -> str:
    """Choose an edit form by the size in a model's name: constrained lines for a small one."""
    sizes = [float(size) for size in _SIZE.findall(model.replace("-", " ").replace("_", " "))]
    return "lines" if sizes and max(sizes) <= _SMALL else "search_replace"


def make_repair(answer: Answer, form: EditForm, context: Context) -> Repair:
    """Turn an answer into a proven repair.

    Raises:
        PatchError: it is cut off or holds no edits, or they do not match, overlap, change nothing or break the syntax.
    """
    if answer.finish == "length" and form.open_ended:
        raise PatchError(f"the answer was cut off after {answer.completion_tokens} tokens: keep it shorter")
    texts = context.texts
    edits = form.read(answer.text, context)
    changed = apply_edits(texts, edits)
    for path, text in changed.items():
        require_code_change(texts.get(path, ""), text, path)
    diff = unified_diff(texts, edits)
    prove(diff, texts, changed)
    normal = tuple(edit for parts in normalize(texts, edits).values() for edit in parts)
    return Repair(normal, diff, changed)


def choose(attempts: Sequence[Attempt]) -> int | None:
    """Index of the attempt to take: one that passed, else one of the most frequent diff, else the first."""
    counts = Counter(attempt.repair.diff for attempt in attempts if attempt.repair)
    ranked = [
        (not attempt.passed, -counts[attempt.repair.diff], index)
        for index, attempt in enumerate(attempts)
        if attempt.repair
    ]
    return min(ranked)[2] if ranked else None


class _Search:
    """The answers drawn for one issue."""

    def __init__(self, config: RepairConfig, form: EditForm, llm: LLM, check: Check | None) -> None:
        self.attempts: list[Attempt] = []
        self.usage = Usage()
        self._config = config
        self._form = form
        self._llm = llm
        self._check = check
        self._checked: dict[str, tuple[bool, str]] = {}

    def run(self, issue: Issue, views: Sequence[Context], graph: TextGraph | None) -> None:
        """Draw answers until one passes the check, all samples are drawn, or the model fails after earlier answers.

        Raises:
            ModelError: the model fails on the first request.
        """
        try:
            self._draw(issue, views, graph)
        except ModelError as error:
            if not self.attempts:
                raise
            self.attempts.append(Attempt("", None, str(error)))

    def _draw(self, issue: Issue, views: Sequence[Context], graph: TextGraph | None) -> None:
        prompt = load_prompt("reader", self._form.prompt)
        text = defuse(shorten(issue.problem_statement, self._config.issue_tokens))
        asked = [(view, render(prompt, issue=text, context=view)) for view in views]
        requests = [(view, _with_graph(messages, graph), self._form.constrain(view)) for view, messages in asked]
        samples = len(views) if self._form.focused and self._check is None else self._config.samples
        for at, sampling in _plan(replace(self._config, samples=samples), len(views)):
            view, messages, form = requests[at]
            for answer in self._ask(messages, sampling, form):
                if self._settle(answer, view, messages, sampling).passed:
                    return

    def _ask(self, messages: Sequence[Message], sampling: Sampling, form: AnswerForm | None) -> Sequence[Answer]:
        answers = self._llm.generate(messages, sampling, form)
        self.usage += Usage(
            calls=1,
            prompt_tokens=sum(answer.prompt_tokens for answer in answers),
            completion_tokens=sum(answer.completion_tokens for answer in answers),
            cost=sum(answer.cost for answer in answers),
        )
        return answers

    def _settle(self, answer: Answer, view: Context, messages: Sequence[Message], sampling: Sampling) -> Attempt:
        """Judge an answer; send it back with its error as often as the settings say."""
        attempt = self._judge(answer, view)
        for _ in range(self._config.retries):
            if attempt.repair:
                break
            said = (Message("assistant", encodable(answer.text)), *render(_RETRY, error=attempt.error))
            again = self._ask((*messages, *said), replace(sampling, count=1), self._form.constrain(view))
            if not again:
                break
            attempt = self._judge(again[0], view)
        return attempt

    def _judge(self, answer: Answer, view: Context) -> Attempt:
        try:
            repair = make_repair(answer, self._form, view)
        except PatchError as error:
            attempt = Attempt(answer.text, None, str(error))
        else:
            passed, error_text = self._passes(repair)
            attempt = Attempt(answer.text, repair, error_text, passed=passed)
        self.attempts.append(attempt)
        return attempt

    def _passes(self, repair: Repair) -> tuple[bool, str]:
        """Whether a repair passes the check, and what the check said if not; each diff is checked once."""
        if self._check is None:
            return False, ""
        if repair.diff not in self._checked:
            try:
                result = self._check.run(repair.changed)
                self._checked[repair.diff] = (result.passed, "" if result.passed else f"check: {result.output}")
            except SandboxError as error:
                self._checked[repair.diff] = (False, f"check: {error}")
        return self._checked[repair.diff]


def _with_graph(messages: Sequence[Message], graph: TextGraph | None) -> tuple[Message, ...]:
    """The messages with the graph beside the last of them."""
    return (*messages[:-1], replace(messages[-1], graph=graph))


def _plan(config: RepairConfig, views: int) -> Iterator[tuple[int, Sampling]]:
    """Yield (view, sampling): one greedy answer for each view, then batches for the views in turn."""
    greedy = Sampling(max_tokens=config.max_tokens, seed=config.seed)
    for view in range(min(views, config.samples)):
        yield view, greedy
    drawn, turn = views, 0
    while drawn < config.samples:
        count = min(config.batch, config.samples - drawn)
        yield turn % views, replace(greedy, temperature=config.temperature, count=count, seed=config.seed + drawn)
        drawn += count
        turn += 1


def defuse(text: str) -> str:
    """Break up what a chat template reads as the end of a turn; a bug report is data."""
    return text.replace("<|", "< |")


def _patch(issue: Issue, model: str, attempts: Sequence[Attempt], usage: Usage) -> Patch:
    chosen = choose(attempts)
    samples = tuple(
        Sample(attempt.answer, _status(attempt, chosen=index == chosen), attempt.error)
        for index, attempt in enumerate(attempts)
    )
    attempt = Attempt("", None) if chosen is None else attempts[chosen]
    if attempt.repair is None:
        return Patch(issue.instance_id, model, "", (), samples, usage)
    repair = attempt.repair
    return Patch(issue.instance_id, model, repair.diff, repair.edits, samples, usage, passed=attempt.passed)


def _status(attempt: Attempt, *, chosen: bool) -> str:
    if attempt.repair is None:
        return "refused"
    return "chosen" if chosen else "applied"
