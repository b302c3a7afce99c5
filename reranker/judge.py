"""How a language model is asked about files: which to keep by their names, and how likely each is by its outline.

Knows the two prompts and how their answers are read, strictly but forgivingly. Does not know the order that it is used
in (`reranker.stage`).
"""

import json
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cgm.artifacts import Issue
from cgm.encoding import encodable
from cgm.errors import AnswerError, RepositoryError
from cgm.prompts import load_prompt, render
from cgm.protocols import LLM, AnswerForm, Codebase, Message, Sampling
from cgm.text import outline, split_lines

_LOG = logging.getLogger(__name__)
_SCORE = re.compile(r'"score"\s*:\s*"?([1-5])(?![\d.])')
_SCALE = re.compile(r"\b1\s*(?:to|-|through)\s*5\b|(?:/|\bof)\s*5\b")  # what a score is out of, not the score
_RATING = re.compile(r"(?<![\w.])[1-5](?!\w|\.\d)")
_RATING_FORM = AnswerForm(
    "json_schema",
    json.dumps(
        {
            "type": "object",
            "properties": {"score": {"type": "integer", "enum": [1, 2, 3, 4, 5]}},
            "required": ["score"],
            "additionalProperties": False,
        }
    ),
)


@dataclass(frozen=True)
class JudgeSettings:
    """How much the model is shown and may answer."""

    shown: int
    k1: int
    outline_chars: int
    issue_chars: int
    max_tokens: int
    seed: int
    constrain: bool


class Judge:
    """Asks a model; an answer that cannot be used leaves the order as it was."""

    def __init__(self, settings: JudgeSettings, llm: LLM) -> None:
        self.settings = settings
        self.llm = llm
        self.select_prompt = load_prompt("reranker", "select")
        self.rate_prompt = load_prompt("reranker", "rate")

    def select(self, issue: Issue, paths: Sequence[str]) -> tuple[str, ...]:
        """Keep k1 of the first paths: those that the model names, in its order, then the first others."""
        places = {encodable(path): path for path in paths[: self.settings.shown]}
        shown = list(places)
        if not shown:
            return ()
        text = issue.problem_statement[: self.settings.issue_chars]
        messages = render(self.select_prompt, repo=issue.repo, issue=text, paths=shown, k=self.settings.k1)
        named, unknown = read_paths(self._ask(messages, _paths_form(shown, self.settings.k1)), shown)
        if unknown:
            _LOG.info("%s: %d paths of the model's answer are unknown and left out", issue.instance_id, unknown)
        return tuple(places[path] for path in dict.fromkeys((*named, *shown)))[: self.settings.k1]

    def rate(self, issue: Issue, paths: Sequence[str], codebase: Codebase) -> dict[str, int]:
        """Score the outline of each path from 1 to 5; a path without a usable answer gets none."""
        ratings = {path: self._rating(issue, path, codebase) for path in paths}
        return {path: rating for path, rating in ratings.items() if rating is not None}

    def _rating(self, issue: Issue, path: str, codebase: Codebase) -> int | None:
        skeleton = _outline(codebase, path)[: self.settings.outline_chars]
        text = issue.problem_statement[: self.settings.issue_chars]
        messages = render(self.rate_prompt, repo=issue.repo, issue=text, path=path, outline=skeleton)
        return read_rating(self._ask(messages, _RATING_FORM))

    def _ask(self, messages: Sequence[Message], form: AnswerForm) -> str:
        sampling = Sampling(max_tokens=self.settings.max_tokens, seed=self.settings.seed)
        try:
            return self.llm.generate(messages, sampling, form if self.settings.constrain else None)[0].text
        except AnswerError as error:
            _LOG.warning("the model's answer is left out: %s", error)
            return ""


def read_paths(answer: str, shown: Sequence[str]) -> tuple[tuple[str, ...], int]:
    """The shown paths that an answer names, in its order, and how many of its JSON strings name none."""
    known = set(shown)
    quoted = [item.strip() for item in re.findall(r'"([^"\n]{1,400})"', answer)]
    named = [item for item in quoted if item in known]
    unknown = sum(item not in known and "/" in item for item in quoted)
    if not named:
        places = [(answer.find(path), path) for path in shown]
        named = [path for place, path in sorted(places) if place >= 0]
    return tuple(dict.fromkeys(named)), unknown


def read_rating(answer: str) -> int | None:
    """The JSON score of an answer, else the last lone number from 1 to 5 that is no scale, or None."""
    found = _SCORE.findall(answer)[:1] or _RATING.findall(_SCALE.sub("", answer))[-1:]
    return int(found[0]) if found else None


def _paths_form(shown: Sequence[str], k: int) -> AnswerForm:
    items = {"type": "array", "items": {"enum": list(shown)}, "minItems": 1, "maxItems": k}
    schema = {"type": "object", "properties": {"files": items}, "required": ["files"], "additionalProperties": False}
    return AnswerForm("json_schema", json.dumps(schema))


def _outline(codebase: Codebase, path: str) -> str:
    node = codebase.graph.file_of_path.get(path)
    if node is None:
        return ""
    try:
        return outline(codebase.graph, node, split_lines(codebase.sources.read(path)))
    except RepositoryError:
        return ""
