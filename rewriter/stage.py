"""The Rewriter: an issue in terms of code, by rules or by a language model.

Knows which parts become entities, keywords and queries. Does not know the repository.
"""

from dataclasses import dataclass, replace

from cgm.artifacts import Issue, Rewrite
from cgm.errors import AnswerError, IssueError, require
from cgm.prompts import load_prompt, render
from cgm.protocols import LLM, AnswerForm, Message, Sampling
from rewriter.answers import EXTRACTION, INFERENCE, Extraction, read_extraction, read_queries
from rewriter.entities import find_entities, find_keywords
from rewriter.parts import Parts, split_issue

MAX_QUERY = 6000  # characters; what stands further down adds noise, not meaning


@dataclass
class HeuristicConfig:
    """How much of an issue is kept."""

    max_entities: int = 80
    max_keywords: int = 30

    def __post_init__(self) -> None:
        require(self.max_entities >= 1, "rewriter.max_entities must be >= 1", self.max_entities)
        require(self.max_keywords >= 1, "rewriter.max_keywords must be >= 1", self.max_keywords)


class HeuristicRewriter:
    """Reads an issue by the way people write code, paths and tracebacks; asks no model."""

    def __init__(self, config: HeuristicConfig) -> None:
        self.config = config

    def rewrite(self, issue: Issue) -> Rewrite:
        """Put an issue in terms of code; the queries are its title, prose, code and traceback, where it has them.

        Raises:
            IssueError: the issue has no text.
        """
        if not issue.problem_statement.strip():
            raise IssueError(f"{issue.instance_id}: an issue must have text, got {issue.problem_statement!r}")
        parts = split_issue(issue.problem_statement)
        return Rewrite(
            instance_id=issue.instance_id,
            entities=find_entities(parts, self.config.max_entities),
            keywords=find_keywords(parts, self.config.max_keywords),
            queries=_queries(parts),
            origin="heuristic",
        )


@dataclass
class LLMConfig:
    """How a model is asked; with `fallback` an unusable answer leaves the heuristic reading, marked in `origin`."""

    max_entities: int = 80
    max_keywords: int = 30
    max_queries: int = 5
    max_issue_chars: int = 12_000
    max_tokens: int = 512
    temperature: float = 0.0
    seed: int = 0
    fallback: bool = True
    constrain: bool = True  # ask for JSON by constrained decoding

    def __post_init__(self) -> None:
        require(self.max_queries >= 1, "rewriter.max_queries must be >= 1", self.max_queries)
        require(self.max_issue_chars >= 100, "rewriter.max_issue_chars must be >= 100", self.max_issue_chars)
        require(self.max_tokens >= 16, "rewriter.max_tokens must be >= 16", self.max_tokens)
        require(self.temperature >= 0, "rewriter.temperature must be >= 0", self.temperature)


class LLMRewriter:
    """Asks a model twice, as CGM does: what the issue names (Extractor), and what to search for (Inferer).

    What the model names comes first; what the rules find stands after it, for it is exact and costs nothing.
    """

    def __init__(self, config: LLMConfig, *, llm: LLM) -> None:
        self.config = config
        self.llm = llm
        self.rules = HeuristicRewriter(HeuristicConfig(config.max_entities, config.max_keywords))
        self.extractor = load_prompt("rewriter", "extractor")
        self.inferer = load_prompt("rewriter", "inferer")

    def rewrite(self, issue: Issue) -> Rewrite:
        """Put an issue in terms of code.

        Raises:
            IssueError: the issue has no text.
            ModelUnavailableError: the model cannot be asked.
            AnswerError: an answer holds nothing usable and `fallback` is off.
        """
        ruled = self.rules.rewrite(issue)
        text = issue.problem_statement[: self.config.max_issue_chars]
        try:
            extraction = self._extract(issue.repo, text)
            queries = self._infer(issue.repo, text)
        except AnswerError as error:
            if not self.config.fallback:
                raise
            return replace(ruled, origin=f"heuristic, for the model's answer could not be used: {error}")
        return self._merge(ruled, extraction, queries)

    def _extract(self, repo: str, text: str) -> Extraction:
        messages = render(self.extractor, repo=repo, issue=text)
        return read_extraction(self._ask(messages, EXTRACTION))

    def _infer(self, repo: str, text: str) -> tuple[str, ...]:
        messages = render(self.inferer, repo=repo, issue=text, max_queries=self.config.max_queries)
        return read_queries(self._ask(messages, INFERENCE))[: self.config.max_queries]

    def _ask(self, messages: tuple[Message, ...], form: AnswerForm) -> str:
        config = self.config
        sampling = Sampling(temperature=config.temperature, max_tokens=config.max_tokens, seed=config.seed)
        return self.llm.generate(messages, sampling, form if config.constrain else None)[0].text

    def _merge(self, ruled: Rewrite, extraction: Extraction, queries: tuple[str, ...]) -> Rewrite:
        known = {entity.text for entity in extraction.entities}
        entities = (*extraction.entities, *(entity for entity in ruled.entities if entity.text not in known))
        return Rewrite(
            instance_id=ruled.instance_id,
            entities=entities[: self.config.max_entities],
            keywords=tuple(dict.fromkeys((*extraction.keywords, *ruled.keywords)))[: self.config.max_keywords],
            queries=tuple(dict.fromkeys((*ruled.queries[:1], *queries, *ruled.queries[1:]))),
            origin=self.llm.name,
        )


def _queries(parts: Parts) -> tuple[str, ...]:
    texts = (parts.title, "\n".join(parts.prose), "\n".join(parts.code), "\n".join(parts.trace))
    return tuple(dict.fromkeys(text.strip()[:MAX_QUERY] for text in texts if text.strip()))
