"""The answers drawn from a chat model for one issue.

Knows when a model is asked, again and how often. Does not know what is shown (`reader.context`), how edits are worded
(`reader.forms`), nor which attempt is taken (`reader.attempts`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from cgm.artifacts import Issue, Usage
from cgm.encoding import encodable
from cgm.errors import ModelError, PatchError
from cgm.prompts import load_prompt, render
from cgm.protocols import LLM, Answer, AnswerForm, Message, Sampling
from cgm.text_graph import TextGraph
from reader.attempts import Attempt, make_repair
from reader.context import Context, shorten
from reader.evidence import Examiner
from reader.forms import EditForm
from reader.settings import RepairConfig

_RETRY, _REFINE = load_prompt("reader", "retry"), load_prompt("reader", "refine")
_ERROR_TOKENS = 400  # of what went wrong, as far as a model is told


class Search:
    """The answers drawn for one issue."""

    def __init__(self, config: RepairConfig, form: EditForm, llm: LLM, examiner: Examiner) -> None:
        self.attempts: list[Attempt] = []
        self.usage = Usage()
        self._config = config
        self._form = form
        self._llm = llm
        self._examiner = examiner

    def run(self, issue: Issue, views: Sequence[Context], graph: TextGraph | None) -> None:
        """Draw answers until one succeeds, all samples are drawn, or the model fails after earlier answers.

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
        # of edits in different places a vote says nothing, so without a check none is asked for twice
        samples = len(views) if self._form.focused and self._examiner.check is None else self._config.samples
        for at, sampling in _plan(replace(self._config, samples=samples), len(views)):
            view, messages, form = requests[at]
            for answer in self._ask(messages, sampling, form):
                if self._settle(answer, view, messages, sampling).succeeded:
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
        """Judge an answer; send it back with what is wrong as often as the settings say."""
        attempt = self._judge(answer, view)
        left = {_RETRY: self._config.retries, _REFINE: self._config.refine}
        while attempt.error and left[prompt := _REFINE if attempt.repair else _RETRY]:
            left[prompt] -= 1
            error = shorten(attempt.error, _ERROR_TOKENS)
            said = (Message("assistant", encodable(attempt.answer)), *render(prompt, error=error))
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
            found = self._examiner.examine(repair)
            attempt = Attempt(answer.text, repair, found.error, found.passed, found.broken)
        self.attempts.append(attempt)
        return attempt


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
