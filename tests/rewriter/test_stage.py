from collections.abc import Sequence
from dataclasses import replace

import pytest

from cgm.artifacts import Issue
from cgm.errors import AnswerError, ConfigError, IssueError, ModelUnavailableError
from cgm.protocols import Answer, AnswerForm, Message, Sampling
from rewriter.stage import HeuristicConfig, HeuristicRewriter, LLMConfig, LLMRewriter

ISSUE = Issue("shop-1", "me/shop", "HEAD", "Cart.add fails\nIt raises in `total_price`.\n\n```\ncart.add(1)\n```\n")
EXTRACTION = '{"entities": ["Cart.add"], "keywords": ["basket"]}'
QUERIES = '{"queries": ["adds an item to the basket"]}'


class ScriptedLLM:
    """Answers the Extractor and the Inferer by what their prompts ask for."""

    name = "scripted"

    def __init__(self, extraction: str = EXTRACTION, queries: str = QUERIES) -> None:
        self.extraction = extraction
        self.queries = queries

    def generate(
        self, messages: Sequence[Message], sampling: Sampling, form: AnswerForm | None = None
    ) -> Sequence[Answer]:
        assert form is not None
        assert sampling.count == 1
        asked = messages[0].content
        return [Answer(self.queries if "queries" in asked else self.extraction, 1, 1)]


class DownLLM(ScriptedLLM):
    def generate(
        self, messages: Sequence[Message], sampling: Sampling, form: AnswerForm | None = None
    ) -> Sequence[Answer]:
        raise ModelUnavailableError(f"{self.name} is down, got {len(messages)} {sampling.seed} {form}")


def test_the_rules_give_entities_keywords_and_queries() -> None:
    rewrite = HeuristicRewriter(HeuristicConfig()).rewrite(ISSUE)
    assert {"Cart.add", "total_price"} <= {entity.text for entity in rewrite.entities}
    assert rewrite.queries == ("Cart.add fails", "It raises in `total_price`.", "cart.add(1)")
    assert "total_price" in rewrite.keywords
    assert rewrite.origin == "heuristic"


def test_an_issue_without_text_is_refused() -> None:
    with pytest.raises(IssueError, match="shop-1"):
        HeuristicRewriter(HeuristicConfig()).rewrite(replace(ISSUE, problem_statement=" \n"))


def test_a_meaningless_limit_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"rewriter\.max_entities must be >= 1, got 0"):
        HeuristicConfig(max_entities=0)


def test_the_answers_of_extractor_and_inferer_are_not_swapped() -> None:
    rewrite = LLMRewriter(LLMConfig(), llm=ScriptedLLM()).rewrite(ISSUE)
    assert rewrite.entities[0].text == "Cart.add"
    assert rewrite.keywords[0] == "basket"
    assert rewrite.queries[1] == "adds an item to the basket"
    assert rewrite.origin == "scripted"


def test_swapped_answers_are_noticed_and_not_kept() -> None:
    swapped = ScriptedLLM(extraction=QUERIES, queries=EXTRACTION)
    with pytest.raises(AnswerError):
        LLMRewriter(LLMConfig(fallback=False), llm=swapped).rewrite(ISSUE)


def test_an_exception_is_never_stored_as_the_answer_error() -> None:
    with pytest.raises(ModelUnavailableError):
        LLMRewriter(LLMConfig(), llm=DownLLM()).rewrite(ISSUE)
    rewrite = LLMRewriter(LLMConfig(), llm=ScriptedLLM(extraction="error")).rewrite(ISSUE)
    assert "error" not in {entity.text for entity in rewrite.entities}


def test_a_fallback_is_visible() -> None:
    rewrite = LLMRewriter(LLMConfig(), llm=ScriptedLLM(queries="I cannot help")).rewrite(ISSUE)
    assert rewrite.origin.startswith("heuristic, for the model's answer could not be used")
    assert replace(rewrite, origin="heuristic") == HeuristicRewriter(HeuristicConfig()).rewrite(ISSUE)
